/*
 * main.c - janus-agent: a small CLI agent, for sandboxes.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/cli/loop.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/openai/responder.h"

#define INPUT_MAX (16 << 20)
#define TURNS_MAX 40
#define COMMAND_MS 240000
#define STALL_MS 60000

static const char usage[] =
    "janus-agent " JANUS_VERSION
    " - a small CLI agent: a model with a shell, files, search and fetch\n"
    "\n"
    "usage: janus-agent [--model NAME] [--system TEXT] < PROMPT\n"
    "\n"
    "Prints what it does as lines of JSON.  From the environment:\n"
    "  OPENAI_BASE_URL, OPENAI_API_KEY   the model API; without, fenced code of the prompt is run\n"
    "  JANUS_PLATFORM_URL                where to search and fetch\n"
    "  JANUS_REQUEST_ID                  the chat that its calls are for\n"
    "  JANUS_CONVERSATION                a JSON file of messages to go on from, instead of the "
    "prompt\n"
    "  JANUS_AGENT_STALL                 how long the model may be silent (60s)\n";

/* An empty variable is as good as none. */
static const char *
value_of(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static int
read_prompt(struct buf *out, struct error *err)
{
	ssize_t n;

	while (out->len < INPUT_MAX && (n = read(0, buf_reserve(out, 65536), 65536)) != 0) {
		if (n < 0)
			return error_errno(err, "read the prompt");
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	return 0;
}

/* The conversation that was given, or the prompt as its only message. */
static int
read_messages(const char *path, const char *prompt, cJSON **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (path == NULL) {
		cJSON *message = cJSON_CreateObject();

		*out = cJSON_CreateArray();
		json_add_str(message, "role", "user");
		json_add_str(message, "content", prompt);
		cJSON_AddItemToArray(*out, message);
		return 0;
	}
	if (file_read(path, INPUT_MAX, &text, &len, err) < 0 || json_parse(text, len, out, err) < 0)
		return error_add(err, "the conversation");
	if (!cJSON_IsArray(*out))
		return error_set(err, ERROR_INVALID, "the conversation is no list of messages");
	return 0;
}

static int
work(struct agent *g, struct error *err)
{
	_cleanup_json_ cJSON *messages = NULL;
	_cleanup_buf_ struct buf prompt = { 0 };

	if (read_prompt(&prompt, err) < 0)
		return -1;
	if (g->model.base_url == NULL || g->model.name == NULL ||
	    strcmp(g->model.name, RESPONDER_MODEL) == 0)
		return agent_obey(g, buf_str(&prompt)) ? 0 : 1;
	if (read_messages(value_of("JANUS_CONVERSATION"), buf_str(&prompt), &messages, err) < 0)
		return -1;
	return agent_work(g, messages) ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "model", required_argument, NULL, 'm' },
		{ "system", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *stall = value_of("JANUS_AGENT_STALL"), *key = value_of("OPENAI_API_KEY");
	struct agent g = {
		.model = { .base_url = value_of("OPENAI_BASE_URL"), .stall_ms = STALL_MS },
		.tools = { .platform_url = value_of("JANUS_PLATFORM_URL"),
		    .command_ms = COMMAND_MS },
		.turns_max = TURNS_MAX,
	};
	struct error err = { 0 };
	int each;

	while ((each = getopt_long(argc, argv, "hV", options, NULL)) != -1)
		switch (each) {
		case 'm': g.model.name = optarg; break;
		case 's': g.system = optarg; break;
		case 'h': fputs(usage, stdout); return 0;
		case 'V': printf("janus-agent %s\n", JANUS_VERSION); return 0;
		default: fputs(usage, stderr); return 2;
		}
	if (optind < argc ||
	    (stall != NULL && str_parse_duration(stall, &g.model.stall_ms, &err) < 0)) {
		fputs(usage, stderr);
		return 2;
	}
	g.model.key = g.tools.key = key != NULL ? key : "";
	g.model.request_id = g.tools.request_id = value_of("JANUS_REQUEST_ID");
	signal(SIGPIPE, SIG_IGN);
	http_client_setup();
	const int rc = work(&g, &err);
	if (rc < 0) {
		fprintf(stderr, "janus-agent: %s\n", err.text);
		return 2;
	}
	return rc;
}
