/*
 * test_otlp.c - what the environment asks for, which traces are sent, and the spans of a chat.
 */
#include "controlplane/observe/otlp.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/calls.h"
#include "controlplane/observe/otlp_metrics.h"
#include "controlplane/observe/requests.h"
#include "controlplane/observe/work.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"

static const char *const *env; /* name, value, ..., NULL */

static char *
get(const char *name)
{
	for (const char *const *at = env; *at != NULL; at += 2)
		if (str_eq(*at, name))
			return (char *)(uintptr_t)at[1];
	return NULL;
}

#define ENV(...) (env = (const char *const[]){ __VA_ARGS__, NULL })
#define ENDPOINT "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"

START_TEST(test_config)
{
	struct otlp_config c;
	struct error err = { 0 };

	ENV("PATH", "/bin");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert(!c.on);
	ENV(ENDPOINT, "OTEL_SDK_DISABLED", "TRUE");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert(!c.on);
	ENV("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example/base/",
	    "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, x-tenant = a ,",
	    "OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=prod");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert(c.on && c.parent_based && c.sampler == OTLP_ALWAYS_ON);
	ck_assert_str_eq(c.url, "https://collector.example/base/v1/traces");
	ck_assert_uint_eq(c.nheaders, 2);
	ck_assert_str_eq(c.headers[0].value, "Bearer x");
	ck_assert_str_eq(c.headers[1].key, "x-tenant");
	ck_assert_str_eq(c.headers[1].value, "a");
	ck_assert_str_eq(c.service, "other");
	ck_assert_uint_eq(c.nattributes, 1);
	ENV(ENDPOINT, "OTEL_SERVICE_NAME", "mine", "OTEL_RESOURCE_ATTRIBUTES",
	    "service.name=other");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert_str_eq(c.service, "mine");
	ck_assert_uint_eq(c.nattributes, 0);
	ck_assert_str_eq(c.metrics_url, "http://127.0.0.1:4318/v1/metrics");
	ck_assert_int_eq(c.interval_ms, 60000);
	/* One's own endpoint is taken as it is. */
	ENV("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:9/m/",
	    "OTEL_METRIC_EXPORT_INTERVAL", "250");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert(!c.on && c.metrics_on);
	ck_assert_str_eq(c.metrics_url, "http://127.0.0.1:9/m/");
	ck_assert_int_eq(c.interval_ms, 250);
	ENV(ENDPOINT, "OTEL_METRICS_EXPORTER", "none");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), 0);
	ck_assert(c.on && !c.metrics_on);
}
END_TEST

