/* SPDX-License-Identifier: Apache-2.0 */
/* A context's value has the type that its key names. */
#include <runnel/runnel.h>

static rn_key(int) number_key;

void f(void);
void f(void)
{
#ifdef WRONG
    double number = 1;
#else
    int number = 1;
#endif
    rn_ctx_release(
        rn_ctx_with_value(rn_ctx_background(), &number_key, &number));
}
