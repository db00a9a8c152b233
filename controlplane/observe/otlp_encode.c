/*
 * otlp_encode.c - the spans of chats, calls and work as OTLP JSON; every name of the conventions is here.
 *
 * Trace and span ids are lower-case hex, 64-bit numbers are strings, as the OTLP/JSON encoding
 * has it.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/observe/calls.h"
#include "controlplane/observe/otlp.h"
#include "controlplane/observe/otlp_attributes.h"
#include "controlplane/observe/requests.h"
#include "controlplane/observe/work.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

enum { KIND_INTERNAL = 1, KIND_SERVER = 2, KIND_CLIENT = 3, STATUS_ERROR = 2 };

struct span {
	char trace[33];
	int64_t base_ms; /* wall */
	uint64_t id, parent; /* parent 0: none */
	int kind;
	int64_t from_us, to_us; /* since base */
	const char *error; /* error.type; NULL */
	const char *message; /* NULL */
	const struct work_record *evaluated; /* an item with a score; NULL */
};

static struct span
span_of(const struct request_record *q, uint64_t id, uint64_t parent, int kind)
{
	struct span s = { .base_ms = q->accepted_at_ms, .id = id, .parent = parent, .kind = kind };

	snprintf(s.trace, sizeof(s.trace), "%.32s", q->traceparent + 3);
	return s;
}

static const char *
code_text(enum wire_code code)
{
	return code != CODE_NONE ? wire_code_info(code)->code : NULL;
}

static void
quoted(struct buf *out, const char *text)
{
	json_add_quoted(out, text, strlen(text));
}

