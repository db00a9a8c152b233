/*
 * broker.c - the control side of janus-platform's socket.
 */
#include "controlplane/supervise/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"

#define RECONNECT_MS 1000

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

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct broker *b = arg;
	char reply[512];
	int fd = -1;

	(void)events;
	const ssize_t n = fdpass_recv(w->fd, reply, sizeof(reply) - 1, &fd);
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		lost(b);
		return;
	}
	reply[n] = '\0';
	if (strstr(reply, "\"ok\":true") == NULL)
		log_warn("broker.refused", F_STR("reply", reply));
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
broker_new(struct loop *loop, struct workers *workers, const char *socket)
{
	struct broker *b = mem_zalloc(sizeof(*b));

	b->loop = loop;
	b->workers = workers;
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
