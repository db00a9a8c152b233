/*
 * test_otlp.c - what the environment asks for, which traces are sent, and the spans of a chat.
 */
#include "controlplane/observe/otlp.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/requests.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

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
}
END_TEST

START_TEST(test_config_refused)
{
	static const char *const bad[][2] = {
		{ "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318" },
		{ "OTEL_TRACES_SAMPLER", "sometimes" },
		{ "OTEL_EXPORTER_OTLP_HEADERS", "authorization" },
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
	struct request_record q = chat(), *one[] = { &q };
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
	ck_assert_uint_eq(otlp_span_count(&q), 4);
	const cJSON *server = cJSON_GetArrayItem(spans, 0), *queue = server->next;
	ck_assert_str_eq(attribute(server, "janus.queue_ms"), "1500");
	ck_assert_str_eq(json_str(queue, "name"), "queue");
	ck_assert_str_eq(json_str(queue, "parentSpanId"), json_str(server, "spanId"));
	ck_assert_str_ne(json_str(queue, "spanId"), json_str(server, "spanId"));
	ck_assert_str_eq(json_str(queue, "startTimeUnixNano"), "1700000000000500000");
	ck_assert_str_eq(json_str(queue, "endTimeUnixNano"), "1700000001501000000");
}
END_TEST

START_TEST(test_encode)
{
	struct request_record q = chat(), failed = chat(), *both[] = { &q, &failed };
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
	failed.text = words;
	otlp_encode(&out, &c, both, 2);
	ck_assert_msg(
	    json_parse(out.data, out.len, &json, &err) == 0, "%s: %s", err.text, out.data);
	ck_assert_str_eq(
	    json_path(json, "resourceSpans.0.resource.attributes.0.value.stringValue")->valuestring,
	    "say \"it\"");
	ck_assert_str_eq(
	    json_path(json, "resourceSpans.0.resource.attributes.2.key")->valuestring, "a.b");
	const cJSON *spans = json_path(json, "resourceSpans.0.scopeSpans.0.spans");
	ck_assert_int_eq(cJSON_GetArraySize(spans), 6);
	ck_assert_uint_eq(otlp_span_count(&q), 3);

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

	const cJSON *died = second->next;
	ck_assert_int_eq(json_path(died, "status.code")->valueint, 2);
	ck_assert_str_eq(json_path(died, "status.message")->valuestring, words);
	ck_assert_str_eq(attribute(died, "janus.fault"), "miner");
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
	tcase_add_test(tc, test_encode);
	tcase_add_test(tc, test_dropped);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
