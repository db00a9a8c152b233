/*
 * idempotency.c - requests that are carried out once.
 */
#include "controlplane/api/idempotency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/conditions.h"
#include "controlplane/api/component_view.h"
#include "controlplane/api/handlers.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/store/idempotency.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/seal.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define KEY_MAX 128
#define GUARD_MIN 22 /* characters: 128 random bits as base64 */

struct once { /* one request under way */
	struct once *next;
	struct api_call *call;
	void (*handle)(struct api_call *);
	char *password; /* what answers are sealed with */
	struct idempotency_row row;
	struct idempotency_row found;
	bool running; /* the handler was called: its answer is to be kept */
	bool promised; /* the row has the answer already */
	int result; /* of the look-up */
	int status;
	struct buf bytes; /* an answer on its way into the store */
	struct error err;
};

bool
once_key_valid(const char *key)
{
	const size_t len = strlen(key);

	if (len == 0 || len > KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return true;
}

bool
once_guards(const struct api_call *c)
{
	return c->idempotency_key == NULL || strlen(c->idempotency_key) >= GUARD_MIN;
}

/* ---- life ---- */

static struct once *
once_new(struct api_call *c, void (*handle)(struct api_call *))
{
	_cleanup_free_ char *id = str_printf("%s\n%s", c->actor, c->idempotency_key);
	_cleanup_buf_ struct buf request = { 0 };
	struct once *o = mem_zalloc(sizeof(*o));

	buf_printf(&request, "%s\n%s\n%s\n", c->method, c->path, c->query);
	buf_add(&request, c->body, c->body_len);
	o->call = c;
	o->handle = handle;
	o->row.at_ms = clock_wall_ms();
	hash_sha256_hex(id, strlen(id), o->row.id);
	hash_sha256_hex(request.data, request.len, o->row.request_sha256);
	o->password = TAKE(id);
	return o;
}

static void
once_free(struct once *o)
{
	for (struct once **at = &o->call->api->onces; *at != NULL; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			break;
		}
	o->call->once = NULL;
	explicit_bzero(o->password, strlen(o->password));
	free(o->password);
	idempotency_row_done(&o->row);
	idempotency_row_done(&o->found);
	buf_done(&o->bytes);
	free(o);
}

void
once_drop(struct api_call *c)
{
	if (c->once != NULL)
		once_free(c->once);
}

/* ---- asked again ---- */

static void
conflict(struct api_call *c)
{
	reply_code(c, CODE_IDEMPOTENCY_CONFLICT, NULL,
	    "This Idempotency-Key was used for another request; take a new one.");
}

static void
replay_bytes(struct api_call *c, int status, struct buf *bytes)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(buf_str(bytes), bytes->len, &json, NULL) == 0)
		call_describe(c, status, json);
	c->replayed = true;
	reply_bytes(c, status, bytes);
}

/* It was done, and then the process was gone before the answer was stored: tell what became of it. */
static void
tell_anew(struct api_call *c, const char *object_id)
{
	const struct submission *s = registry_submission(REGISTRY(c), object_id);
	const struct competitor *k = registry_competitor(REGISTRY(c), object_id);
	const struct run *r = scheduler_run_id(DEPS(c)->scheduler, object_id);
	const struct component_viewer who = component_viewer_of(c);
	const struct component_entry *m =
	    components_of(DEPS(c)->components, object_id, &who, COMPONENT_ANY_STATE);

	c->replayed = true;
	if (str_starts(c->path, "/api/v1/champion/"))
		champion_get(c);
	else if (s != NULL)
		reply_json(c, 202, render_submission(DEPS(c), s));
	else if (k != NULL)
		reply_json(c, 202, render_competitor(DEPS(c), k));
	else if (r != NULL)
		reply_json(c, 202, render_run(DEPS(c), r));
	else if (m != NULL)
		reply_json(
		    c, str_ends(c->path, "/components") ? 201 : 200, component_render(c, m, NULL));
	else
		reply_code(c, CODE_INVALID_STATE, NULL,
		    "This was done before Janus was restarted, and its answer is not known any "
		    "more. See %s.",
		    object_id);
}

static void
replay(struct once *o)
{
	struct api_call *c = o->call;
	struct idempotency_row found = o->found;
	_cleanup_free_ char *password = str_dup(o->password);
	struct buf bytes = { 0 };

	o->found.sealed = NULL;
	once_free(o); /* what is answered now is not kept */
	if (found.status == 0) {
		tell_anew(c, found.object_id);
	} else if (seal_open(password, found.sealed, &bytes) < 0) {
		reply_code(c, CODE_INTERNAL, NULL, "The stored answer cannot be read.");
	} else {
		replay_bytes(c, found.status, &bytes);
	}
	explicit_bzero(password, strlen(password));
	idempotency_row_done(&found);
}

