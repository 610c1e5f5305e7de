/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c: statuses as text.
 */
#include <string.h>

#include <runnel/sim.h>

const char *rn_status_text(int status)
{
    switch (status) {
    case RN_OK:
        return "ok";
    case RN_NOT_FOUND:
        return "not found";
    case RN_AGAIN:
        return "not ready";
    case RN_CLOSED:
        return "closed";
    case RN_TIMEOUT:
        return "timed out";
    case RN_CANCELED:
        return "canceled";
    case RN_DEADLOCK:
        return "all goroutines are asleep";
    case RN_ENDLESS:
        return "no end in sight";
    case RN_FAILED:
        return "a check failed";
    case RN_CRASHED:
        return "the process crashed";
    case RN_PANICKED:
        return "panicked";
    }
    const char *text = status < 0 ? strerrordesc_np(-status) : NULL;
    return text ? text : "unknown status";
}
