/*
 * replay.c - a recorded chat again: its bytes in their own time, or a table of its frames.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define SPEED_MAX 1000000.0

static int
parse_speed(const char *text, double *out, struct error *err)
{
	char *end;

	*out = 1;
	if (text == NULL)
		return 0;
	const double n = strtod(text, &end);
	if (end == text || *end != '\0' || !(n >= 0 && n <= SPEED_MAX))
		return error_set(
		    err, ERROR_INVALID, "--speed: '%.40s' is not a number from 0", text);
	*out = n;
	return 0;
}

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
frame_bytes(const cJSON *frame, struct buf *out)
{
	const char *text = json_str(frame, "text"), *hex = json_str(frame, "hex");

	if (text != NULL)
		buf_add_str(out, text);
	for (; hex != NULL && nibble(hex[0]) >= 0 && nibble(hex[1]) >= 0; hex += 2)
		buf_add_char(out, (char)(nibble(hex[0]) << 4 | nibble(hex[1])));
}

/* What the client was sent: neither its own request, nor what came from upstream. */
static bool
is_played(const cJSON *frame)
{
	const char *kind = json_str(frame, "kind");

	return !str_eq(kind, "request") && !str_eq(kind, "upstream");
}

/* Returns an exit code. */
static int
play(const cJSON *frames, double speed)
{
	const int64_t began_ms = clock_now_ms();
	const cJSON *frame;

	json_for_each(frame, frames) {
		_cleanup_buf_ struct buf bytes = { 0 };

		if (!is_played(frame))
			continue;
		const double due = speed > 0 ? json_num(frame, "t_ms", 0) / speed : 0;
		for (int64_t left = 1; left > 0 && !ctl_interrupted();) {
			left = (int64_t)fmin(due, 1e12) - (clock_now_ms() - began_ms);
			if (left > 0)
				ctl_sleep(left);
		}
		if (ctl_interrupted())
			return CTL_INTERRUPTED;
		frame_bytes(frame, &bytes);
		fwrite(buf_str(&bytes), 1, bytes.len, stdout);
		if (fflush(stdout) != 0)
			return CTL_FAILED;
	}
	return CTL_OK;
}

/* A table as any list; JSON as the API has it. */
static void
print_frames(struct ctl *ctl, cJSON *capture)
{
	const struct ctl_kind *kind = ctl_kind_of("frame");
	_cleanup_json_ cJSON *list = NULL;

	if (ctl->format == CTL_JSON) {
		ctl_print_json(capture, stdout);
		return;
	}
	list = cJSON_CreateObject();
	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(
	    list, "data", cJSON_DetachItemFromObjectCaseSensitive(capture, "data"));
	ctl_print_list(ctl, kind, list, stdout);
}

/* Bytes of a stream have no columns: formats for tables ask for the frames. */
static bool
wants_frames(const struct ctl *ctl)
{
	return ctl->opt.frames || ctl->format == CTL_JSON || ctl->format == CTL_JSONL ||
	    ctl->format == CTL_CSV;
}

int
ctl_replay(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *capture = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	double speed;
	int code = CTL_OK;

	if (!id_request_valid(ctl->words[0]))
		return ctl_misuse(
		    ctl, "'%.60s' is not the id of a request or a capture", ctl->words[0]);
	if (parse_speed(ctl->opt.speed, &speed, &err) < 0 ||
	    ctl_columns_check(ctl, ctl_kind_of("frame"), &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	buf_add_str(&path, "/api/v1/captures/");
	url_encode(&path, ctl->words[0]);
	ctl_catch_interrupt();
	if (ctl_get(ctl, buf_str(&path), &capture, &f) < 0)
		return ctl_complain(ctl, &f);
	if (!cJSON_IsArray(json_get(capture, "data"))) {
		ctl_fail(
		    &f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a capture");
		return ctl_complain(ctl, &f);
	}
	_cleanup_free_ char *cut = str_dup(json_str(capture, "cut"));
	const int64_t skipped = json_int(capture, "skipped", 0);
	const bool content = json_bool(capture, "content", false);
	if (wants_frames(ctl))
		print_frames(ctl, capture);
	else
		code = play(json_get(capture, "data"), speed);
	if (cut != NULL)
		ctl_note(ctl, "the capture ends early: %s", cut);
	if (skipped > 0)
		ctl_note(ctl, "%lld frames were not kept", (long long)skipped);
	if (!content && code == CTL_OK && !wants_frames(ctl))
		ctl_note(ctl, "texts are masked: capture.content was off");
	return code;
}
