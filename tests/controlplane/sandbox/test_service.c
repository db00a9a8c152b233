/*
 * test_service.c - the service's routes over a fake engine, a fake link and an agent that plays
 * every part a hostile guest may give it.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/machine.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/net/fdpass.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"
#include "tests/wall_clock.h"

#define KEY "authorization: Bearer 0123456789abcdef"
#define OTHER_KEY "authorization: Bearer fedcba9876543210"
#define HOST_KEY "authorization: Bearer host0123456789abcdef"

/* How the agent answers what is no ping. */
enum manner { GOOD, GARBAGE, SILENT, HANGS_UP, FLOODS, ENDS_TWICE, REFUSES, WAITS };

static struct world {
	char dir[32], key_file[48];
	enum manner manner; /* set before each request */
	atomic_bool stop;
	atomic_int pods, starts, stops, held;
	atomic_bool engine_down, next_hangs, hangs;
	int agent_fd, agent_port;
	int http_fd, http_port; /* of a competitor */
	atomic_int visits; /* whose stream it has begun and not seen the end of */
	pthread_t agent, http, loop_thread;
	struct service service;
	struct sandbox_config config;
	int port;
	char last[ID_MAX];
} w;

/* ---- the agent ---- */

static void
send_all(int fd, const void *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0)
		return;
}

static void
add_end(struct buf *b, int error, const char *out)
{
	char end[INSIDE_END_BYTES] = { 0 };

	end[3] = (char)error;
	end[23] = (char)strlen(out);
	if (out[0] != '\0')
		inside_add_frame(b, INSIDE_STDOUT, out, strlen(out));
	inside_add_frame(b, INSIDE_END, end, sizeof(end));
}

static void
answer_end(int fd, int error, const char *out)
{
	_cleanup_buf_ struct buf b = { 0 };

	add_end(&b, error, out);
	send_all(fd, b.data, b.len);
}

static void
wait_closed(int fd)
{
	char byte;

	while (!atomic_load(&w.stop)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, 10) > 0 && recv(fd, &byte, 1, 0) <= 0)
			return;
	}
}

static void
answer(int fd, char what)
{
	static const char garbage[] = "HTTP/1.1 200 OK\r\n\r\n";
	_cleanup_buf_ struct buf b = { 0 };
	char chunk[32768] = "";

	if (what == INSIDE_PING || w.manner == GOOD) {
		answer_end(fd, 0, what == INSIDE_EXEC ? "hello\n" : "");
		return;
	}
	switch (w.manner) {
	case GOOD:
	case HANGS_UP: break;
	case GARBAGE: send_all(fd, garbage, sizeof(garbage) - 1); break;
	case SILENT: wait_closed(fd); break;
	case FLOODS:
		inside_add_frame(&b, INSIDE_STDOUT, chunk, sizeof(chunk));
		while (send(fd, b.data, b.len, MSG_NOSIGNAL) > 0)
			;
		break;
	case ENDS_TWICE:
		add_end(&b, 0, "");
		add_end(&b, 0, "");
		send_all(
		    fd, b.data, b.len); /* at once: what comes after an end is not waited for */
		break;
	case REFUSES: answer_end(fd, ENOSPC, ""); break;
	case WAITS:
		atomic_fetch_add(&w.held, 1);
		wait_closed(fd);
		atomic_fetch_sub(&w.held, 1);
		break;
	}
}

static void *
agent_one(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	char head[INSIDE_HEAD_BYTES], rest[4096];

	if (recv(fd, head, sizeof(head), MSG_WAITALL) == (ssize_t)sizeof(head)) {
		const size_t len = (size_t)(unsigned char)head[3] << 8 | (unsigned char)head[4];

		if (len == 0 || recv(fd, rest, len < sizeof(rest) ? len : sizeof(rest), 0) > 0)
			answer(fd, head[0]);
	}
	close(fd);
	return NULL;
}

static void
accept_all(int door, void *(*one)(void *))
{
	while (!atomic_load(&w.stop)) {
		struct pollfd p = { .fd = door, .events = POLLIN };
		pthread_t t;
		int fd;

		if (poll(&p, 1, 10) > 0 && (fd = accept(door, NULL, NULL)) >= 0) {
			pthread_create(&t, NULL, one, (void *)(intptr_t)fd);
			pthread_detach(t);
		}
	}
}

