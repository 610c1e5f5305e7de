/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is no channel. */
#include <runnel/runnel.h>

void f(rn_batch(int) batch, rn_chan(int) chan);
void f(rn_batch(int) batch, rn_chan(int) chan)
{
    (void)batch;
    (void)chan;
#ifdef WRONG
    (void)rn_batch_count(chan);
#else
    (void)rn_batch_count(batch);
#endif
}
