/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h: tell systemd how far we are (Type=notify).
 */
#ifndef SLUICE_NOTIFY_H
#define SLUICE_NOTIFY_H

/*
 * Sends "READY=1", "STOPPING=1", "STATUS=...", as sd_notify(3) does, to
 * $NOTIFY_SOCKET; without it does nothing. Does not park.
 */
void notify_systemd(const char *state);

#endif