static void *
agent_loop(void *arg)
{
	(void)arg;
	accept_all(w.agent_fd, agent_one);
	return NULL;
}

/* ---- a competitor: /health, and a stream that goes on until its client leaves ---- */

static void *
visit_one(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	char head[4096] = "";
	size_t len = 0;

	while (strstr(head, "\r\n\r\n") == NULL && len + 1 < sizeof(head)) {
		const ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (strncmp(head, "GET /health ", 12) == 0) {
		static const char reply[] = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
					    "content-length: 15\r\n\r\n{\"status\":\"ok\"}";

		send_all(fd, reply, sizeof(reply) - 1);
	} else if (strncmp(head, "POST /v1/chat/completions?a=b ", 30) == 0) {
		static const char reply[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
					    "connection: close\r\n\r\ndata: one\n\n";

		atomic_fetch_add(&w.visits, 1);
		send_all(fd, reply, sizeof(reply) - 1);
		wait_closed(fd);
		atomic_fetch_sub(&w.visits, 1);
	}
	close(fd);
	return NULL;
}

static void *
visit_loop(void *arg)
{
	(void)arg;
	accept_all(w.http_fd, visit_one);
	return NULL;
}

/* ---- the link: hands out sockets of this very machine ---- */

struct fake_link {
	int door;
	atomic_bool stop;
	pthread_t thread;
	char instance[40];
	struct fake_link *next;
};
static struct fake_link *links;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *
link_one(void *arg)
{
	struct fake_link *l = arg;
	int client = -1;

	while (!atomic_load(&l->stop)) {
		struct pollfd p[2] = { { .fd = l->door, .events = POLLIN },
			{ .fd = client, .events = POLLIN } };
		char op;
		int fd;

		if (poll(p, 2, 10) <= 0)
			continue;
		if (p[0].revents != 0) {
			if (client >= 0)
				close(client);
			client = accept(l->door, NULL, NULL);
			continue;
		}
		if (fdpass_recv(client, &op, 1, &fd) != 1) {
			close(TAKE_FD(client));
			continue;
		}
		_cleanup_close_ int sock =
		    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		fdpass_send(client, "\0", 1, sock);
	}
	if (client >= 0)
		close(client);
	return NULL;
}

static void
link_begin(const char *instance)
{
	struct fake_link *l = mem_zalloc(sizeof(*l));
	_cleanup_free_ char *dir = str_printf("%s/r/sandbox/pods/%s", w.dir, instance);
	_cleanup_free_ char *path = str_printf("%s/" LINK_SOCKET_NAME, dir);

	ck_assert_int_eq(file_mkdirs(dir, 0700, NULL), 0);
	snprintf(l->instance, sizeof(l->instance), "%s", instance);
	l->door = fdpass_listen(path, 0600, NULL);
	ck_assert_int_ge(l->door, 0);
	pthread_create(&l->thread, NULL, link_one, l);
	pthread_mutex_lock(&lock);
	l->next = links;
	links = l;
	pthread_mutex_unlock(&lock);
}

static bool
link_end(const char *instance)
{
	struct fake_link *l = NULL;

	pthread_mutex_lock(&lock);
	for (struct fake_link **at = &links; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->instance, instance) == 0) {
			l = *at;
			*at = l->next;
			break;
		}
	pthread_mutex_unlock(&lock);
	if (l == NULL)
		return false;
	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	close(l->door);
	free(l);
	return true;
}

/* ---- the engine ---- */

#define DIGEST_HERE "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_AWAY "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static int
fake_image(struct engine *e, const char *ref, struct image_info *out, struct error *err)
{
	(void)e;
	if (atomic_load(&w.engine_down))
		return error_set(err, ERROR_UNAVAILABLE, "no engine");
	if (strstr(ref, DIGEST_AWAY) != NULL)
		return error_set(err, ERROR_NOT_FOUND, "no such image");
	*out = (struct image_info){ .id = "sha256:x",
		.os = "linux",
		.arch = "amd64",
		.size_bytes = 1,
		.has_command = true };
	return 0;
}

static int
fake_start(struct engine *e, const struct pod_spec *s, struct error *err)
{
	(void)e;
	(void)err;
	ck_assert_uint_ge(s->uid, 300000);
	if (atomic_exchange(&w.next_hangs, false)) {
		atomic_store(&w.hangs, true);
		while (atomic_load(&w.hangs) && !atomic_load(&w.stop))
			sched_yield();
	}
	link_begin(s->instance);
	atomic_fetch_add(&w.pods, 1);
	atomic_fetch_add(&w.starts, 1);
	return 0;
}

static int
fake_stop(struct engine *e, const char *instance, int64_t grace_ms, struct error *err)
{
	(void)e;
	(void)grace_ms;
	(void)err;
	if (link_end(instance)) {
		atomic_fetch_sub(&w.pods, 1);
		atomic_fetch_add(&w.stops, 1);
	}
	return 0;
}

static int
fake_state(struct engine *e, const char *instance, struct pod_state *out, struct error *err)
{
	(void)e;
	(void)instance;
	(void)err;
	*out = (struct pod_state){ .phase = POD_RUNNING };
	return 0;
}

static int
fake_list(struct engine *e, struct pod_state **out, size_t *n, struct error *err)
{
	(void)e;
	(void)err;
	*out = mem_zalloc(32 * sizeof(**out));
	*n = 0;
	pthread_mutex_lock(&lock);
	for (struct fake_link *l = links; l != NULL && *n < 32; l = l->next) {
		(*out)[*n] = (struct pod_state){ .phase = POD_RUNNING, .link_running = true };
		snprintf((*out)[(*n)++].instance, 40, "%s", l->instance);
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

static int
fake_pull(struct engine *e, const char *ref, const char *digest, const struct pull_limits *limits,
    pull_progress_fn *fn, void *arg, const atomic_bool *cancel, struct error *err)
{
	(void)e, (void)limits, (void)fn, (void)arg, (void)cancel;
	ck_assert_str_eq(digest, DIGEST_AWAY);
	return error_set(err, ERROR_DENIED, "%s is not public", ref);
}

static int
fake_inspect(struct engine *e, const char *instance, struct buf *out, struct error *err)
{
	(void)e;
	if (atomic_load(&w.pods) == 0)
		return error_set(err, ERROR_NOT_FOUND, "no pod of %s", instance);
	buf_add_str(out, "[{\"State\":{\"Status\":\"running\"}}]");
	return 0;
}

static int
fake_pause(struct engine *e, const char *instance, bool pause, struct error *err)
{
	(void)e, (void)instance;
	return pause ? 0 : error_set(err, ERROR_CONFLICT, "it is not paused");
}

static int
fake_logs(struct engine *e, const char *instance, int tail, bool follow, log_line_fn *fn, void *arg,
    const atomic_bool *cancel, struct error *err)
{
	(void)e, (void)instance, (void)follow, (void)cancel, (void)err;
	for (int i = 0; i < tail; i++)
		fn(&(struct log_line){ .at_ms = 1000 + i, .text = "a line of it", .len = 12 }, arg);
	return 0;
}

static const struct engine_driver driver = {
	.image = fake_image,
	.pull = fake_pull,
	.pod_inspect = fake_inspect,
	.pod_pause = fake_pause,
	.logs = fake_logs,
	.pod_start = fake_start,
	.pod_stop = fake_stop,
	.pod_state = fake_state,
	.pod_list = fake_list,
};
static struct engine engine = { &driver };

/* ---- the service, in a thread ---- */

static void *
serve(void *arg)
{
	loop_run(arg);
	return NULL;
}

static int
listen_any(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 64) == 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

static const char *const variables[][2] = {
	{ "SANDY_API_KEY", "0123456789abcdef\nfedcba9876543210" },
	{ "JANUS_SANDBOX_MAX", "3" },
	{ "JANUS_SANDBOX_WARM", "0" },
	{ "JANUS_SANDBOX_OPERATIONS", "4" },
	{ "JANUS_SANDBOX_OUTPUT", "64KiB" },
	{ "JANUS_SANDBOX_CREATE_TIMEOUT", "5s" },
	{ "JANUS_SANDBOX_HOSTED_MAX", "1" },
	{ "JANUS_SANDBOX_HOSTED_MEMORY", "1MiB" },
};

static const char *
env(const char *name)
{
	if (strcmp(name, "JANUS_SANDBOX_HOSTING_KEY_FILE") == 0)
		return w.key_file;
	if (strcmp(name, "JANUS_RUNTIME_DIR") == 0 || strcmp(name, "JANUS_STATE_DIR") == 0)
		return w.dir;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (strcmp(name, variables[i][0]) == 0)
			return variables[i][1];
	return NULL;
}

static void
begin(void)
{
	struct error err = { 0 };
	struct service *v = &w.service;
	int fd;

	memset(&w, 0, sizeof(w));
	strcpy(w.dir, "/tmp/sbt.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w.dir));
	w.agent_fd = listen_any(&w.agent_port);
	pthread_create(&w.agent, NULL, agent_loop, NULL);
	w.http_fd = listen_any(&w.http_port);
	pthread_create(&w.http, NULL, visit_loop, NULL);
	snprintf(w.key_file, sizeof(w.key_file), "%s/hosting.key", w.dir);
	ck_assert_int_eq(file_write(w.key_file, "host0123456789abcdef\n", 21, 0600, NULL), 0);
	ck_assert_msg(sandbox_config_read(&w.config, env, 1000, &err) == 0, "%s", err.text);
	v->config = &w.config;
	v->agent_port = w.agent_port;
	v->last_waiter = &v->waiters;
	v->loop = loop_new(&err);
	v->engine = &engine;
	v->history = mem_zalloc(sizeof(*v->history));
	v->workers = workers_new(4);
	v->host_workers = workers_new(2);
	snprintf(v->node, sizeof(v->node), "node-sandbox");
	snprintf(v->pods_dir, sizeof(v->pods_dir), "%s/r/sandbox", w.dir);
	fd = listen_any(&w.port);
	v->http = http_server_new(v->loop, fd, &http_server_defaults, &sandbox_handlers, v, &err);
	ck_assert_msg(v->http != NULL, "%s", err.text);
	pthread_create(&w.loop_thread, NULL, serve, v->loop);
}

static void
end(void)
{
	struct service *v = &w.service;
	size_t at = 0;
	const char *id;
	void *s;

	loop_stop(v->loop);
	pthread_join(w.loop_thread, NULL);
	atomic_store(&w.stop, true);
	pool_stop(v);
	workers_free(TAKE(v->workers));
	workers_free(TAKE(v->host_workers));
	http_server_free(v->http);
	loop_run_posted(v->loop);
	while (map_next(&v->sandboxes, &at, &id, &s))
		sandbox_free(s);
	map_done(&v->sandboxes);
	free(v->history);
	loop_free(v->loop);
	while (links != NULL) {
		char instance[40];

		strcpy(instance, links->instance);
		link_end(instance);
	}
	pthread_join(w.agent, NULL);
	close(w.agent_fd);
	pthread_join(w.http, NULL);
	close(w.http_fd);
	sandbox_config_done(&w.config);
	file_remove_tree(w.dir, NULL);
}

/* ---- asking ---- */

static int
ask(const char *key, const char *method, const char *path, const char *body, cJSON **out)
{
	_cleanup_free_ char *url = str_printf("http://127.0.0.1:%d%s", w.port, path);
	const char *const headers[] = { key, NULL };
	struct http_call call = { .method = method,
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.total_ms = 30000 };
	struct error err = { 0 };

	ck_assert_msg(http_call(&call, &err) == 0, "%s %s: %s", method, path, err.text);
	if (out != NULL)
		json_parse(buf_str(&call.reply), call.reply.len, out, NULL);
	buf_done(&call.reply);
	return call.status;
}

static int
create(const char *body)
{
	_cleanup_json_ cJSON *json = NULL;
	const int status = ask(KEY, "POST", "/api/sandboxes", body, &json);

	if (status == 200)
		snprintf(w.last, sizeof(w.last), "%s", json_str(json, "sandboxId"));
	return status;
}

static int
on_last(const char *key, const char *method, const char *rest, const char *body, cJSON **out)
{
	_cleanup_free_ char *path = str_printf("/api/sandboxes/%s%s", w.last, rest);

	return ask(key, method, path, body, out);
}

static void
until_pods(int n)
{
	const int64_t by_ms = clock_now_ms() + 60000;

	while (atomic_load(&w.pods) != n)
		ck_assert_msg(clock_now_ms() < by_ms, "%d pods, not %d", atomic_load(&w.pods), n);
}

START_TEST(test_life)
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(create("{\"priority\":1}"), 200);
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), 200);
	ck_assert_int_eq(on_last(OTHER_KEY, "GET", "", NULL, NULL), 404);
	ck_assert_int_eq(on_last(OTHER_KEY, "POST", "/terminate", "", NULL), 404);
	ck_assert_int_eq(on_last("x: y", "GET", "", NULL, NULL), 401);
	ck_assert_int_eq(on_last(KEY, "POST", "/exec", "{\"command\":\"x\"}", &json), 200);
	ck_assert_str_eq(json_str(json, "stdout"), "hello\n");
	ck_assert_int_eq(on_last(KEY, "POST", "/refresh", "", NULL), 200);
	ck_assert_int_eq(on_last(KEY, "POST", "/terminate", "", NULL), 200);
	ck_assert_int_eq(on_last(KEY, "POST", "/terminate", "", NULL), 404);
	until_pods(0);
}
END_TEST

static const struct {
	const char *name, *method, *rest, *body;
	int status;
	const char *code;
} wrong[] = {
	{ "no command", "POST", "/exec", "{}", 400, "invalid_value" },
	{ "no JSON", "POST", "/exec", "{", 400, "invalid_json" },
	{ "both", "POST", "/exec", "{\"command\":\"a\",\"argv\":[\"b\"]}", 400, "invalid_value" },
	{ "no words", "POST", "/exec", "{\"argv\":[]}", 400, "invalid_value" },
	{ "odd words", "POST", "/exec", "{\"argv\":[1]}", 400, "invalid_value" },
	{ "odd time", "POST", "/exec", "{\"command\":\"a\",\"timeoutMs\":\"x\"}", 400,
	    "invalid_value" },
	{ "a way up", "POST", "/exec", "{\"command\":\"a\",\"cwd\":\"../..\"}", 400,
	    "invalid_value" },
	{ "odd env", "POST", "/exec", "{\"command\":\"a\",\"env\":{\"a b\":\"c\"}}", 400,
	    "invalid_value" },
	{ "no path", "GET", "/files/read", NULL, 400, "missing_required_parameter" },
	{ "outside", "GET", "/files/read?path=/etc/shadow", NULL, 400, "invalid_value" },
	{ "no content", "POST", "/files/write", "{\"path\":\"a\"}", 400,
	    "missing_required_parameter" },
	{ "no base64", "POST", "/files/write",
	    "{\"path\":\"a\",\"content\":\"?\",\"encoding\":\"base64\"}", 400, "invalid_value" },
	{ "no agent", "POST", "/agent/run", "{\"prompt\":\"x\"}", 400, "invalid_value" },
	{ "nobody's agent", "POST", "/agent/run", "{\"agent\":\"x\",\"prompt\":\"x\"}", 400,
	    "invalid_value" },
	{ "no screen", "GET", "/vnc", NULL, 422, "unprocessable" },
	{ "no preview", "POST", "/preview", "{}", 422, "unprocessable" },
	{ "another method", "GET", "/exec", NULL, 405, "method_not_allowed" },
	{ "no such thing", "GET", "/proxy/80/", NULL, 404, "resource_not_found" },
};

START_TEST(test_wrong)
{
	ck_assert_int_eq(create(""), 200);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		_cleanup_json_ cJSON *json = NULL;
		const int status =
		    on_last(KEY, wrong[i].method, wrong[i].rest, wrong[i].body, &json);
		const char *code = json_str(json_get(json, "error"), "code");

		ck_assert_msg(status == wrong[i].status && str_eq(code, wrong[i].code), "%s: %d %s",
		    wrong[i].name, status, code);
	}
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), 200);
}
END_TEST

