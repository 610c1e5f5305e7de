/* SPDX-License-Identifier: Apache-2.0 */
/* xml_window.h: the bytes that the scanner looks at. */
#ifndef SLUICE_XML_WINDOW_H
#define SLUICE_XML_WINDOW_H

#include "read/xml_state.h"

/* Opens the part and fills the window for the first time. -1 with *why. */
int xml_window_open(struct xml *x, const struct zip *zip, struct issue *why);
void xml_window_close(struct xml *x);

/*
 * Fills the window behind what is left of it. 1 when there is more than before,
 * 0 when the part has ended, -1 with *why. Moves the window's bytes.
 */
int xml_fill(struct xml *x, struct issue *why);

#endif
