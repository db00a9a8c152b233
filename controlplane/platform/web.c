/*
 * web.c - what /fetch and the proxy share.
 */
#include "controlplane/platform/web.h"

#include <stdlib.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial.h"

#define THREADS_MAX 64 /* begun when they are needed */

struct web *
web_new(struct loop *loop, const char *test, struct error *err)
{
	struct web *w = mem_zalloc(sizeof(*w));

	if (egress_allow_test(&w->egress, test, err) < 0 ||
	    (w->dialer = dialer_new(loop, err)) == NULL) {
		free(w);
		return NULL;
	}
	w->workers = workers_new(THREADS_MAX);
	w->fetch_ms = 20000;
	w->fetch_max_bytes = 4 << 20;
	w->connect_ms = 5000;
	w->head_ms = 10000;
	w->idle_ms = 60000;
	w->tunnel_ms = 600000;
	return w;
}

void
web_stop(struct web *w)
{
	if (w == NULL || w->workers == NULL)
		return;
	workers_free(w->workers);
	w->workers = NULL;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	web_stop(w);
	dialer_free(w->dialer);
	free(w);
}
