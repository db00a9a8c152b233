/*
 * test_docker.c - the driver against the engine of this host (JANUS_TEST_ENGINE, or Docker's
 * socket), and a registry on loopback.
 *
 * Pods carry the node id "test-engine-<pid>", so that nobody else's are seen or touched.  A host
 * without an engine or docker-registry fails here: what cannot run is not a pass.
 */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/image_ref.h"
#include "runtime/engine/sandy/pod.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/engine/registry_ask.h"
#include "runtime/engine/spec.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"

#define IMAGE "janus-test/pod:latest"
#define MIB (1 << 20)

static struct engine *engine;
static struct image_info image;
static char run_dir[] = "/tmp/janus-test-XXXXXX", node[40], *seccomp;
static pid_t registry;
static int registry_port;

static const char *
socket_path(void)
{
	const char *path = getenv("JANUS_TEST_ENGINE");

	return path != NULL ? path : "/var/run/docker.sock";
}

/* What cannot be had of an engine: docs/getting-started.md, "Podman", says why. */
static const struct cannot {
	const char *name;
	bool event_of_oom; /* no event says that a container met its memory limit */
	bool local_digest; /* gives what was built here a digest */
	bool short_tail; /* does not count an unfinished last line among the last lines */
	bool
	    named_caps; /* lists dropped capabilities one by one: what Sandy's engine, Docker, does not */
} cannots[] = {
	{ .name = "docker" },
	{ .name = "podman",
	    .event_of_oom = true,
	    .local_digest = true,
	    .short_tail = true,
	    .named_caps = true },
};

/* ok(call) - it must work; the error's words if not. */
#define ok(call)                                                                          \
	do {                                                                              \
		struct error e_ = { 0 }, *err = &e_;                                      \
		ck_assert_msg(                                                            \
		    (call) == 0, "%s: %s: %s", #call, error_kind_name(e_.kind), e_.text); \
	} while (0)
#define fails(call, wanted, words)                                                                 \
	do {                                                                                       \
		struct error e_ = { 0 }, *err = &e_;                                               \
		ck_assert_msg((call) == -1, "%s worked", #call);                                   \
		ck_assert_msg(e_.kind == (wanted) && strstr(e_.text, words) != NULL, "%s: %s: %s", \
		    #call, error_kind_name(e_.kind), e_.text);                                     \
	} while (0)

static const struct cannot *
cannot(void)
{
	struct engine_info info;

	ok(engine->driver->info(engine, &info, err));
	for (size_t i = 0; i < ARRAY_LEN(cannots); i++)
		if (strcmp(cannots[i].name, info.name) == 0)
			return &cannots[i];
	ck_abort_msg("an engine nobody knows: %s", info.name);
}

static void
sleep_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void
setup(void)
{
	size_t len = 0;

	_cleanup_free_ char *make =
	    str_printf("bash tests/runtime/engine/pod_image.sh %s", socket_path());

	ck_assert_msg(system(make) == 0, "the images of this test could not be made");
	ck_assert_ptr_nonnull(mkdtemp(run_dir));
	snprintf(node, sizeof(node), "test-engine-%d", (int)getpid());
	ok(file_read("images/link/seccomp.json", MIB, &seccomp, &len, err));
	const struct engine_config config = { .socket = socket_path(),
		.node = node,
		.runtime_dir = run_dir,
		.link_image = "janus/link:latest",
		.seccomp = seccomp };
	engine = docker_engine_new(&config);
	ok(engine->driver->image(engine, IMAGE, &image, err));
	http_calls_free(); /* the tests are forks: they must not share this process's connection */
}

static void
teardown(void)
{
	struct pod_state *pods = NULL;
	size_t n = 0;

	ok(engine->driver->pod_list(engine, &pods, &n, err));
	for (size_t i = 0; i < n; i++)
		ok(engine->driver->pod_stop(engine, pods[i].instance, 0, err));
	free(pods);
	image_info_done(&image);
	engine->driver->free(engine);
	free(seccomp);
	ok(file_remove_tree(run_dir, err));
}

static void
make_spec(struct pod_spec *s, const char *what, const char *word)
{
	static unsigned uid = 300000;
	struct policy policy = policy_defaults;
	struct manifest manifest;
	char instance[ID_MAX];
	const struct pod_identity id = { .instance = id_new("ins", instance),
		.competitor = "test",
		.version = "1",
		.node = node,
		.uid = uid++,
		.run_token = "secret-token" };

	policy.memory_bytes = 32 * MIB;
	ok(manifest_parse(image.manifest, &manifest, err));
	ok(image_check(&image, &policy, image.arch, err));
	pod_spec_build(&policy, &manifest, &image, &id, s);
	manifest_done(&manifest);
	if (what == NULL)
		return;
	s->command = mem_zalloc(4 * sizeof(*s->command));
	s->command[s->ncommand++] = str_dup("/program");
	s->command[s->ncommand++] = str_dup(what);
	if (word != NULL)
		s->command[s->ncommand++] = str_dup(word);
}

static void
wait_end(const char *instance, struct pod_state *out)
{
	for (int i = 0; i < 500; i++) {
		ok(engine->driver->pod_state(engine, instance, out, err));
		if (out->phase == POD_EXITED)
			return;
		sleep_ms(10);
	}
	ck_abort_msg("%s did not end", instance);
}

static void
wait_oom(const char *instance, struct pod_state *out)
{
	for (int i = 0; i < 500; i++) {
		ok(engine->driver->pod_state(engine, instance, out, err));
		if (out->oom_killed)
			return;
		sleep_ms(10);
	}
	ck_abort_msg("nobody told that %s met its memory limit", instance);
}

static char *
link_path(const struct pod_spec *s)
{
	return str_printf("%s/pods/%s/link.sock", run_dir, s->instance);
}

/* GET / of the competitor through a socket made in its pod. */
static bool
answers(const struct pod_spec *s)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	_cleanup_free_ char *path = link_path(s);
	_cleanup_close_ int fd = -1;
	char reply[256] = "";

	ok(link_call(path, LINK_OP_SOCKET, &fd, NULL, err));
	for (int i = 0; i < 100; i++) {
		if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
			break;
		sleep_ms(2);
	}
	if (send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL) != 18)
		return false;
	for (int i = 0; i < 500; i++) {
		if (recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT) > 0)
			break;
		sleep_ms(2);
	}
	return str_starts(reply, "HTTP/1.1 200");
}

