/*
 * host.c - a line's work, on a worker, and its answer.
 */
#include "controlplane/sandbox/host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/exec.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/engine/spec.h"

#define LABEL_NAME "hosted" /* what its containers are called */
#define STALL_MS 120000 /* of a pull without a byte */
#define EXIT_DAEMON 125 /* as docker-run(1) */
#define EXIT_NOT_FOUND 127

/* What a worker does; outlives the request and, but for a start, the sandbox. */
struct host_job {
	struct service *service;
	struct host_op *asker; /* NULL: nobody waits for it any more */
	struct sandbox *starting; /* of run: kept until it is done; else NULL */
	struct host_command command;
	char id[ID_MAX];
	size_t output_max;
	atomic_bool cancel;
	struct buf text[2]; /* standard output, standard error */
	int exit_code;
};
struct host_op {
	struct op op; /* first */
	struct host_job *job;
	struct timer late;
	int64_t begun_ms;
	bool base64;
};

struct host *
host_new(void)
{
	struct host *h = mem_zalloc(sizeof(*h));

	id_random_base62(h->at, HOST_TOKEN_LEN);
	return h;
}

/* ---- on a worker ---- */

static void
say(struct host_job *j, int exit_code, const char *words, const char *more)
{
	buf_printf(&j->text[1], "%s%s\n", words, more);
	j->exit_code = exit_code;
}

/* A registry's refusal, in the words that an engine would have for it. */
static void
say_not_pulled(struct host_job *j, const struct error *err)
{
	static const struct {
		enum error_kind kind;
		const char *words;
	} table[] = {
		{ ERROR_NOT_FOUND, "manifest unknown: " },
		{ ERROR_DENIED, "denied: " },
		{ ERROR_BUSY, "toomanyrequests: " },
		{ ERROR_IO, "no space left on device: " },
		{ ERROR_UNAVAILABLE, "i/o timeout: " },
		{ ERROR_TIMEOUT, "i/o timeout: " },
	};
	const char *words = "";

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].kind == err->kind)
			words = table[i].words;
	_cleanup_free_ char *text = str_printf("Error response from daemon: %s", words);
	say(j, 1, text, err->text);
}

/* By its repository's digest; or it was made here, and its digest is its id. */
static int
find_image(struct engine *e, const char *ref, struct image_info *out, struct error *err)
{
	const char *digest = strchr(ref, '@');

	if (e->driver->image(e, ref, out, err) == 0)
		return 0;
	if (err->kind != ERROR_NOT_FOUND || digest == NULL)
		return -1;
	return e->driver->image(e, digest + 1, out, err);
}

static void
pull(struct host_job *j, struct engine *e)
{
	const struct pull_limits limits = {
		.stall_ms = STALL_MS, .max_bytes = policy_defaults.image_bytes, .free_percent = 10
	};
	const char *ref = j->command.image, *digest = strchr(ref, '@');
	struct image_info info = { 0 };
	struct error err = { 0 };

	if (find_image(e, ref, &info, &err) == 0)
		image_info_done(&info);
	else if (err.kind != ERROR_NOT_FOUND || digest == NULL ||
	    e->driver->pull(e, ref, digest + 1, &limits, NULL, NULL, &j->cancel, &err) < 0) {
		say_not_pulled(j, &err);
		return;
	}
	buf_printf(&j->text[0], "%s\n", ref);
}

static bool
is_covered(const struct pod_spec *p, const char *path)
{
	for (size_t i = 0; i < p->nvolumes; i++)
		if (strcmp(p->volumes[i], path) == 0)
			return true;
	return false;
}

/* Over every volume of the image there is memory of a fixed size, whatever the line says. */
static void
cover_volumes(struct pod_spec *p, const struct image_info *image)
{
	p->volumes =
	    mem_realloc(p->volumes, (p->nvolumes + image->nvolumes + 1) * sizeof(*p->volumes));
	for (size_t i = 0; i < image->nvolumes; i++)
		if (!is_covered(p, image->volumes[i]))
			p->volumes[p->nvolumes++] = str_dup(image->volumes[i]);
}

