/*
 * chat.c - ask a question and print the answer.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define QUESTION_MAX_BYTES ((size_t)8 << 20)
#define EVENT_MAX_BYTES ((size_t)1 << 20)
#define STREAM_STALL_MS 60000 /* a living stream is never silent for two seconds */
#define WHOLE_MS 330000 /* a little more than the daemon's own limit */

enum part { PART_NONE, PART_REASONING, PART_CONTENT };

struct answer {
	const struct ctl *ctl;
	struct sse_parser parser;
	enum part part; /* what was printed last */
	char last; /* the last character printed */
	bool done, failed, cut; /* [DONE] was there; an error was; it ended at a limit */
	struct ctl_failure failure;
};

/* A terminal gets what is safe to show, a pipe gets what was said. */
static void
print_words(struct answer *a, const char *text)
{
	_cleanup_buf_ struct buf safe = { 0 };
	const size_t len = strlen(text);

	if (len == 0)
		return;
	a->last = text[len - 1];
	if (!a->ctl->out_is_terminal) {
		fwrite(text, 1, len, stdout);
		return;
	}
	while (*text != '\0') {
		const size_t n = strcspn(text, "\n\t");

		str_add_escaped(&safe, text, n);
		text += n;
		if (*text != '\0')
			buf_add_char(&safe, *text++);
	}
	fputs(buf_str(&safe), stdout);
}

static void
turn_to(struct answer *a, enum part part)
{
	const bool color = a->ctl->color;

	if (a->part == part)
		return;
	if (a->part == PART_REASONING) {
		fputs(color ? "\033[0m" : "", stdout);
		fputs(a->last == '\n' ? "\n" : "\n\n", stdout);
	}
	if (part == PART_REASONING)
		fputs(color ? "\033[2m" : "[reasoning]\n", stdout);
	else if (part == PART_CONTENT && a->part == PART_REASONING && !color)
		fputs("[answer]\n", stdout);
	a->part = part;
}

static void
print_message(struct answer *a, const cJSON *message)
{
	const char *content = json_str(message, "content");
	const char *reasoning = json_str(message, "reasoning_content");

	if (reasoning != NULL && reasoning[0] != '\0' && a->ctl->out_is_terminal &&
	    !a->ctl->opt.quiet) {
		turn_to(a, PART_REASONING);
		print_words(a, reasoning);
	}
	if (content != NULL && content[0] != '\0') {
		turn_to(a, PART_CONTENT);
		print_words(a, content);
	}
}

/* A chunk, or a whole completion when it did not stream. */
static void
take_object(struct answer *a, const cJSON *object)
{
	const cJSON *choice = json_path(object, "choices.0");
	const cJSON *delta = json_get(choice, "delta");

	if (cJSON_IsObject(json_get(object, "error"))) {
		ctl_fail_envelope(&a->failure, object);
		a->failed = true;
		return;
	}
	if (str_eq(json_str(choice, "finish_reason"), "length"))
		a->cut = true;
	if (a->ctl->format == CTL_JSON || a->ctl->format == CTL_JSONL)
		ctl_print_json(object, stdout);
	else
		print_message(a, delta != NULL ? delta : json_get(choice, "message"));
}

static void
on_event(const struct sse_event *event, void *arg)
{
	struct answer *a = arg;
	_cleanup_json_ cJSON *json = NULL;

	if (!event->has_data || a->done)
		return;
	if (str_eq(event->data, "[DONE]"))
		a->done = true;
	else if (json_parse(event->data, event->data_len, &json, NULL) == 0)
		take_object(a, json);
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct answer *a = arg;
	const int result = sse_feed(&a->parser, bytes, len, on_event, a, NULL);

	return fflush(stdout) != 0 ? -1 : result;
}

static int
make_body(struct ctl *ctl, bool stream, cJSON **out, struct error *err)
{
	_cleanup_free_ char *question = NULL;
	cJSON *body, *message;
	size_t len;

	if (!str_eq(ctl->words[0], "-"))
		question = str_dup(ctl->words[0]);
	else if (ctl_read_input("-", QUESTION_MAX_BYTES, &question, &len, err) < 0)
		return -1;
	else if (strlen(question) != len)
		return error_set(err, ERROR_INVALID, "the question contains a NUL byte");
	if (question[strspn(question, " \t\r\n")] == '\0')
		return error_set(err, ERROR_INVALID, "the question is empty");
	if (!str_utf8_valid(question, strlen(question)))
		return error_set(err, ERROR_INVALID, "the question is not UTF-8");
	body = cJSON_CreateObject();
	json_add_str(body, "model", ctl->opt.model == NULL ? "janus" : ctl->opt.model);
	message = cJSON_CreateObject();
	json_add_str(message, "role", "user");
	json_add_str(message, "content", question);
	cJSON_AddItemToArray(json_add_arr(body, "messages"), message);
	json_add_bool(body, "stream", stream);
	*out = body;
	return 0;
}

static int
ask(struct ctl *ctl, bool stream, struct answer *a, struct ctl_failure *f)
{
	_cleanup_json_ cJSON *body = NULL, *reply = NULL;
	struct error err = { 0 };

	if (make_body(ctl, stream, &body, &err) < 0)
		return ctl_fail(f, CTL_USAGE, "usage", "%s", err.text);
	const struct ctl_call call = {
		.method = "POST",
		.path = "/v1/chat/completions",
		.body = body,
		.total_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : WHOLE_MS,
		.stall_ms = stream ? STREAM_STALL_MS : 0,
		.on_data = stream ? on_data : NULL,
		.arg = a,
	};
	if (ctl_ask(ctl, &call, &reply, f) < 0)
		return -1;
	if (reply != NULL)
		take_object(a, reply);
	if (stream && !a->done && !a->failed)
		return ctl_fail(f, CTL_UNREACHABLE, "stream_ended_early",
		    "the answer ended before it was complete");
	return 0;
}

int
ctl_chat(struct ctl *ctl)
{
	const bool stream = !ctl->opt.no_stream && ctl->format != CTL_JSON;
	struct answer a = { .ctl = ctl, .parser = { .max_bytes = EVENT_MAX_BYTES }, .last = '\n' };
	struct ctl_failure f = { 0 };
	int result;

	if (ctl->format == CTL_CSV || (ctl->format == CTL_ID && !ctl->opt.quiet))
		return ctl_misuse(ctl, "chat prints text, json or jsonl");
	ctl_catch_interrupt();
	result = ask(ctl, stream, &a, &f);
	sse_done(&a.parser);
	if (a.part == PART_REASONING && ctl->color)
		fputs("\033[0m", stdout);
	if (a.last != '\n')
		putchar('\n');
	fflush(stdout);
	if (a.failed) {
		free(f.envelope);
		return ctl_complain(ctl, &a.failure);
	}
	if (result < 0)
		return ctl_complain(ctl, &f);
	if (a.cut)
		ctl_note(ctl, "the answer was cut at its token limit");
	return CTL_OK;
}