START_TEST(test_info)
{
	struct engine_info info;

	ok(engine->driver->info(engine, &info, err));
	ck_assert_str_eq(info.missing, "");
	ck_assert_str_eq(info.arch, image.arch);
	ck_assert(str_starts(info.api, "1.4"));
	ck_assert(str_starts(info.api_most, "1."));
	ck_assert(info.tells_time); /* it is this machine's clock */
	ck_assert_int_eq(info.ahead_ms / 1000, 0);
	ck_assert_uint_eq(image.nvolumes, 2);
	ck_assert_int_eq(image.digest[0] != '\0', cannot()->local_digest);
	ck_assert_str_eq(image.working_dir, "/data");
}
END_TEST

START_TEST(test_pod_life)
{
	struct pod_spec s;
	struct pod_state state, *pods = NULL;
	_cleanup_buf_ struct buf told = { 0 };
	struct stat st;
	size_t n = 0;

	make_spec(&s, NULL, NULL);
	_cleanup_free_ char *path = link_path(&s);
	int64_t from = clock_now_ms();
	ok(engine->driver->pod_start(engine, &s, err));
	const int64_t started = clock_now_ms() - from;
	ck_assert(answers(&s));
	printf("pod started in %d ms, answered after %d ms\n", (int)started,
	    (int)(clock_now_ms() - from));
	fails(engine->driver->pod_start(engine, &s, err), ERROR_CONFLICT, "has a pod already");

	ok(engine->driver->pod_state(engine, s.instance, &state, err));
	ck_assert_int_eq(state.phase, POD_RUNNING);
	ck_assert(state.link_running && state.started_at_ms > 0 && !state.oom_killed);
	ck_assert_str_eq(state.hash, s.hash);
	ck_assert_str_eq(state.competitor, "test");
	ok(engine->driver->pod_list(engine, &pods, &n, err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(pods[0].instance, s.instance);
	free(pods);
	ok(engine->driver->pod_inspect(engine, s.instance, &told, err));
	if (cannot()->named_caps)
		fails(sandy_inspect_check(buf_str(&told), told.len, &s, err), ERROR_INTERNAL,
		    "HostConfig.CapDrop");
	else
		ok(sandy_inspect_check(buf_str(&told), told.len, &s, err));

	ok(engine->driver->pod_pause(engine, s.instance, true, err));
	ok(engine->driver->pod_pause(engine, s.instance, true, err));
	ok(engine->driver->pod_state(engine, s.instance, &state, err));
	ck_assert_int_eq(state.phase, POD_PAUSED);
	ok(engine->driver->pod_pause(engine, s.instance, false, err));
	ck_assert(answers(&s));

	from = clock_now_ms();
	ok(engine->driver->pod_stop(engine, s.instance, 10000, err));
	printf("pod stopped in %d ms\n", (int)(clock_now_ms() - from));
	ck_assert_int_eq(stat(path, &st), -1);
	ok(engine->driver->pod_stop(engine, s.instance, 10000, err));
	ok(engine->driver->pod_state(engine, s.instance, &state, err));
	ck_assert_int_eq(state.phase, POD_ABSENT);
	fails(engine->driver->pod_pause(engine, s.instance, true, err), ERROR_NOT_FOUND, "no pod");
	fails(
	    engine->driver->pod_inspect(engine, s.instance, &told, err), ERROR_NOT_FOUND, "no pod");
	pod_spec_done(&s);
}
END_TEST

static const struct ending {
	const char *what, *word, *words;
} endings[] = {
	{ "exit", "3", "exited with 3" },
	{ "exit", "0", "exited with 0" },
	{ "exit", "126", "command is not executable" },
	{ "signal", "11", "crashed: signal 11 (Segmentation fault)" },
	{ "signal", "9", "killed (signal 9)" },
	{ "eat", NULL, "killed: memory limit 32 MiB" },
};

START_TEST(test_pod_endings)
{
	const struct ending *e = &endings[_i];
	char text[ENGINE_TEXT_MAX];
	struct pod_state state;
	struct pod_spec s;

	make_spec(&s, e->what, e->word);
	ok(engine->driver->pod_start(engine, &s, err));
	wait_end(s.instance, &state);
	ck_assert_str_eq(pod_explain(&state, s.memory_bytes, text), e->words);
	ck_assert(state.finished_at_ms >= state.started_at_ms && state.started_at_ms > 0);
	ok(engine->driver->pod_stop(engine, s.instance, 1000, err));
	pod_spec_done(&s);
}
END_TEST

START_TEST(test_command_not_found)
{
	_cleanup_free_ char *dir = NULL;
	struct pod_state *pods = NULL;
	struct pod_spec s;
	struct stat st;
	size_t n = 1;

	make_spec(&s, "exit", "0");
	free(s.command[0]);
	s.command[0] = str_dup("/nowhere");
	/* Either the start is refused, or the init says it as the exit code. */
	struct error why = { 0 };
	if (engine->driver->pod_start(engine, &s, &why) == 0) {
		struct pod_state state;
		char text[ENGINE_TEXT_MAX];

		wait_end(s.instance, &state);
		ck_assert_str_eq(pod_explain(&state, s.memory_bytes, text), "command not found");
		ok(engine->driver->pod_stop(engine, s.instance, 0, err));
	} else {
		ck_assert_msg(
		    why.kind == ERROR_INVALID && str_starts(why.text, "command not found"),
		    "%s: %s", error_kind_name(why.kind), why.text);
	}
	dir = str_printf("%s/pods/%s", run_dir, s.instance);
	ck_assert_int_eq(stat(dir, &st), -1);
	ok(engine->driver->pod_list(engine, &pods, &n, err));
	ck_assert_uint_eq(n, 0);
	free(pods);
	pod_spec_done(&s);
}
END_TEST

START_TEST(test_nothing_left_of_a_failed_start)
{
	struct pod_state *pods = NULL;
	struct pod_spec s;
	size_t n = 1;

	make_spec(&s, NULL, NULL);
	memset(s.image_id + 7, '0', 64);
	fails(engine->driver->pod_start(engine, &s, err), ERROR_NOT_FOUND, "no such image");
	ok(engine->driver->pod_list(engine, &pods, &n, err));
	ck_assert_uint_eq(n, 0);
	free(pods);
	pod_spec_done(&s);
}
END_TEST

struct seen_log {
	int lines, stderr_lines, most;
	size_t x_bytes;
	char last[64];
	int64_t at_ms;
};

static int
on_line(const struct log_line *line, void *arg)
{
	struct seen_log *seen = arg;

	seen->lines++;
	seen->stderr_lines += line->is_stderr;
	seen->at_ms = line->at_ms;
	if (line->len > 0 && line->text[0] == 'x')
		seen->x_bytes += line->len;
	if (!line->is_stderr)
		snprintf(seen->last, sizeof(seen->last), "%.*s",
		    (int)(line->len < 60 ? line->len : 60), line->text);
	return seen->most > 0 && seen->lines >= seen->most ? -1 : 0;
}

START_TEST(test_logs)
{
	struct seen_log all = { 0 }, tail = { 0 }, followed = { 0 }, one = { .most = 1 };
	struct pod_state state;
	struct pod_spec s;

	make_spec(&s, "log", NULL);
	ok(engine->driver->pod_start(engine, &s, err));
	ok(engine->driver->logs(engine, s.instance, 0, true, on_line, &followed, NULL, err));
	wait_end(s.instance, &state);
	ok(engine->driver->logs(engine, s.instance, 0, false, on_line, &all, NULL, err));
	ck_assert_uint_eq(all.x_bytes, 40000);
	ck_assert_int_eq(all.stderr_lines, 1);
	ck_assert_str_eq(all.last, "last without newline");
	ck_assert(all.at_ms > 1600000000000);
	/* Following, an engine may leave out an unfinished last line. */
	ck_assert_int_ge(followed.lines, all.lines - 1);
	ok(engine->driver->logs(engine, s.instance, 2, false, on_line, &tail, NULL, err));
	ck_assert_int_le(tail.lines, 2 + cannot()->short_tail);
	ok(engine->driver->logs(engine, s.instance, 0, false, on_line, &one, NULL, err));
	ck_assert_int_eq(one.lines, 1);
	ok(engine->driver->pod_stop(engine, s.instance, 0, err));
	fails(engine->driver->logs(engine, s.instance, 0, false, on_line, &one, NULL, err),
	    ERROR_NOT_FOUND, "no pod");
	pod_spec_done(&s);
}
END_TEST

START_TEST(test_environment)
{
	struct seen_log seen = { 0 };
	struct pod_state state;
	struct pod_spec s;

	make_spec(&s, "env", "OPENAI_API_KEY");
	ok(engine->driver->pod_start(engine, &s, err));
	wait_end(s.instance, &state);
	ok(engine->driver->logs(engine, s.instance, 0, false, on_line, &seen, NULL, err));
	ck_assert_str_eq(seen.last, "secret-token");
	ok(engine->driver->pod_stop(engine, s.instance, 0, err));
	pod_spec_done(&s);
}
END_TEST

struct listener {
	atomic_bool cancel;
	atomic_int pauses, starts, dies, ooms, destroys;
	int status;
	struct error err;
};

static void
on_event(const struct engine_event *e, void *arg)
{
	struct listener *l = arg;

	if (e->is_link)
		return;
	l->pauses += strcmp(e->action, "pause") == 0;
	l->starts += strcmp(e->action, "start") == 0;
	l->dies += strcmp(e->action, "die") == 0 && e->exit_code == 137;
	l->ooms += strcmp(e->action, "oom") == 0;
	l->destroys += strcmp(e->action, "destroy") == 0;
}

static void *
listen_events(void *arg)
{
	struct listener *l = arg;

	l->status = engine->driver->events(engine, on_event, l, &l->cancel, &l->err);
	http_calls_free();
	return NULL;
}

static void
wait_count(const atomic_int *count, const char *what)
{
	for (int i = 0; i < 300 && atomic_load(count) == 0; i++)
		sleep_ms(10);
	ck_assert_msg(atomic_load(count) > 0, "no event: %s", what);
}

START_TEST(test_events_and_a_killed_child)
{
	struct listener l = { 0 };
	struct pod_state state;
	struct pod_spec s;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, listen_events, &l), 0);
	/* The first event that is heard says that the stream is up. */
	make_spec(&s, NULL, NULL);
	ok(engine->driver->pod_start(engine, &s, err));
	for (int i = 0; i < 100 && atomic_load(&l.pauses) == 0; i++) {
		ok(engine->driver->pod_pause(engine, s.instance, true, err));
		ok(engine->driver->pod_pause(engine, s.instance, false, err));
	}
	wait_count(&l.pauses, "pauses");
	ok(engine->driver->pod_stop(engine, s.instance, 0, err));
	pod_spec_done(&s);
	l.starts = l.dies = l.destroys = 0;

	make_spec(&s, "eat-child", NULL);
	ok(engine->driver->pod_start(engine, &s, err));
	wait_count(&l.starts, "starts");
	/* The first process lives: some engines tell of the killed child by the event only, some not. */
	if (!cannot()->event_of_oom)
		wait_count(&l.ooms, "ooms");
	wait_oom(s.instance, &state);
	ck_assert_int_eq(state.phase, POD_RUNNING);
	ok(engine->driver->pod_stop(engine, s.instance, 0, err));
	wait_count(&l.dies, "dies");
	wait_count(&l.destroys, "destroys");
	if (cannot()->event_of_oom)
		ck_assert_int_eq(atomic_load(&l.ooms), 0);
	atomic_store(&l.cancel, true);
	pthread_join(thread, NULL);
	ck_assert_msg(l.status == 0, "%s", l.err.text);
	pod_spec_done(&s);
}
END_TEST