static void
run(struct host_job *j, struct engine *e)
{
	struct pod_spec *p = &j->command.pod;
	struct image_info info = { 0 };
	struct error err = { 0 };
	int rc = find_image(e, j->command.image, &info, &err);

	if (rc == 0) {
		str_copy(p->image_id, sizeof(p->image_id), info.id);
		cover_volumes(p, &info);
		rc = image_check(&info, &policy_defaults, info.arch, &err);
		if (rc == 0)
			rc = e->driver->pod_start(e, p, &err);
		image_info_done(&info);
	}
	if (rc == 0)
		buf_printf(&j->text[0], "%s\n", j->command.name);
	else
		say(j, err.kind == ERROR_INVALID ? EXIT_NOT_FOUND : EXIT_DAEMON,
		    "docker: ", err.text);
}

/* The newest of it, whole lines: who follows has read what is older. */
static void
keep_newest(struct buf *text, size_t most)
{
	if (text->len <= most)
		return;
	const char *nl = memchr(text->data + text->len / 2, '\n', text->len - text->len / 2);
	buf_drop(text, nl != NULL ? (size_t)(nl + 1 - text->data) : text->len);
}

static int
on_log_line(const struct log_line *line, void *arg)
{
	struct host_job *j = arg;
	struct buf *text = &j->text[line->is_stderr];
	char at[CLOCK_TEXT_MAX];

	buf_printf(text, "%s ", clock_format(line->at_ms, at));
	buf_add(text, line->text, line->len);
	buf_add_char(text, '\n');
	keep_newest(text, j->output_max);
	return 0;
}

static void
work(void *arg)
{
	struct host_job *j = arg;
	struct engine *e = j->service->engine;
	const struct host_command *c = &j->command;
	struct error err = { 0 };
	int rc = 0;

	switch (c->verb) {
	case HOST_PULL: pull(j, e); return;
	case HOST_RUN: run(j, e); return;
	case HOST_INSPECT: rc = e->driver->pod_inspect(e, j->id, &j->text[0], &err); break;
	case HOST_LOGS:
		rc = e->driver->logs(e, j->id, c->tail, false, on_log_line, j, &j->cancel, &err);
		break;
	case HOST_STOP: rc = e->driver->pod_stop(e, j->id, c->grace_ms, &err); break;
	case HOST_PAUSE:
	case HOST_UNPAUSE: rc = e->driver->pod_pause(e, j->id, c->verb == HOST_PAUSE, &err); break;
	}
	if (rc < 0 && err.kind == ERROR_NOT_FOUND)
		say(j, 1, "Error: No such object: ", c->name);
	else if (rc < 0)
		say(j, 1, "Error response from daemon: ", err.text);
	else if (c->verb != HOST_INSPECT && c->verb != HOST_LOGS)
		buf_printf(&j->text[0], "%s\n", c->name);
}

/* ---- the answer ---- */

static void
job_free(struct host_job *j)
{
	host_command_done(&j->command);
	buf_done(&j->text[0]);
	buf_done(&j->text[1]);
	free(j);
}

static void
answer(struct host_op *x, const struct buf text[2], int exit_code, bool timed_out)
{
	_cleanup_buf_ struct buf body = { 0 };
	const struct exec_answer a = {
		.text = text,
		.total = { text[0].len, text[1].len },
		.base64 = x->base64,
		.timed_out = timed_out,
		.exit_code = exit_code,
		.begun_ms = x->begun_ms,
	};

	exec_answer_add(&body, &a);
	op_reply(&x->op, body.data, body.len);
}

/* It runs, and is its sandbox's from now on; or what is left of it is removed with the sandbox. */
static void
settle_start(struct host_job *j)
{
	struct sandbox *s = j->starting;

	s->facts.busy = false;
	if (j->exit_code != 0 || s->facts.state != SANDBOX_RUNNING)
		return;
	s->host->has_pod = true;
	s->host->since_ms = loop_now_ms(s->service->loop);
	s->host->port = j->command.pod.port;
	s->host->memory_bytes = j->command.pod.memory_bytes;
	s->host->nano_cpus = j->command.pod.nano_cpus;
	sandbox_linked(s);
}

