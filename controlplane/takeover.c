/*
 * takeover.c - the new one's side of a hand-over.
 */
#include "controlplane/takeover.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/backup/backup.h"
#include "controlplane/config.h"
#include "controlplane/janus.h"
#include "controlplane/listeners.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/supervisor.h"
#include "controlplane/yield.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"
#include "runtime/net/fdpass.h"

#define ANSWER_MS 15000
#define YOURS_MS 120000 /* its streams' rows are written, jobs at the engine end */
#define UPGRADE_MS 900000
#define LOOK_MS 20
#define LATEST_MS 15000 /* then we accept, ready or not */
#define NO_ENGINE_MS 5000

struct takeover {
	struct janus *janus;
	pthread_mutex_t lock; /* of sock: other loops send too */
	int sock; /* -1: it has ended */
	struct watch watch;
	struct timer look;
	int64_t began_ms;
	bool serves; /* we do */
	struct map instances; /* that its chats use: name to lent */
};

char *
takeover_address(const char *runtime_dir)
{
	return str_printf("%s/handover.sock", runtime_dir);
}

struct cJSON *
takeover_word(const char *op)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "op", op);
	return json;
}

int
takeover_say(int sock, struct cJSON *json, int fd)
{
	_cleanup_free_ char *text = json_print(json);

	cJSON_Delete(json);
	return fdpass_send(sock, text, strlen(text), fd);
}