/* --- a registry on loopback --- */

static int
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int s = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(s, (struct sockaddr *)&at, &len);
	close(s);
	return ntohs(at.sin_port);
}

/* body may be NULL */
static int
post(const char *method, const char *path, const char *body, size_t len)
{
	static const char *const headers[] = {
		"X-Registry-Auth: e30=", "Content-Type: application/x-tar", NULL
	};
	_cleanup_free_ char *url = str_printf("http://engine/v1.41%s", path);
	struct http_call call = { .method = method,
		.url = url,
		.unix_socket = socket_path(),
		.headers = headers,
		.body = body,
		.body_len = len,
		.total_ms = 30000 };

	ok(http_call(&call, err));
	const bool failed = strstr(buf_str(&call.reply), "errorDetail") != NULL;
	buf_done(&call.reply);
	return failed ? 500 : call.status;
}

static void
start_registry(void)
{
	_cleanup_free_ char *config = str_printf("%s/registry.yml", run_dir);
	_cleanup_buf_ struct buf text = { 0 };

	registry_port = free_port();
	buf_printf(&text,
	    "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n"
	    "    rootdirectory: %s/registry\nhttp:\n  addr: 127.0.0.1:%d\n",
	    run_dir, registry_port);
	ok(file_write(config, text.data, text.len, 0600, err));
	registry = fork();
	if (registry == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL ||
		    freopen("/dev/null", "w", stdout) == NULL)
			_exit(127);
		execlp("docker-registry", "docker-registry", "serve", config, (char *)NULL);
		_exit(127);
	}
	_cleanup_free_ char *url = str_printf("http://127.0.0.1:%d/v2/", registry_port);
	for (int i = 0; i < 500; i++) {
		struct http_call call = { .url = url, .total_ms = 1000 };
		const int status = http_call(&call, NULL);

		buf_done(&call.reply);
		if (status == 0 && call.status == 200)
			return;
		sleep_ms(10);
	}
	ck_abort_msg("docker-registry did not start");
}

