/*
 * chat_artifacts.c - one descriptor after another, then the event goes on.
 */
#include "controlplane/gateway/chat_artifacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/artifacts/cut_links.h"
#include "controlplane/artifacts/inline.h"
#include "controlplane/artifacts/descriptor.h"
#include "controlplane/artifacts/intake.h"
#include "controlplane/artifacts/source.h"
#include "controlplane/artifacts/splice.h"
#include "controlplane/gateway/auth.h"
#include "controlplane/gateway/chat_core.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/fetch.h"
#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/http_head.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/dialect.h"

/* One that was announced in this chat before, and what became of it. */
struct announced {
	struct announced *next;
	char *id, *url, *link; /* owned; link NULL: it was refused, and why */
	enum artifact_reason reason;
	char sha256[HASH_HEX_MAX];
	int64_t size;
};

struct chat_artifacts {
	struct chat *chat;
	struct artifacts *artifacts;
	struct announced *first;
	struct cut_links links; /* those of them, in the content of a stream */
	int64_t n;
	bool told; /* of one that was refused, in the log of events */

	/* what waits */
	struct buf raw, data; /* of an event; a whole answer is raw alone */
	bool whole;
	struct descriptors found;
	size_t at; /* the descriptor that is worked on */
	struct splices splices;
	struct buf notices;
	struct route_target *target; /* a reference */
	struct fetch *fetch;
	struct intake *intake;
	int64_t fetched;
	struct timer deadline, kick;
};

static void work(struct chat_artifacts *);

/* ---- what is known ---- */

static const char *
owner_of(const struct chat *c)
{
	if (c->auth != NULL && c->auth->key_id[0] != '\0')
		return c->auth->key_id;
	return strcmp(c->client, "unix") == 0 ? "socket" : "";
}

static void
remember(struct chat_artifacts *a, const struct descriptor *d, const char *link,
    enum artifact_reason reason)
{
	struct announced *n = mem_zalloc(sizeof(*n));

	n->id = str_dup(d->id);
	n->url = str_dup(d->url);
	n->link = str_dup(link);
	n->reason = reason;
	memcpy(n->sha256, d->sha256, sizeof(n->sha256));
	n->size = d->size;
	n->next = a->first;
	a->first = n;
	if (link != NULL && !inline_is(d->url))
		cut_links_know(&a->links, d->url, link);
}

/* The same again (a chunk and the last message both name it), or something else by its id? */
static const struct announced *
known(const struct chat_artifacts *a, const struct descriptor *d, bool *clash)
{
	*clash = false;
	for (const struct announced *n = a->first; n != NULL; n = n->next) {
		const bool same = strcmp(n->url, d->url) == 0 && n->size == d->size &&
		    strcmp(n->sha256, d->sha256) == 0 && strcmp(n->id, d->id) == 0;

		if (same)
			return n;
		*clash |= d->id[0] != '\0' && strcmp(n->id, d->id) == 0;
	}
	return NULL;
}

static bool
links_to_known(const struct chat_artifacts *a, const char *data, size_t len)
{
	for (const struct announced *n = a->first; n != NULL; n = n->next) {
		const char *last =
		    strrchr(n->url, '/'); /* slashes may be escaped: look for the rest */
		const char *tail = last != NULL && last[1] != '\0' ? last + 1 : n->url;

		if (n->link != NULL && memmem(data, len, tail, strlen(tail)) != NULL)
			return true;
	}
	return false;
}

/* ---- results ---- */

static void
put_link(struct chat_artifacts *a, const struct descriptor *d, const char *link)
{
	splices_add(&a->splices, d->url_spot, str_printf("\"%s\"", link));
}

static void
add_notice(struct chat_artifacts *a, const struct descriptor *d, enum artifact_reason reason)
{
	const struct chat *c = a->chat;
	_cleanup_buf_ struct buf payload = { 0 };

	if (!c->progress) {
		buf_printf(&a->notices, ": artifact %s unavailable: %s\n\n", d->id,
		    artifact_reason_word(reason));
		return;
	}
	buf_add_str(&payload, "{\"code\":\"artifact_unavailable\",\"artifact_id\":");
	json_add_quoted(&payload, d->id, strlen(d->id));
	buf_printf(&payload,
	    ",\"reason\":\"%s\",\"message\":\"This artifact is not available: %s.\"}",
	    artifact_reason_word(reason), artifact_reason_text(reason));
	chat_tell(c, "progress", buf_str(&payload), &a->notices);
}