static const struct {
	const char *name;
	enum manner manner;
	int status;
	const char *code;
	bool ends;
} manners[] = {
	{ "[G14] answers garbage", GARBAGE, 502, "sandbox_lost", true },
	{ "[G14] hangs up", HANGS_UP, 502, "sandbox_lost", true },
	{ "[G14] floods", FLOODS, 502, "sandbox_lost", true },
	{ "[G14] ends twice", ENDS_TWICE, 502, "sandbox_lost", true },
	{ "has no space", REFUSES, 422, "sandbox_exhausted", false },
};

START_TEST(test_manners)
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(create(""), 200);
	w.manner = manners[_i].manner;
	const int status =
	    on_last(KEY, "POST", "/exec", "{\"command\":\"x\",\"timeoutMs\":100}", &json);
	const char *code = json_str(json_get(json, "error"), "code");
	ck_assert_msg(status == manners[_i].status && str_eq(code, manners[_i].code), "%s: %d %s",
	    manners[_i].name, status, code);
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), manners[_i].ends ? 404 : 200);
	if (manners[_i].ends)
		until_pods(0);
}
END_TEST

START_TEST(test_silent) /* [G14] an agent that says nothing: a deadline of ours, and its end */
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(create(""), 200);
	w.manner = SILENT;
	ck_assert_int_eq(
	    on_last(KEY, "POST", "/exec", "{\"command\":\"x\",\"timeoutMs\":1}", &json), 504);
	ck_assert_str_eq(json_str(json_get(json, "error"), "code"), "sandbox_timeout");
	until_pods(0);
}
END_TEST