/* ---- the first time ---- */

static void
look_up(void *arg)
{
	struct once *o = arg;

	o->result = store_find_idempotency(
	    DEPS(o->call)->store, o->row.id, o->row.at_ms, &o->found, &o->err);
}

static void
run_handler(struct once *o)
{
	struct api_call *c = o->call;
	struct store *store = DEPS(c)->store;

	o->running = true;
	store_tag(store, &o->row);
	call_handle(c, o->handle);
	store_tag(store, NULL); /* o may be gone */
}

static void
looked_up(void *arg)
{
	struct once *o = arg;
	struct api_call *c = o->call;

	if (o->result < 0 || c->api->closing) {
		struct error err = o->err;

		if (c->api->closing)
			error_set(&err, ERROR_CANCELLED, "Janus is stopping.");
		once_free(o);
		reply_error(c, &err);
	} else if (o->result == 0) {
		run_handler(o);
	} else if (strcmp(o->found.request_sha256, o->row.request_sha256) != 0) {
		once_free(o);
		conflict(c);
	} else {
		replay(o);
	}
}

void
once_resume(struct api_call *c, void (*decide)(struct api_call *))
{
	struct store *store = DEPS(c)->store;

	if (c->once != NULL)
		store_tag(store, &c->once->row);
	decide(c);
	store_tag(store, NULL);
}

void
once_begin(struct api_call *c, void (*handle)(struct api_call *))
{
	struct once *o;

	if (!once_key_valid(c->idempotency_key)) {
		reply_code(c, CODE_INVALID_VALUE, "Idempotency-Key",
		    "An Idempotency-Key is one header of 1 to %d visible ASCII characters.",
		    KEY_MAX);
		return;
	}
	o = once_new(c, handle);
	for (const struct once *other = c->api->onces; other != NULL; other = other->next)
		if (strcmp(other->row.id, o->row.id) == 0) {
			const bool same =
			    strcmp(other->row.request_sha256, o->row.request_sha256) == 0;

			once_free(o);
			if (same)
				reply_code(c, CODE_IDEMPOTENCY_IN_PROGRESS, NULL,
				    "The first request with this Idempotency-Key is under way.");
			else
				conflict(c);
			return;
		}
	o->next = c->api->onces;
	c->api->onces = o;
	c->once = o;
	worker_run(DEPS(c)->workers, DEPS(c)->control, look_up, looked_up, o);
}

/* ---- its answer ---- */

static void
seal(struct once *o, int status, const char *bytes, size_t len)
{
	free(o->row.sealed);
	o->row.sealed = seal_text(o->password, bytes, len);
	o->row.status = status;
}

void
once_promise(struct api_call *c, int status, const cJSON *answer)
{
	struct once *o = c->once;

	if (o == NULL)
		return;
	_cleanup_free_ char *text = json_print(answer);
	_cleanup_free_ char *line = str_printf("%s\n", text);
	seal(o, status, line, strlen(line));
	o->promised = true;
	explicit_bzero(text, strlen(text));
	explicit_bzero(line, strlen(line));
}

static void
kept(const struct error *err, void *arg)
{
	struct once *o = arg;
	struct api_call *c = o->call;
	struct buf bytes = o->bytes;
	const int status = o->status;

	/* What was done was stored with its record: who asks again is told from the object. */
	if (err != NULL)
		log_warn("idempotency.not_stored", F_STR("request_id", c->request_id),
		    F_STR("error", err->text));
	o->bytes = (struct buf){ 0 };
	once_free(o);
	reply_bytes(c, status, &bytes);
}

/* Whether an answer is the last word on the request; of the others a repetition is another try. */
static bool
is_final(int status)
{
	return status < 500 && status != 429;
}

bool
once_keeps(struct api_call *c, int status, struct buf *bytes)
{
	struct once *o = c->once;
	struct store_batch *b;

	if (o == NULL || !o->running)
		return false;
	store_tag(DEPS(c)->store, NULL); /* answered without a commit: there is no effect */
	if (!is_final(status) || c->api->closing || (o->promised && status == o->row.status)) {
		once_free(o);
		return false;
	}
	seal(o, status, bytes->data, bytes->len);
	o->status = status;
	o->bytes = *bytes;
	b = store_batch_new();
	store_put_idempotency(b, &o->row);
	store_commit(DEPS(c)->store, b, kept, o);
	return true;
}
