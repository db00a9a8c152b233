/*
 * broker.c - the control side of janus-platform's socket.
 */
#include "controlplane/supervise/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/store/egress.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"

#define RECONNECT_MS 1000
#define PACKET_MAX 16384
#define CALLS_MAX 256 /* in a packet */

struct pod {
	char instance[40], competitor[48], token_sha256[72], link_path[108];
};

struct broker {
	struct loop *loop;
	struct workers *workers;
	char path[108];
	int sock; /* -1 while not connected */
	struct watch watch;
	struct timer retry;
	struct map pods; /* instance to struct pod */
	const struct broker_events *events;
	void *arg;
};

/* Asking a link for its listener may block: a worker does it. */
struct fetch {
	struct broker *broker;
	struct pod pod;
	int listener;
	struct error err;
};

static void on_retry(struct timer *, void *);

static void
lost(struct broker *b)
{
	if (b->sock >= 0) {
		loop_unwatch(&b->watch);
		close(b->sock);
		b->sock = -1;
		log_warn("broker.lost", F_STR("socket", b->path));
	}
	timer_set(b->loop, &b->retry, RECONNECT_MS, on_retry, b);
}

/* ---- what the broker says ---- */

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
	if (b->sock >= 0 && fdpass_send(b->sock, text, strlen(text), -1) < 0)
		lost(b);
}

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct broker *b = arg;
	char packet[PACKET_MAX + 1];
	struct error err = { 0 };
	int fd = -1;

	(void)events;
	const ssize_t n = fdpass_recv(w->fd, packet, PACKET_MAX, &fd);
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		lost(b);
		return;
	}
	packet[n] = '\0';
	if (broker_heard(b, packet, (size_t)n, &err) < 0)
		log_warn("broker.refused", F_STR("error", err.text));
}

static void
say(struct broker *b, const char *op, const struct pod *pod, int fd)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "op", op);
	json_add_str(json, "instance", pod->instance);
	if (fd >= 0) {
		json_add_str(json, "competitor", pod->competitor);
		json_add_str(json, "token_sha256", pod->token_sha256);
	}
	_cleanup_free_ char *text = json_print(json);
	cJSON_Delete(json);
	if (b->sock >= 0 && fdpass_send(b->sock, text, strlen(text), fd) < 0)
		lost(b);
}

static void
fetch_listener(void *arg)
{
	struct fetch *f = arg;

	link_call(f->pod.link_path, LINK_OP_LISTENER, &f->listener, NULL, &f->err);
}

static void
announce(void *arg)
{
	struct fetch *f = arg;

	if (f->listener < 0)
		log_warn("broker.no_listener", F_STR("instance_id", f->pod.instance),
		    F_STR("error", f->err.text));
	else if (map_get(&f->broker->pods, f->pod.instance) != NULL)
		say(f->broker, "pod", &f->pod, f->listener);
	if (f->listener >= 0)
		close(f->listener);
	free(f);
}

static void
fetch(struct broker *b, const struct pod *pod)
{
	struct fetch *f = mem_zalloc(sizeof(*f));

	f->broker = b;
	f->pod = *pod;
	f->listener = -1;
	worker_run(b->workers, b->loop, fetch_listener, announce, f);
}

static void
on_retry(struct timer *t, void *arg)
{
	struct broker *b = arg;
	size_t at = 0;
	const char *key;
	void *pod;

	(void)t;
	b->sock = fdpass_connect(b->path, NULL);
	if (b->sock < 0 ||
	    loop_watch(b->loop, &b->watch, b->sock, EPOLLIN, on_packet, b, NULL) < 0) {
		if (b->sock >= 0)
			close(TAKE_FD(b->sock));
		timer_set(b->loop, &b->retry, RECONNECT_MS, on_retry, b);
		return;
	}
	log_info("broker.connected", F_STR("socket", b->path));
	while (map_next(&b->pods, &at, &key, &pod))
		fetch(b, pod);
}

struct broker *
broker_new(struct loop *loop, struct workers *workers, const char *socket,
    const struct broker_events *events, void *arg)
{
	struct broker *b = mem_zalloc(sizeof(*b));

	b->loop = loop;
	b->workers = workers;
	b->events = events;
	b->arg = arg;
	snprintf(b->path, sizeof(b->path), "%s", socket);
	b->sock = -1;
	timer_set(loop, &b->retry, 0, on_retry, b);
	return b;
}

void
broker_close(struct broker *b)
{
	timer_cancel(&b->retry);
	if (b->sock >= 0) {
		loop_unwatch(&b->watch);
		close(TAKE_FD(b->sock));
	}
}

void
broker_free(struct broker *b)
{
	size_t at = 0;
	const char *key;
	void *pod;

	if (b == NULL)
		return;
	broker_close(b);
	while (map_next(&b->pods, &at, &key, &pod))
		free(pod);
	map_done(&b->pods);
	free(b);
}

void
broker_add_pod(struct broker *b, const char *instance, const char *competitor,
    const char *token_sha256, const char *link_path)
{
	struct pod *pod = mem_zalloc(sizeof(*pod));

	snprintf(pod->instance, sizeof(pod->instance), "%s", instance);
	snprintf(pod->competitor, sizeof(pod->competitor), "%s", competitor);
	snprintf(pod->token_sha256, sizeof(pod->token_sha256), "%s", token_sha256);
	snprintf(pod->link_path, sizeof(pod->link_path), "%s", link_path);
	free(map_put(&b->pods, instance, pod));
	if (b->sock >= 0)
		fetch(b, pod);
}

void
broker_remove_pod(struct broker *b, const char *instance)
{
	struct pod *pod = map_remove(&b->pods, instance);

	if (pod == NULL)
		return;
	say(b, "gone", pod, -1);
	free(pod);
}

bool
broker_connected(const struct broker *b)
{
	return b->sock >= 0;
}
