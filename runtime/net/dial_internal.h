/*
 * dial_internal.h - a dial under way, from inside (internal to dial.c and dialer.c).
 */
#ifndef JANUS_NET_DIAL_INTERNAL_H
#define JANUS_NET_DIAL_INTERNAL_H
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"

struct dial {
	struct loop *loop;
	struct dialer *dialer; /* NULL for dial_fd */
	struct dial *next, **ref; /* in dialer's list; *ref == this */
	dial_fn *fn;
	void *arg;
	int64_t timeout_ms;
	struct timer timer;
	struct error failed; /* to be reported by the timer */
	char peer[300]; /* for messages */
	bool tls;
	/* one of the two */
	int fd;
	struct watch *watch;
	CURL *easy;
	char why[CURL_ERROR_SIZE];
};

struct dialer {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;
	struct dial *first;
	char *ca_file; /* or NULL */
};

/** dial_new - the caller begins to connect it. */
struct dial *dial_new(struct loop *, struct dialer *, int64_t timeout_ms, dial_fn *, void *arg);
/** dial_connect - its fd, to there, within its timeout; the outcome comes from the loop. */
void dial_connect(struct dial *, const struct sockaddr *, socklen_t);
/** dial_refused - fill its failure from an errno of connect(2); returns -1. */
int dial_refused(struct dial *, int why);

/* The ends, from the loop; it is freed. */
void dial_succeed(struct dial *, struct transport *);
void dial_fail(struct dial *, const struct error *);
/** dial_fail_soon - from anywhere: report its failure from the loop. */
void dial_fail_soon(struct dial *);
#endif
