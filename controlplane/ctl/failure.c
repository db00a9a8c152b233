/*
 * failure.c - what went wrong, as an exit code, a sentence and the next step.
 */
#include "controlplane/ctl/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static const struct {
	int status, exit_code;
} by_status[] = {
	{ 401, CTL_DENIED },
	{ 403, CTL_DENIED },
	{ 404, CTL_NOT_FOUND },
	{ 410, CTL_NOT_FOUND },
	{ 429, CTL_LIMITED },
};

static const struct {
	const char *type;
	int exit_code;
} by_type[] = {
	{ "invalid_request_error", CTL_INVALID },
	{ "conflict_error", CTL_INVALID },
	{ "authentication_error", CTL_DENIED },
	{ "permission_error", CTL_DENIED },
	{ "not_found_error", CTL_NOT_FOUND },
	{ "rate_limit_error", CTL_LIMITED },
	{ "insufficient_quota", CTL_LIMITED },
	{ "client_closed", CTL_INTERRUPTED },
};

static const struct {
	const char *code, *next;
} next_steps[] = {
	{ "no_ready_competitor", "see which are there: janusctl list competitors" },
	{ "model_not_found", "see which are there: janusctl list competitors" },
	{ "invalid_api_key", "give a key with --api-key-file FILE" },
	{ "expired_api_key", "give a key with --api-key-file FILE" },
	{ "missing_scope", "use a key with that right, or run janusctl on the daemon's machine" },
	{ "internal", "look at the daemon's log: journalctl -u janusd" },
	{ "draining", "the daemon is stopping: try again in a moment" },
};

/* A name that fits several things is a matter of the command line; the words name them. */
#define AMBIGUOUS " is ambiguous: "

int
ctl_exit_of_status(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(by_status); i++)
		if (by_status[i].status == status)
			return by_status[i].exit_code;
	return status >= 400 && status < 500 ? CTL_INVALID : CTL_UNREACHABLE;
}

int
ctl_exit_of_type(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(by_type); i++)
		if (str_eq(by_type[i].type, type))
			return by_type[i].exit_code;
	return CTL_UNREACHABLE;
}

int
ctl_exit_of_kind(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE: return CTL_OK;
	case ERROR_NOT_FOUND: return CTL_NOT_FOUND;
	case ERROR_CONFLICT: return CTL_INVALID;
	case ERROR_DENIED: return CTL_DENIED;
	case ERROR_BUSY: return CTL_LIMITED;
	case ERROR_TIMEOUT: return CTL_TIMED_OUT;
	case ERROR_UPSTREAM:
	case ERROR_UNAVAILABLE: return CTL_UNREACHABLE;
	case ERROR_CANCELLED: return CTL_INTERRUPTED;
	case ERROR_INVALID:
	case ERROR_IO: return CTL_USAGE; /* a local file or value */
	case ERROR_TOO_BIG:
	case ERROR_INTERNAL: return CTL_FAILED;
	}
	return CTL_FAILED;
}

int
ctl_fail(struct ctl_failure *f, int exit_code, const char *code, const char *fmt, ...)
{
	va_list ap;

	free(f->envelope);
	*f = (struct ctl_failure){ .exit_code = exit_code };
	snprintf(f->code, sizeof(f->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
ctl_fail_error(struct ctl_failure *f, const struct error *err)
{
	return ctl_fail(
	    f, ctl_exit_of_kind(err->kind), error_kind_name(err->kind), "%s", err->text);
}

static void
add_next(struct ctl_failure *f)
{
	for (size_t i = 0; i < ARRAY_LEN(next_steps); i++)
		if (str_eq(next_steps[i].code, f->code))
			snprintf(f->next, sizeof(f->next), "%s", next_steps[i].next);
}

int
ctl_fail_envelope(struct ctl_failure *f, const cJSON *envelope)
{
	const cJSON *error = json_get(envelope, "error");
	const char *text = json_str(error, "message");
	const char *code = json_str(error, "code");
	const char *type = json_str(error, "type");

	ctl_fail(f, ctl_exit_of_type(type), code == NULL ? "unknown" : code, "%s",
	    text == NULL ? "the daemon reported an error without words" : text);
	add_next(f);
	if (f->exit_code == CTL_INVALID && strstr(f->text, AMBIGUOUS) != NULL)
		f->exit_code = CTL_USAGE;
	f->envelope = json_print(envelope);
	return -1;
}

int
ctl_fail_reply(struct ctl_failure *f, int status, const char *body, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;

	if (len > 0 && json_parse(body, len, &json, NULL) == 0 &&
	    cJSON_IsObject(json_get(json, "error"))) {
		ctl_fail_envelope(f, json);
		if (f->exit_code != CTL_USAGE)
			f->exit_code = ctl_exit_of_status(status);
		return -1;
	}
	ctl_fail(f, ctl_exit_of_status(status), "bad_response",
	    "the answer was HTTP %d without an explanation: is this a Janus daemon?", status);
	snprintf(f->next, sizeof(f->next), "check --url, or JANUS_URL");
	return -1;
}

static void
print_envelope(const struct ctl_failure *f)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *error = json_add_obj(json, "error");
	_cleanup_free_ char *text = NULL;

	json_add_str(error, "message", f->text);
	json_add_str(error, "type", "janusctl_error");
	json_add_str(error, "param", NULL);
	json_add_str(error, "code", f->code);
	text = json_print(json);
	fprintf(stderr, "%s\n", text);
}

static void
print_words(const struct ctl_failure *f)
{
	_cleanup_buf_ struct buf safe = { 0 };

	buf_add_str(&safe, "janusctl: ");
	str_add_escaped(&safe, f->text, strlen(f->text));
	if (f->next[0] != '\0') {
		buf_add_str(&safe, "\n  ");
		str_add_escaped(&safe, f->next, strlen(f->next));
	}
	fprintf(stderr, "%s\n", buf_str(&safe));
}

int
ctl_complain(const struct ctl *ctl, struct ctl_failure *f)
{
	if (ctl->format != CTL_JSON && ctl->format != CTL_JSONL)
		print_words(f);
	else if (f->envelope != NULL)
		fprintf(stderr, "%s\n", f->envelope);
	else
		print_envelope(f);
	free(f->envelope);
	f->envelope = NULL;
	return f->exit_code;
}

int
ctl_misuse(const struct ctl *ctl, const char *fmt, ...)
{
	struct ctl_failure f = { .exit_code = CTL_USAGE, .code = "usage" };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	return ctl_complain(ctl, &f);
}