struct waiting {
	pthread_t thread;
	char path[128];
	int status;
};

static void *
wait_in(void *arg)
{
	struct waiting *x = arg;

	x->status = ask(KEY, "POST", x->path, "{\"command\":\"x\"}", NULL);
	return NULL;
}

START_TEST(test_ends_under_way)
{
	struct waiting x[4];

	ck_assert_int_eq(create(""), 200);
	w.manner = WAITS;
	for (size_t i = 0; i < ARRAY_LEN(x); i++) {
		snprintf(x[i].path, sizeof(x[i].path), "/api/sandboxes/%s/exec", w.last);
		pthread_create(&x[i].thread, NULL, wait_in, &x[i]);
	}
	while (atomic_load(&w.held) < 4)
		;
	ck_assert_int_eq(on_last(KEY, "POST", "/exec", "{\"command\":\"x\"}", NULL), 429);
	ck_assert_int_eq(on_last(KEY, "POST", "/terminate", "", NULL), 200);
	for (size_t i = 0; i < ARRAY_LEN(x); i++) {
		pthread_join(x[i].thread, NULL);
		ck_assert_int_eq(x[i].status, 502);
	}
	until_pods(0);
}
END_TEST

START_TEST(test_full_house)
{
	char low[ID_MAX], kept[ID_MAX];

	ck_assert_int_eq(create("{\"priority\":3,\"preemptable\":true}"), 200);
	strcpy(low, w.last);
	ck_assert_int_eq(create("{\"priority\":3}"), 200);
	strcpy(kept, w.last);
	ck_assert_int_eq(create("{\"priority\":0,\"preemptable\":true}"), 200);
	ck_assert_int_eq(create("{\"priority\":3}"), 503);
	ck_assert_int_eq(create("{\"priority\":1}"), 200);
	strcpy(w.last, low);
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), 404);
	strcpy(w.last, kept);
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), 200);
	until_pods(3);
}
END_TEST