static void
stop_registry(void)
{
	kill(registry, SIGKILL);
	waitpid(registry, NULL, 0);
}

/* An image that is here under this one name only, so that it goes with it. */
static void
make_image_here(const char *ref, struct image_info *out)
{
	_cleanup_free_ char *make = str_printf("cd %s && head -c 8192 /dev/urandom >blob && "
					       "tar -cf layer.tar blob",
	    run_dir);
	_cleanup_free_ char *path = str_printf("%s/layer.tar", run_dir), *tar = NULL;
	_cleanup_free_ char *import = str_printf("/images/create?fromSrc=-&repo=%s", ref);
	size_t len = 0;

	ck_assert_int_eq(system(make), 0);
	ok(file_read(path, MIB, &tar, &len, err));
	ck_assert_int_eq(post("POST", import, tar, len), 200);
	ok(engine->driver->image(engine, ref, out, err));
}

static void
on_progress(const struct pull_progress *p, void *arg)
{
	(void)p;
	(*(int *)arg)++;
}

static const struct pull_limits five_seconds = { .stall_ms = 5000 },
				one_second = { .stall_ms = 1000 }, for_ever = { 0 };

START_TEST(test_registry)
{
	char digest[DIGEST_MAX] = "";
	struct image_info pulled, pushed;
	struct image_ref parsed;
	char asked[DIGEST_MAX] = "";
	bool local = false;
	int progress = 0;

	/* Known to no registry, and without a host: nobody is asked. */
	ok(engine->driver->resolve(engine, IMAGE, digest, &local, err));
	ck_assert(local);
	ck_assert_str_eq(digest, image.id);
	fails(engine->driver->resolve(engine, "Not/Lower", digest, &local, err), ERROR_INVALID,
	    "lower");

	start_registry();
	_cleanup_free_ char *repo = str_printf("127.0.0.1:%d/team/pod", registry_port);
	_cleanup_free_ char *ref = str_printf("%s:v1", repo);
	_cleanup_free_ char *missing = str_printf("%s:v2", repo);
	_cleanup_free_ char *push = str_printf("/images/%s/push?tag=v1", repo);
	_cleanup_free_ char *drop = str_printf("/images/%s?noprune=1", ref);
	make_image_here(ref, &pushed);
	ck_assert_int_eq(post("POST", push, NULL, 0), 200);

	local = true;
	ok(engine->driver->resolve(engine, ref, digest, &local, err));
	ck_assert(!local && str_starts(digest, "sha256:"));
	/* Asked without the engine, for one that cannot tell, it is the same. */
	ok(image_ref_parse(ref, &parsed, err));
	ok(registry_digest(&parsed, parsed.tag, asked, err));
	ck_assert_str_eq(asked, digest);
	ok(registry_digest(&parsed, digest, asked, err));
	fails(
	    registry_digest(&parsed, "v2", asked, err), ERROR_UPSTREAM, "does not say what v2 is");
	fails(engine->driver->resolve(engine, missing, digest, &local, err), ERROR_NOT_FOUND,
	    missing);
	fails(engine->driver->pull(engine, missing,
		  "sha256:"
		  "0000000000000000000000000000000000000000000000000000000000000000",
		  &five_seconds, NULL, NULL, NULL, err),
	    ERROR_NOT_FOUND, "no such image");
	ck_assert_int_eq(post("DELETE", drop, NULL, 0), 200);
	const struct pull_limits small = { .stall_ms = 5000, .max_bytes = 100 };
	fails(engine->driver->pull(engine, ref, digest, &small, NULL, NULL, NULL, err),
	    ERROR_TOO_BIG, "at most 100 B"); /* as the registry says, before anything is pulled */
	const struct pull_limits no_room = { .stall_ms = 5000, .free_percent = 101 };
	fails(engine->driver->pull(engine, ref, digest, &no_room, NULL, NULL, NULL, err), ERROR_IO,
	    "a pull needs 101 %"); /* of the engine's own directory */
	ok(engine->driver->pull(
	    engine, ref, digest, &five_seconds, on_progress, &progress, NULL, err));
	ok(engine->driver->pull(
	    engine, ref, digest, &five_seconds, on_progress, &progress, NULL, err));
	_cleanup_free_ char *pinned = str_printf("%s@%s", repo, digest);
	ok(engine->driver->image(engine, pinned, &pulled, err));
	ck_assert_str_eq(pulled.id, pushed.id);
	ck_assert_str_eq(pulled.digest, digest);
	ck_assert_int_ge(progress, 1);
	image_info_done(&pulled);
	image_info_done(&pushed);

	stop_registry();
	ck_assert_int_eq(engine->driver->resolve(engine, missing, digest, &local, NULL), -1);
	ok(engine->driver->resolve(
	    engine, pinned, digest, &local, err)); /* here, and nobody to ask */
	ck_assert(local);
	fails(engine->driver->resolve(engine, missing, digest, &local, err), ERROR_UNAVAILABLE,
	    "connection refused");
	_cleanup_free_ char *drop_pinned = str_printf("/images/%s?noprune=1", pinned);
	ck_assert_int_eq(post("DELETE", drop_pinned, NULL, 0), 200);
}
END_TEST

