/*
 * evidence.c - what a submission showed, and what to do next, in words.
 */
#include "controlplane/ctl/evidence.h"

#include <string.h>

#include "controlplane/ctl/filter.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LOG_LINES 20
#define BODY_SHOWN 400

/* What helps, by the reason a submission was rejected for. */
static const struct {
	const char *reason, *advice;
} advices[] = {
	{ "invalid_reference", "write the image as host/path:tag or host/path@sha256:..." },
	{ "image_not_found", "push the image, or build it on this machine, then submit it again" },
	{ "image_auth", "let the daemon's user log in to that registry, then submit it again" },
	{ "registry_unreachable", "check the registry's name and the network" },
	{ "invalid_archive", "make the archive anew with 'docker save'" },
	{ "archive_missing", "send it again" },
	{ "wrong_architecture", "build the image for this machine's architecture" },
	{ "invalid_manifest", "correct janus.json, or give another with --manifest" },
	{ "image_refused", "correct the image as said above, then submit it again" },
	{ "start_refused", "correct the image as said above, then submit it again" },
	{ "exited", "the program ended: correct what the log above says" },
	{ "crash_loop", "the program ends again and again: correct what the log above says" },
	{ "not_listening", "listen on the manifest's port (8080) on every address, not another" },
	{ "not_healthy", "GET /health must answer 200 in time" },
	{ "not_conforming", "mend what the check says; docs/conformance.md explains each" },
	{ "no_valid_completion", "POST /v1/chat/completions must answer as the OpenAI API does" },
	{ "endpoint_unreachable",
	    "start the endpoint, and check that the daemon can reach its URL" },
};

bool
ctl_state_is_final(const char *state)
{
	static const char *const finals[] = { "ready", "rejected", "failed", "cancelled", "retired",
		"finished" };

	for (size_t i = 0; i < ARRAY_LEN(finals); i++)
		if (str_eq(finals[i], state))
			return true;
	return false;
}

static const char *
or_else(const char *text, const char *otherwise)
{
	return text == NULL || text[0] == '\0' ? otherwise : text;
}

void
ctl_outcome(struct buf *out, const cJSON *sub)
{
	const char *state = or_else(json_str(sub, "state"), "unknown");
	const char *reason = json_str(sub, "state_reason");
	const char *detail = json_str(sub, "state_detail");

	buf_printf(out, "%s is %s", or_else(json_str(sub, "name"), "submission"), state);
	if (reason != NULL && reason[0] != '\0' && !str_eq(reason, state))
		buf_printf(out, " (%s)", reason);
	if (detail != NULL && detail[0] != '\0')
		buf_printf(out, ": %s", detail);
	if (str_eq(state, "failed"))
		buf_add_str(out, " - the fault is the platform's, not the image's");
}

static const char *
advice_for(const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(advices); i++)
		if (str_eq(advices[i].reason, reason))
			return advices[i].advice;
	return NULL;
}

static void
add_resubmit(struct buf *out, const cJSON *sub, const char *name)
{
	const char *image = json_str(sub, "image"), *url = json_str(sub, "url");

	if (json_str(sub, "bundle") != NULL)
		buf_printf(out, "janusctl submit bundle FILE --name %s --wait", name);
	else if (image != NULL)
		buf_printf(out, "janusctl submit image %s --name %s --wait", image, name);
	else if (url != NULL)
		buf_printf(out, "janusctl submit url %s --name %s --wait", url, name);
}

