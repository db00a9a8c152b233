/*
 * host_line.c - words, a table of verbs, a table of options.
 */
#include "controlplane/sandbox/host_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"

#define WORDS_MAX 1024
#define GRACE_MAX_SECONDS 600
#define TAIL_MAX 1000000
#define GRACE_DEFAULT_MS 10000

/* ---- words ---- */

struct words {
	char **at; /* owned */
	size_t n;
};

static void
words_done(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->at[i]);
	free(w->at);
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("_@%+=:,./-", c) != NULL);
}

/* One word: plain characters, what stands in single quotes, and quoted single quotes. */
static char *
take_word(const char **at, struct error *err)
{
	_cleanup_buf_ struct buf word = { 0 };
	const char *p = *at;

	while (*p != '\0' && *p != ' ') {
		if (is_plain(*p)) {
			buf_add_char(&word, *p++);
		} else if (p[0] == '\\' && p[1] == '\'') {
			buf_add_char(&word, '\'');
			p += 2;
		} else if (*p == '\'') {
			const size_t len = strcspn(p + 1, "'");

			if (p[1 + len] == '\0') {
				error_set(err, ERROR_INVALID, "a quote that does not end");
				return NULL;
			}
			buf_add(&word, p + 1, len);
			p += len + 2;
		} else {
			error_set(err, ERROR_INVALID,
			    "only plain words and words in single quotes are understood");
			return NULL;
		}
	}
	*at = p;
	buf_add_char(&word, '\0');
	return buf_take(&word);
}

static int
split(const char *line, struct words *out, struct error *err)
{
	out->at = mem_zalloc(WORDS_MAX * sizeof(*out->at));
	for (;;) {
		line += strspn(line, " ");
		if (*line == '\0')
			return 0;
		if (out->n == WORDS_MAX)
			return error_set(err, ERROR_INVALID, "more than %d words", WORDS_MAX);
		if ((out->at[out->n] = take_word(&line, err)) == NULL)
			return -1;
		out->n++;
	}
}

/* ---- what both pull and run name ---- */

static bool
is_image_id(const char *text)
{
	return str_starts(text, "sha256:") && strlen(text) == 7 + 64 &&
	    strspn(text + 7, "0123456789abcdef") == 64;
}

static int
take_image(const char *text, struct host_command *c, struct error *err)
{
	struct image_ref ref;

	if (strlen(text) >= sizeof(c->image))
		return error_set(err, ERROR_INVALID, "the image's name is too long");
	str_copy(c->image, sizeof(c->image), text);
	if (is_image_id(text)) /* the id of one that is here */
		return 0;
	if (image_ref_parse(text, &ref, err) < 0)
		return -1;
	if (ref.digest[0] == '\0')
		return error_set(err, ERROR_INVALID, "an image is named by its digest here");
	return 0;
}

static int
take_name(const char *text, struct host_command *c, struct error *err)
{
	const size_t len = strlen(text);

	if (len == 0 || len >= sizeof(c->name) ||
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != len)
		return error_set(err, ERROR_INVALID, "'%.40s' is no name of a container", text);
	str_copy(c->name, sizeof(c->name), text);
	return 0;
}

/* ---- the options of run ---- */

struct run { /* beside the command, while its options are read */
	struct pod_spec *pod;
	struct host_command *command;
	int64_t memory_swap_bytes;
	bool detached;
	char *entrypoint; /* borrowed */
};
typedef int option_fn(char *value, struct run *, struct error *);

static int
number(const char *text, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	return str_parse_int(text, min, max, out, err);
}

static int
opt_name(char *value, struct run *r, struct error *err)
{
	return take_name(value, r->command, err);
}

static int
opt_publish(char *value, struct run *r, struct error *err)
{
	char *colon = strchr(value, ':');
	int64_t outside, inside;

	if (colon == NULL)
		return error_set(err, ERROR_INVALID, "publish: %d:PORT", HOST_PORT);
	*colon = '\0';
	if (number(value, HOST_PORT, HOST_PORT, &outside, err) < 0 ||
	    number(colon + 1, 1, 65535, &inside, err) < 0)
		return -1;
	r->pod->port = (int)inside;
	return 0;
}

