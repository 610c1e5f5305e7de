/* SPDX-License-Identifier: Apache-2.0 */
/* celltext.c: cells as text. */
#include "shape/celltext.h"

_Static_assert(CELL_TEXT_ROOM >= NUMBER_TEXT_MAX, "numbers fit too");

struct slice cell_text(const struct cell *cell, char room[CELL_TEXT_ROOM])
{
    size_t len = 0;

    switch ((enum cell_kind)cell->kind) {
    case CELL_TEXT:
    case CELL_ERROR:
    case CELL_BAD:
        return cell->text;
    case CELL_NUMBER:
        len = number_to_text(cell->number, room);
        break;
    case CELL_BOOL:
        return cell->truth ? SLICE("true") : SLICE("false");
    case CELL_DATETIME:
        len = datetime_to_text(cell->ms, room);
        break;
    case CELL_TIME:
        len = duration_to_text(cell->ms, room);
        break;
    }
    return (struct slice){room, len};
}