static void
refuse(struct chat_artifacts *a, enum artifact_reason reason)
{
	const struct descriptor *d = &a->found.at[a->at++];
	const struct chat *c = a->chat;
	struct buf error = { 0 };
	bool clash;

	buf_add_str(&error, "{\"id\":");
	if (d->id[0] != '\0')
		json_add_quoted(&error, d->id, strlen(d->id));
	else
		buf_add_str(&error, "null");
	buf_printf(&error,
	    ",\"error\":{\"code\":\"artifact_unavailable\",\"reason\":\"%s\",\"message\":"
	    "\"This artifact is not available: %s.\"}}",
	    artifact_reason_word(reason), artifact_reason_text(reason));
	splices_add(&a->splices, d->object, buf_take(&error));
	if (!a->whole)
		add_notice(a, d, reason);
	log_warn("artifact.refused", F_STR("request_id", c->id), F_STR("competitor", c->slug),
	    F_STR("artifact", d->id), F_STR("reason", artifact_reason_word(reason)));
	artifacts_count(a->artifacts, c->slug, reason);
	if (!a->told)
		artifacts_event(a->artifacts, c->competitor, c->id, reason);
	a->told = true;
	if (d->url != NULL && d->fault == ARTIFACT_NONE && reason != ARTIFACT_DUPLICATE &&
	    reason != ARTIFACT_TOO_MANY && known(a, d, &clash) == NULL)
		remember(a, d, NULL, reason);
}

static void
stored(const struct artifact *row, enum artifact_reason reason, void *arg)
{
	struct chat_artifacts *a = arg;
	const struct chat *c = a->chat;
	_cleanup_buf_ struct buf link = { 0 };

	a->intake = NULL;
	fetch_cancel(TAKE(a->fetch)); /* it may have failed before all had come */
	if (row == NULL) {
		refuse(a, reason);
		work(a);
		return;
	}
	const struct descriptor *d = &a->found.at[a->at++];
	artifacts_url(a->artifacts, row, &link);
	remember(a, d, buf_str(&link), ARTIFACT_NONE);
	put_link(a, d, buf_str(&link));
	log_info("artifact.stored", F_STR("request_id", c->id), F_STR("competitor", c->slug),
	    F_STR("artifact_id", row->id), F_STR("sha256", row->sha256), F_INT("bytes", row->size));
	artifacts_count(a->artifacts, c->slug, ARTIFACT_NONE);
	work(a);
}

/* ---- one that is fetched ---- */

static void
give_up(struct chat_artifacts *a, enum artifact_reason reason)
{
	fetch_cancel(TAKE(a->fetch));
	intake_cancel(TAKE(a->intake));
	refuse(a, reason);
}

static void
on_room(void *arg)
{
	struct chat_artifacts *a = arg;

	if (a->fetch != NULL)
		fetch_go_on(a->fetch);
}

/* A server that knows better than "bytes" must agree with what was announced. */
static bool
type_agrees(const char *announced, const char *served)
{
	const bool both_text =
	    strncmp(announced, "text/", 5) == 0 && strncmp(served, "text/", 5) == 0;
	const char *json = "application/json";

	return served[0] == '\0' || strcmp(served, "application/octet-stream") == 0 ||
	    strcmp(announced, "application/octet-stream") == 0 || both_text ||
	    strcasecmp(announced, served) == 0 ||
	    (strcmp(served, json) == 0 && strstr(announced, "json") != NULL);
}

static enum artifact_reason
on_head(const struct http_head *head, void *arg)
{
	const struct chat_artifacts *a = arg;
	const struct descriptor *d = &a->found.at[a->at];

	if (head->content_length >= 0 && head->content_length != d->size)
		return ARTIFACT_SIZE;
	return type_agrees(d->type, head->content_type) ? ARTIFACT_NONE : ARTIFACT_TYPE;
}

static void
on_kick(struct timer *t, void *arg)
{
	struct chat_artifacts *a = arg;

	(void)t;
	give_up(a, ARTIFACT_SIZE);
	work(a);
}

static bool
on_body(const char *bytes, size_t len, void *arg)
{
	struct chat_artifacts *a = arg;

	a->fetched += (int64_t)len;
	if (a->fetched > a->found.at[a->at].size) {
		/* Not from inside of it. */
		timer_set(a->chat->gw->loop, &a->kick, 0, on_kick, a);
		return false;
	}
	return intake_feed(a->intake, bytes, len);
}

static void
on_end(enum artifact_reason reason, void *arg)
{
	struct chat_artifacts *a = arg;

	a->fetch = NULL;
	timer_cancel(&a->kick);
	if (reason == ARTIFACT_NONE && a->fetched > a->found.at[a->at].size)
		reason = ARTIFACT_SIZE;
	if (reason == ARTIFACT_NONE) {
		intake_end(a->intake);
		return;
	}
	give_up(a, reason);
	work(a);
}

