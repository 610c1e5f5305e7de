/* SPDX-License-Identifier: Apache-2.0 */
/* sheet_plain.h: cells in the shapes in which nearly all are written. */
#ifndef SLUICE_SHEET_PLAIN_H
#define SLUICE_SHEET_PLAIN_H

#include "read/sheet_row.h"

/*
 * Takes cells in plain shapes from the window until one is not, or does not lie
 * there whole. -1 with *why.
 */
int sheet_take_plain(struct xlsx_sheet *s, struct issue *why);

#endif