void
ctl_next_command(struct buf *out, const cJSON *sub)
{
	const char *state = json_str(sub, "state");
	const char *name = or_else(json_str(sub, "name"), "NAME");
	const char *id = or_else(json_str(sub, "id"), name);
	const char *advice;

	if (json_bool(sub, "check_only", false) && ctl_state_is_final(state)) {
		if (str_eq(state, "rejected"))
			buf_add_str(out, or_else(advice_for(json_str(sub, "state_reason")), ""));
	} else if (str_eq(state, "ready")) {
		buf_printf(out, "janusctl chat --model janus/%s \"hello\"", name);
	} else if (str_eq(state, "rejected")) {
		advice = advice_for(json_str(sub, "state_reason"));
		if (advice != NULL)
			buf_printf(out, "%s; then: ", advice);
		add_resubmit(out, sub, name);
	} else if (str_eq(state, "failed")) {
		buf_add_str(out, "janusctl doctor");
	} else if (str_eq(state, "cancelled")) {
		add_resubmit(out, sub, name);
	} else {
		buf_printf(out, "janusctl wait submission %s", id);
	}
}

static void
add_line(struct buf *out, const char *label, const char *text)
{
	const size_t len = strlen(text);

	buf_printf(out, "  %s", label);
	str_add_escaped(out, text, len > BODY_SHOWN ? BODY_SHOWN : len);
	buf_add_str(out, len > BODY_SHOWN ? "...\n" : "\n");
}

/* What the probe saw: a status with a body, or why there was none. */
static void
add_probe(struct buf *out, const char *label, const cJSON *probe)
{
	const char *error = json_str(probe, "error");
	const char *body = json_str(probe, "body");
	_cleanup_buf_ struct buf text = { 0 };

	if (!cJSON_IsObject(probe))
		return;
	if (json_int(probe, "status", 0) > 0)
		buf_printf(&text, "HTTP %lld", (long long)json_int(probe, "status", 0));
	if (error != NULL)
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", error);
	if (body != NULL && body[0] != '\0')
		buf_printf(&text, "%s%s", text.len > 0 ? ": " : "", body);
	if (text.len > 0)
		add_line(out, label, buf_str(&text));
}

/* The checks that did not pass. */
static void
add_findings(struct buf *out, const cJSON *findings)
{
	const cJSON *f;

	json_for_each(f, findings) {
		const char *verdict = json_str(f, "verdict");
		_cleanup_buf_ struct buf text = { 0 };

		if (!str_eq(verdict, "fail") && !str_eq(verdict, "warn"))
			continue;
		buf_printf(&text, "%s: %s: %s", verdict, or_else(json_str(f, "check"), "?"),
		    or_else(json_str(f, "seen"), "?"));
		add_line(out, "", buf_str(&text));
	}
}

static void
add_logs(struct buf *out, const cJSON *logs)
{
	const int len = cJSON_GetArraySize(logs);
	const cJSON *line;
	int at = 0;

	if (len == 0)
		return;
	buf_printf(out, "  its last lines:\n");
	json_for_each(line, logs) {
		const char *text =
		    cJSON_IsString(line) ? line->valuestring : json_str(line, "text");

		if (at++ >= len - LOG_LINES && text != NULL)
			add_line(out, "| ", text);
	}
}

void
ctl_evidence(struct buf *out, const cJSON *sub)
{
	const cJSON *evidence = json_get(sub, "evidence");
	const char *explained = json_str(evidence, "explained");
	_cleanup_buf_ struct buf text = { 0 };

	if (!cJSON_IsObject(evidence))
		return;
	if (cJSON_IsNumber(json_get(evidence, "exit_code")))
		buf_printf(&text, "code %lld", (long long)json_int(evidence, "exit_code", 0));
	if (explained != NULL)
		buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", explained);
	if (text.len > 0)
		add_line(out, "exit: ", buf_str(&text));
	if (json_str(evidence, "start_error") != NULL)
		add_line(out, "start: ", json_str(evidence, "start_error"));
	buf_clear(&text);
	ctl_field_text(&text, evidence, "listening");
	if (text.len > 0)
		add_line(out, "it listens on: ", buf_str(&text));
	add_probe(out, "GET /health: ", json_get(evidence, "health"));
	add_findings(out, json_get(evidence, "conformance"));
	add_logs(out, json_get(evidence, "logs"));
}
