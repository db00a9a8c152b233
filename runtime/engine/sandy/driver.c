/*
 * driver.c - pods in sandboxes: one sandbox each, with a container engine in it.
 *
 * The service lists nobody's sandboxes, so which pod is where is written down: a file for each in
 * config.dir, made once the sandbox is there and removed after it has ended.  What a crash leaves
 * unwritten ends by itself when its time is over.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/sandy/engine.h"
#include "runtime/engine/sandy/pod.h"

#define LIFE_MINUTES 60
#define REFRESH_MS (INT64_C(60000) * LIFE_MINUTES / 4)
#define PULL_MS (INT64_C(60000) * 15)
#define RUN_MS 60000
#define ASK_MS 5000
#define FOLLOW_S 1
#define NOTE_MAX_BYTES 8192

struct sandy_engine {
	struct engine engine;
	struct sandy api;
	char *base_url, *key, *upstream, *dir; /* owned */
};

struct note { /* where a pod is */
	char sandbox[SANDY_ID_MAX], url[SANDY_URL_MAX];
	char instance[40], competitor[48], version[40], hash[68];
	int64_t refreshed_ms; /* wall */
};

static struct sandy_engine *
of(struct engine *e)
{
	return CONTAINER_OF(e, struct sandy_engine, engine);
}

/* ---- notes ---- */

static char *
note_path(const struct sandy_engine *s, const char *instance)
{
	return str_printf("%s/%s.json", s->dir, instance);
}

static int
note_write(const struct sandy_engine *s, const struct note *n, struct error *err)
{
	_cleanup_free_ char *path = note_path(s, n->instance), *text = NULL;
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	json_add_str(json, "sandbox", n->sandbox);
	json_add_str(json, "url", n->url);
	json_add_str(json, "instance", n->instance);
	json_add_str(json, "competitor", n->competitor);
	json_add_str(json, "version", n->version);
	json_add_str(json, "hash", n->hash);
	json_add_int(json, "refreshed_ms", n->refreshed_ms);
	text = json_print(json);
	return file_write(path, text, strlen(text), 0600, err);
}

static void
take(const cJSON *json, const char *key, char *out, size_t cap)
{
	const char *text = json_str(json, key);

	snprintf(out, cap, "%s", text != NULL ? text : "");
}

/* NOT_FOUND: it has no pod here. */
static int
note_read(const struct sandy_engine *s, const char *instance, struct note *out, struct error *err)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_json_ cJSON *json = NULL;
	struct note n = { 0 };
	size_t len = 0;

	if (instance_check(instance, err) < 0)
		return -1;
	path = note_path(s, instance);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "no sandbox of instance %s", instance);
	if (file_read(path, NOTE_MAX_BYTES, &text, &len, err) < 0 ||
	    json_parse(text, len, &json, err) < 0)
		return error_add(err, "sandbox of instance %s", instance);
	take(json, "sandbox", n.sandbox, sizeof(n.sandbox));
	take(json, "url", n.url, sizeof(n.url));
	take(json, "competitor", n.competitor, sizeof(n.competitor));
	take(json, "version", n.version, sizeof(n.version));
	take(json, "hash", n.hash, sizeof(n.hash));
	snprintf(n.instance, sizeof(n.instance), "%s", instance);
	n.refreshed_ms = json_int(json, "refreshed_ms", 0);
	*out = n;
	return 0;
}

static bool
sandy_holds(struct engine *e, const char *instance)
{
	struct note n;

	return note_read(of(e), instance, &n, NULL) == 0;
}

/* ---- commands in a pod's sandbox ---- */

static int
docker_in(struct sandy_engine *s, const struct note *n, const char *line, int64_t limit_ms,
    struct sandy_result *out, struct error *err)
{
	return sandy_exec(&s->api, n->sandbox, line, limit_ms, NULL, out, err);
}

static int
docker_on(struct sandy_engine *s, const struct note *n, const char *what, int64_t limit_ms,
    struct sandy_result *out, struct error *err)
{
	_cleanup_buf_ struct buf line = { 0 };

	buf_printf(&line, "docker %s ", what);
	sandy_quote(&line, n->instance);
	return docker_in(s, n, buf_str(&line), limit_ms, out, err);
}

/* ---- start ---- */