/* Who it may not be.  Who it is, is ours to say: no two containers here share a number. */
static int
opt_user(char *value, struct run *r, struct error *err)
{
	char *colon = strchr(value, ':');
	int64_t id;

	(void)r;
	if (colon != NULL)
		*colon = '\0';
	if (number(value, 1, INT32_MAX, &id, err) < 0)
		return -1;
	return colon != NULL ? number(colon + 1, 1, INT32_MAX, &id, err) : 0;
}

static int
opt_memory(char *value, struct run *r, struct error *err)
{
	return number(value, 1, INT64_C(1) << 50, &r->pod->memory_bytes, err);
}

static int
opt_memory_swap(char *value, struct run *r, struct error *err)
{
	return number(value, 1, INT64_C(1) << 50, &r->memory_swap_bytes, err);
}

static int
opt_shm(char *value, struct run *r, struct error *err)
{
	return number(value, 1, INT64_C(1) << 50, &r->pod->shm_bytes, err);
}

/* "1.50" */
static int
opt_cpus(char *value, struct run *r, struct error *err)
{
	char *point = strchr(value, '.');
	int64_t whole, hundredths = 0;

	if (point != NULL) {
		*point = '\0';
		if (strlen(point + 1) != 2 || number(point + 1, 0, 99, &hundredths, err) < 0)
			return error_set(err, ERROR_INVALID, "cpus is a number like 1.50");
	}
	if (number(value, 0, 1024, &whole, err) < 0)
		return -1;
	r->pod->nano_cpus = whole * 1000000000 + hundredths * 10000000;
	return 0;
}

static int
opt_pids(char *value, struct run *r, struct error *err)
{
	int64_t pids;

	if (number(value, 1, 1 << 22, &pids, err) < 0)
		return -1;
	r->pod->pids = (int)pids;
	return 0;
}

static int
opt_ulimit(char *value, struct run *r, struct error *err)
{
	char *colon = strchr(value, ':');
	int64_t soft, hard;

	if (strcmp(value, "core=0:0") == 0)
		return 0;
	if (!str_starts(value, "nofile=") || colon == NULL)
		return error_set(err, ERROR_INVALID, "ulimit is nofile=N:N or core=0:0");
	*colon = '\0';
	if (number(value + strlen("nofile="), 1, 1 << 20, &soft, err) < 0 ||
	    number(colon + 1, soft, soft, &hard, err) < 0)
		return -1;
	r->pod->nofile = (int)soft;
	return 0;
}

static int
opt_log(char *value, struct run *r, struct error *err)
{
	size_t len = strlen(value);
	int64_t kib;

	if (strcmp(value, "max-file=2") == 0)
		return 0;
	if (!str_starts(value, "max-size=") || value[len - 1] != 'k')
		return error_set(err, ERROR_INVALID, "log-opt is max-size=Nk or max-file=2");
	value[len - 1] = '\0';
	if (number(value + strlen("max-size="), 1, INT64_C(1) << 30, &kib, err) < 0)
		return -1;
	r->pod->log_bytes = kib * 2048;
	return 0;
}