static const struct fetch_events fetch_events = { on_head, on_body, on_end };
static const struct intake_events intake_events = { on_room, stored };

/* ---- one after another ---- */

static void
fill_row(const struct chat_artifacts *a, const struct descriptor *d, struct artifact *row)
{
	const struct chat *c = a->chat;
	const struct artifacts_config *config = artifacts_config(a->artifacts);

	*row = (struct artifact){ .size = d->size, .created_at_ms = clock_wall_ms() };
	str_copy(row->owner, sizeof(row->owner), owner_of(c));
	str_copy(row->request_id, sizeof(row->request_id), c->id);
	str_copy(row->competitor, sizeof(row->competitor), c->slug);
	str_copy(row->declared_id, sizeof(row->declared_id), d->id);
	str_copy(row->name, sizeof(row->name), d->name);
	str_copy(row->kind, sizeof(row->kind), d->kind);
	str_copy(row->type, sizeof(row->type), d->type);
	memcpy(row->sha256, d->sha256, sizeof(row->sha256));
	row->expires_at_ms = row->created_at_ms + (d->ttl_s > 0 ? d->ttl_s * 1000 : config->ttl_ms);
}

/* A whole small one that stands in the event itself. */
static enum artifact_reason
take_data(struct chat_artifacts *a, const struct descriptor *d, const struct artifact *row)
{
	const struct artifacts_config *config = artifacts_config(a->artifacts);
	_cleanup_buf_ struct buf bytes = { 0 };
	enum artifact_reason reason;

	if (d->size > config->inline_bytes)
		return ARTIFACT_SIZE_DECLARED;
	if (inline_decode(d->url, (size_t)config->inline_bytes, &bytes) < 0)
		return ARTIFACT_DATA;
	if ((int64_t)bytes.len != d->size)
		return ARTIFACT_SIZE;
	a->intake = intake_begin(a->artifacts, a->chat->gw->loop, row, &intake_events, a, &reason);
	if (a->intake == NULL)
		return reason;
	if (bytes.len > 0)
		intake_feed(a->intake, bytes.data, bytes.len);
	intake_end(a->intake);
	return ARTIFACT_NONE;
}

static enum artifact_reason
take_url(struct chat_artifacts *a, const struct descriptor *d, const struct artifact *row)
{
	struct route_target *t = a->target;
	const struct source_home home = { t->is_pod, t->url.tls, t->url.host,
		t->is_pod ? t->port : t->url.port };
	struct gateway *gw = a->chat->gw;
	enum artifact_reason reason;
	struct source source;

	if (!source_parse(d->url, &home, &source))
		return ARTIFACT_URL;
	a->intake = intake_begin(a->artifacts, gw->loop, row, &intake_events, a, &reason);
	if (a->intake == NULL)
		return reason;
	a->fetched = 0;
	a->fetch = fetch_begin(gw, t, &source, a->chat->id, &fetch_events, a);
	return ARTIFACT_NONE;
}

/* NONE: it is under way, or *link tells that it is there already. */
static enum artifact_reason
take(struct chat_artifacts *a, const struct descriptor *d, const char **link)
{
	const struct artifacts_config *config = artifacts_config(a->artifacts);
	struct artifact row;
	bool clash;

	if (d->fault != ARTIFACT_NONE)
		return d->fault;
	const struct announced *before = known(a, d, &clash);
	if (before != NULL && before->link != NULL) {
		*link = before->link;
		return ARTIFACT_NONE;
	}
	if (before != NULL)
		return before->reason;
	if (clash)
		return ARTIFACT_DUPLICATE;
	if (a->n >= config->per_request)
		return ARTIFACT_TOO_MANY;
	a->n++;
	if (d->ttl_s > config->max_ttl_ms / 1000)
		return ARTIFACT_TTL;
	fill_row(a, d, &row);
	return inline_is(d->url) ? take_data(a, d, &row) : take_url(a, d, &row);
}

static void
let_pass(struct chat_artifacts *a)
{
	struct chat_relay *relay = a->chat->relay;
	struct buf out = { 0 };

	timer_cancel(&a->deadline);
	cut_links_end(&a->links, &out);
	for (const struct announced *n = a->first; n != NULL; n = n->next)
		if (n->link != NULL && !inline_is(n->url))
			splices_links(&a->splices, buf_str(a->whole ? &a->raw : &a->data),
			    a->found.texts, a->found.ntexts, n->url, n->link);
	if (a->whole)
		splices_write(&a->splices, buf_str(&a->raw), a->raw.len, &out);
	else
		splices_write_event(&a->splices, buf_str(&a->raw), a->raw.len, &out);
	if (!a->whole)
		buf_add(&out, buf_str(&a->notices), a->notices.len);
	buf_done(&a->raw);
	buf_done(&a->data);
	buf_done(&a->notices);
	splices_done(&a->splices);
	descriptors_done(&a->found);
	route_target_unref(TAKE(a->target));
	/* With its last event the chat may end, and a with it. */
	chat_relay_pass(relay, buf_str(&out), out.len);
	buf_done(&out);
}