static int
pull(struct sandy_engine *s, const struct note *n, const struct pod_spec *p, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result r = { 0 };
	_cleanup_buf_ struct buf line = { 0 };
	char words[ENGINE_TEXT_MAX];

	buf_add_str(&line, "docker pull -q ");
	sandy_quote(&line, p->image_ref[0] != '\0' ? p->image_ref : p->image_id);
	if (docker_in(s, n, buf_str(&line), PULL_MS, &r, err) < 0)
		return error_add(err, "pull");
	if (r.exit_code == 0)
		return 0;
	registry_refusal(err, 0, docker_message(buf_str(&r.err), r.err.len, words),
	    p->image_ref[0] != '\0' ? p->image_ref : p->image_id);
	/* Not here means pull it here to who hears of it, which would not help there. */
	if (err != NULL && err->kind == ERROR_NOT_FOUND)
		err->kind = ERROR_INVALID;
	return error_add(err, "in a sandbox");
}

static int
run(struct sandy_engine *s, const struct note *n, const struct pod_spec *p, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result r = { 0 }, seen = { 0 };
	_cleanup_buf_ struct buf line = { 0 };
	char words[ENGINE_TEXT_MAX];

	sandy_run_line(&line, p);
	const int rc = docker_in(s, n, buf_str(&line), RUN_MS, &r, err);
	explicit_bzero(line.data, line.len); /* the token of this start is in it */
	if (rc < 0)
		return error_add(err, "start");
	if (r.exit_code != 0) /* 126, 127: what the image says to run cannot be */
		return error_set(err,
		    r.exit_code == 126 || r.exit_code == 127 ? ERROR_INVALID : ERROR_UPSTREAM,
		    "in a sandbox: %s", docker_message(buf_str(&r.err), r.err.len, words));
	if (docker_on(s, n, "inspect", ASK_MS, &seen, err) < 0)
		return -1;
	return sandy_inspect_check(buf_str(&seen.out), seen.out.len, p, err);
}

static int
sandy_pod_start(struct engine *e, const struct pod_spec *p, struct error *err)
{
	struct sandy_engine *s = of(e);
	const struct sandy_wish wish = { .priority = 1,
		.docker = true,
		.no_cache = true,
		.timeout_minutes = LIFE_MINUTES,
		.upstream = s->upstream };
	struct sandy_box box = { 0 };
	struct note n = { .refreshed_ms = clock_wall_ms() };
	struct error why = { 0 };

	if (instance_check(p->instance, err) < 0 || file_mkdirs(s->dir, 0700, err) < 0)
		return -1;
	if (sandy_holds(e, p->instance))
		return error_set(err, ERROR_CONFLICT, "instance %s has a pod already", p->instance);
	if (sandy_create(&s->api, &wish, NULL, &box, &why) < 0) /* never the image's fault */
		return error_set(err,
		    why.kind == ERROR_INVALID || why.kind == ERROR_NOT_FOUND ? ERROR_UPSTREAM
									     : why.kind,
		    "%s", why.text);
	memcpy(n.sandbox, box.id, sizeof(n.sandbox));
	memcpy(n.url, box.url, sizeof(n.url));
	memcpy(n.instance, p->instance, sizeof(n.instance));
	memcpy(n.competitor, p->competitor, sizeof(n.competitor));
	memcpy(n.version, p->version, sizeof(n.version));
	memcpy(n.hash, p->hash, sizeof(n.hash));
	if (note_write(s, &n, &why) == 0) {
		if (n.url[0] == '\0')
			error_set(&why, ERROR_UPSTREAM, "Sandy: the sandbox has no public URL");
		else if (pull(s, &n, p, &why) == 0 && run(s, &n, p, &why) == 0)
			return 0;
	}
	/* A sandbox that vanished under the start is the service's doing. */
	if (why.kind == ERROR_NOT_FOUND)
		why.kind = ERROR_UPSTREAM;
	sandy_terminate(&s->api, box.id, NULL);
	_cleanup_free_ char *path = note_path(s, p->instance);
	unlink(path);
	return error_set(err, why.kind, "%s", why.text);
}

