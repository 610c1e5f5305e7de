/* SPDX-License-Identifier: Apache-2.0 */
/* What is deferred takes a pointer, and returns nothing. */
#include <stdlib.h>

#include <runnel/runnel.h>

void take_number(int number);
void f(void *memory);
void f(void *memory)
{
#ifdef WRONG
    (void)memory;
    rn_defer(take_number, 7);
#else
    rn_defer(free, memory);
#endif
}