START_TEST(test_engine_down)
{
	_cleanup_json_ cJSON *json = NULL;

	atomic_store(&w.engine_down, true);
	ck_assert_int_eq(create(""), 503);
	ck_assert_int_eq(ask("x: y", "GET", "/readyz", NULL, NULL), 503);
	ck_assert_int_eq(ask(KEY, "GET", "/api/resources", NULL, &json), 200);
	ck_assert(!json_bool(json, "canCreateSandbox", true));
	atomic_store(&w.engine_down, false);
	ck_assert_int_eq(create(""), 200);
	ck_assert_int_eq(ask("x: y", "GET", "/readyz", NULL, NULL), 200);
}
END_TEST

START_TEST(test_engine_hangs) /* [D03] a start without an answer is not waited for by others */
{
	w.config.warm = 1;
	ck_assert_int_eq(create(""), 200);
	until_pods(2);
	ck_assert_int_eq(on_last(KEY, "POST", "/terminate", "", NULL), 200);
	until_pods(1);
	atomic_store(&w.next_hangs, true);
	ck_assert_int_eq(create(""), 200); /* the warm one; the next is begun */
	while (!atomic_load(&w.hangs))
		sched_yield();
	monotonic_ahead_s = 4;
	ck_assert_int_eq(create(""), 200);
	ck_assert(atomic_load(&w.hangs));
	atomic_store(&w.hangs, false);
}
END_TEST

