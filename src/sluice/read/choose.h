/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choose.h: which sheet of a workbook is meant.
 */
#ifndef SLUICE_CHOOSE_H
#define SLUICE_CHOOSE_H

#include "read/read.h"

/*
 * `wish` is a sheet's name or, when no sheet bears it, its number from 1; NULL
 * stands for the first visible sheet that has a row. -1 with *why when there is
 * none such, or when a sheet cannot be read.
 */
int choose_sheet(struct workbook *book, const char *wish, size_t *index,
                 struct issue *why);

#endif
