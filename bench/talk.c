/*
 * talk.c - ask, answer its calls, ask again; then fetch, run and score.
 */
#include "bench/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/execute.h"
#include "bench/fetch.h"
#include "bench/judge.h"
#include "bench/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* ---- the conversation's bytes. Pure. ---- */

char *
talk_request(const struct item *item, const char *model, const cJSON *messages)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	const cJSON *p;

	json_add_str(body, "model", model);
	cJSON_AddItemToObject(body, "messages", cJSON_Duplicate(messages, true));
	json_for_each(p, item->params) {
		cJSON_AddItemToObject(body, p->string, cJSON_Duplicate(p, true));
	}
	if (item->tools != NULL)
		cJSON_AddItemToObject(body, "tools", cJSON_Duplicate(item->tools, true));
	if (json_get(body, "stream") == NULL)
		json_add_bool(body, "stream", true);
	if (json_bool(body, "stream", false) && json_get(body, "stream_options") == NULL)
		json_add_bool(json_add_obj(body, "stream_options"), "include_usage", true);
	return json_print(body);
}

/* A call without an id gets one, so that its answer can name it. */
static const char *
id_of(const cJSON *call, int turn, size_t index, char made[40])
{
	const char *id = json_str(call, "id");

	if (id != NULL && id[0] != '\0')
		return id;
	snprintf(made, 40, "call_%d_%zu", turn, index);
	return made;
}

static void
add_call(cJSON *list, const cJSON *call, const char *id)
{
	const char *arguments = json_str(call, "arguments");
	cJSON *made = cJSON_CreateObject();
	cJSON *function;

	json_add_str(made, "id", id);
	json_add_str(made, "type", "function");
	function = json_add_obj(made, "function");
	json_add_str(function, "name", json_str(call, "name"));
	json_add_str(function, "arguments", arguments == NULL ? "" : arguments);
	cJSON_AddItemToArray(list, made);
}

static void
add_reply(cJSON *messages, const char *id, const char *text)
{
	cJSON *made = cJSON_CreateObject();

	json_add_str(made, "role", "tool");
	json_add_str(made, "tool_call_id", id);
	json_add_str(made, "content", text);
	cJSON_AddItemToArray(messages, made);
}

bool
talk_go_on(const struct item *item, const struct measured *m, int turn, cJSON *messages)
{
	cJSON *said = NULL, *calls = NULL;
	const cJSON *call;
	size_t i = 0;

	if (item->simulator == NULL || turn + 1 >= tools_max_turns(item->simulator))
		return false;
	json_for_each(call, m->calls) {
		char made[40];
		const size_t index = i++;

		if (json_int(call, "turn", -1) != turn)
			continue;
		if (said == NULL) {
			said = cJSON_CreateObject();
			json_add_str(said, "role", "assistant");
			json_add_text(said, "content", m->text);
			calls = json_add_arr(said, "tool_calls");
			cJSON_AddItemToArray(messages, said);
		}
		add_call(calls, call, id_of(call, turn, index, made));
	}
	if (said == NULL)
		return false;
	i = 0;
	json_for_each(call, m->calls) {
		char made[40];
		const size_t index = i++;

		if (json_int(call, "turn", -1) != turn)
			continue;
		_cleanup_free_ char *reply = tools_answer(item->simulator, m->calls, index);
		add_reply(messages, id_of(call, turn, index, made), reply);
	}
	return true;
}

/* ---- having it ---- */

/* Whose fault it was is asked where something went wrong. */
static bool
went_well(const struct turn_seen *s)
{
	return s->wire.end == WIRE_COMPLETE && s->wire.status >= 200 && s->wire.status < 300 &&
	    !s->error.found;
}