/* The next packet, at most wait_ms later; its descriptor is closed where nobody wants one. */
static int
hear(int sock, int64_t wait_ms, cJSON **json, int *fd, struct error *err)
{
	char packet[HANDOVER_PACKET_MAX];
	struct pollfd p = { .fd = sock, .events = POLLIN };
	const int64_t until_ms = clock_now_ms() + wait_ms;
	int got = -1, rc;

	do {
		const int64_t left_ms = until_ms - clock_now_ms();
		rc = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return error_set(err, ERROR_TIMEOUT, "the janusd that runs does not answer");
	const ssize_t n = fdpass_recv(sock, packet, sizeof(packet), &got);
	if (fd != NULL)
		*fd = got;
	else if (got >= 0)
		close(got);
	if (n <= 0)
		return error_set(
		    err, ERROR_UNAVAILABLE, "the janusd that runs has ended, or hung up");
	return json_parse(packet, (size_t)n, json, err);
}

static int
expect(const cJSON *json, const char *op, struct error *err)
{
	const char *got = json_str(json, "op"), *why = json_str(json, "error");

	if (str_eq(got, op))
		return 0;
	return error_set(err, ERROR_CONFLICT, "the janusd that runs says: %.160s",
	    why != NULL       ? why
		: got != NULL ? got
			      : "nothing that is understood");
}

/* ---- asking for its place ---- */

static int
receive_listeners(struct janus *j, int sock, int64_t count, struct error *err)
{
	for (int64_t i = 0; i < count; i++) {
		_cleanup_json_ cJSON *json = NULL;
		int fd = -1;

		if (hear(sock, ANSWER_MS, &json, &fd, err) < 0 ||
		    expect(json, "listener", err) < 0) {
			if (fd >= 0)
				close(fd);
			return -1;
		}
		if (passed_add(&j->listeners, fd, json_str(json, "name"), 0, err) < 0)
			return error_add(err, "its listeners");
	}
	return 0;
}

static int
ask(struct janus *j, int sock, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_free_ char *state = realpath(j->config->state_dir, NULL);
	cJSON *word = takeover_word("take_over");

	json_add_str(word, "version", JANUS_VERSION);
	json_add_str(word, "state_dir", state != NULL ? state : j->config->state_dir);
	if (takeover_say(sock, word, -1) < 0)
		return error_errno(err, "ask for its place");
	if (hear(sock, ANSWER_MS, &json, NULL, err) < 0 || expect(json, "listeners", err) < 0)
		return -1;
	log_info("takeover.asked", F_STR("of_version", json_str(json, "version")),
	    F_INT("of_pid", json_int(json, "pid", 0)));
	j->listeners_fixed = json_bool(json, "fixed", false);
	return receive_listeners(j, sock, json_int(json, "count", 0), err);
}

/* All that can fail is tried before anything is given up for us. */
static int
get_ready(struct janus *j, int sock, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	if (backup_staged(j->config->state_dir) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "a backup waits to be restored, which takes a start with nobody at work: stop "
		    "the "
		    "janusd that runs and start again, or janusctl backup cancel ID");
	if (store_rehearse(j->config->state_dir, err) < 0 || listeners_open(j, err) < 0)
		return -1;
	if (takeover_say(sock, takeover_word("ready"), -1) < 0)
		return error_errno(err, "say that we are ready");
	return hear(sock, YOURS_MS, &json, NULL, err) < 0 ? -1 : expect(json, "yours", err);
}

static void
say_failed(int sock, const struct error *err)
{
	cJSON *word = takeover_word("failed");

	json_add_str(word, "error", err != NULL ? err->text : "it was told to stop");
	takeover_say(sock, word, -1);
}

int
takeover_begin(struct janus *j, struct error *err)
{
	_cleanup_free_ char *path = takeover_address(j->config->runtime_dir);
	_cleanup_close_ int sock = fdpass_connect(path, err);
	const int64_t began_ms = clock_now_ms();

	if (sock < 0) {
		log_info("takeover.nobody", F_STR("socket", path));
		return 0;
	}
	if (ask(j, sock, err) < 0 || get_ready(j, sock, err) < 0) {
		say_failed(sock, err);
		return error_add(err, "take over");
	}
	j->before = mem_zalloc(sizeof(*j->before));
	j->before->janus = j;
	j->before->began_ms = began_ms;
	j->before->sock = TAKE_FD(sock);
	pthread_mutex_init(&j->before->lock, NULL);
	return 0;
}

/* ---- afterwards ---- */

static void
set_lent(struct takeover *t, const cJSON *instances)
{
	struct supervisor *sup = t->janus->supervisor;
	const cJSON *item;
	struct map now = { 0 };
	const char *name;
	void *value;
	size_t at = 0;

	json_for_each(item, instances)
		if (item->string != NULL && cJSON_IsNumber(item) && item->valuedouble >= 0 &&
		    item->valuedouble < 1e6) {
			supervisor_lend(sup, item->string, (int)item->valuedouble);
			map_put(&now, item->string, t);
		}
	while (map_next(&t->instances, &at, &name, &value))
		if (map_get(&now, name) == NULL)
			supervisor_lend(sup, name, 0);
	map_done(&t->instances);
	t->instances = now;
}

static void
hang_up(struct takeover *t)
{
	loop_unwatch(&t->watch);
	pthread_mutex_lock(&t->lock);
	if (t->sock >= 0)
		close(TAKE_FD(t->sock));
	pthread_mutex_unlock(&t->lock);
	set_lent(t, NULL);
	if (!t->janus->leaving)
		artifacts_share(t->janus->artifacts, false);
}

static void
learn(struct takeover *t, const cJSON *json)
{
	const char *artifact = json_str(json, "artifact"), *battle = json_str(json, "battle");

	if (artifact != NULL)
		artifacts_learn(t->janus->artifacts, artifact);
	if (battle != NULL)
		wire_learn_battle(t->janus, battle);
}

static void
on_packet(struct watch *w, uint32_t events, void *arg)
{
	struct takeover *t = arg;
	char packet[HANDOVER_PACKET_MAX];
	_cleanup_json_ cJSON *json = NULL;
	int fd = -1;

	(void)events;
	const ssize_t n = fdpass_recv(w->fd, packet, sizeof(packet), &fd);
	if (fd >= 0)
		close(fd);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		log_info("takeover.over",
		    F_NUM("seconds", (double)(clock_now_ms() - t->began_ms) / 1000));
		hang_up(t);
		return;
	}
	if (json_parse(packet, (size_t)n, &json, NULL) < 0)
		return;
	const char *op = json_str(json, "op");
	if (str_eq(op, "busy"))
		set_lent(t, json_get(json, "instances"));
	else if (t->janus->leaving) /* we are between it and another by now */
		yield_pass_on(t->janus->yield, json);
	else if (str_eq(op, "stored"))
		learn(t, json);
	else if (str_eq(op, "chat") && json_str(json, "instance") != NULL &&
	    json_str(json, "request_id") != NULL)
		supervisor_answer_broker(t->janus->supervisor, json_str(json, "instance"),
		    json_str(json, "request_id"), json_bool(json, "runs", false));
}