static int
sandy_pod_stop(struct engine *e, const char *instance, int64_t grace_ms, struct error *err)
{
	struct sandy_engine *s = of(e);
	_cleanup_free_ char *path = NULL;
	struct error why = { 0 };
	struct note n;

	if (note_read(s, instance, &n, &why) < 0)
		return why.kind == ERROR_NOT_FOUND ? 0 : error_set(err, why.kind, "%s", why.text);
	if (grace_ms > 0) {
		_cleanup_sandy_result_ struct sandy_result r = { 0 };
		_cleanup_free_ char *stop =
		    str_printf("stop -t %lld", (long long)(grace_ms + 999) / 1000);

		/* Whatever comes of it, the sandbox ends. */
		docker_on(s, &n, stop, grace_ms + ASK_MS, &r, NULL);
	}
	if (sandy_terminate(&s->api, n.sandbox, err) < 0)
		return -1;
	path = note_path(s, instance);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, "%s", path);
	return 0;
}

/* ---- what became of it ---- */

static void
from_note(const struct note *n, struct pod_state *out)
{
	*out = (struct pod_state){ .phase = POD_RUNNING, .link_running = true };
	memcpy(out->instance, n->instance, sizeof(out->instance));
	memcpy(out->competitor, n->competitor, sizeof(out->competitor));
	memcpy(out->version, n->version, sizeof(out->version));
	memcpy(out->hash, n->hash, sizeof(out->hash));
	memcpy(out->url, n->url, sizeof(out->url));
}

/* A sandbox that is gone took its pod along, whose fault it is not: so tells a lost link. */
static int
look(struct sandy_engine *s, const struct note *n, struct pod_state *out, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result r = { 0 };
	struct error why = { 0 };

	from_note(n, out);
	if (docker_on(s, n, "inspect", ASK_MS, &r, &why) < 0) {
		if (why.kind != ERROR_NOT_FOUND)
			return error_set(err, why.kind, "%s", why.text);
		out->link_running = false;
		return 0;
	}
	if (r.exit_code != 0) { /* the sandbox is there, the container was never made or removed */
		out->phase = POD_ABSENT;
		return 0;
	}
	return sandy_inspect_parse(buf_str(&r.out), r.out.len, out, err);
}

static void
keep_alive(struct sandy_engine *s, struct note *n)
{
	const int64_t now_ms = clock_wall_ms();

	if (now_ms - n->refreshed_ms < REFRESH_MS && now_ms >= n->refreshed_ms)
		return;
	if (sandy_refresh(&s->api, n->sandbox, NULL) < 0)
		return; /* three more times before it is late */
	n->refreshed_ms = now_ms;
	note_write(s, n, NULL);
}

static int
sandy_pod_state(struct engine *e, const char *instance, struct pod_state *out, struct error *err)
{
	struct pod_state state = { .phase = POD_ABSENT };
	struct error why = { 0 };
	struct note n;

	if (note_read(of(e), instance, &n, &why) < 0) {
		if (why.kind != ERROR_NOT_FOUND)
			return error_set(err, why.kind, "%s", why.text);
		snprintf(state.instance, sizeof(state.instance), "%s", instance);
	} else if (look(of(e), &n, &state, err) < 0) {
		return -1;
	}
	*out = state;
	return 0;
}

/* While the service does not answer, what was last known stands: its pods' health says the rest. */
static int
sandy_pod_list(struct engine *e, struct pod_state **out, size_t *n, struct error *err)
{
	struct sandy_engine *s = of(e);
	struct pod_state *pods = NULL;
	size_t len = 0;
	bool silent = false;
	DIR *dir = opendir(s->dir);
	const struct dirent *d;

	if (dir == NULL && errno != ENOENT)
		return error_errno(err, "%s", s->dir);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		struct note note;
		char instance[40];

		if (!str_ends(d->d_name, ".json") || strlen(d->d_name) - 5 >= sizeof(instance))
			continue;
		snprintf(instance, sizeof(instance), "%.*s", (int)strlen(d->d_name) - 5, d->d_name);
		if (note_read(s, instance, &note, NULL) < 0)
			continue;
		pods = mem_realloc(pods, (len + 1) * sizeof(*pods));
		if (silent || look(s, &note, &pods[len], NULL) < 0) {
			from_note(&note, &pods[len]);
			pods[len].is_guess = true;
			silent = true;
		} else if (pods[len].link_running) {
			keep_alive(s, &note);
		}
		len++;
	}
	if (dir != NULL)
		closedir(dir);
	*out = pods;
	*n = len;
	return 0;
}

