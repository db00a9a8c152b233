/*
 * conn_pool.h - connections that wait a moment for the next request to the same place.
 *
 * One pool per loop.  A home is one place: of an instance, never of an address, because two pods
 * have the same one.  A connection waits at most half a second, which is less than any ordinary
 * server keeps it, and is looked at before it is used again: it must be open and silent.  What
 * still goes wrong after that is an error like any other; nothing is ever sent twice.
 */
#ifndef JANUS_NET_CONN_POOL_H
#define JANUS_NET_CONN_POOL_H
#include <stdbool.h>
struct conn_home;
struct conn_pool;
struct loop;
struct transport;

struct conn_pool *conn_pool_new(struct loop *);
/** conn_pool_free - closes what waits; every transport that has a home must be closed before. */
void conn_pool_free(struct conn_pool *);

/** conn_pool_adopt - let a new plain connection come back to the home `name`, if whoever uses
 *  it finds it fit; one with TLS is left alone. */
void conn_pool_adopt(struct conn_pool *, const char *name, struct transport *);
/** conn_pool_take - a connection that waits there; false if there is none. */
bool conn_pool_take(struct conn_pool *, const char *home, struct transport *out);
/** conn_pool_keep - close what waits at homes that `kept` does not know, and forget those. */
void conn_pool_keep(
    struct conn_pool *, bool (*kept)(const char *home, const void *arg), const void *arg);

/* For transports. */
/** conn_home_put - take back a connection that is open, silent and between two requests. */
void conn_home_put(struct conn_home *, struct transport *);
/** conn_home_left - one of its connections was closed. */
void conn_home_left(struct conn_home *);

/* Somebody who still holds a transport for nobody but the pool: closed when the pool is freed. */
struct conn_guest {
	void (*close)(struct conn_guest *);
	struct conn_guest *next, **prev; /* prev is NULL while it is not a guest */
};
void conn_home_guest(struct conn_home *, struct conn_guest *);
void conn_guest_left(struct conn_guest *);
#endif
