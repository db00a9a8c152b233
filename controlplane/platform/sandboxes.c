/*
 * sandboxes.c - the sandbox service: its key, a request to it, and the end of what is lent no more.
 */
#include "controlplane/platform/sandboxes.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/config.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/sandbox_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/dial.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/http_server.h"

#define KEY_MAX_BYTES 8192
#define END_MS 10000
#define END_AGAIN_MS 2000
#define ENDS_MAX 5 /* tries; then its own time ends it */
#define LIST_MAX_BYTES (1 << 20)

struct ending { /* a sandbox that is to end, whoever had it */
	struct sandboxes *sandboxes;
	char id[72];
	int tries;
	struct provider_get *asked;
	struct timer again;
	struct ending *next, **prev;
};

struct sandboxes *
sandboxes_of(const struct call *call)
{
	return call->caller->platform->sandboxes;
}

bool
sandbox_id_valid(const char *id)
{
	return id != NULL && *id != '\0' && strlen(id) < 64 &&
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	    strlen(id);
}

/* ---- the key ---- */

/* The first line of the file, which the service may have made after we began. */
static void
read_key(struct sandboxes *s)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (s->config->sandbox_key != NULL) {
		str_replace(&s->at.key, s->config->sandbox_key);
		return;
	}
	if (file_read(s->config->sandbox_key_file, KEY_MAX_BYTES, &text, &len, NULL) < 0)
		return;
	text[strcspn(text, "\r\n")] = '\0';
	str_replace(&s->at.key, text);
	explicit_bzero(text, len);
}

bool
sandboxes_have_key(struct sandboxes *s)
{
	read_key(s);
	return s->at.key != NULL && s->at.key[0] != '\0';
}

const char *
sandboxes_at(const struct sandboxes *s)
{
	return s->config->sandbox_url;
}

/* ---- the list of those that are lent or about to end, for whoever comes after a crash ---- */

void
sandboxes_keep_list(const struct sandboxes *s)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct error err = { 0 };

	for (const struct lease *l = s->leases; l != NULL; l = l->next)
		buf_printf(&text, "%s\n", l->id);
	for (const struct ending *e = s->endings; e != NULL; e = e->next)
		buf_printf(&text, "%s\n", e->id);
	if (file_write(s->path, buf_str(&text), text.len, 0600, &err) < 0)
		log_warn("sandboxes.list", F_STR("error", err.text));
}

/* ---- those that are to end ---- */

static void
ending_free(struct ending *e)
{
	provider_get_cancel(e->asked);
	timer_cancel(&e->again);
	*e->prev = e->next;
	if (e->next != NULL)
		e->next->prev = e->prev;
	free(e);
}

static void ending_try(struct ending *);

static void
on_again(struct timer *t, void *arg)
{
	(void)t;
	ending_try(arg);
}

static void
on_ended(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct ending *e = arg;

	(void)body;
	(void)len;
	e->asked = NULL;
	if (status == 200 || status == 404) {
		struct sandboxes *s = e->sandboxes;

		log_info("sandbox.ended", F_STR("sandbox_id", e->id));
		ending_free(e);
		sandboxes_keep_list(s);
		return;
	}
	log_warn("sandbox.not_ended", F_STR("sandbox_id", e->id), F_INT("status", status),
	    F_STR("error", err != NULL ? err->text : NULL));
	if (++e->tries >= ENDS_MAX)
		ending_free(e);
	else
		timer_set(e->sandboxes->loop, &e->again, END_AGAIN_MS, on_again, e);
}

static void
ending_try(struct ending *e)
{
	_cleanup_free_ char *path = str_printf("/api/sandboxes/%s/terminate", e->id);

	read_key(e->sandboxes);
	e->asked = provider_post(&e->sandboxes->at, path, e->id, "{}", 2, SANDBOX_CREATED_MAX_BYTES,
	    END_MS, on_ended, e);
}

void
sandboxes_end(struct sandboxes *s, const char *id)
{
	struct ending *e = mem_zalloc(sizeof(*e));

	e->sandboxes = s;
	str_copy(e->id, sizeof(e->id), id);
	e->next = s->endings;
	e->prev = &s->endings;
	if (e->next != NULL)
		e->next->prev = &e->next;
	s->endings = e;
	ending_try(e);
}

/* ---- what a crash has left ---- */

static void
end_orphans(struct sandboxes *s)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(s->path, LIST_MAX_BYTES, &text, &len, NULL) < 0)
		return;
	for (char *line = text, *stop; (stop = strchr(line, '\n')) != NULL; line = stop + 1) {
		*stop = '\0';
		if (!sandbox_id_valid(line))
			continue;
		log_warn("sandbox.orphan", F_STR("sandbox_id", line));
		sandboxes_end(s, line);
	}
}

/* ---- asking the service ---- */

void
sandbox_relay_stop(struct relay *r)
{
	timer_cancel(&r->late);
	dial_cancel(r->dial);
	r->dial = NULL;
	if (r->exchange != NULL)
		http_exchange_close(TAKE(r->exchange));
}

void
sandbox_relay_done(struct relay *r)
{
	sandbox_relay_stop(r);
	buf_done(&r->head);
	buf_done(&r->body);
}

void
sandbox_relay_head(
    struct call *call, struct relay *r, const char *method, const char *path, size_t body)
{
	struct sandboxes *s = sandboxes_of(call);
	const bool v6 = strchr(s->at.url.host, ':') != NULL;
	const char *accept = call->req != NULL ? http_header_get(call->req, "accept") : NULL;

	read_key(s);
	buf_printf(&r->head,
	    "%s %s%s HTTP/1.1\r\nhost: %s%s%s:%d\r\nauthorization: Bearer %s\r\n"
	    "connection: close\r\nx-request-id: %s\r\ncontent-type: application/json\r\n"
	    "accept: %s\r\ncontent-length: %zu\r\n\r\n",
	    method, strcmp(s->at.url.path, "/") == 0 ? "" : s->at.url.path, path, v6 ? "[" : "",
	    s->at.url.host, v6 ? "]" : "", s->at.url.port, s->at.key, call->id,
	    str_eq(accept, "application/octet-stream") ? accept : "*/*", body);
}

void
sandbox_fail(struct call *call, bool late)
{
	call_fail(call, late ? CODE_UPSTREAM_TIMEOUT_TOTAL : CODE_UPSTREAM_CONNECT_FAILED,
	    late ? "The sandbox service did not answer in time."
		 : "The sandbox service cannot be reached.");
}

/* ---- beginning and end ---- */

struct caller *
sandboxes_owner(const struct sandboxes *s, const char *id)
{
	for (const struct lease *l = s != NULL ? s->leases : NULL; l != NULL; l = l->next)
		if (strcmp(l->id, id) == 0)
			return l->call.caller;
	return NULL;
}

struct sandboxes *
sandboxes_new(struct loop *loop, const struct platform_config *config, struct error *err)
{
	struct sandboxes *s = mem_zalloc(sizeof(*s));

	s->loop = loop;
	s->config = config;
	if (provider_init(&s->at, loop, config->sandbox_url, "", err) < 0) {
		free(s);
		error_add(err, "SANDY_BASE_URL");
		return NULL;
	}
	s->path = str_printf("%s/sandboxes", config->state_dir);
	end_orphans(s);
	return s;
}

void
sandboxes_free(struct sandboxes *s)
{
	if (s == NULL)
		return;
	while (s->endings != NULL)
		ending_free(s->endings);
	provider_done(&s->at);
	free(s->path);
	free(s);
}
