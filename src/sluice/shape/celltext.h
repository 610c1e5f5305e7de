/* SPDX-License-Identifier: Apache-2.0 */
/*
 * celltext.h: a cell as text, as it enters a text column or a message.
 */
#ifndef SLUICE_CELLTEXT_H
#define SLUICE_CELLTEXT_H

#include "read/cell.h"

#define CELL_TEXT_ROOM DATE_TEXT_MAX

/*
 * Text, errors and bad cells are their own bytes; numbers take their shortest
 * form, booleans are "true" and "false", dates and times ISO. The result is
 * borrowed from the cell or lies in `room`.
 */
struct slice cell_text(const struct cell *cell, char room[CELL_TEXT_ROOM]);

#endif
