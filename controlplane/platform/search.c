/*
 * search.c - the call, the two kinds of search services, and the library.
 */
#include "controlplane/platform/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <stdatomic.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/config.h"
#include "controlplane/platform/library.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "controlplane/platform/words.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"
#include "runtime/net/url.h"

#define QUERY_MAX_BYTES 2048
#define RESULTS_MAX 20
#define RESULTS_DEFAULT 5
#define TITLE_MAX 300
#define SNIPPET_MAX 1000
#define LINK_MAX 2048
#define CALL_MS 15000
#define ANSWER_MAX_BYTES (4 << 20)
#define LOOK_AGAIN_MS 5000

struct search {
	struct loop *loop;
	const struct platform_config *config;
	struct workers *service; /* for a service: several at once */
	struct workers *one; /* the library's: one thread has it */
	struct library library; /* that thread's */
	bool is_open;
	char *index; /* owned path */
};

/* ---- results ---- */

static void
add_field(struct buf *out, const char *key, const char *text, size_t max)
{
	_cleanup_buf_ struct buf plain = { 0 };

	words_plain(&plain, text != NULL ? text : "", max);
	buf_printf(out, "\"%s\":", key);
	json_add_quoted(out, buf_str(&plain), plain.len);
}

static void
add_result(struct buf *out, int n, const char *title, const char *url, const char *snippet)
{
	buf_add_str(out, n > 0 ? ",{" : "{");
	add_field(out, "title", title, TITLE_MAX);
	buf_add_str(out, ",\"url\":");
	json_add_quoted(out, url, strnlen(url, LINK_MAX));
	buf_add_char(out, ',');
	add_field(out, "snippet", snippet, SNIPPET_MAX);
	buf_add_char(out, '}');
}

int
search_results(struct buf *out, bool is_searxng, const char *text, size_t len, int most)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *item;
	int n = 0;

	if (json_parse(text, len, &json, NULL) < 0)
		return -1;
	const cJSON *list = is_searxng ? json_get(json, "results") : json_path(json, "web.results");
	/* A Brave answer without any web result has no "web". */
	if (!cJSON_IsArray(list) && (is_searxng || !cJSON_IsObject(json)))
		return -1;
	buf_add_str(out, "{\"results\":[");
	json_for_each(item, list) {
		const char *url = json_str(item, "url");

		if (url == NULL || n == most)
			continue;
		add_result(out, n++, json_str(item, "title"), url,
		    json_str(item, is_searxng ? "content" : "description"));
	}
	buf_printf(out, "],\"source\":\"%s\"}", is_searxng ? "searxng" : "brave");
	return n;
}

/* ---- the call ---- */

struct task { /* what a worker has; outlives the call if the client leaves */
	struct search *search;
	struct call *call; /* NULL: nobody waits any more */
	char *query; /* owned */
	int most;
	atomic_bool cancel;
	struct buf out;
	struct error err;
	int status; /* of a service */
};
struct search_call {
	struct call call; /* first */
	char *query; /* owned */
	int most;
	struct task *task;
};

static bool
prepare(struct call *call)
{
	static const char *const known[] = { "query", "num_results", NULL };
	struct search_call *s = (struct search_call *)call;
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	if (json_parse(buf_str(&call->req->body), call->req->body.len, &json, &err) < 0) {
		call_refuse(
		    call, CODE_INVALID_JSON, NULL, "The body is not valid JSON: %s", err.text);
		return false;
	}
	const char *query = json_str(json, "query");
	const char *unknown = json_unknown_key(json, known);
	const int64_t most = json_int(json, "num_results", RESULTS_DEFAULT);
	if (unknown != NULL) {
		call_refuse(call, CODE_UNKNOWN_PARAMETER, NULL,
		    "There is no '%.60s'; there are "
		    "'query' and 'num_results'.",
		    unknown);
		return false;
	}
	if (query == NULL || query[strspn(query, " \t\r\n")] == '\0' ||
	    strlen(query) > QUERY_MAX_BYTES) {
		call_refuse(call, CODE_INVALID_VALUE, "query",
		    "'query' is a text of at most %d bytes.", QUERY_MAX_BYTES);
		return false;
	}
	if (most < 1 || most > RESULTS_MAX ||
	    (json_get(json, "num_results") != NULL &&
		!cJSON_IsNumber(json_get(json, "num_results")))) {
		call_refuse(call, CODE_INVALID_VALUE, "num_results",
		    "'num_results' is from 1 to %d.", RESULTS_MAX);
		return false;
	}
	s->query = str_dup(query);
	s->most = (int)most;
	call->bytes_out = (int64_t)call->req->body.len;
	call->wanted.of[QUOTA_BYTES] = call->bytes_out + RESULTS_MAX * SNIPPET_MAX;
	return true;
}

/* On the library's worker. */

static void
on_hit(const struct library_hit *hit, void *arg)
{
	struct task *t = arg;
	_cleanup_free_ char *url = str_printf("local:/%s", hit->path);

	add_result(&t->out, t->status++, hit->title, url, hit->snippet);
}

static int
look(struct search *s, struct error *err)
{
	const int64_t now_ms = clock_now_ms();

	if (!s->is_open && library_open(&s->library, s->config->search_dir, s->index, err) < 0)
		return -1;
	s->is_open = true;
	if (s->library.looked_ms != 0 && now_ms - s->library.looked_ms < LOOK_AGAIN_MS)
		return 0;
	if (library_refresh(&s->library, err) < 0)
		return -1;
	s->library.looked_ms = now_ms;
	return 0;
}

