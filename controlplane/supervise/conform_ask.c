/*
 * conform_ask.c - the questions of conformance.
 */
#include "controlplane/supervise/conform_ask.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/conform_stream.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define ANSWER_MAX ((size_t)4 << 20)
#define HEALTH_LIMIT_MS 2000
#define CHAT_LIMIT_MS 60000
#define LARGE_BYTES ((size_t)1 << 20)

void
conform_question_done(struct conform_question *q)
{
	free(q->path);
	free(q->body);
	*q = (struct conform_question){ 0 };
}

static void
get(struct conform_question *q, const char *path, int64_t limit_ms)
{
	q->path = str_dup(path);
	q->ask = (struct probe_ask){ q->path, NULL, ANSWER_MAX, limit_ms, false };
}

/* Takes over the body. */
static void
post(struct conform_question *q, char *body)
{
	q->path = str_dup("/v1/chat/completions");
	q->body = body;
	q->ask = (struct probe_ask){ q->path, q->body, ANSWER_MAX, CHAT_LIMIT_MS, false };
}

/* A chat of one message; more: further members, with a leading comma. */
static void
chat(struct conform_question *q, const struct conform_run *run, const char *content, bool stream,
    const char *more)
{
	post(q,
	    str_printf("{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":%s}],"
		       "\"stream\":%s%s}",
		run->model, content, stream ? "true" : "false", more));
}

void
ask_health(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)run, (void)copy;
	if (round == 0)
		get(q, "/health", HEALTH_LIMIT_MS);
}

void
ask_nothing(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)run, (void)round, (void)copy, (void)q;
}

/* The questions that are one chat. */
#define ASK_CHAT(name, content, stream, more)                                                     \
	void name(                                                                                \
	    const struct conform_run *run, size_t round, size_t copy, struct conform_question *q) \
	{                                                                                         \
		(void)copy;                                                                       \
		if (round == 0)                                                                   \
			chat(q, run, content, stream, more);                                      \
	}

#define WEATHER_TOOL                                                                     \
	",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\","     \
	"\"description\":\"The weather of a city\",\"parameters\":{\"type\":\"object\"," \
	"\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}}}]"
/* One pixel. */
#define PNG                                                                                   \
	"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+" \
	"M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

ASK_CHAT(ask_completion, "\"Reply with one short sentence.\"", false, ",\"max_tokens\":64")
ASK_CHAT(ask_stream, "\"List the whole numbers from 1 to 40, one on each line.\"", true, "")
ASK_CHAT(ask_stream_usage, "\"Reply with one short sentence.\"", true,
    ",\"max_tokens\":64,\"stream_options\":{\"include_usage\":true}")
ASK_CHAT(ask_unknown, "\"Reply with one short sentence.\"", false,
    ",\"max_tokens\":64,\"x_not_a_field\":{\"a\":[1,null]},\"metadata\":{\"k\":\"v\"}")
ASK_CHAT(ask_parts,
    "[{\"type\":\"text\",\"text\":\"Reply with one\"},"
    "{\"type\":\"text\",\"text\":\" short sentence.\"}]",
    false, ",\"max_tokens\":64")
ASK_CHAT(ask_image,
    "[{\"type\":\"text\",\"text\":\"What is this?\"},"
    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" PNG "\"}}]",
    false, ",\"max_tokens\":64")
ASK_CHAT(ask_tools, "\"What is the weather in Oslo? Call get_weather to find out.\"", false,
    WEATHER_TOOL)

void
ask_two(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	_cleanup_free_ char *content =
	    str_printf("\"Repeat this word and nothing else: %s\"", run->marker[copy]);

	if (round == 0)
		chat(q, run, content, false, ",\"max_tokens\":64");
}

void
ask_cancel(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)copy;
	if (round == 0) {
		chat(q, run, "\"List the whole numbers from 1 to 2000, one on each line.\"", true,
		    "");
		q->ask.hang_up = true;
	} else {
		get(q, "/health", HEALTH_LIMIT_MS);
	}
}

void
ask_tool_result(
    const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)copy;
	if (round == 0)
		post(q,
		    str_printf(
			"{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"What is "
			"the "
			"weather in "
			"Oslo?\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
			"\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"get_"
			"weather\","
			"\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}}]},{\"role\":\"tool\","
			"\"tool_call_id\":\"call_1\",\"content\":\"3 degrees, rain\"}]" WEATHER_TOOL
			",\"stream\":false}",
			run->model));
}

void
ask_bad_json(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)run, (void)copy;
	if (round == 0)
		post(q, str_dup("{\"model\":\"janus\",\"messages\":[{\"role\":"));
}

void
ask_no_messages(
    const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	(void)copy;
	if (round == 0)
		post(q, str_printf("{\"model\":\"%s\",\"stream\":false}", run->model));
}

void
ask_large(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	_cleanup_free_ char *content = NULL;

	(void)copy;
	if (round != 0)
		return;
	content = mem_zalloc(LARGE_BYTES + 3);
	memset(content, 'a', LARGE_BYTES + 2);
	content[0] = content[LARGE_BYTES + 1] = '"';
	chat(q, run, content, false, ",\"max_tokens\":64");
}

/* The path on the competitor's own server that an announced URL means; NULL if it is elsewhere. */
static const char *
own_path(const char *url)
{
	static const char *const origins[] = { "http://127.0.0.1", "http://localhost" };

	if (url[0] == '/')
		return url;
	for (size_t i = 0; i < ARRAY_LEN(origins); i++)
		if (str_starts(url, origins[i]))
			return strchr(url + strlen(origins[i]), '/');
	return NULL;
}

void
ask_artifact(const struct conform_run *run, size_t round, size_t copy, struct conform_question *q)
{
	struct conform_stream s;
	const char *path;

	(void)copy;
	if (round == 0) {
		chat(q, run,
		    "\"Make a text file named hello.txt that holds the word hello, and give it to "
		    "me "
		    "as a file.\"",
		    true, "");
		return;
	}
	conform_stream_read(run->answers[0][0].body, run->answers[0][0].r.len, &s);
	path = s.nartifacts > 0 ? own_path(s.artifacts[0].url) : NULL;
	if (path != NULL)
		get(q, path, CHAT_LIMIT_MS);
	conform_stream_done(&s);
}