static void
on_serving(bool ok, struct janus *j)
{
	struct takeover *t = j->before;

	if (!ok) {
		log_error("takeover.failed", F_STR("error", "no listener"));
		j->failed = true;
		loop_stop(j->control);
		return;
	}
	t->serves = true;
	if (t->sock >= 0) /* else it has ended, and all is ours already */
		takeover_say(t->sock, takeover_word("serving"), -1);
	log_info(
	    "takeover.serving", F_NUM("seconds", (double)(clock_now_ms() - t->began_ms) / 1000));
	yield_begin(j);
}

static void
on_look(struct timer *timer, void *arg)
{
	struct takeover *t = arg;
	struct janus *j = t->janus;
	const int64_t age_ms = clock_now_ms() - t->janus->started_at_ms;
	const bool engine = supervisor_engine(j->supervisor)->ok;
	const bool ready = engine && supervisor_adopted(j->supervisor) &&
	    supervisor_canary(j->supervisor)->state == CANARY_CONTAINED;

	if (ready || age_ms >= LATEST_MS || (!engine && age_ms >= NO_ENGINE_MS))
		listeners_serve_now(j, on_serving);
	else
		timer_set(j->control, timer, LOOK_MS, on_look, t);
}

void
takeover_watch(struct janus *j)
{
	struct takeover *t = j->before;

	loop_watch(j->control, &t->watch, t->sock, EPOLLIN, on_packet, t, NULL);
	timer_set(j->control, &t->look, 0, on_look, t);
}

void
takeover_failed(struct takeover *t, const struct error *err)
{
	if (t != NULL && t->sock >= 0 && !t->serves)
		say_failed(t->sock, err);
}

bool
takeover_connected(const struct takeover *t)
{
	return t != NULL && t->sock >= 0;
}

bool
takeover_ask_chat(struct takeover *t, const char *instance, const char *request_id)
{
	cJSON *word;

	if (t == NULL || t->sock < 0)
		return false;
	word = takeover_word("chat");
	json_add_str(word, "instance", instance);
	json_add_str(word, "request_id", request_id);
	return takeover_say(t->sock, word, -1) == 0;
}

int
takeover_call(struct takeover *t)
{
	int pair[2], rc = -1;

	if (t == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -1;
	pthread_mutex_lock(&t->lock);
	if (t->sock >= 0)
		rc = takeover_say(t->sock, takeover_word("call"), pair[1]);
	pthread_mutex_unlock(&t->lock);
	close(pair[1]);
	if (rc == 0)
		return pair[0];
	close(pair[0]);
	return -1;
}

void
takeover_free(struct takeover *t)
{
	if (t == NULL)
		return;
	loop_unwatch(&t->watch);
	timer_cancel(&t->look);
	if (t->sock >= 0)
		close(t->sock);
	map_done(&t->instances);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- janusd --upgrade ---- */

int
takeover_upgrade(const char *runtime_dir)
{
	_cleanup_free_ char *path = takeover_address(runtime_dir);
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };
	_cleanup_close_ int sock = fdpass_connect(path, &err);

	if (sock < 0) {
		fprintf(stderr, "janusd: nobody to upgrade: %s\n", err.text);
		return 6;
	}
	if (takeover_say(sock, takeover_word("upgrade"), -1) < 0 ||
	    hear(sock, UPGRADE_MS, &json, NULL, &err) < 0 || expect(json, "upgraded", &err) < 0) {
		fprintf(stderr, "janusd: not upgraded: %s\n",
		    err.text[0] != '\0' ? err.text : strerror(errno));
		return 1;
	}
	printf("janusd %s serves (pid %lld); the one before it ends with its last stream\n",
	    json_str(json, "version") != NULL ? json_str(json, "version") : "",
	    (long long)json_int(json, "pid", 0));
	return 0;
}