static void
ask_library(void *arg)
{
	struct task *t = arg;

	if (atomic_load(&t->cancel) || look(t->search, &t->err) < 0)
		return;
	buf_add_str(&t->out, "{\"results\":[");
	if (library_find(
		&t->search->library, t->query, strlen(t->query), t->most, on_hit, t, &t->err) < 0)
		return;
	buf_add_str(&t->out, "],\"source\":\"local\"}");
	t->status = 200;
	t->err.kind = ERROR_NONE;
}

/* On a service's worker. */

static void
ask_service(void *arg)
{
	struct task *t = arg;
	const struct platform_config *c = t->search->config;
	_cleanup_buf_ struct buf url = { 0 };
	_cleanup_free_ char *key = str_printf("X-Subscription-Token: %s", c->search_key);
	const char *const headers[] = { "Accept: application/json",
		*c->search_key != '\0' ? key : NULL, NULL };
	struct http_call call = { .total_ms = CALL_MS,
		.max_body = ANSWER_MAX_BYTES,
		.headers = headers,
		.cancel = &t->cancel };

	buf_add_str(&url, c->search_url);
	buf_add_str(&url, c->is_searxng ? "/search?format=json&q=" : "/res/v1/web/search?q=");
	url_encode(&url, t->query);
	if (!c->is_searxng)
		buf_printf(&url, "&count=%d", t->most);
	call.url = url.data;
	if (http_call(&call, &t->err) == 0) {
		t->err.kind = ERROR_NONE;
		t->status = call.status;
		if (call.status == 200 &&
		    search_results(
			&t->out, c->is_searxng, buf_str(&call.reply), call.reply.len, t->most) < 0)
			error_set(&t->err, ERROR_UPSTREAM, "its answer is no list of results");
	}
	buf_done(&call.reply);
}

static void
answered(void *arg)
{
	struct task *t = arg;
	struct call *call = t->call;

	if (call != NULL) {
		((struct search_call *)call)->task = NULL;
		if (t->err.kind == ERROR_NONE && t->status == 200) {
			call_answer(call, 200, platform_json, t->out.data, t->out.len);
		} else if (t->err.kind == ERROR_NONE) {
			call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
			    "The search service answered with status %d.", t->status);
		} else {
			log_warn("search.failed", F_STR("error", t->err.text));
			call_fail(call,
			    t->err.kind == ERROR_TIMEOUT           ? CODE_UPSTREAM_TIMEOUT_TOTAL
				: t->err.kind == ERROR_UNAVAILABLE ? CODE_UPSTREAM_CONNECT_FAILED
								   : CODE_UPSTREAM_BAD_RESPONSE,
			    "The search service gave no answer that can be used.");
		}
	}
	free(t->query);
	buf_done(&t->out);
	free(t);
}

static void
start(struct call *call)
{
	struct search_call *s = (struct search_call *)call;
	struct search *search = call->caller->platform->search;
	struct task *t = mem_zalloc(sizeof(*t));

	t->search = search;
	t->call = call;
	t->query = str_dup(s->query);
	t->most = s->most;
	s->task = t;
	snprintf(call->target, sizeof(call->target), "%s",
	    search->config->search_url != NULL ? search->config->search_url : "local");
	if (search->config->search_url != NULL)
		worker_run(search->service, search->loop, ask_service, answered, t);
	else
		worker_run(search->one, search->loop, ask_library, answered, t);
}

static void
stop(struct call *call)
{
	struct task *t = ((struct search_call *)call)->task;

	t->call = NULL;
	atomic_store(&t->cancel, true);
}

static void
done(struct call *call)
{
	free(((struct search_call *)call)->query);
}

const struct call_kind search_web = {
	.service = SERVICE_SEARCH,
	.operation = "search",
	.size = sizeof(struct search_call),
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.done = done,
};

/* ---- beginning and end ---- */

#define SERVICE_THREADS 8

static void
first_look(void *arg)
{
	struct search *s = arg;
	struct error err = { 0 };

	if (look(s, &err) < 0)
		log_warn("search.index", F_STR("error", err.text));
	else
		log_info("search.index", F_STR("folder", s->config->search_dir),
		    F_INT("documents", s->library.documents));
}

struct search *
search_new(struct loop *loop, const struct platform_config *config)
{
	struct search *s = mem_zalloc(sizeof(*s));

	s->loop = loop;
	s->config = config;
	s->index = str_printf("%s/search.db", config->state_dir);
	s->service = workers_new(SERVICE_THREADS);
	s->one = workers_new(1);
	if (config->search_url == NULL)
		worker_run(s->one, loop, first_look, NULL, s);
	return s;
}

const char *
search_source(const struct search *s)
{
	if (s->config->search_url != NULL)
		return s->config->is_searxng ? "searxng" : "brave";
	return s->config->search_dir != NULL && access(s->config->search_dir, R_OK | X_OK) == 0
	    ? "local"
	    : NULL;
}

void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	workers_free(s->service);
	workers_free(s->one);
	loop_run_posted(s->loop);
	if (s->is_open)
		library_close(&s->library);
	free(s->index);
	free(s);
}