static void
done(void *arg)
{
	struct host_job *j = arg;
	struct sandbox *s = j->starting;

	if (s != NULL)
		settle_start(j);
	if (j->asker != NULL) {
		j->asker->job = NULL;
		answer(j->asker, j->text, j->exit_code, false);
	}
	job_free(j);
	if (s != NULL)
		sandbox_step(s);
}

static void
on_late(struct timer *t, void *arg)
{
	const struct buf nothing[2] = { { 0 } };

	(void)t;
	answer(arg, nothing, EXIT_TIMED_OUT, true);
}

static void
op_free(struct op *o)
{
	struct host_op *x = (struct host_op *)o;

	timer_cancel(&x->late);
	if (x->job != NULL) {
		atomic_store(&x->job->cancel, true);
		x->job->asker = NULL;
	}
	free(x);
}

/* ---- the question ---- */

/* What can be said at once; NULL: it is to be done. */
static const char *
refusal(const struct sandbox *s, const struct host_command *c)
{
	if (c->verb == HOST_PULL)
		return NULL;
	if (c->verb != HOST_RUN)
		return strcmp(c->name, s->host->name) == 0
		    ? NULL
		    : "Error: No such object: it was never begun here";
	if (s->host->name[0] != '\0')
		return "docker: Error response from daemon: Conflict. A sandbox has one container";
	if (c->pod.memory_bytes > s->service->config->hosted_memory_bytes)
		return "docker: --memory is more than JANUS_SANDBOX_HOSTED_MEMORY";
	return NULL;
}

/* The pod is this sandbox's in all that the line does not say. */
static void
claim(struct sandbox *s, struct host_job *j)
{
	struct pod_spec *p = &j->command.pod;

	str_copy(p->instance, sizeof(p->instance), s->id);
	str_copy(p->competitor, sizeof(p->competitor), LABEL_NAME);
	str_copy(p->node, sizeof(p->node), s->service->node);
	p->uid = s->uid;
	str_copy(s->host->name, sizeof(s->host->name), j->command.name);
	j->starting = s;
	s->facts.busy = true;
}

static void
begin(struct sandbox *s, struct host_op *x, struct host_command *c, int64_t timeout_ms)
{
	struct service *v = s->service;
	struct host_job *j = mem_zalloc(sizeof(*j));

	j->service = v;
	j->asker = x;
	j->command = *c;
	*c = (struct host_command){ 0 };
	str_copy(j->id, sizeof(j->id), s->id);
	j->output_max = (size_t)v->config->output_bytes;
	x->job = j;
	timer_set(v->loop, &x->late, timeout_ms, on_late, x);
	if (j->command.verb == HOST_RUN)
		claim(s, j);
	if (j->command.verb == HOST_STOP) {
		s->host->has_pod = false;
		sandbox_unlink(s);
	}
	worker_run(v->host_workers, v->loop, work, done, j);
}

void
host_exec(struct sandbox *s, struct http_request *req, const char *command, int64_t timeout_ms,
    bool base64)
{
	static const struct op_kind kind = { .free = op_free };
	_cleanup_host_command_ struct host_command c = { 0 };
	struct error err = { 0 };
	struct host_op *x = mem_zalloc(sizeof(*x));
	const bool is_line = command != NULL && host_command_parse(command, &c, &err) == 0;
	const char *why = !is_line ? err.text : refusal(s, &c);

	x->begun_ms = clock_now_ms();
	x->base64 = base64;
	if (!op_begin(&x->op, &kind, s, req))
		return;
	if (why != NULL) {
		struct buf text[2] = { { 0 } };

		buf_printf(&text[1], "%s\n", command == NULL ? "only a command is taken" : why);
		answer(x, text, is_line && c.verb != HOST_RUN ? 1 : EXIT_DAEMON, false);
		buf_done(&text[1]);
		return;
	}
	begin(s, x, &c, timeout_ms);
}