static void
add(char ***list, size_t *n, const char *text)
{
	*list = mem_realloc(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = str_dup(text);
}

/* "PATH:rw,exec,nosuid,nodev,size=N,mode=1777", all of one size. */
static int
opt_tmpfs(char *value, struct run *r, struct error *err)
{
	static const char options[] = ":rw,exec,nosuid,nodev,size=", mode[] = ",mode=1777";
	char *at = strstr(value, options);
	int64_t size;

	if (value[0] != '/' || at == NULL || !str_ends(at, mode))
		return error_set(err, ERROR_INVALID, "tmpfs is PATH%sN%s", options, mode);
	*at = '\0';
	at += strlen(options);
	at[strlen(at) - strlen(mode)] = '\0';
	if (number(at, 1, INT64_C(1) << 50, &size, err) < 0)
		return -1;
	if (r->pod->tmpfs_bytes != 0 && r->pod->tmpfs_bytes != size)
		return error_set(err, ERROR_INVALID, "each tmpfs has the same size");
	r->pod->tmpfs_bytes = size;
	add(&r->pod->volumes, &r->pod->nvolumes, value);
	return 0;
}

static int
opt_env(char *value, struct run *r, struct error *err)
{
	if (strchr(value, '=') == NULL || value[0] == '=')
		return error_set(err, ERROR_INVALID, "env is NAME=VALUE");
	add(&r->pod->env, &r->pod->nenv, value);
	return 0;
}

static int
opt_entrypoint(char *value, struct run *r, struct error *err)
{
	(void)err;
	r->entrypoint = value;
	return 0;
}

static int
opt_detach(char *value, struct run *r, struct error *err)
{
	(void)value;
	(void)err;
	r->detached = true;
	return 0;
}

/* With a function, it is read; with a value, that and no other may be asked for; with neither, it
 * stands alone.  What is asked for that way is so in every pod. */
static const struct option {
	const char *name, *value;
	option_fn *read;
	bool alone;
} options[] = {
	{ "-d", NULL, opt_detach, true },
	{ "--read-only", NULL, NULL, true },
	{ "--init", NULL, NULL, true },
	{ "--no-healthcheck", NULL, NULL, true },
	{ "--cap-drop", "ALL", NULL, false },
	{ "--security-opt", "no-new-privileges:true", NULL, false },
	{ "--ipc", "private", NULL, false },
	{ "--restart", "no", NULL, false },
	{ "--log-driver", "local", NULL, false },
	{ "--name", NULL, opt_name, false },
	{ "--publish", NULL, opt_publish, false },
	{ "--user", NULL, opt_user, false },
	{ "--memory", NULL, opt_memory, false },
	{ "--memory-swap", NULL, opt_memory_swap, false },
	{ "--cpus", NULL, opt_cpus, false },
	{ "--pids-limit", NULL, opt_pids, false },
	{ "--shm-size", NULL, opt_shm, false },
	{ "--ulimit", NULL, opt_ulimit, false },
	{ "--log-opt", NULL, opt_log, false },
	{ "--tmpfs", NULL, opt_tmpfs, false },
	{ "--env", NULL, opt_env, false },
	{ "--entrypoint", NULL, opt_entrypoint, false },
};

/* The option at *at and its value, and past them. */
static int
take_option(const struct words *w, size_t *at, struct run *r, struct error *err)
{
	const char *name = w->at[*at];
	const struct option *o = NULL;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (strcmp(options[i].name, name) == 0)
			o = &options[i];
	if (o == NULL)
		return error_set(err, ERROR_INVALID, "run: no %.40s here", name);
	++*at;
	if (!o->alone && *at == w->n)
		return error_set(err, ERROR_INVALID, "run: %s needs a value", name);
	char *value = o->alone ? NULL : w->at[(*at)++];
	if (o->value != NULL && strcmp(value, o->value) != 0)
		return error_set(err, ERROR_INVALID, "run: %s is %s here", name, o->value);
	if (o->read != NULL && o->read(value, r, err) < 0)
		return error_add(err, "run: %s", name);
	return 0;
}

static int
check_run(const struct run *r, struct error *err)
{
	const struct pod_spec *p = r->pod;
	const struct {
		const char *name;
		bool given;
	} needed[] = {
		{ "-d", r->detached },
		{ "--name", r->command->name[0] != '\0' },
		{ "--publish", p->port != 0 },
		{ "--memory", p->memory_bytes != 0 },
		{ "--memory-swap as much as --memory", r->memory_swap_bytes == p->memory_bytes },
		{ "--cpus", p->nano_cpus != 0 },
		{ "--pids-limit", p->pids != 0 },
		{ "--shm-size", p->shm_bytes != 0 },
		{ "--ulimit nofile", p->nofile != 0 },
		{ "--log-opt max-size", p->log_bytes != 0 },
		{ "--tmpfs", p->tmpfs_bytes != 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!needed[i].given)
			return error_set(err, ERROR_INVALID, "run: %s is needed", needed[i].name);
	return 0;
}

static int
take_run(const struct words *w, size_t at, struct host_command *c, struct error *err)
{
	struct run r = { .pod = &c->pod, .command = c };

	while (at < w->n && w->at[at][0] == '-')
		if (take_option(w, &at, &r, err) < 0)
			return -1;
	if (at == w->n)
		return error_set(err, ERROR_INVALID, "run: no image is named");
	if (take_image(w->at[at++], c, err) < 0 || check_run(&r, err) < 0)
		return -1;
	if (at < w->n && r.entrypoint == NULL)
		return error_set(err, ERROR_INVALID, "run: arguments need --entrypoint");
	if (r.entrypoint != NULL)
		add(&c->pod.command, &c->pod.ncommand, r.entrypoint);
	for (; at < w->n; at++)
		add(&c->pod.command, &c->pod.ncommand, w->at[at]);
	return 0;
}

/* ---- the others ---- */

/* An option with a number before the name. */
static int
take_number(const struct words *w, size_t *at, const char *option, int64_t max, int64_t *out,
    struct error *err)
{
	if (*at + 1 >= w->n || strcmp(w->at[*at], option) != 0)
		return 0;
	*at += 2;
	return number(w->at[*at - 1], 0, max, out, err);
}

static bool
take_flag(const struct words *w, size_t *at, const char *flag)
{
	if (*at >= w->n || strcmp(w->at[*at], flag) != 0)
		return false;
	++*at;
	return true;
}

static int
take_rest(const struct words *w, size_t at, struct host_command *c, struct error *err)
{
	int64_t tail = 0, seconds = GRACE_DEFAULT_MS / 1000;

	if (c->verb == HOST_PULL)
		take_flag(w, &at, "-q");
	if (c->verb == HOST_LOGS && !take_flag(w, &at, "--timestamps"))
		return error_set(err, ERROR_INVALID, "logs: --timestamps is needed");
	if (c->verb == HOST_LOGS && take_number(w, &at, "--tail", TAIL_MAX, &tail, err) < 0)
		return -1;
	if (c->verb == HOST_STOP && take_number(w, &at, "-t", GRACE_MAX_SECONDS, &seconds, err) < 0)
		return -1;
	c->tail = (int)tail;
	c->grace_ms = seconds * 1000;
	if (at + 1 != w->n)
		return error_set(err, ERROR_INVALID, "one name is needed, and nothing else");
	return c->verb == HOST_PULL ? take_image(w->at[at], c, err) : take_name(w->at[at], c, err);
}

/* ---- a line ---- */

int
host_command_parse(const char *line, struct host_command *out, struct error *err)
{
	static const char *const verbs[] = {
#define X(name, word) [HOST_##name] = (word),
		HOST_VERBS(X)
#undef X
	};
	_cleanup_(words_done) struct words w = { 0 };
	_cleanup_host_command_ struct host_command c = { 0 };
	size_t verb = 0;

	if (split(line, &w, err) < 0)
		return -1;
	while (w.n >= 2 && verb < ARRAY_LEN(verbs) && strcmp(w.at[1], verbs[verb]) != 0)
		verb++;
	if (w.n < 2 || strcmp(w.at[0], "docker") != 0 || verb == ARRAY_LEN(verbs))
		return error_set(err, ERROR_INVALID,
		    "only docker pull, run, inspect, logs, stop, pause and unpause are here");
	c.verb = (enum host_verb)verb;
	if (c.verb == HOST_RUN ? take_run(&w, 2, &c, err) < 0 : take_rest(&w, 2, &c, err) < 0)
		return -1;
	*out = c;
	c = (struct host_command){ 0 };
	return 0;
}

void
host_command_done(struct host_command *c)
{
	/* A run token is among them. */
	for (size_t i = 0; i < c->pod.nenv; i++)
		explicit_bzero(c->pod.env[i], strlen(c->pod.env[i]));
	pod_spec_done(&c->pod);
}