START_TEST(
    test_cancelled_pull) /* [E05] a silent registry is given up in time, or when we are told */
{
	/* A registry that accepts and never answers. */
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	_cleanup_close_ int s = socket(AF_INET, SOCK_STREAM, 0);
	static const char digest[] =
	    "sha256:0000000000000000000000000000000000000000000000000000000000000001";
	atomic_bool cancel = true;

	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s, 16), 0);
	getsockname(s, (struct sockaddr *)&at, &len);
	_cleanup_free_ char *ref = str_printf("127.0.0.1:%d/silent/pod:v1", ntohs(at.sin_port));
	int64_t from = clock_now_ms();
	fails(engine->driver->pull(engine, ref, digest, &one_second, NULL, NULL, NULL, err),
	    ERROR_TIMEOUT, "stood still");
	ck_assert_int_le(clock_now_ms() - from, 30000);
	from = clock_now_ms();
	fails(engine->driver->pull(engine, ref, digest, &for_ever, NULL, NULL, &cancel, err),
	    ERROR_CANCELLED, "");
	ck_assert_int_le(clock_now_ms() - from, 30000);
}
END_TEST

START_TEST(test_no_engine)
{
	const struct engine_config config = { .socket = "/tmp/no-such-engine.sock",
		.node = node,
		.runtime_dir = run_dir,
		.link_image = "x",
		.seccomp = "" };
	struct engine *none = docker_engine_new(&config);
	struct engine_info info;

	fails(none->driver->info(none, &info, err), ERROR_UNAVAILABLE, "/tmp/no-such-engine.sock");
	none->driver->free(none);
}
END_TEST

