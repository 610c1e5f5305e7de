/* SPDX-License-Identifier: Apache-2.0 */
/*
 * valuetext.h: a converted value as text.
 *
 * One spelling serves SQLite's text columns, PostgreSQL's text COPY and the
 * rejects report: ISO 8601 dates ("2024-03-09", "2024-03-09T17:05:00.25"),
 * times "[-]HH:MM:SS[.ffffff]", booleans "true" and "false", the shortest
 * decimal that reads back to the same number.
 */
#ifndef SLUICE_VALUETEXT_H
#define SLUICE_VALUETEXT_H

#include "shape/row.h"

#define VALUE_TEXT_MAX 64

/*
 * The value's text: its own bytes when it is text, otherwise written to `room`.
 * NULL comes out as an empty slice.
 */
struct slice value_text(const struct value *value, char room[VALUE_TEXT_MAX]);

#endif