static void
work(struct chat_artifacts *a)
{
	while (a->at < a->found.len) {
		const struct descriptor *d = &a->found.at[a->at];
		const char *link = NULL;
		const enum artifact_reason reason = take(a, d, &link);

		if (reason != ARTIFACT_NONE) {
			refuse(a, reason);
		} else if (link != NULL) {
			put_link(a, d, link);
			a->at++;
		} else {
			return; /* it goes on when this one is there */
		}
	}
	let_pass(a);
}

/* What is not there by now is not waited for. */
static void
on_deadline(struct timer *t, void *arg)
{
	struct chat_artifacts *a = arg;

	(void)t;
	timer_cancel(&a->kick);
	while (a->at < a->found.len)
		give_up(a, ARTIFACT_TIMEOUT);
	let_pass(a);
}

/* ---- of the chat ---- */

static struct chat_artifacts *
of_chat(struct chat *c)
{
	if (c->artifacts == NULL) {
		c->artifacts = mem_zalloc(sizeof(*c->artifacts));
		c->artifacts->chat = c;
		c->artifacts->artifacts = c->gw->config.artifacts;
	}
	return c->artifacts;
}

/* An event that is nothing but content, or nothing to us. */
static bool
content_passes(struct chat_artifacts *a, struct chat_relay *relay, const char *raw, size_t raw_len,
    const char *data, size_t data_len, const struct descriptors *found)
{
	_cleanup_buf_ struct buf out = { 0 };

	if (found->ntexts == 1) {
		cut_links_event(&a->links, raw, raw_len, data, data_len, found->texts[0], &out);
	} else if (a->links.nheld > 0) {
		cut_links_end(&a->links, &out);
		buf_add(&out, raw, raw_len);
	} else {
		return false;
	}
	chat_relay_pass(relay, buf_str(&out), out.len);
	return true;
}

bool
chat_artifacts_passing(struct chat_relay *relay, const char *raw, size_t raw_len, const char *data,
    size_t data_len, void *arg)
{
	struct chat *c = arg;
	struct chat_artifacts *a = c->artifacts;
	struct descriptors found;
	const bool whole = raw == data;

	if (c->gw->config.artifacts == NULL || c->dialect->at != DIALECT_CHAT || c->target == NULL)
		return false;
	const bool linked = a != NULL && a->links.nknown > 0;
	if (!linked && !descriptors_may_be(data, data_len))
		return false;
	found = (struct descriptors){ 0 };
	if (descriptors_find(data, data_len, &found) < 0 && !linked)
		return false;
	if (found.len == 0 &&
	    (!linked || whole || found.ntexts < 2 || !links_to_known(a, data, data_len))) {
		const bool taken = linked && !whole &&
		    content_passes(a, relay, raw, raw_len, data, data_len, &found);

		descriptors_done(&found);
		return taken;
	}
	a = of_chat(c);
	a->whole = whole;
	a->found = found;
	a->at = 0;
	a->target = route_target_ref(c->target);
	buf_add(&a->raw, raw, raw_len);
	if (!a->whole)
		buf_add(&a->data, data, data_len);
	timer_set(
	    c->gw->loop, &a->deadline, artifacts_config(a->artifacts)->fetch_ms, on_deadline, a);
	work(a);
	return true;
}

void
chat_artifacts_rest(struct chat_relay *relay, struct buf *out, void *arg)
{
	const struct chat *c = arg;

	(void)relay;
	if (c->artifacts != NULL)
		cut_links_end(&c->artifacts->links, out);
}

void
chat_artifacts_free(struct chat_artifacts *a)
{
	if (a == NULL)
		return;
	timer_cancel(&a->deadline);
	timer_cancel(&a->kick);
	fetch_cancel(a->fetch);
	intake_cancel(a->intake);
	for (struct announced *n = a->first, *next; n != NULL; n = next) {
		next = n->next;
		free(n->id);
		free(n->url);
		free(n->link);
		free(n);
	}
	buf_done(&a->raw);
	buf_done(&a->data);
	buf_done(&a->notices);
	splices_done(&a->splices);
	descriptors_done(&a->found);
	cut_links_done(&a->links);
	route_target_unref(a->target);
	free(a);
}