/* ---- competitors ---- */

static char upstream[256]; /* path of its url */

static int
create_hosted(const char *key)
{
	_cleanup_json_ cJSON *json = NULL;
	const int status =
	    ask(key, "POST", "/api/sandboxes", "{\"enableDockerSocket\":true}", &json);

	if (status == 200) {
		const char *url = json_str(json, "url");

		snprintf(w.last, sizeof(w.last), "%s", json_str(json, "sandboxId"));
		snprintf(upstream, sizeof(upstream), "%s", strstr(url, "/at/"));
	}
	return status;
}

/* A line; what it wrote to words (standard output, else standard error). */
static int
docker(const char *line, struct buf *words)
{
	_cleanup_json_ cJSON *json = NULL, *body = cJSON_CreateObject();
	_cleanup_free_ char *text = NULL;

	json_add_str(body, "command", line);
	text = json_print(body);
	ck_assert_int_eq(on_last(HOST_KEY, "POST", "/exec", text, &json), 200);
	const char *out = json_str(json, "stdout");
	buf_clear(words);
	buf_add_str(words, *out != '\0' ? out : json_str(json, "stderr"));
	return (int)json_int(json, "exitCode", -1);
}

static int
docker_run(const char *memory, struct buf *words)
{
	_cleanup_free_ char *line = str_printf(
	    "docker run -d --name it --publish 5173:%d --user 7:7 --memory %s --memory-swap %s"
	    " --cpus 1.00 --pids-limit 9 --shm-size 1 --ulimit nofile=9:9 --log-opt max-size=1k"
	    " --tmpfs '/tmp:rw,exec,nosuid,nodev,size=1,mode=1777' 'a/b@" DIGEST_HERE "'",
	    w.http_port, memory, memory);

	return docker(line, words);
}