static void
begin_span(struct buf *out, const struct span *s, const char *name)
{
	const uint64_t base_us = (uint64_t)s->base_ms * 1000;

	if (out->data[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_printf(out, "{\"traceId\":\"%s\",\"spanId\":\"%016" PRIx64 "\"", s->trace, s->id);
	if (s->parent != 0)
		buf_printf(out, ",\"parentSpanId\":\"%016" PRIx64 "\"", s->parent);
	buf_add_str(out, ",\"name\":");
	quoted(out, name);
	buf_printf(out,
	    ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRIu64 "000\",\"endTimeUnixNano\":\"%" PRIu64
	    "000\",\"attributes\":[",
	    s->kind, base_us + (uint64_t)s->from_us, base_us + (uint64_t)s->to_us);
}

/* What came of an item, as an event of its span. */
static void
add_evaluation(struct buf *out, const struct work_record *w)
{
	buf_printf(out,
	    ",\"events\":[{\"timeUnixNano\":\"%" PRId64
	    "000000\",\"name\":\"gen_ai.evaluation.result\",\"attributes\":[",
	    w->at_ms + w->duration_ms);
	attr_text(out, "gen_ai.evaluation.name", "quality");
	attr_number(out, "gen_ai.evaluation.score.value", w->quality);
	attr_text(out, "gen_ai.evaluation.score.label", w->state);
	attr_text(out, "gen_ai.evaluation.explanation", w->why);
	buf_add_str(out, "]}]");
}

static void
end_span(struct buf *out, const struct span *s, bool failed)
{
	attr_text(out, "error.type", s->error);
	buf_add_char(out, ']');
	if (s->evaluated != NULL)
		add_evaluation(out, s->evaluated);
	buf_add_str(out, ",\"status\":{");
	if (failed) {
		buf_printf(out, "\"code\":%d", STATUS_ERROR);
		if (s->message != NULL) {
			buf_add_str(out, ",\"message\":");
			quoted(out, s->message);
		}
	}
	buf_add_str(out, "}}");
}

static void
server_span(struct buf *out, const struct otlp_config *c, const struct request_record *q)
{
	struct span s = span_of(q, q->span, q->parent, KIND_SERVER);

	char name[64];

	s.to_us = q->duration_us;
	s.error = code_text(q->code);
	s.message = q->text;
	snprintf(name, sizeof(name), "POST %s", q->dialect->path);
	begin_span(out, &s, name);
	attr_text(out, "http.request.method", "POST");
	attr_text(out, "http.route", q->dialect->path);
	attr_text(out, "url.path", q->dialect->path);
	attr_int(out, "http.response.status_code", q->status);
	attr_text(out, "server.address", c->host);
	if (c->port > 0)
		attr_int(out, "server.port", c->port);
	attr_text(out, "client.address", q->client);
	attr_text(out, "user_agent.original", q->user_agent);
	attr_text(out, "janus.request_id", q->id);
	attr_text(out, "janus.competitor", q->slug);
	attr_int(out, "janus.attempts", (int64_t)q->nattempts);
	attr_text(out, "janus.fault", q->code != CODE_NONE ? q->fault : NULL);
	attr_int(out, "janus.queue_ms", q->queued_us / 1000);
	if (q->stream && q->committed_us > 0)
		attr_int(out, "janus.header_hold_ms", q->committed_us / 1000);
	attr_int(out, "janus.max_gap_ms", q->max_gap_ms);
	attr_int(out, "janus.pings", q->pings);
	if (q->cost_micro_usd >= 0)
		attr_number(out, "janus.cost_usd", (double)q->cost_micro_usd / 1e6);
	/* A client's own mistake is no failure of the server's. */
	end_span(out, &s, q->status >= 500 || (q->status == 200 && q->code != CODE_NONE));
}

/* Its id is the chat's but for one bit: that one is odd, and so neither is ever zero. */
static void
queue_span(struct buf *out, const struct request_record *q)
{
	struct span s = span_of(q, q->span ^ 2, q->span, KIND_INTERNAL);

	s.from_us = q->queued_at_us;
	s.to_us = q->queued_at_us + q->queued_us;
	begin_span(out, &s, "queue");
	attr_text(out, "janus.competitor", q->slug);
	attr_int(out, "janus.queue_ms", q->queued_us / 1000);
	end_span(out, &s, false);
}

/* What was asked for, as far as it was said. */
static void
add_params(struct buf *out, const struct chat_params *p)
{
	static const struct {
		enum chat_param param;
		const char *name;
		bool is_int;
	} names[] = {
		{ CHAT_PARAM_MAX_TOKENS, "gen_ai.request.max_tokens", true },
		{ CHAT_PARAM_TEMPERATURE, "gen_ai.request.temperature", false },
		{ CHAT_PARAM_TOP_P, "gen_ai.request.top_p", false },
		{ CHAT_PARAM_SEED, "gen_ai.request.seed", true },
		{ CHAT_PARAM_CHOICES, "gen_ai.request.choice.count", true },
		{ CHAT_PARAM_FREQUENCY_PENALTY, "gen_ai.request.frequency_penalty", false },
		{ CHAT_PARAM_PRESENCE_PENALTY, "gen_ai.request.presence_penalty", false },
	};
	const char *stops[CHAT_STOPS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const double x = p->number[names[i].param];

		if ((p->given >> names[i].param & 1) == 0)
			continue;
		if (names[i].is_int && fabs(x) <= 9007199254740992.0)
			attr_int(out, names[i].name, (int64_t)x);
		else if (!names[i].is_int)
			attr_number(out, names[i].name, x);
	}
	for (size_t i = 0; i < p->nstops; i++)
		stops[i] = p->stop[i];
	attr_list(out, "gen_ai.request.stop_sequences", stops, p->nstops);
}

/* What the answer said of itself. */
static void
add_answer(struct buf *out, const struct request_details *d)
{
	char reasons[sizeof(d->answer.finish_reasons)];
	const char *list[16];
	char *rest = NULL;
	size_t n = 0;

	snprintf(reasons, sizeof(reasons), "%s", d->answer.finish_reasons);
	for (char *at = strtok_r(reasons, ",", &rest); at != NULL && n < ARRAY_LEN(list);
	     at = strtok_r(NULL, ",", &rest))
		list[n++] = at;
	attr_text(out, "gen_ai.response.id", d->answer.id);
	attr_text(out, "gen_ai.response.model", d->answer.model);
	attr_list(out, "gen_ai.response.finish_reasons", list, n);
	if (d->reasoning_tokens > 0)
		attr_int(out, "gen_ai.usage.reasoning.output_tokens", d->reasoning_tokens);
	if (d->cached_tokens > 0)
		attr_int(out, "gen_ai.usage.cache_read.input_tokens", d->cached_tokens);
	attr_text(out, "server.address", d->host);
	if (d->port > 0)
		attr_int(out, "server.port", d->port);
	attr_text(out, "container.id", d->container);
	attr_text(out, "container.image.name", d->image);
}

/* What the answering attempt gave. */
static void
add_response(struct buf *out, const struct request_record *q)
{
	const char *digest = q->digest;

	if (q->details != NULL)
		add_answer(out, q->details);
	if (q->ttft_us >= 0)
		attr_number(out, "gen_ai.response.time_to_first_chunk", (double)q->ttft_us / 1e6);
	attr_int(out, "gen_ai.usage.input_tokens", q->prompt_tokens);
	attr_int(out, "gen_ai.usage.output_tokens", q->completion_tokens);
	attr_bool(out, "janus.usage_estimated", q->is_estimated);
	attr_list(out, "container.image.repo_digests", &digest, digest[0] != '\0' ? 1 : 0);
}

static void
client_span(struct buf *out, const struct request_record *q, size_t i)
{
	const struct life_attempt *a = &q->attempts[i];
	struct span s = span_of(q, a->span, q->span, KIND_CLIENT);
	char name[sizeof(q->model) + 24];

	s.from_us = a->picked_us;
	s.to_us = a->ended_us > a->picked_us ? a->ended_us : q->duration_us;
	s.error = code_text(a->code);
	s.message = a->code == q->code ? q->text : NULL;
	snprintf(name, sizeof(name), "%s %s", q->dialect->operation, q->model);
	begin_span(out, &s, name);
	attr_text(out, "gen_ai.operation.name", q->dialect->operation);
	attr_text(out, "gen_ai.provider.name", "janus");
	attr_text(out, "gen_ai.request.model", q->model);
	attr_bool(out, "gen_ai.request.stream", q->stream);
	if (q->details != NULL)
		add_params(out, &q->details->params);
	if (q->dialect->at != DIALECT_EMBEDDINGS)
		attr_text(out, "gen_ai.output.type", "text");
	attr_text(out, "janus.competitor", a->competitor);
	attr_text(out, "janus.instance_id", a->instance);
	attr_int(out, "janus.attempt", (int64_t)i + 1);
	if (a->upstream_status != 0)
		attr_int(out, "http.response.status_code", a->upstream_status);
	attr_text(
	    out, "janus.fault", a->code != CODE_NONE ? wire_code_fault(a->code, "miner") : NULL);
	if (i + 1 == q->nattempts)
		add_response(out, q);
	end_span(out, &s, a->code != CODE_NONE);
}

/* ---- our own work ---- */

static const struct {
	const char *span, *tail; /* their names; NULL: it has none */
	const char *id; /* the attribute */
} works[] = {
	[WORK_PULL] = { "image.pull", NULL, "janus.submission_id" },
	[WORK_START] = { "instance.start", "health.wait", "janus.instance_id" },
	[WORK_ITEM] = { "bench.item", "score", "janus.run_id" },
};

static void
work_attributes(struct buf *out, const struct work_record *w)
{
	attr_text(out, "janus.competitor", w->competitor);
	attr_text(out, works[w->kind].id, w->id);
	attr_text(out, "janus.suite", w->suite);
	attr_text(out, "janus.item", w->item);
	attr_text(out, "container.image.name", w->image);
	attr_text(out, "janus.version_digest", w->digest);
	if (w->kind == WORK_PULL)
		attr_int(out, "janus.bytes", w->bytes);
}

static void
work_spans(struct buf *out, const struct otlp_config *c, const struct work_record *w)
{
	uint64_t random[4]; /* trace, its low half, spans */
	struct span s = { .base_ms = w->at_ms,
		.kind = KIND_INTERNAL,
		.to_us = w->duration_ms * 1000,
		.error = w->ok ? NULL : w->reason };

	hash_random(random, sizeof(random));
	if (!otlp_work_sampled(c, random[1]))
		return;
	snprintf(s.trace, sizeof(s.trace), "%016" PRIx64 "%016" PRIx64, random[0] | 1, random[1]);
	s.id = random[2] | 1;
	begin_span(out, &s, works[w->kind].span);
	work_attributes(out, w);
	s.evaluated = w->kind == WORK_ITEM && !isnan(w->quality) ? w : NULL;
	end_span(out, &s, !w->ok);
	s.evaluated = NULL;
	if (w->tail_ms <= 0)
		return;
	s.parent = s.id;
	s.id = random[3] | 1;
	s.from_us = s.to_us - w->tail_ms * 1000;
	begin_span(out, &s, works[w->kind].tail);
	work_attributes(out, w);
	end_span(out, &s, !w->ok);
}

/* ---- what a chat's competitor called at the platform ---- */

static void
call_span(struct buf *out, const struct call_record *call)
{
	const struct egress_row *e = &call->row;
	struct span s = { .base_ms = e->at_ms,
		.parent = call->parent,
		.kind = KIND_INTERNAL,
		.to_us = e->duration_ms * 1000,
		.error = e->code[0] != '\0' ? e->code : NULL };
	char host[CALL_HOST_MAX], name[CALL_HOST_MAX + 8];

	memcpy(s.trace, call->trace, sizeof(s.trace));
	hash_random(&s.id, sizeof(s.id));
	s.id |= 1;
	call_host(e, host);
	snprintf(name, sizeof(name), "egress %s", host);
	begin_span(out, &s, name);
	attr_text(out, "server.address", host);
	attr_text(out, "janus.competitor", e->competitor);
	attr_text(out, "janus.instance_id", e->instance_id);
	attr_text(out, "janus.request_id", e->request_id);
	attr_text(out, "janus.service", e->service);
	attr_text(out, "janus.operation", e->operation);
	attr_text(out, "janus.decision", e->decision);
	attr_int(out, "janus.calls", e->calls);
	if (e->status > 0)
		attr_int(out, "http.response.status_code", e->status);
	if (str_eq(e->service, "inference")) {
		attr_text(out, "gen_ai.request.model", e->target);
		attr_int(out, "gen_ai.usage.input_tokens", e->prompt_tokens);
		attr_int(out, "gen_ai.usage.output_tokens", e->completion_tokens);
	}
	if (e->cost_micro_usd >= 0)
		attr_number(out, "janus.cost_usd", (double)e->cost_micro_usd / 1e6);
	end_span(out, &s, s.error != NULL);
}

size_t
otlp_span_count(const struct otlp_item *item)
{
	const struct request_record *q = item->chat;

	if (item->call != NULL)
		return 1;
	return q != NULL ? 1 + (q->queued_at_us > 0) + q->nattempts : 1 + (item->work->tail_ms > 0);
}

void
otlp_encode(struct buf *out, const struct otlp_config *c, const struct otlp_item *at, size_t len)
{
	buf_add_str(out, "{\"resourceSpans\":[{");
	attr_resource(out, c);
	buf_add_str(out,
	    ",\"scopeSpans\":[{\"scope\":{\"name\":\"janusd\",\"version\":\"" JANUS_VERSION
	    "\"},\"spans\":[");
	for (size_t i = 0; i < len; i++) {
		if (at[i].work != NULL) {
			work_spans(out, c, at[i].work);
			continue;
		}
		if (at[i].call != NULL) {
			call_span(out, at[i].call);
			continue;
		}
		server_span(out, c, at[i].chat);
		if (at[i].chat->queued_at_us > 0)
			queue_span(out, at[i].chat);
		for (size_t k = 0; k < at[i].chat->nattempts; k++)
			client_span(out, at[i].chat, k);
	}
	buf_add_str(out, "]}]}]}");
}
