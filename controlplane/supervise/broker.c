/*
 * broker.c - what janus-platform says and asks, for the control plane.
 */
#include "controlplane/supervise/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/egress.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/announce.h"

#define CALLS_MAX 256 /* in a packet */
#define ASK_OFFERS "{\"op\":\"services\"}"

struct broker {
	struct announcer *announcer;
	cJSON *offers; /* service to word or null; owned */
	const struct broker_events *events;
	void *arg;
};

static int64_t
amount(const cJSON *json, const char *key)
{
	const int64_t n = json_int(json, key, 0);

	return n > 0 ? n : 0;
}

#define COPY(to, json, key) \
	snprintf(to, sizeof(to), "%s", json_str(json, key) != NULL ? json_str(json, key) : "")

static void
heard_call(struct broker *b, const cJSON *json)
{
	struct egress_row row = {
		.status = (int)amount(json, "status"),
		.at_ms = amount(json, "at_ms"),
		.calls = amount(json, "calls"),
		.duration_ms = amount(json, "duration_ms"),
		.bytes_in = amount(json, "bytes_in"),
		.bytes_out = amount(json, "bytes_out"),
		.prompt_tokens = amount(json, "prompt_tokens"),
		.completion_tokens = amount(json, "completion_tokens"),
		.sandbox_ms = amount(json, "sandbox_ms"),
		.cost_micro_usd = json_int(json, "cost_micro_usd", -1),
	};

	id_new("egr", row.id);
	COPY(row.competitor, json, "competitor");
	COPY(row.instance_id, json, "instance");
	COPY(row.request_id, json, "request_id");
	COPY(row.service, json, "service");
	COPY(row.operation, json, "operation");
	COPY(row.target, json, "target");
	COPY(row.decision, json, "decision");
	COPY(row.code, json, "code");
	b->events->on_call(&row, b->arg);
}

static int
heard_calls(struct broker *b, const cJSON *json, struct error *err)
{
	const cJSON *calls = json_get(json, "calls"), *call;
	const int64_t dropped = amount(json, "dropped");

	if (!cJSON_IsArray(calls) || cJSON_GetArraySize(calls) > CALLS_MAX)
		return error_set(
		    err, ERROR_INVALID, "calls is not a list of at most %d", CALLS_MAX);
	if (dropped > 0)
		log_warn("egress.dropped", F_INT("calls", dropped));
	json_for_each(call, calls)
		heard_call(b, call);
	return 0;
}

static int
heard_question(struct broker *b, const cJSON *json, struct error *err)
{
	const char *instance = json_str(json, "instance"), *id = json_str(json, "request_id");

	if (instance == NULL || !id_request_valid(id))
		return error_set(err, ERROR_INVALID, "instance or request_id is malformed");
	b->events->on_question(instance, id, b->arg);
	return 0;
}

static int
heard_offers(struct broker *b, cJSON *json, struct error *err)
{
	if (!cJSON_IsObject(json_get(json, "services")))
		return error_set(err, ERROR_INVALID, "services is not an object");
	cJSON_Delete(b->offers);
	b->offers = cJSON_DetachItemFromObjectCaseSensitive(json, "services");
	return 0;
}

int
broker_heard(struct broker *b, const char *packet, size_t len, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(packet, len, &json, err) < 0)
		return -1;
	const char *op = json_str(json, "op");
	if (str_eq(op, "calls"))
		return heard_calls(b, json, err);
	if (str_eq(op, "chat"))
		return heard_question(b, json, err);
	if (str_eq(op, "services"))
		return heard_offers(b, json, err);
	if (op == NULL && json_bool(json, "ok", false))
		return 0;
	return error_set(err, ERROR_UPSTREAM, "%.200s", packet);
}

void
broker_answer(struct broker *b, const char *instance, const char *request_id, bool runs)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "op", "chat");
	json_add_str(json, "instance", instance);
	json_add_str(json, "request_id", request_id);
	json_add_bool(json, "runs", runs);
	_cleanup_free_ char *text = json_print(json);
	cJSON_Delete(json);
	announcer_send(b->announcer, text, strlen(text));
}

static void
on_packet(const char *packet, size_t len, void *arg)
{
	struct error err = { 0 };

	if (broker_heard(arg, packet, len, &err) < 0)
		log_warn("broker.refused", F_STR("error", err.text));
}

struct broker *
broker_new(struct loop *loop, struct workers *workers, const char *socket,
    const struct broker_events *events, void *arg)
{
	struct broker *b = mem_zalloc(sizeof(*b));

	b->events = events;
	b->arg = arg;
	b->announcer = announcer_new(loop, workers, socket, on_packet, b);
	announcer_greet(b->announcer, ASK_OFFERS);
	return b;
}

void
broker_close(struct broker *b)
{
	announcer_close(b->announcer);
}

void
broker_free(struct broker *b)
{
	if (b == NULL)
		return;
	announcer_free(b->announcer);
	cJSON_Delete(b->offers);
	free(b);
}

void
broker_add_pod(struct broker *b, const char *instance, const char *competitor,
    const char *token_sha256, const char *link_path)
{
	const struct announced_pod pod = { "pod", "gone", instance, competitor, token_sha256,
		link_path };

	announcer_add(b->announcer, &pod);
}

void
broker_remove_pod(struct broker *b, const char *instance)
{
	announcer_remove(b->announcer, instance);
}

bool
broker_connected(const struct broker *b)
{
	return announcer_connected(b->announcer);
}

const char *
broker_offer(const struct broker *b, const char *service)
{
	return broker_connected(b) ? json_str(b->offers, service) : NULL;
}

void
broker_ask_offers(struct broker *b)
{
	announcer_send(b->announcer, ASK_OFFERS, sizeof(ASK_OFFERS) - 1);
}