static int
sandy_pod_pause(struct engine *e, const char *instance, bool pause, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result r = { 0 };
	char words[ENGINE_TEXT_MAX];
	struct note n;

	if (note_read(of(e), instance, &n, err) < 0 ||
	    docker_on(of(e), &n, pause ? "pause" : "unpause", ASK_MS, &r, err) < 0)
		return -1;
	if (r.exit_code != 0)
		return error_set(err, ERROR_CONFLICT, "in a sandbox: %s",
		    docker_message(buf_str(&r.err), r.err.len, words));
	return 0;
}

static int
log_once(struct sandy_engine *s, const struct note *n, const char *what, int64_t *newest_ms,
    log_line_fn *fn, void *arg, struct error *err)
{
	_cleanup_sandy_result_ struct sandy_result r = { 0 };
	const int64_t after_ms = *newest_ms;

	if (docker_on(s, n, what, RUN_MS, &r, err) < 0)
		return -1;
	return sandy_log_lines(&r.out, false, after_ms, newest_ms, fn, arg) < 0 ||
		sandy_log_lines(&r.err, true, after_ms, newest_ms, fn, arg) < 0
	    ? 1
	    : 0;
}

/* The API has no stream of a command: what follows is asked for again and again. */
static int
sandy_logs(struct engine *e, const char *instance, int tail, bool follow, log_line_fn *fn,
    void *arg, const atomic_bool *cancel, struct error *err)
{
	_cleanup_free_ char *what = tail > 0 ? str_printf("logs --timestamps --tail %d", tail)
					     : str_dup("logs --timestamps");
	struct pod_state state = { 0 };
	int64_t newest_ms = 0;
	struct note n;
	int rc;

	if (note_read(of(e), instance, &n, err) < 0)
		return -1;
	while ((rc = log_once(of(e), &n, what, &newest_ms, fn, arg, err)) == 0 && follow) {
		if ((cancel != NULL && atomic_load(cancel)) || look(of(e), &n, &state, err) < 0 ||
		    state.phase != POD_RUNNING || !state.link_running)
			break;
		sleep(FOLLOW_S);
	}
	return rc < 0 ? -1 : 0;
}

static int
sandy_pod_use(struct engine *e, const char *instance, struct pod_use *out, struct error *err)
{
	struct note n;

	if (note_read(of(e), instance, &n, err) < 0)
		return -1;
	return sandy_stats(&of(e)->api, n.sandbox, out, err);
}

static int
sandy_info(struct engine *e, struct engine_info *out, struct error *err)
{
	/* Its workers are behind a bridge, and nobody there counts or answers for us; unless it says so. */
	static const char *const walls[] = { "network isolation", "counting of attempts to get out",
		"models of the platform", "seccomp profile" };
	struct engine_info info = { 0 };
	struct sandy_about about;
	size_t at = 0;

	if (sandy_health(&of(e)->api, &about, err) < 0)
		return -1;
	memcpy(info.name, about.name, sizeof(info.name));
	memcpy(info.version, about.version, sizeof(info.version));
	for (size_t i = 0; i < ARRAY_LEN(walls); i++)
		if (strstr(about.enforced, walls[i]) == NULL)
			at += (size_t)snprintf(info.missing + at, sizeof(info.missing) - at, "%s%s",
			    at > 0 ? ", " : "", walls[i]);
	*out = info;
	return 0;
}

static void
sandy_free(struct engine *e)
{
	struct sandy_engine *s = e != NULL ? of(e) : NULL;

	if (s == NULL)
		return;
	free(s->base_url);
	if (s->key != NULL)
		explicit_bzero(s->key, strlen(s->key));
	free(s->key);
	free(s->upstream);
	free(s->dir);
	free(s);
}

static const struct engine_driver driver = {
	.name = "sandy",
	.info = sandy_info,
	.holds = sandy_holds,
	.pod_start = sandy_pod_start,
	.pod_stop = sandy_pod_stop,
	.pod_state = sandy_pod_state,
	.pod_list = sandy_pod_list,
	.pod_pause = sandy_pod_pause,
	.logs = sandy_logs,
	.pod_use = sandy_pod_use,
	.free = sandy_free,
};

struct engine *
sandy_engine_new(const struct sandy_engine_config *c)
{
	struct sandy_engine *s = mem_zalloc(sizeof(*s));

	s->engine.driver = &driver;
	s->base_url = str_dup(c->base_url);
	s->key = str_dup(c->key);
	s->upstream = str_dup(c->upstream);
	s->dir = str_dup(c->dir);
	s->api = (struct sandy){ .base_url = s->base_url, .key = s->key };
	return &s->engine;
}
