/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signal.h: signals as values on a channel.
 *
 *     rn_chan(int) stop = rn_chan_make(int, 1);
 *     rn_signal_notify(rn_send_end(stop), SIGINT);
 *     rn_signal_notify(rn_send_end(stop), SIGTERM);
 *     int number;
 *     rn_recv(stop, &number);              // parks until one comes
 *     rn_signal_stop(rn_send_end(stop));
 *     rn_chan_free(stop);
 *
 * A signal that comes while the channel is full is dropped for that channel, as
 * in Go: give it room for those that matter. From the first notify until the
 * last stop a signal does not do what it does by default (it does not end the
 * program); after that it does what it did before.
 *
 * Only goroutines of the running runtime call these. What is still notified
 * when rn_run returns is stopped.
 */
#ifndef RUNNEL_SIGNAL_H
#define RUNNEL_SIGNAL_H

#include <runnel/chan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Behind the macros. */
int rn_signal_notify_(struct rn_channel *channel, int number);
void rn_signal_stop_(struct rn_channel *channel);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/*
 * From now on the signal's number is sent to `channel`, an rn_sender(int) or an
 * rn_chan(int). RN_OK; RN_INVALID for what is no signal, cannot be caught
 * (SIGKILL, SIGSTOP) or reports a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL). Does
 * not park.
 */
#define rn_signal_notify(channel, number) \
    rn_signal_notify_(RN_INT_SENDER_(channel), (number))
/* No signal is sent to the channel after this returned. Does not park. */
#define rn_signal_stop(channel) rn_signal_stop_(RN_INT_SENDER_(channel))
#define RN_INT_SENDER_(channel)                  \
    _Generic((channel), rn_chan(int)             \
             : RN_CORE_(channel), rn_sender(int) \
             : RN_CORE_(channel))
#endif

#endif
