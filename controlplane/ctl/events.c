/*
 * events.c - what was decided: as it happens, and whether the record of it is whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/audit.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define EVENT_MAX_BYTES ((size_t)1 << 20)
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define PAGE 500

/* ---- list -f ---- */

struct watch_events {
	struct ctl *ctl;
	struct sse_parser parser;
};

static void
print_event(struct ctl *ctl, const cJSON *event)
{
	if (ctl->format == CTL_JSONL)
		ctl_print_json(event, stdout);
	else
		ctl_print_object(ctl, ctl_kind_of("event"), event, stdout);
	ctl->opt.no_headers = true; /* once is enough */
	fflush(stdout);
}

static void
on_event(const struct sse_event *event, void *arg)
{
	struct watch_events *w = arg;
	_cleanup_json_ cJSON *json = NULL;

	if (event->has_data && json_parse(event->data, event->data_len, &json, NULL) == 0)
		print_event(w->ctl, json);
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct watch_events *w = arg;

	return sse_feed(&w->parser, bytes, len, on_event, w, NULL);
}

/* The last few, in the order they happened; *last becomes the caller's id of the newest. */
static int
print_last(struct ctl *ctl, char **last, struct ctl_failure *f)
{
	_cleanup_free_ char *path = str_printf(
	    "/api/v1/events?limit=%lld", (long long)(ctl->opt.limit > 0 ? ctl->opt.limit : 10));
	_cleanup_json_ cJSON *list = NULL;

	if (ctl_get(ctl, path, &list, f) < 0)
		return -1;
	const cJSON *data = json_get(list, "data");
	for (int i = cJSON_GetArraySize(data); i-- > 0;)
		print_event(ctl, cJSON_GetArrayItem(data, i));
	*last = str_dup(json_str(list, "first_id"));
	return 0;
}

int
ctl_list_events(struct ctl *ctl)
{
	struct watch_events w = { .ctl = ctl, .parser = { .max_bytes = EVENT_MAX_BYTES } };
	_cleanup_free_ char *last = NULL;
	struct ctl_failure f = { 0 };

	if (!ctl->opt.follow)
		return ctl_list(ctl);
	if (ctl->format == CTL_JSON)
		return ctl_misuse(ctl, "--follow goes with --output jsonl, not json");
	if (print_last(ctl, &last, &f) < 0)
		return ctl_complain(ctl, &f);
	_cleanup_free_ char *path = str_printf("/api/v1/events?follow=true%s%s",
	    last != NULL ? "&after=" : "", last != NULL ? last : "");
	const struct ctl_call call = {
		.method = "GET",
		.path = path,
		.total_ms = ctl->opt.timeout_ms > 0 ? 0 : -1,
		.on_data = on_data,
		.arg = &w,
	};
	ctl_catch_interrupt();
	const int rc = ctl_ask(ctl, &call, NULL, &f);
	sse_done(&w.parser);
	if (rc < 0)
		return f.exit_code == CTL_INTERRUPTED ? CTL_INTERRUPTED : ctl_complain(ctl, &f);
	return CTL_OK;
}

/* ---- verify ---- */

struct chain {
	int64_t events, unsealed; /* unsealed: from before there was a chain */
	char head[AUDIT_HASH_MAX];
	char broken[240]; /* where and how; "" */
};

static void
check_event(struct chain *c, const cJSON *e)
{
	const char *hash = json_str(e, "hash"), *prev = json_str(e, "prev");
	const char *id = json_str(e, "id");
	const struct audit_entry entry = { prev, id, json_str(e, "at"), json_str(e, "actor"),
		json_str(e, "action"), json_str(e, "object_id"), json_str(e, "request_id"),
		json_str(e, "detail"), json_str(e, "before"), json_str(e, "after") };
	char want[AUDIT_HASH_MAX];

	c->events++;
	if (c->broken[0] != '\0')
		return;
	if (hash == NULL && c->head[0] == '\0') {
		c->unsealed++;
		return;
	}
	if (!str_eq(hash, audit_hash(&entry, want)))
		snprintf(c->broken, sizeof(c->broken), "event %s was changed after it was sealed",
		    id != NULL ? id : "without an id");
	else if (c->head[0] != '\0' && !str_eq(prev, c->head))
		snprintf(c->broken, sizeof(c->broken),
		    "something before event %s was removed, added or moved", id);
	snprintf(c->head, sizeof(c->head), "%s", hash != NULL ? hash : "");
}

static int
check_served(struct ctl *ctl, struct chain *c, struct ctl_failure *f)
{
	_cleanup_free_ char *last = NULL;

	for (bool more = true; more;) {
		_cleanup_free_ char *path = str_printf("/api/v1/events?order=asc&limit=%d%s%s",
		    PAGE, last != NULL ? "&after=" : "", last != NULL ? last : "");
		_cleanup_json_ cJSON *list = NULL;
		const cJSON *e;

		if (ctl_get(ctl, path, &list, f) < 0)
			return -1;
		json_for_each(e, json_get(list, "data"))
			check_event(c, e);
		str_replace(&last, json_str(list, "last_id"));
		more = json_bool(list, "has_more", false) && last != NULL;
	}
	return 0;
}

/* Lines of `list events --limit 0 -o jsonl`, in either order. */
static int
check_file(const char *file, struct chain *c, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ cJSON *all = cJSON_CreateArray();
	size_t len = 0, at = 0, line = 0;

	if (ctl_read_input(file, FILE_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t n = (end != NULL ? (size_t)(end - text) : len) - at;
		cJSON *e = NULL;

		line++;
		if (n > 0 && (json_parse(text + at, n, &e, err) < 0 || json_str(e, "id") == NULL)) {
			cJSON_Delete(e);
			return error_set(err, ERROR_INVALID, "%s:%zu: not an event", file, line);
		}
		if (e != NULL)
			cJSON_AddItemToArray(all, e);
		at += n + 1;
	}
	const int n = cJSON_GetArraySize(all);
	const char *first = json_str(cJSON_GetArrayItem(all, 0), "prev");
	const bool newest_first =
	    n > 1 && str_eq(first, json_str(cJSON_GetArrayItem(all, 1), "hash"));
	_cleanup_free_ const cJSON **order = mem_zalloc(((size_t)n + 1) * sizeof(*order));
	const cJSON *e;
	int i = 0;
	json_for_each(e, all)
		order[newest_first ? n - 1 - i++ : i++] = e;
	for (i = 0; i < n; i++)
		check_event(c, order[i]);
	return 0;
}

int
ctl_verify_events(struct ctl *ctl)
{
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	struct chain c = { 0 };

	if (ctl->words_len > 0 && check_file(ctl->words[0], &c, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl->words_len == 0 && check_served(ctl, &c, &f) < 0)
		return ctl_complain(ctl, &f);
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	json_add_str(json, "object", "verification");
	json_add_bool(json, "ok", c.broken[0] == '\0');
	json_add_int(json, "events", c.events);
	json_add_int(json, "unsealed", c.unsealed);
	json_add_str(json, "head", c.head[0] != '\0' ? c.head : NULL);
	json_add_str(json, "broken", c.broken[0] != '\0' ? c.broken : NULL);
	ctl_print_fields(ctl, ctl_kind_of("plain"), json, stdout);
	return c.broken[0] == '\0' ? CTL_OK : CTL_CHECK;
}
