/*
 * fuzz_agent_chat.c - whatever a client asks, an agent prints or a model says, the baseline's agent
 * path makes of it a task, steps, an answer, or an error.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/agent/steps.h"
#include "baseline/agent/task.h"
#include "baseline/agent/triage.h"
#include "baseline/agent/vision.h"
#include "baseline/cli/blocks.h"
#include "baseline/cli/model.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
request(const char *text, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;
	struct triage_facts facts;
	struct triage triage;
	struct error err = { 0 };
	struct task task;

	if (json_parse(text, len, &json, NULL) < 0)
		return;
	triage_look(json, &facts);
	triage_decide(&facts, &triage);
	assert(triage.rule != NULL && triage.why[0] != '\0');
	if (task_make(&task, json, vision_wanted(json), &err) < 0) {
		assert(err.kind != ERROR_NONE);
		return;
	}
	for (size_t i = 0; i < task.nfiles; i++) {
		assert(str_starts(task.files[i].path, TASK_DIR "/"));
		assert(strchr(task.files[i].path + sizeof(TASK_DIR), '/') == NULL);
		assert(task.files[i].path[sizeof(TASK_DIR)] != '.');
	}
	task_done(&task);
}

static void
on_step(const struct step *s, void *arg)
{
	(void)arg;
	assert(s->text != NULL && s->id != NULL && s->name != NULL);
}

static int
on_event(const struct sandy_event *e, void *arg)
{
	steps_take(arg, e, on_step, NULL);
	return 0;
}

/* A line an event. */
static void
lines(const char *text)
{
	struct steps steps = { 0 };
	struct model_answer answer = { 0 };
	struct sandy_outcome outcome = { 0 };

	for (size_t len; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		sandy_event_take(text, len, on_event, &steps, &outcome);
		model_take(&answer, text, len, NULL, NULL);
		assert(answer.ncalls <= MODEL_CALLS_MAX);
	}
	assert(steps.prompt_tokens >= 0 && steps.completion_tokens >= 0);
	steps_done(&steps);
	model_answer_done(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_free_ char *text = str_ndup((const char *)bytes, len);
	const char *at = text;
	struct block block;

	request(text, strlen(text));
	lines(text);
	while (block_next(&at, &block))
		assert(block.code >= text && block.code + block.len <= text + strlen(text));
	return 0;
}