/* One turn: asked, and what follows. */
static void
take_turn(struct session *s, struct try *t, const cJSON *messages, int turn, int64_t until_us,
    int64_t *t0_us)
{
	_cleanup_free_ char *body = talk_request(t->item, s->target->model, messages);
	const struct wire_ask ask = { .body = body,
		.len = strlen(body),
		.turn = turn,
		.until_us = until_us,
		.stop = &s->stop };
	struct turn_seen seen = {
		.try = t->number, .is_janus = s->target->is_janus, .timeout_ms = t->item->timeout_ms
	};

	wire_chat(s->target, &ask, &t->attempt, t0_us, &seen.wire);
	answer_error_find(&t->attempt, turn, &seen.wire, &seen.error);
	if (!went_well(&seen))
		target_record_of(s->target, seen.wire.request_id, &seen.record);
	cJSON_AddItemToArray(t->requests, cJSON_CreateString(seen.wire.request_id));
	seen.worked_before = atomic_load(&s->worked);
	verdict_of_turn(&seen, &t->verdict);
	if (t->verdict.what == VERDICT_GO_ON)
		atomic_store(&s->worked, true);
}

static void
converse(struct session *s, struct try *t)
{
	_cleanup_json_ cJSON *messages = cJSON_Duplicate(t->item->messages, true);
	const int64_t until_us = clock_now_us() + t->item->timeout_ms * 1000;
	int64_t t0_us = 0;

	for (int turn = 0;; turn++) {
		take_turn(s, t, messages, turn, until_us, &t0_us);
		measured_done(&t->measured);
		measure(&t->attempt, s->scoring, &t->measured);
		if (t->verdict.what != VERDICT_GO_ON ||
		    !talk_go_on(t->item, &t->measured, turn, messages))
			return;
	}
}

static void
settle(struct try *t)
{
	struct attempt *a = &t->attempt;
	const struct verdict *v = &t->verdict;

	str_copy(a->fault, sizeof(a->fault), v->fault);
	str_copy(a->code, sizeof(a->code), v->code);
	str_copy(a->error, sizeof(a->error), v->text);
	switch (v->what) {
	case VERDICT_GO_ON: a->state = ATTEMPT_PASSED; break;
	case VERDICT_FAILED: a->state = ATTEMPT_FAILED; break;
	case VERDICT_ERROR: a->state = ATTEMPT_ERROR; break;
	case VERDICT_SKIPPED: a->state = ATTEMPT_SKIPPED; break;
	}
}

/* What the platform counted, of all turns: one that it does not know of makes the sum no sum. */
static void
add_records(const struct session *s, struct try *t)
{
	struct attempt *a = &t->attempt;
	int64_t cost = 0;
	const cJSON *id;

	json_for_each(id, t->requests) {
		struct target_record r;

		target_record_of(s->target, id->valuestring, &r);
		a->platform_us += r.queue_ms * 1000;
		cost = cost < 0 || r.cost_micro_usd < 0 ? -1 : cost + r.cost_micro_usd;
	}
	a->metered_micro_usd = cost;
}

void
talk_conclude(const struct session *s, struct try *t)
{
	struct attempt *a = &t->attempt;

	if (t->is_open) {
		add_records(s, t);
		measured_done(&t->measured);
		measure(a, s->scoring, &t->measured); /* it takes the platform's time off */
	}
	t->is_open = false;
	score_attempt(t->item, a, &t->measured, s->scoring, &t->result);
	if (a->state == ATTEMPT_PASSED && !t->result.passed)
		a->state = ATTEMPT_FAILED;
}

void
talk(struct session *s, struct try *t)
{
	struct attempt *a = &t->attempt;

	id_new("itm", a->id);
	str_copy(a->item, sizeof(a->item), t->item->id);
	a->epoch = t->epoch;
	a->attempt = t->number;
	a->started_at_ms = clock_wall_ms();
	a->metered_micro_usd = -1;
	t->requests = cJSON_CreateArray();
	converse(s, t);
	if (t->verdict.what == VERDICT_GO_ON)
		fetch_files(s, t->number, a, &t->verdict);
	if (t->verdict.what == VERDICT_GO_ON)
		execute(s, t->item, t->measured.text, t->number, a, &t->verdict);
	if (t->verdict.what == VERDICT_GO_ON && s->judge != NULL)
		judge_answer(s->judge, t->item, t->measured.text, a);
	settle(t);
	t->is_open =
	    s->target->has_records && (a->state == ATTEMPT_PASSED || a->state == ATTEMPT_FAILED);
	if (!t->is_open)
		talk_conclude(s, t);
}

void
try_done(struct try *t)
{
	attempt_done(&t->attempt);
	measured_done(&t->measured);
	result_done(&t->result);
	cJSON_Delete(t->requests);
	*t = (struct try){ 0 };
}