START_TEST(test_config_refused)
{
	static const char *const bad[][2] = {
		{ "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318" },
		{ "OTEL_TRACES_SAMPLER", "sometimes" },
		{ "OTEL_EXPORTER_OTLP_HEADERS", "authorization" },
		{ "OTEL_METRIC_EXPORT_INTERVAL", "soon" },
		{ "OTEL_METRICS_EXPORTER", "prometheus" },
		{ "OTEL_EXPORTER_OTLP_HEADERS", "a=x%0d%0ab: c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct otlp_config c;
		struct error err = { 0 };

		ENV(bad[i][0], bad[i][1], ENDPOINT);
		ck_assert_msg(otlp_config_read(&c, get, &err) < 0, "%s", bad[i][1]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
	struct otlp_config c;
	struct error err = { 0 };
	ENV(ENDPOINT, "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "1.5");
	ck_assert_int_eq(otlp_config_read(&c, get, &err), -1);
}
END_TEST

static struct request_record
chat(void)
{
	struct request_record q = {
		.dialect = &dialects[DIALECT_CHAT],
		.id = "req_1",
		.traceparent = "00-" TRACE "-00f067aa0ba902b7-01",
		.client = "127.0.0.1",
		.model = "janus",
		.slug = "owl",
		.digest = "sha256:0",
		.status = 200,
		.stream = true,
		.span = 0xabc,
		.parent = 0xdef,
		.accepted_at_ms = 1700000000000,
		.duration_us = 2000000,
		.ttft_us = 250000,
		.completion_tokens = 7,
		.cost_micro_usd = -1,
		.nattempts = 2,
	};

	q.attempts[0] = (struct life_attempt){ .competitor = "cat",
		.instance = "ins_1",
		.code = CODE_UPSTREAM_CONNECT_FAILED,
		.span = 1,
		.picked_us = 10,
		.ended_us = 900 };
	q.attempts[1] = (struct life_attempt){ .competitor = "owl",
		.instance = "ins_2",
		.upstream_status = 200,
		.span = 2,
		.picked_us = 1000,
		.connected_us = 1100,
		.head_us = 5000,
		.ended_us = 2000000 };
	return q;
}

START_TEST(test_sampler)
{
	static const struct {
		const char *what;
		struct otlp_config c;
		const char *traceparent;
		uint64_t parent;
		bool sampled;
	} rules[] = {
		{ "on", { .sampler = OTLP_ALWAYS_ON }, "00-" TRACE "-00f067aa0ba902b7-00", 1,
		    true },
		{ "off", { .sampler = OTLP_ALWAYS_OFF }, "00-" TRACE "-00f067aa0ba902b7-01", 1,
		    false },
		{ "the parent's yes", { .sampler = OTLP_ALWAYS_OFF, .parent_based = true },
		    "00-" TRACE "-00f067aa0ba902b7-01", 1, true },
		{ "the parent's no", { .sampler = OTLP_ALWAYS_ON, .parent_based = true },
		    "00-" TRACE "-00f067aa0ba902b7-00", 1, false },
		{ "no parent", { .sampler = OTLP_ALWAYS_ON, .parent_based = true },
		    "00-" TRACE "-00f067aa0ba902b7-00", 0, true },
		{ "low enough", { .sampler = OTLP_RATIO, .ratio = 0.65 },
		    "00-" TRACE "-00f067aa0ba902b7-01", 0, true },
		{ "too high", { .sampler = OTLP_RATIO, .ratio = 0.5 },
		    "00-" TRACE "-00f067aa0ba902b7-01", 0, false },
		{ "ratio of none", { .sampler = OTLP_RATIO, .ratio = 0 },
		    "00-" TRACE "-00f067aa0ba902b7-01", 0, false },
		{ "ratio of all", { .sampler = OTLP_RATIO, .ratio = 1 },
		    "00-ffffffffffffffffffffffffffffffff-00f067aa0ba902b7-01", 0, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct request_record q = chat();

		strcpy(q.traceparent, rules[i].traceparent);
		q.parent = rules[i].parent;
		ck_assert_msg(
		    otlp_sampled(&rules[i].c, &q) == rules[i].sampled, "%s", rules[i].what);
		q.span = 0;
		ck_assert(!otlp_sampled(&rules[i].c, &q));
	}
}
END_TEST

/* The value of an attribute as text, "" if it is not there. */
static const char *
attribute(const cJSON *span, const char *key)
{
	static char text[100];
	const cJSON *a;

	json_for_each(a, json_get(span, "attributes")) {
		const cJSON *value = json_get(a, "value")->child;

		if (!str_eq(json_str(a, "key"), key))
			continue;
		if (cJSON_IsString(value))
			return value->valuestring;
		snprintf(text, sizeof(text), "%g",
		    cJSON_IsBool(value) ? cJSON_IsTrue(value) : value->valuedouble);
		return text;
	}
	return "";
}

START_TEST(test_queue) /* a chat that waited has a span of that */
{
	struct request_record q = chat();
	const struct otlp_item one[] = { { .chat = &q } };
	const struct otlp_config c = { .service = "s" };
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	q.span |= 1;
	q.queued_at_us = 500;
	q.queued_us = 1500500;
	otlp_encode(&out, &c, one, 1);
	ck_assert_msg(
	    json_parse(out.data, out.len, &json, &err) == 0, "%s: %s", err.text, out.data);
	const cJSON *spans = json_path(json, "resourceSpans.0.scopeSpans.0.spans");
	ck_assert_int_eq(cJSON_GetArraySize(spans), 4);
	ck_assert_uint_eq(otlp_span_count(one), 4);
	const cJSON *server = cJSON_GetArrayItem(spans, 0), *queue = server->next;
	ck_assert_str_eq(attribute(server, "janus.queue_ms"), "1500");
	ck_assert_str_eq(json_str(queue, "name"), "queue");
	ck_assert_str_eq(json_str(queue, "parentSpanId"), json_str(server, "spanId"));
	ck_assert_str_ne(json_str(queue, "spanId"), json_str(server, "spanId"));
	ck_assert_str_eq(json_str(queue, "startTimeUnixNano"), "1700000000000500000");
	ck_assert_str_eq(json_str(queue, "endTimeUnixNano"), "1700000001501000000");
}
END_TEST
START_TEST(test_call) /* what a competitor called is below the attempt that did */
{
	struct call_record call = { .trace = TRACE,
		.parent = 2,
		.row = { .competitor = "owl",
		    .request_id = "req_1",
		    .service = "inference",
		    .operation = "chat",
		    .target = "gpt-4o-mini",
		    .decision = "allowed",
		    .status = 200,
		    .at_ms = 1700000000000,
		    .calls = 1,
		    .duration_ms = 812,
		    .prompt_tokens = 80,
		    .cost_micro_usd = 37 } };
	struct call_record denied = { .trace = TRACE,
		.parent = 2,
		.row = { .service = "web",
		    .target = "GET example.org:80",
		    .decision = "denied",
		    .code = "egress_denied",
		    .calls = 3,
		    .cost_micro_usd = -1 } };
	const struct otlp_item two[] = { { .call = &call }, { .call = &denied } };
	const struct otlp_config c = { .service = "s" };
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	otlp_encode(&out, &c, two, 2);
	ck_assert_msg(
	    json_parse(out.data, out.len, &json, &err) == 0, "%s: %s", err.text, out.data);
	const cJSON *spans = json_path(json, "resourceSpans.0.scopeSpans.0.spans");
	ck_assert_int_eq(cJSON_GetArraySize(spans), 2);
	ck_assert_uint_eq(otlp_span_count(&two[0]), 1);
	const cJSON *one = cJSON_GetArrayItem(spans, 0), *other = one->next;
	ck_assert_str_eq(json_str(one, "name"), "egress inference");
	ck_assert_str_eq(json_str(one, "traceId"), TRACE);
	ck_assert_str_eq(json_str(one, "parentSpanId"), "0000000000000002");
	ck_assert_str_ne(json_str(one, "spanId"), json_str(other, "spanId"));
	ck_assert_str_eq(json_str(one, "startTimeUnixNano"), "1700000000000000000");
	ck_assert_str_eq(json_str(one, "endTimeUnixNano"), "1700000000812000000");
	ck_assert_str_eq(attribute(one, "gen_ai.request.model"), "gpt-4o-mini");
	ck_assert_str_eq(attribute(one, "janus.cost_usd"), "3.7e-05");
	ck_assert_str_eq(attribute(one, "error.type"), "");
	ck_assert_ptr_null(json_path(one, "status.code"));
	ck_assert_str_eq(json_str(other, "name"), "egress example.org");
	ck_assert_str_eq(attribute(other, "server.address"), "example.org");
	ck_assert_str_eq(attribute(other, "error.type"), "egress_denied");
	ck_assert_str_eq(attribute(other, "janus.cost_usd"), "");
	ck_assert_int_eq(json_path(other, "status.code")->valueint, 2);
}
END_TEST

START_TEST(test_item) /* what came of an item is an event of its span */
{
	struct work_record passed = { .kind = WORK_ITEM,
		.id = "run_1",
		.competitor = "owl",
		.suite = "public/dev",
		.item = "chat-08",
		.state = "passed",
		.why = "all of it",
		.quality = 87.5,
		.ok = true,
		.at_ms = 1700000000000,
		.duration_ms = 1000,
		.tail_ms = 250 };
	struct work_record lost = {
		.kind = WORK_ITEM, .state = "error", .reason = "queue_full", .quality = NAN
	};
	const struct otlp_item two[] = { { .work = &passed }, { .work = &lost } };
	const struct otlp_config c = { .service = "s" };
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	otlp_encode(&out, &c, two, 2);
	ck_assert_msg(
	    json_parse(out.data, out.len, &json, &err) == 0, "%s: %s", err.text, out.data);
	const cJSON *spans = json_path(json, "resourceSpans.0.scopeSpans.0.spans");
	ck_assert_int_eq(cJSON_GetArraySize(spans), 3);
	ck_assert_uint_eq(otlp_span_count(&two[0]), 2);
	const cJSON *item = cJSON_GetArrayItem(spans, 0), *score = item->next, *other = score->next;
	ck_assert_str_eq(json_str(item, "name"), "bench.item");
	ck_assert_str_eq(attribute(item, "janus.run_id"), "run_1");
	ck_assert_str_eq(attribute(item, "janus.item"), "chat-08");
	const cJSON *event = json_path(item, "events.0");
	ck_assert_str_eq(json_str(event, "name"), "gen_ai.evaluation.result");
	ck_assert_str_eq(json_str(event, "timeUnixNano"), "1700000001000000000");
	ck_assert_str_eq(attribute(event, "gen_ai.evaluation.score.value"), "87.5");
	ck_assert_str_eq(attribute(event, "gen_ai.evaluation.score.label"), "passed");
	ck_assert_str_eq(attribute(event, "gen_ai.evaluation.explanation"), "all of it");
	ck_assert_str_eq(json_str(score, "name"), "score");
	ck_assert_str_eq(json_str(score, "parentSpanId"), json_str(item, "spanId"));
	ck_assert_str_eq(json_str(score, "startTimeUnixNano"), "1700000000750000000");
	ck_assert_ptr_null(json_path(score, "events"));
	ck_assert_ptr_null(json_path(other, "events"));
	ck_assert_str_eq(attribute(other, "error.type"), "queue_full");
	ck_assert_int_eq(json_path(other, "status.code")->valueint, 2);
}
END_TEST

/* A text of an attribute that is a list. */
static const char *
item_of(const cJSON *span, const char *key, int i)
{
	const cJSON *a;

	json_for_each(a, json_get(span, "attributes"))
		if (str_eq(json_str(a, "key"), key))
			return json_str(
			    cJSON_GetArrayItem(json_path(a, "value.arrayValue.values"), i),
			    "stringValue");
	return "";
}

START_TEST(test_encode)
{
	struct request_details details = { .params = { .given = 1 << CHAT_PARAM_MAX_TOKENS |
						   1 << CHAT_PARAM_TEMPERATURE,
					       .number = { 77, 0.5 },
					       .stop = { "END", "FIN" },
					       .nstops = 2 },
		.answer = { "chatcmpl-1", "owl-3", "stop,length" },
		.reasoning_tokens = 3,
		.image = "team/owl:3",
		.container = "c0ffee" };
	struct request_record q = chat(), failed = chat();
	struct work_record pull = { .kind = WORK_PULL,
		.image = "team/owl:3",
		.bytes = 5,
		.reason = "timeout",
		.at_ms = 1700000000000,
		.duration_ms = 1500 };
	struct work_record start = { .kind = WORK_START,
		.id = "ins_2",
		.competitor = "owl",
		.ok = true,
		.at_ms = 1700000000000,
		.duration_ms = 1000,
		.tail_ms = 400 };
	const struct otlp_item items[] = { { .chat = &q }, { .chat = &failed }, { .work = &pull },
		{ .work = &start } };
	const struct otlp_config c = { .service = "say \"it\"",
		.host = "127.0.0.1",
		.port = 8000,
		.nattributes = 1,
		.attributes = { { "a.b", "c" } } };
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	char words[] = "The competitor left.";

	failed.code = failed.attempts[1].code = CODE_UPSTREAM_DIED;
	failed.fault = "miner";
	failed.text = words;
	q.details = &details;
	otlp_encode(&out, &c, items, 4);
	ck_assert_msg(
	    json_parse(out.data, out.len, &json, &err) == 0, "%s: %s", err.text, out.data);
	ck_assert_str_eq(
	    json_path(json, "resourceSpans.0.resource.attributes.0.value.stringValue")->valuestring,
	    "say \"it\"");
	ck_assert_str_eq(
	    json_path(json, "resourceSpans.0.resource.attributes.2.key")->valuestring, "a.b");
	const cJSON *spans = json_path(json, "resourceSpans.0.scopeSpans.0.spans");
	ck_assert_int_eq(cJSON_GetArraySize(spans), 9);
	ck_assert_uint_eq(otlp_span_count(&items[0]), 3);
	ck_assert_uint_eq(otlp_span_count(&items[2]), 1);
	ck_assert_uint_eq(otlp_span_count(&items[3]), 2);

	const cJSON *server = cJSON_GetArrayItem(spans, 0), *first = server->next,
		    *second = first->next;
	ck_assert_str_eq(json_str(server, "traceId"), TRACE);
	ck_assert_str_eq(json_str(server, "spanId"), "0000000000000abc");
	ck_assert_str_eq(json_str(server, "parentSpanId"), "0000000000000def");
	ck_assert_str_eq(json_str(server, "startTimeUnixNano"), "1700000000000000000");
	ck_assert_str_eq(json_str(server, "endTimeUnixNano"), "1700000002000000000");
	ck_assert_str_eq(attribute(server, "http.route"), "/v1/chat/completions");
	ck_assert_str_eq(attribute(server, "http.response.status_code"), "200");
	ck_assert_str_eq(attribute(server, "janus.cost_usd"), "");
	ck_assert_ptr_null(json_path(server, "status.code"));

	ck_assert_str_eq(json_str(first, "parentSpanId"), "0000000000000abc");
	ck_assert_str_eq(attribute(first, "error.type"), "upstream_connect_failed");
	ck_assert_str_eq(attribute(first, "gen_ai.usage.output_tokens"), "");
	ck_assert_int_eq(json_path(first, "status.code")->valueint, 2);
	ck_assert_str_eq(json_str(second, "name"), "chat janus");
	ck_assert_str_eq(attribute(second, "gen_ai.response.time_to_first_chunk"), "0.25");
	ck_assert_str_eq(attribute(second, "gen_ai.usage.output_tokens"), "7");
	ck_assert_str_eq(attribute(second, "gen_ai.request.stream"), "1");
	ck_assert_str_eq(json_str(second, "startTimeUnixNano"), "1700000000001000000");
	ck_assert_str_eq(attribute(second, "gen_ai.request.max_tokens"), "77");
	ck_assert_str_eq(attribute(second, "gen_ai.request.temperature"), "0.5");
	ck_assert_str_eq(attribute(second, "gen_ai.request.seed"), "");
	ck_assert_str_eq(attribute(second, "gen_ai.response.id"), "chatcmpl-1");
	ck_assert_str_eq(attribute(second, "gen_ai.usage.reasoning.output_tokens"), "3");
	ck_assert_str_eq(attribute(second, "container.id"), "c0ffee");
	ck_assert_str_eq(item_of(second, "gen_ai.request.stop_sequences", 1), "FIN");
	ck_assert_str_eq(item_of(second, "gen_ai.response.finish_reasons", 1), "length");
	ck_assert_str_eq(item_of(second, "container.image.repo_digests", 0), "sha256:0");

	const cJSON *died = second->next;
	ck_assert_int_eq(json_path(died, "status.code")->valueint, 2);
	ck_assert_str_eq(json_path(died, "status.message")->valuestring, words);
	ck_assert_str_eq(attribute(died, "janus.fault"), "miner");

	const cJSON *pulled = cJSON_GetArrayItem(spans, 6), *began = pulled->next,
		    *waited = began->next;
	ck_assert_str_eq(json_str(pulled, "name"), "image.pull");
	ck_assert_str_eq(attribute(pulled, "error.type"), "timeout");
	ck_assert_int_eq(json_int(pulled, "kind", 0), 1);
	ck_assert_str_eq(json_str(began, "name"), "instance.start");
	ck_assert_str_eq(attribute(began, "error.type"), "");
	ck_assert_str_eq(json_str(waited, "name"), "health.wait");
	ck_assert_str_eq(json_str(waited, "parentSpanId"), json_str(began, "spanId"));
	ck_assert_str_eq(json_str(waited, "startTimeUnixNano"), "1700000000600000000");
}
END_TEST

/* The four histograms, and that a metrics sender without a collector blocks nobody. */
START_TEST(test_metrics)
{
	const struct otlp_config c = { .metrics_on = true,
		.metrics_url = "http://127.0.0.1:1/v1/metrics",
		.interval_ms = 3600000 };
	struct request_record q = chat(), failed = chat();
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	struct otlp_metrics *m = otlp_metrics_new(&c, &err);

	ck_assert_ptr_nonnull(m);
	q.chunks = 8;
	failed.code = CODE_UPSTREAM_DIED;
	otlp_metrics_add(m, &q);
	otlp_metrics_add(m, &q);
	otlp_metrics_add(m, &failed);
	failed.slug[0] = '\0'; /* it reached nobody: not an operation of the client */
	otlp_metrics_add(m, &failed);
	otlp_metrics_encode(m, &out, 1700000000000);
	ck_assert_msg(json_parse(out.data, out.len, &json, &err) == 0, "%s", err.text);
	const cJSON *metrics = json_path(json, "resourceMetrics.0.scopeMetrics.0.metrics");
	ck_assert_int_eq(cJSON_GetArraySize(metrics), 4);
	ck_assert_str_eq(json_str(metrics->child, "name"), "gen_ai.client.token.usage");
	const cJSON *output = json_path(metrics, "0.histogram.dataPoints.1");
	ck_assert_str_eq(attribute(output, "gen_ai.token.type"), "output");
	ck_assert_str_eq(json_str(output, "count"), "3");
	ck_assert(json_num(output, "sum", 0) == 21);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(output, "bucketCounts")), 15);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(output, "explicitBounds")), 14);
	ck_assert_int_eq(cJSON_GetArraySize(json_path(metrics, "1.histogram.dataPoints")), 2);
	ck_assert_str_eq(attribute(json_path(metrics, "1.histogram.dataPoints.1"), "error.type"),
	    "upstream_died");
	ck_assert_str_eq(json_str(json_path(metrics, "3.histogram.dataPoints.0"), "count"), "14");
	ck_assert(json_num(json_path(metrics, "3.histogram.dataPoints.0"), "sum", 0) == 3.5);
	otlp_metrics_free(m);
}
END_TEST

/* Nobody listens: nothing blocks, and what was not sent is counted. */
START_TEST(test_dropped)
{
	const struct otlp_config c = {
		.on = true, .url = "http://127.0.0.1:1/v1/traces", .sampler = OTLP_ALWAYS_ON
	};
	struct request_record q = chat();
	struct error err = { 0 };
	struct otlp *o = otlp_new(&c, &err);

	ck_assert_ptr_nonnull(o);
	for (int i = 0; i < 5000; i++)
		otlp_add(o, &q);
	ck_assert_uint_gt(otlp_stats(o).dropped, 0); /* the queue's bound */
	ck_assert_uint_eq(otlp_stats(o).sent, 0);
	otlp_free(o);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("otlp");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_config);
	tcase_add_test(tc, test_config_refused);
	tcase_add_test(tc, test_sampler);
	tcase_add_test(tc, test_queue);
	tcase_add_test(tc, test_call);
	tcase_add_test(tc, test_item);
	tcase_add_test(tc, test_encode);
	tcase_add_test(tc, test_metrics);
	tcase_add_test(tc, test_dropped);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