START_TEST(test_silent_engine)
{
	_cleanup_free_ char *path = str_printf("%s/silent.sock", run_dir);
	const struct engine_config config = { .socket = path,
		.node = node,
		.runtime_dir = run_dir,
		.link_image = "x",
		.seccomp = "" };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_STREAM, 0);
	struct engine *silent = docker_engine_new(&config);
	const int64_t from = clock_now_ms();
	struct pod_state state;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(s, 16), 0);
	fails(silent->driver->pod_state(silent, "ins_1", &state, err), ERROR_TIMEOUT, "engine");
	ck_assert_int_le(clock_now_ms() - from, 30000); /* for its version, then for a ping */
	silent->driver->free(silent);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("docker");
	TCase *tc = tcase_create("engine");

	tcase_set_timeout(tc, 60);
	/* Once, in this process: each test is a fork that shares the image and the directory. */
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_info);
	tcase_add_test(tc, test_pod_life);
	tcase_add_loop_test(tc, test_pod_endings, 0, (int)ARRAY_LEN(endings));
	tcase_add_test(tc, test_command_not_found);
	tcase_add_test(tc, test_nothing_left_of_a_failed_start);
	tcase_add_test(tc, test_logs);
	tcase_add_test(tc, test_environment);
	tcase_add_test(tc, test_events_and_a_killed_child);
	tcase_add_test(tc, test_registry);
	tcase_add_test(tc, test_cancelled_pull);
	tcase_add_test(tc, test_no_engine);
	tcase_add_test(tc, test_silent_engine);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
