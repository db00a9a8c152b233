/*
 * exec.c - run a command, answer with what it wrote and how it ended.
 */
#include "controlplane/sandbox/exec.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/base64.h"
#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/op.h"
#include "controlplane/sandbox/paths.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ENV_MAX 256

struct exec {
	struct op op;
	struct buf text[2]; /* standard output, standard error */
	bool base64;
	int64_t begun_ms;
};

/* ---- env ---- */

static bool
name_valid(const char *name)
{
	if (*name == '\0' || (*name >= '0' && *name <= '9'))
		return false;
	for (; *name != '\0'; name++)
		if (!(*name == '_' || (*name >= 'a' && *name <= 'z') ||
			(*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9')))
			return false;
	return true;
}

void
env_free(char **env, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(env[i]);
	free(env);
}

int
env_take(const cJSON *object, char ***out, size_t *n, struct error *err)
{
	const cJSON *item;
	char **env;
	size_t len = 0;

	if (object == NULL || cJSON_IsNull(object)) {
		*out = NULL;
		*n = 0;
		return 0;
	}
	if (!cJSON_IsObject(object))
		return error_set(err, ERROR_INVALID, "env is an object of strings");
	if (cJSON_GetArraySize(object) > ENV_MAX)
		return error_set(err, ERROR_INVALID, "env has more than %d variables", ENV_MAX);
	json_for_each(item, object) {
		if (!name_valid(item->string))
			return error_set(err, ERROR_INVALID,
			    "env: '%.40s' is not the name of a variable", item->string);
		if (!cJSON_IsString(item))
			return error_set(
			    err, ERROR_INVALID, "env: %.40s is not a string", item->string);
		if (strlen(item->valuestring) + strlen(item->string) >= ARGUMENT_MAX_BYTES)
			return error_set(
			    err, ERROR_INVALID, "env: %.40s is too long", item->string);
	}
	env = mem_zalloc((size_t)(cJSON_GetArraySize(object) + 1) * sizeof(*env));
	json_for_each(item, object)
		env[len++] = str_printf("%s=%s", item->string, item->valuestring);
	*out = env;
	*n = len;
	return 0;
}

/* ---- the request to the agent ---- */

int
exec_write(struct buf *out, const struct sandbox *s, const struct exec_request *r,
    uint64_t output_max, struct error *err)
{
	_cleanup_buf_ struct buf payload = { 0 };
	size_t argc = 0;

	while (r->argv[argc] != NULL)
		if (strlen(r->argv[argc++]) > ARGUMENT_MAX_BYTES)
			return error_set(err, ERROR_TOO_BIG,
			    "a command's argument is longer than %d bytes: write it to a file",
			    ARGUMENT_MAX_BYTES);
	inside_add_text(&payload, r->cwd);
	inside_add_number(&payload, (uint64_t)r->timeout_ms);
	inside_add_number(&payload, output_max);
	inside_add_text(&payload, r->input != NULL ? "stdin" : "");
	inside_add_number(&payload, argc);
	for (size_t i = 0; i < argc; i++)
		inside_add_text(&payload, r->argv[i]);
	for (size_t i = 0; i < s->wish.nenv; i++)
		inside_add_text(&payload, s->wish.env[i]);
	for (size_t i = 0; i < r->nenv; i++)
		inside_add_text(&payload, r->env[i]);
	if (payload.len > INSIDE_REQUEST_MAX_BYTES)
		return error_set(err, ERROR_TOO_BIG,
		    "command and environment are longer than %d bytes", INSIDE_REQUEST_MAX_BYTES);
	inside_add_frame(out, INSIDE_EXEC, payload.data, payload.len);
	if (r->input != NULL) {
		if (r->input_len > 0)
			inside_add_frame(out, INSIDE_DATA, r->input, r->input_len);
		inside_add_frame(out, INSIDE_DONE, "", 0);
	}
	return 0;
}

/* ---- the answer ---- */

static void
add_output(struct buf *out, const char *key, const struct buf *text, bool base64)
{
	buf_printf(out, "\"%s\":", key);
	if (!base64) {
		json_add_quoted(out, buf_str(text), text->len);
		return;
	}
	buf_add_char(out, '"');
	base64_add(out, buf_str(text), text->len);
	buf_add_char(out, '"');
}

int
exec_exit_code(const struct inside_end *end)
{
	return end->timed_out  ? EXIT_TIMED_OUT
	    : end->signal != 0 ? 128 + end->signal
			       : end->exit_code;
}

void
exec_answer_add(struct buf *out, const struct exec_answer *a)
{
	buf_add_char(out, '{');
	add_output(out, "stdout", &a->text[0], a->base64);
	buf_add_char(out, ',');
	add_output(out, "stderr", &a->text[1], a->base64);
	buf_printf(out,
	    ",\"exitCode\":%d,\"encoding\":\"%s\",\"timedOut\":%s,\"signal\":%d,"
	    "\"stdoutBytes\":%llu,\"stderrBytes\":%llu,\"truncated\":%s,\"durationMs\":%lld}",
	    a->exit_code, a->base64 ? "base64" : "utf-8", a->timed_out ? "true" : "false",
	    a->signal, (unsigned long long)a->total[0], (unsigned long long)a->total[1],
	    a->total[0] > a->text[0].len || a->total[1] > a->text[1].len ? "true" : "false",
	    (long long)(clock_now_ms() - a->begun_ms));
}

static void
exec_ended(struct op *o, const struct inside_end *end)
{
	struct exec *x = (struct exec *)o;
	_cleanup_buf_ struct buf body = { 0 };
	const struct exec_answer answer = {
		.text = x->text,
		.total = { end->total[0], end->total[1] },
		.base64 = x->base64,
		.timed_out = end->timed_out,
		.exit_code = exec_exit_code(end),
		.signal = end->signal,
		.begun_ms = x->begun_ms,
	};

	if (end->error != 0) {
		op_refuse_errno(o, end->error, "run a command in", "its working directory");
		return;
	}
	exec_answer_add(&body, &answer);
	op_reply(o, body.data, body.len);
}

static int
exec_frame(struct op *o, const struct inside_frame *f, struct error *err)
{
	struct exec *x = (struct exec *)o;
	const int64_t most = o->sandbox->service->config->output_bytes;

	if (f->type != INSIDE_STDOUT && f->type != INSIDE_STDERR)
		return error_set(
		    err, ERROR_UPSTREAM, "the sandbox's agent answered a command with a file");
	struct buf *text = &x->text[f->type == INSIDE_STDERR];
	if (text->len + f->len > (size_t)most)
		return error_set(
		    err, ERROR_TOO_BIG, "the sandbox's agent sent more than it was asked for");
	buf_add(text, f->payload, f->len);
	return 0;
}

static void
exec_free(struct op *o)
{
	struct exec *x = (struct exec *)o;

	buf_done(&x->text[0]);
	buf_done(&x->text[1]);
	free(x);
}

static const struct op_kind exec_kind = {
	.frame = exec_frame,
	.ended = exec_ended,
	.free = exec_free,
};

/* ---- the question ---- */

struct question { /* taken from a body */
	struct exec_request exec;
	char cwd[PATH_TEXT_MAX];
	const char *shell[4];
	const char **words; /* owned */
	bool base64;
	const char *param; /* which key is wrong */
};

static int
take_words(const cJSON *argv, struct question *q, struct error *err)
{
	const cJSON *item;
	size_t n = 0;

	if (!cJSON_IsArray(argv) || cJSON_GetArraySize(argv) < 1 || cJSON_GetArraySize(argv) > 1000)
		return error_set(err, ERROR_INVALID, "argv is a list of 1 to 1000 strings");
	q->words = mem_zalloc((size_t)(cJSON_GetArraySize(argv) + 1) * sizeof(*q->words));
	json_for_each(item, argv) {
		if (!cJSON_IsString(item))
			return error_set(err, ERROR_INVALID, "argv is a list of 1 to 1000 strings");
		q->words[n++] = item->valuestring;
	}
	q->exec.argv = q->words;
	return 0;
}

static int
take_command(const cJSON *json, struct question *q, struct error *err)
{
	const char *command = json_str(json, "command");

	q->param = "command";
	if (json_get(json, "argv") != NULL) {
		if (json_get(json, "command") != NULL)
			return error_set(err, ERROR_INVALID, "give command or argv, not both");
		q->param = "argv";
		return take_words(json_get(json, "argv"), q, err);
	}
	if (command == NULL || command[0] == '\0')
		return error_set(err, ERROR_INVALID, "command is a shell line");
	q->shell[0] = "sh";
	q->shell[1] = "-c";
	q->shell[2] = command;
	q->exec.argv = q->shell;
	return 0;
}

static int
take_rest(const cJSON *json, const struct sandbox_config *c, struct question *q, struct error *err)
{
	const char *cwd = json_str(json, "cwd"), *encoding = json_str(json, "encoding");
	const cJSON *timeout = json_get(json, "timeoutMs");

	q->param = "cwd";
	if (path_plain(cwd != NULL ? cwd : INSIDE_ROOT, q->cwd, err) < 0)
		return -1;
	q->exec.cwd = q->cwd;
	q->param = "timeoutMs";
	q->exec.timeout_ms = json_int(json, "timeoutMs", timeout == NULL ? c->exec_ms : -1);
	if (q->exec.timeout_ms < 1)
		return error_set(err, ERROR_INVALID, "timeoutMs is a number of milliseconds");
	if (q->exec.timeout_ms > c->exec_max_ms)
		q->exec.timeout_ms = c->exec_max_ms;
	q->param = "encoding";
	if (encoding != NULL && strcmp(encoding, "base64") != 0 && strcmp(encoding, "utf-8") != 0)
		return error_set(err, ERROR_INVALID, "encoding is utf-8 or base64");
	q->base64 = str_eq(encoding, "base64");
	q->exec.input = json_str(json, "stdin");
	q->exec.input_len = q->exec.input != NULL ? strlen(q->exec.input) : 0;
	q->param = "env";
	return env_take(json_get(json, "env"), &q->exec.env, &q->exec.nenv, err);
}

static void
question_done(struct question *q)
{
	env_free(q->exec.env, q->exec.nenv);
	free(q->words);
}

void
exec_run(struct sandbox *s, struct http_request *req)
{
	const struct sandbox_config *c = s->service->config;
	_cleanup_(question_done) struct question q = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_buf_ struct buf request = { 0 };
	struct error err = { 0 };
	struct exec *x;

	if (json_parse(buf_str(&req->body), req->body.len, &json, &err) < 0) {
		refuse(req, CODE_INVALID_JSON, err.text);
		return;
	}
	if (take_command(json, &q, &err) < 0 || take_rest(json, c, &q, &err) < 0) {
		refuse_param(req, CODE_INVALID_VALUE, err.text, q.param);
		return;
	}
	if (s->host != NULL) {
		host_exec(s, req, json_str(json, "command"), q.exec.timeout_ms, q.base64);
		return;
	}
	if (exec_write(&request, s, &q.exec, (uint64_t)c->output_bytes, &err) < 0) {
		refuse_param(req, CODE_PAYLOAD_TOO_LARGE, err.text, q.param);
		return;
	}
	x = mem_zalloc(sizeof(*x));
	x->base64 = q.base64;
	x->begun_ms = clock_now_ms();
	if (op_begin(&x->op, &exec_kind, s, req))
		op_ask(&x->op, &request, q.exec.timeout_ms + EXEC_GRACE_MS,
		    2 * (uint64_t)c->output_bytes);
}
