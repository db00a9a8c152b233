/*
 * notify.h - tell the service manager how things are: the datagrams of sd_notify(3), without its library.
 *
 * Where nobody asked for them ($NOTIFY_SOCKET is not set) everything here does nothing.  A message
 * that cannot be sent is dropped: who supervises us finds that out by himself.
 */
#ifndef JANUS_BASE_NOTIFY_H
#define JANUS_BASE_NOTIFY_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTIFY_ALIVE "WATCHDOG=1"

struct notify { /* zeroed: nobody listens */
	char path[108]; /* "@" begins an abstract one; "" */
	int64_t watchdog_ms; /* we must be heard of within; 0: nobody waits */
};

/** notify_init - from $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which stay as they are. */
void notify_init(struct notify *);
bool notify_is_wanted(const struct notify *);
/** notify_send - lines of NAME=value apart by \n; false: nobody took them. Any thread. */
bool notify_send(const struct notify *, const char *lines);

/* What there is to say; status is a sentence for people, of which the first line counts. */
void notify_ready(const struct notify *, const char *status);
void notify_status(const struct notify *, const char *status);
/** notify_reloading - settings are read again; notify_ready follows. */
void notify_reloading(const struct notify *);
void notify_stopping(const struct notify *, const char *status);
/** notify_extend - starting or stopping takes so much longer, from now. */
void notify_extend(const struct notify *, int64_t ms);
/** notify_main_pid - another process is the service from now on. */
void notify_main_pid(const struct notify *, pid_t pid);
#endif