START_TEST(test_hosted_who)
{
	_cleanup_json_ cJSON *json = NULL;
	char first[256];

	ck_assert_int_eq(
	    ask(KEY, "POST", "/api/sandboxes", "{\"enableDockerSocket\":true}", &json), 403);
	ck_assert_str_eq(json_str(json_get(json, "error"), "code"), "missing_scope");
	ck_assert_int_eq(create_hosted(HOST_KEY), 200);
	strcpy(first, upstream);
	ck_assert_int_eq(on_last(KEY, "GET", "", NULL, NULL), 404);
	ck_assert_int_eq(on_last(HOST_KEY, "GET", "", NULL, NULL), 200);
	ck_assert_int_eq(on_last(HOST_KEY, "GET", "/files/read?path=a", NULL, NULL), 422);
	ck_assert_int_eq(on_last(HOST_KEY, "POST", "/agent/run", "{}", NULL), 422);
	ck_assert_int_eq(create_hosted(HOST_KEY), 503);
	ck_assert_int_eq(create("{}"), 200); /* beside it, as many as ever */
	ck_assert_int_eq(ask("x: y", "GET", first, NULL, NULL), 502);
	first[10] ^= 1;
	ck_assert_int_eq(ask("x: y", "GET", first, NULL, NULL), 404);
	ck_assert_int_eq(ask("x: y", "GET", "/at/", NULL, NULL), 404);
}
END_TEST

