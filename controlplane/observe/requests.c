/*
 * requests.c - the ring of the last chats, and a chat's life as a list of moments.
 */
#include "controlplane/observe/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define COPY(to, from) str_copy(to, sizeof(to), from)

/* What a record points to. */
static void
let_go(struct request_record *q)
{
	free(q->details);
	free(q->user_agent);
	free(q->text);
}

void
request_record_fill(struct request_record *q, const struct gateway_usage *u)
{
	const struct chat_result *r = u->result;
	char words[CHAT_WORDS_MAX];

	let_go(q);
	memset(q, 0, sizeof(*q));
	COPY(q->id, u->request_id);
	COPY(q->traceparent, u->traceparent);
	COPY(q->client, u->client);
	q->dialect = u->dialect != NULL ? u->dialect : &dialects[DIALECT_CHAT];
	COPY(q->model, u->model);
	COPY(q->slug, u->slug);
	COPY(q->competitor_id, u->competitor);
	COPY(q->version_id, u->version);
	COPY(q->digest, u->digest);
	COPY(q->instance_id, u->instance);
	q->user_agent = str_dup(u->user_agent);
	q->text = str_dup(chat_result_words(r, words));
	q->code = r->code;
	q->fault = r->fault;
	q->status = u->status;
	q->stream = u->stream;
	q->is_estimated = !r->usage.reported;
	q->span = u->span;
	q->parent = u->parent;
	q->accepted_at_ms = u->accepted_at_ms;
	q->duration_us = u->duration_us;
	q->ttft_us = r->ttft_us;
	q->committed_us = r->committed_us;
	q->first_event_us = r->first_event_us;
	q->max_gap_at_us = r->max_gap_at_us;
	q->queued_us = u->queued_us;
	q->queued_at_us = u->queued_at_us;
	q->max_gap_ms = r->max_gap_ms;
	q->prompt_tokens = r->usage.prompt_tokens;
	q->completion_tokens = r->usage.completion_tokens;
	q->cost_micro_usd = r->usage.cost_micro_usd;
	q->chunks = (int64_t)r->chunks;
	q->pings = (int64_t)r->pings;
	q->resumed = u->resumed;
	q->bytes_in = (int64_t)r->bytes_in;
	q->bytes_out = (int64_t)r->bytes_out;
	q->nattempts = u->nattempts < LIFE_ATTEMPTS ? u->nattempts : LIFE_ATTEMPTS;
	if (q->nattempts > 0)
		memcpy(q->attempts, u->attempts, q->nattempts * sizeof(q->attempts[0]));
	if (u->params != NULL && u->answer != NULL) {
		q->details = mem_zalloc(sizeof(*q->details));
		q->details->params = *u->params;
		q->details->answer = *u->answer;
		q->details->reasoning_tokens = r->usage.reasoning_tokens;
		q->details->cached_tokens = r->usage.cached_tokens;
	}
}

void
request_record_free(struct request_record *q)
{
	if (q != NULL)
		let_go(q);
	free(q);
}

int64_t
request_ended_ms(const struct request_record *q)
{
	return q->accepted_at_ms + q->duration_us / 1000;
}

/* ---- the ring ---- */

/* The newest is at 1; NULL behind the oldest. */
static const struct request_record *
at_back(const struct requests *all, size_t back)
{
	return back <= REQUESTS_KEPT ? all->at[(all->next + REQUESTS_KEPT - back) % REQUESTS_KEPT]
				     : NULL;
}

struct request_record *
requests_add(struct requests *all, struct request_record *q)
{
	struct request_record *oldest = all->at[all->next];

	all->at[all->next] = q;
	all->next = (all->next + 1) % REQUESTS_KEPT;
	return oldest;
}

const struct request_record *
requests_find(const struct requests *all, const char *id)
{
	const struct request_record *q;

	for (size_t back = 1; (q = at_back(all, back)) != NULL; back++)
		if (strcmp(q->id, id) == 0)
			return q;
	return NULL;
}

bool
requests_since(const struct requests *all, int64_t since_ms,
    bool (*fn)(const struct request_record *, void *arg), void *arg)
{
	const struct request_record *q;

	for (size_t back = 1; (q = at_back(all, back)) != NULL; back++) {
		if (request_ended_ms(q) < since_ms)
			return false;
		if (fn(q, arg))
			return true;
	}
	return false;
}

int64_t
requests_longest_gap(const struct requests *all, const char *slug, int64_t since_ms)
{
	int64_t longest = -1;

	for (size_t i = 0; i < REQUESTS_KEPT; i++) {
		const struct request_record *q = all->at[i];

		if (q != NULL && request_ended_ms(q) >= since_ms && q->max_gap_ms > longest &&
		    strcmp(q->slug, slug) == 0)
			longest = q->max_gap_ms;
	}
	return longest;
}

void
requests_done(struct requests *all)
{
	for (size_t i = 0; i < REQUESTS_KEPT; i++)
		request_record_free(TAKE(all->at[i]));
}

/* ---- the timeline ---- */

struct timeline {
	struct request_moment *at;
	size_t len;
};

/* Keeps the order: later ones mostly come later. */
static char *
moment(struct timeline *t, int64_t at_us, const char *what, int attempt)
{
	size_t i = t->len++;

	for (; i > 0 && t->at[i - 1].at_us > at_us; i--)
		t->at[i] = t->at[i - 1];
	t->at[i] = (struct request_moment){ .at_us = at_us, .what = what, .attempt = attempt };
	return t->at[i].detail;
}

static void
add_attempt(struct timeline *t, const struct life_attempt *a, int n, bool is_last)
{
	const size_t cap = sizeof(t->at->detail);

	snprintf(moment(t, a->picked_us, "picked", n), cap, "%s, instance %s", a->competitor,
	    a->instance);
	if (a->connected_us > 0)
		moment(t, a->connected_us, "connected", n);
	if (a->head_us > 0)
		snprintf(moment(t, a->head_us, "head", n), cap, "status %d", a->upstream_status);
	if (a->code != CODE_NONE && !is_last)
		snprintf(moment(t, a->ended_us, "failed", n), cap, "%s; goes on to the next",
		    wire_code_info(a->code)->code);
	else if (a->code != CODE_NONE && a->code != CODE_CLIENT_CLOSED)
		snprintf(
		    moment(t, a->ended_us, "failed", n), cap, "%s", wire_code_info(a->code)->code);
}

size_t
request_timeline(const struct request_record *q, struct request_moment out[REQUEST_MOMENTS_MAX])
{
	struct timeline t = { .at = out };
	const size_t cap = sizeof(out->detail);

	snprintf(moment(&t, 0, "accepted", 0), cap, "from %s, model %s", q->client, q->model);
	if (q->queued_at_us > 0)
		snprintf(moment(&t, q->queued_at_us, "queued", 0), cap,
		    "for %lld ms, for a free slot", (long long)q->queued_us / 1000);
	for (size_t i = 0; i < q->nattempts; i++)
		add_attempt(&t, &q->attempts[i], (int)i + 1, i + 1 == q->nattempts);
	if (q->first_event_us > 0)
		moment(&t, q->first_event_us, "first_event", 0);
	if (q->max_gap_at_us > 0)
		snprintf(moment(&t, q->max_gap_at_us, "longest_gap", 0), cap,
		    "%lld ms of silence end", (long long)q->max_gap_ms);
	snprintf(moment(&t, q->duration_us, "end", 0), cap, "%d %s", q->status,
	    q->code != CODE_NONE ? wire_code_info(q->code)->code : "ok");
	return t.len;
}
