/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from a context has the type that its key names. */
#include <runnel/runnel.h>

static rn_key(int) number_key;

void f(void);
void f(void)
{
#ifdef WRONG
    double *number = rn_ctx_value(rn_ctx_background(), &number_key);
#else
    int *number = rn_ctx_value(rn_ctx_background(), &number_key);
#endif
    (void)number;
}
