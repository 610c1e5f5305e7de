/* SPDX-License-Identifier: Apache-2.0 */
/* A deferred function takes the argument that it is given. */
#include <runnel/runnel.h>

void f(struct rn_mutex *mutex, struct rn_rwmutex *rw);
void f(struct rn_mutex *mutex, struct rn_rwmutex *rw)
{
    rn_mutex_lock(mutex);
    rn_rwmutex_lock(rw);
    rn_defer(rn_mutex_unlock, mutex);
#ifdef WRONG
    rn_defer(rn_rwmutex_unlock, mutex);
#else
    rn_defer(rn_rwmutex_unlock, rw);
#endif
}
