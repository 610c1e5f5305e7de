/* SPDX-License-Identifier: Apache-2.0 */
/* A goroutine-local value has the type that its key names. */
#include <runnel/runnel.h>

static rn_key(int) number_key;

void f(void);
void f(void)
{
#ifdef WRONG
    long number = 1;
#else
    int number = 1;
#endif
    rn_local_set(&number_key, &number);
}