START_TEST(test_hosted_life)
{
	_cleanup_buf_ struct buf words = { 0 };
	char path[300];

	ck_assert_int_eq(create_hosted(HOST_KEY), 200);
	ck_assert_int_eq(docker("ls -l", &words), 125);
	ck_assert_int_eq(docker("docker exec it sh", &words), 125);
	ck_assert_int_eq(docker("docker inspect it", &words), 1);
	ck_assert_int_eq(docker("docker pull -q a/b@" DIGEST_HERE, &words), 0);
	ck_assert_int_eq(docker("docker pull -q a/b@" DIGEST_AWAY, &words), 1);
	ck_assert_ptr_nonnull(strstr(buf_str(&words), "denied"));
	ck_assert_int_eq(docker_run("1048577", &words), 125); /* more than one may have */
	ck_assert_int_eq(atomic_load(&w.starts), 0);
	ck_assert_int_eq(docker_run("1048576", &words), 0);
	ck_assert_int_eq(atomic_load(&w.pods), 1);
	ck_assert_int_eq(docker_run("1048576", &words), 125);
	ck_assert_int_eq(docker("docker inspect other", &words), 1);
	ck_assert_int_eq(docker("docker inspect it", &words), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&words), "running"));
	ck_assert_int_eq(docker("docker logs --timestamps --tail 2 it", &words), 0);
	ck_assert_str_eq(buf_str(&words),
	    "1970-01-01T00:00:01.000Z a line of it\n1970-01-01T00:00:01.001Z a line of it\n");
	ck_assert_int_eq(docker("docker logs --timestamps --tail 9999 it", &words), 0);
	ck_assert_uint_le(words.len, 65536); /* the newest of it */
	ck_assert_ptr_nonnull(strstr(buf_str(&words), "1970-01-01T00:00:10.998Z"));
	ck_assert_int_eq(docker("docker pause it", &words), 0);
	ck_assert_int_eq(docker("docker unpause it", &words), 1);
	snprintf(path, sizeof(path), "%s/health", upstream);
	ck_assert_int_eq(ask("x: y", "GET", path, NULL, NULL), 200);
	ck_assert_int_eq(ask("x: y", "PUT", path, "", NULL), 405);
	ck_assert_int_eq(docker("docker stop -t 1 it", &words), 0);
	until_pods(0);
	ck_assert_int_eq(ask("x: y", "GET", path, NULL, NULL), 502);
	ck_assert_int_eq(docker("docker inspect it", &words), 1);
	ck_assert_int_eq(on_last(HOST_KEY, "POST", "/terminate", "", NULL), 200);
	ck_assert_int_eq(ask("x: y", "GET", path, NULL, NULL), 404);
}
END_TEST

/* A stream that has begun: its descriptor. */
static int
begin_stream(void)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)w.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	_cleanup_free_ char *head = str_printf("POST %s/v1/chat/completions?a=b HTTP/1.1\r\n"
					       "host: x\r\ncontent-length: 2\r\n\r\n{}",
	    upstream);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[4096] = "";
	size_t len = 0;

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	send_all(fd, head, strlen(head));
	while (strstr(bytes, "data: one") == NULL) {
		const ssize_t n = recv(fd, bytes + len, sizeof(bytes) - 1 - len, 0);

		ck_assert_msg(n > 0, "%s", bytes);
		len += (size_t)n;
	}
	ck_assert_int_eq(atomic_load(&w.visits), 1);
	return fd;
}

static void
until_left(void)
{
	const int64_t by_ms = clock_now_ms() + 60000;

	while (atomic_load(&w.visits) != 0)
		ck_assert_msg(clock_now_ms() < by_ms, "the competitor was not told");
}

START_TEST(test_hosted_streams)
{
	_cleanup_buf_ struct buf words = { 0 };
	char bytes[256];
	int fd;

	ck_assert_int_eq(create_hosted(HOST_KEY), 200);
	ck_assert_int_eq(docker_run("1048576", &words), 0);
	fd = begin_stream();
	close(fd); /* whoever leaves a silent stream ends the work */
	until_left();
	fd = begin_stream();
	ck_assert_int_eq(on_last(HOST_KEY, "POST", "/terminate", "", NULL), 200);
	until_left();
	while (recv(fd, bytes, sizeof(bytes), 0) > 0) /* cut: no last chunk */
		ck_assert_ptr_null(memmem(bytes, sizeof(bytes), "0\r\n\r\n", 5));
	close(fd);
	until_pods(0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox service");
	TCase *t = tcase_create("service");

	http_client_setup();
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, test_life);
	tcase_add_test(t, test_wrong);
	tcase_add_loop_test(t, test_manners, 0, (int)ARRAY_LEN(manners));
	tcase_add_test(t, test_silent);
	tcase_add_test(t, test_ends_under_way);
	tcase_add_test(t, test_full_house);
	tcase_add_test(t, test_engine_down);
	tcase_add_test(t, test_engine_hangs);
	tcase_add_test(t, test_hosted_who);
	tcase_add_test(t, test_hosted_life);
	tcase_add_test(t, test_hosted_streams);
	suite_add_tcase(s, t);
	return run_suite(s);
}
