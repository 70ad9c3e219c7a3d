/* SPDX-License-Identifier: ISC */
/*
 * Tells the service manager how we are: one datagram to the socket named in
 * NOTIFY_SOCKET (sd_notify protocol). Nothing happens when there is none.
 */
#ifndef HK_HOKEYD_NOTIFY_H
#define HK_HOKEYD_NOTIFY_H

/* "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1". */
void hk_notify(const char *state);
/* RELOADING with the time it needs. */
void hk_notify_reloading(void);

#endif
