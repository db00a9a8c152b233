/*
 * listeners.c - from settings and sockets to lanes.
 */
#include "controlplane/listeners.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "controlplane/config.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/janus.h"
#include "controlplane/takeover.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/fdpass.h"
#include "runtime/net/http_server.h"

static void
drop_others(struct passed *p, enum passed_use use, const char *host, int64_t port)
{
	for (size_t i = 0; i < p->len; i++)
		if (p->at[i].use == use && !passed_is_at(p->at[i].fd, host, (int)port)) {
			passed_drop(p, use);
			return;
		}
}

/* A socket for each lane, all on that port. */
static int
open_port(struct janus *j, enum passed_use use, int64_t port, struct error *err)
{
	struct passed *p = &j->listeners;

	if (!j->listeners_fixed && port == 0)
		passed_drop(p, use);
	else if (!j->listeners_fixed)
		drop_others(p, use, j->config->host, port);
	for (size_t i = 0; port != 0 && passed_count(p, use) < 1 + i && i < j->nloops; i++) {
		const int fd = http_listen_tcp(j->config->host, (int)port, true, err);

		if (fd < 0 || passed_add(p, fd, passed_use_name(use), 0, err) < 0)
			return error_add(err, "listen");
	}
	return 0;
}

/* Where nobody can ask, there is no handing over; else all is as it is. */
static void
open_handover(struct janus *j)
{
	_cleanup_free_ char *path = takeover_address(j->config->runtime_dir);
	struct error err = { 0 };

	if (passed_count(&j->listeners, PASSED_HANDOVER) > 0)
		return;
	const int fd = fdpass_listen(path, 0600, &err);
	if (fd < 0 || passed_add(&j->listeners, fd, passed_use_name(PASSED_HANDOVER), 0, &err) < 0)
		log_warn("handover.no_socket", F_STR("error", err.text));
}

/* The manager's sockets may be anywhere: what we tell of ourselves, and who needs a key, goes by what
 * is bound and not by the settings. */
static void
look_where(struct janus *j)
{
	if (passed_widest(&j->listeners, &j->at) && !j->at.loopback)
		config_exposed(j->config);
	snprintf(j->listen, sizeof(j->listen), "%s:%d", j->at.host, j->at.port);
}

int
listeners_open(struct janus *j, struct error *err)
{
	const int64_t port = j->config->port, ui_port = j->config->ui_port;

	if (open_port(j, PASSED_HTTP, port, err) < 0 ||
	    open_port(j, PASSED_UI, ui_port != port ? ui_port : 0, err) < 0)
		return -1;
	if (passed_count(&j->listeners, PASSED_CONTROL) == 0) {
		const int fd = http_listen_unix(j->control_socket, 0660, err);

		if (fd < 0 || passed_add(&j->listeners, fd, "control", 0, err) < 0)
			return error_add(err, "control socket");
	}
	open_handover(j);
	look_where(j);
	return 0;
}

/* ---- who serves what ---- */

struct serve {
	struct janus *janus;
	struct lane *lane;
	int fd;
	bool ok;
};

/* fn of each socket and the lane that serves it. */
static int
deal(struct janus *j, int (*fn)(struct janus *, struct lane *, int fd, struct error *),
    struct error *err)
{
	static const enum passed_use uses[] = { PASSED_HTTP, PASSED_UI, PASSED_CONTROL };
	struct passed copies = { 0 };
	int rc = 0;

	for (size_t i = 0; i < j->listeners.len && rc == 0; i++) {
		const int fd = fcntl(j->listeners.at[i].fd, F_DUPFD_CLOEXEC, 0);

		rc = fd < 0
		    ? error_errno(err, "listening socket")
		    : passed_add(&copies, fd, passed_use_name(j->listeners.at[i].use), 0, err);
	}
	for (size_t u = 0; u < ARRAY_LEN(uses) && rc == 0; u++) {
		const bool control = uses[u] == PASSED_CONTROL;
		const size_t n = control ? 1 : j->nloops;

		rc = passed_spread(&copies, uses[u], n, err);
		for (size_t i = 0; i < n && rc == 0; i++) {
			struct lane *lane = &j->lanes[control ? j->nlanes - 1 : i];
			int fd;

			while (rc == 0 && (fd = passed_take(&copies, uses[u], i, n)) >= 0)
				rc = fn(j, lane, fd, err);
		}
	}
	passed_close(&copies);
	return rc;
}

static int
serve_at_once(struct janus *j, struct lane *lane, int fd, struct error *err)
{
	(void)j;
	return gateway_serve(lane->gateway, fd, err);
}

int
listeners_serve(struct janus *j, struct error *err)
{
	return deal(j, serve_at_once, err) < 0 ? error_add(err, "listen") : 0;
}

static void
served(void *arg)
{
	struct serve *s = arg;
	struct janus *j = s->janus;

	j->serving.failed |= !s->ok;
	if (--j->serving.left == 0)
		j->serving.done(!j->serving.failed, j);
	free(s);
}

static void
serve_on_loop(void *arg)
{
	struct serve *s = arg;
	struct error err = { 0 };

	s->ok = gateway_serve(s->lane->gateway, s->fd, &err) == 0;
	if (!s->ok)
		log_error("listen.failed", F_STR("error", err.text));
	loop_post(s->janus->control, served, s);
}

static int
serve_soon(struct janus *j, struct lane *lane, int fd, struct error *err)
{
	struct serve *s = mem_zalloc(sizeof(*s));

	(void)err;
	*s = (struct serve){ j, lane, fd, false };
	j->serving.left++;
	loop_post(lane->loop, serve_on_loop, s);
	return 0;
}

void
listeners_serve_now(struct janus *j, void (*done)(bool ok, struct janus *))
{
	struct error err = { 0 };

	j->serving.done = done;
	j->serving.failed = false;
	if (deal(j, serve_soon, &err) < 0) {
		log_error("listen.failed", F_STR("error", err.text));
		j->serving.failed = true;
	}
	if (j->serving.left == 0)
		done(false, j);
}

void
listeners_close(struct janus *j)
{
	passed_close(&j->listeners);
}
