/*
 * otlp_encode.c - a chat's spans as OTLP JSON; every name of the conventions is here.
 *
 * Trace and span ids are lower-case hex, 64-bit numbers are strings, as the OTLP/JSON encoding
 * has it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/observe/otlp.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/buf.h"
#include "runtime/base/json.h"

enum { KIND_INTERNAL = 1, KIND_SERVER = 2, KIND_CLIENT = 3, STATUS_ERROR = 2 };

struct span {
	const struct request_record *q;
	uint64_t id, parent; /* parent 0: none */
	int kind;
	int64_t from_us, to_us; /* since acceptance */
	enum wire_code code;
};

static void
quoted(struct buf *out, const char *text)
{
	json_add_quoted(out, text, strlen(text));
}

static void
key(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_printf(out, "{\"key\":\"%s\",\"value\":", name);
}

static void
attr_text(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	key(out, name);
	buf_add_str(out, "{\"stringValue\":");
	quoted(out, value);
	buf_add_str(out, "}}");
}

static void
attr_int(struct buf *out, const char *name, int64_t value)
{
	key(out, name);
	buf_printf(out, "{\"intValue\":\"%" PRId64 "\"}}", value);
}

static void
attr_number(struct buf *out, const char *name, double value)
{
	key(out, name);
	buf_printf(out, "{\"doubleValue\":%.6f}}", value);
}

static void
attr_bool(struct buf *out, const char *name, bool value)
{
	key(out, name);
	buf_printf(out, "{\"boolValue\":%s}}", value ? "true" : "false");
}

static void
begin_span(struct buf *out, const struct span *s, const char *name)
{
	const uint64_t base_us = (uint64_t)s->q->accepted_at_ms * 1000;

	if (out->data[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_printf(out, "{\"traceId\":\"%.32s\",\"spanId\":\"%016" PRIx64 "\"",
	    s->q->traceparent + 3, s->id);
	if (s->parent != 0)
		buf_printf(out, ",\"parentSpanId\":\"%016" PRIx64 "\"", s->parent);
	buf_add_str(out, ",\"name\":");
	quoted(out, name);
	buf_printf(out,
	    ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRIu64 "000\",\"endTimeUnixNano\":\"%" PRIu64
	    "000\",\"attributes\":[",
	    s->kind, base_us + (uint64_t)s->from_us, base_us + (uint64_t)s->to_us);
}

static void
end_span(struct buf *out, const struct span *s, bool failed)
{
	if (s->code != CODE_NONE)
		attr_text(out, "error.type", wire_code_info(s->code)->code);
	buf_add_str(out, "],\"status\":{");
	if (failed) {
		buf_printf(out, "\"code\":%d", STATUS_ERROR);
		if (s->code == s->q->code && s->q->text != NULL) {
			buf_add_str(out, ",\"message\":");
			quoted(out, s->q->text);
		}
	}
	buf_add_str(out, "}}");
}

static void
server_span(struct buf *out, const struct otlp_config *c, const struct request_record *q)
{
	const struct span s = { q, q->span, q->parent, KIND_SERVER, 0, q->duration_us, q->code };

	char name[64];

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
	attr_text(out, "janus.fault", q->code != CODE_NONE ? wire_code_info(q->code)->fault : NULL);
	attr_int(out, "janus.queue_ms", q->queued_us / 1000);
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
	const struct span s = { q, q->span ^ 2, q->span, KIND_INTERNAL, q->queued_at_us,
		q->queued_at_us + q->queued_us, CODE_NONE };

	begin_span(out, &s, "queue");
	attr_text(out, "janus.competitor", q->slug);
	attr_int(out, "janus.queue_ms", q->queued_us / 1000);
	end_span(out, &s, false);
}

/* What the answering attempt gave. */
static void
add_response(struct buf *out, const struct request_record *q)
{
	if (q->ttft_us >= 0)
		attr_number(out, "gen_ai.response.time_to_first_chunk", (double)q->ttft_us / 1e6);
	attr_int(out, "gen_ai.usage.input_tokens", q->prompt_tokens);
	attr_int(out, "gen_ai.usage.output_tokens", q->completion_tokens);
	attr_bool(out, "janus.usage_estimated", q->is_estimated);
	attr_text(out, "container.image.repo_digests", q->digest);
}

static void
client_span(struct buf *out, const struct request_record *q, size_t i)
{
	const struct life_attempt *a = &q->attempts[i];
	const struct span s = { q, a->span, q->span, KIND_CLIENT, a->picked_us,
		a->ended_us > a->picked_us ? a->ended_us : q->duration_us, a->code };
	char name[sizeof(q->model) + 24];

	snprintf(name, sizeof(name), "%s %s", q->dialect->operation, q->model);
	begin_span(out, &s, name);
	attr_text(out, "gen_ai.operation.name", q->dialect->operation);
	attr_text(out, "gen_ai.provider.name", "janus");
	attr_text(out, "gen_ai.request.model", q->model);
	attr_bool(out, "gen_ai.request.stream", q->stream);
	if (q->dialect->at != DIALECT_EMBEDDINGS)
		attr_text(out, "gen_ai.output.type", "text");
	attr_text(out, "janus.competitor", a->competitor);
	attr_text(out, "janus.instance_id", a->instance);
	attr_int(out, "janus.attempt", (int64_t)i + 1);
	if (a->upstream_status != 0)
		attr_int(out, "http.response.status_code", a->upstream_status);
	attr_text(out, "janus.fault", a->code != CODE_NONE ? wire_code_info(a->code)->fault : NULL);
	if (i + 1 == q->nattempts)
		add_response(out, q);
	end_span(out, &s, a->code != CODE_NONE);
}

size_t
otlp_span_count(const struct request_record *q)
{
	return 1 + (q->queued_at_us > 0) + q->nattempts;
}

void
otlp_encode(
    struct buf *out, const struct otlp_config *c, struct request_record *const *at, size_t len)
{
	struct buf attributes = { 0 };

	attr_text(&attributes, "service.name", c->service);
	attr_text(&attributes, "service.version", JANUS_VERSION);
	for (size_t i = 0; i < c->nattributes; i++) {
		buf_add_str(&attributes, ",{\"key\":");
		quoted(&attributes, c->attributes[i].key);
		buf_add_str(&attributes, ",\"value\":{\"stringValue\":");
		quoted(&attributes, c->attributes[i].value);
		buf_add_str(&attributes, "}}");
	}
	buf_printf(out,
	    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[%s]},"
	    "\"scopeSpans\":[{\"scope\":{\"name\":\"janusd\",\"version\":\"" JANUS_VERSION
	    "\"},\"spans\":[",
	    buf_str(&attributes));
	buf_done(&attributes);
	for (size_t i = 0; i < len; i++) {
		server_span(out, c, at[i]);
		if (at[i]->queued_at_us > 0)
			queue_span(out, at[i]);
		for (size_t k = 0; k < at[i]->nattempts; k++)
			client_span(out, at[i], k);
	}
	buf_add_str(out, "]}]}]}");
}
