/*
 * conform.c - put the questions of conform_checks.h to a trial's instance, one check after the
 * other, and keep what came back.
 *
 * A check that fails does not end the run: the miner learns everything at once.  One that gets no
 * whole answer does, for what comes after it would only wait for the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controlplane/supervise/conform_checks.h"
#include "controlplane/supervise/evidence.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/engine/link_protocol.h"

/* A process that dies under the question is seen a moment after its connection breaks. */
#define DYING_MS 3000
#define LEFT_LIMIT_MS 5000 /* for a competitor to notice that its client is gone */
#define LEFT_POLL_MS 50

struct conform {
	struct trial *trial;
	struct conform_run run;
	size_t check, round;
	struct conform_slot {
		struct conform *conform;
		struct probe *probe;
		size_t copy;
	} slots[CONFORM_COPIES];
	size_t pending; /* probes under way */
	bool
	    not_asked; /* one could not be asked, for want of descriptors here: all of it is asked again */
	cJSON *report; /* owned, an array */
	const struct conform_check *failed, *broken; /* the first of each; NULL */
	char why[CONFORM_SEEN_MAX]; /* of failed, or else of broken */
};

static void next_check(struct conform *);
static void ask_round(struct conform *);

static void
conform_free(struct conform *c)
{
	for (size_t i = 0; i < CONFORM_COPIES; i++)
		probe_cancel(c->slots[i].probe);
	conform_run_clear(&c->run);
	cJSON_Delete(c->report);
	free(c);
}

void
conform_cancel(struct trial *t)
{
	if (t->conform != NULL)
		conform_free(TAKE(t->conform));
}

/* ---- the end ---- */

static void
finish(struct conform *c, bool judged)
{
	struct trial *t = c->trial;
	const bool passed = judged && c->failed == NULL;

	t->conform = NULL;
	t->busy = false;
	t->done = passed;
	t->failed = judged && !passed;
	free(t->report);
	t->report = judged ? json_print(c->report) : NULL;
	if (t->failed) {
		error_set(&t->error, ERROR_INVALID, "check '%s': %s; seen: %s", c->failed->name,
		    c->failed->expected, c->why);
		t->fail_reason = str_eq(c->failed->name, "completion") ? "no_valid_completion"
								       : "not_conforming";
	}
	t->retry_ms = clock_now_ms() + (c->broken != NULL || c->not_asked ? DYING_MS : 0);
	t->judge_after = t->sup->list_began;
	log_info("submission.conformed", F_STR("submission_id", t->sub->id),
	    F_STR("name", t->sub->slug), F_BOOL("passed", passed),
	    F_STR("failed", c->failed != NULL ? c->failed->name : NULL),
	    F_STR("error", t->failed ? t->error.text : NULL));
	conform_free(c);
	reconcile_now(t->sup);
	trial_evaluate(t);
}

/* ---- one check ---- */

static bool
was_answered(const struct conform *c)
{
	for (size_t i = 0; i < CONFORM_ROUNDS; i++)
		for (size_t k = 0; k < c->run.nanswers[i]; k++)
			if (c->run.answers[i][k].r.error[0] != '\0')
				return false;
	return true;
}

static void
judge(struct conform *c)
{
	const struct conform_check *check = &conform_checks[c->check];
	const struct conform_answer *first = &c->run.answers[0][0];
	char seen[CONFORM_SEEN_MAX] = "";

	if (c->not_asked) {
		finish(c, false);
		return;
	}
	if (str_eq(first->r.content_type, "text/event-stream") && !first->r.hung_up &&
	    first->r.longest_gap_ms > c->run.longest_gap_ms)
		c->run.longest_gap_ms = first->r.longest_gap_ms;
	const enum conform_verdict v = check->judge(&c->run, seen);
	conform_add(c->report, check, v, seen, &c->run);
	if (v == CONFORM_FAIL && c->failed == NULL) {
		c->failed = check;
		snprintf(c->why, sizeof(c->why), "%s", seen);
	}
	if (v == CONFORM_FAIL && !was_answered(c))
		c->broken = check;
	c->check++;
	next_check(c);
}

static void
skip_rest(struct conform *c)
{
	char seen[CONFORM_SEEN_MAX];

	snprintf(seen, sizeof(seen), "not asked: '%s' had no whole answer", c->broken->name);
	conform_run_clear(&c->run);
	for (; c->check < conform_checks_len; c->check++)
		conform_add(c->report, &conform_checks[c->check], CONFORM_SKIP, seen, &c->run);
}

/* What was found so far, for those who watch; with the next state it is stored. */
static void
show_findings(struct conform *c)
{
	_cleanup_json_ cJSON *evidence = cJSON_CreateObject();
	struct submission *s = c->trial->sub;

	cJSON_AddItemReferenceToObject(evidence, "conformance", c->report);
	free(s->evidence);
	s->evidence = json_print(evidence);
}

static void
next_check(struct conform *c)
{
	struct submission *s = c->trial->sub;

	if (c->broken != NULL)
		skip_rest(c);
	if (c->check == conform_checks_len) {
		finish(c, true);
		return;
	}
	conform_run_clear(&c->run);
	c->run.left_open = -1;
	c->round = 0;
	if (!submission_is_final(s->state)) {
		show_findings(c);
		snprintf(s->detail, sizeof(s->detail), "check %zu of %zu: %s", c->check + 1,
		    conform_checks_len, conform_checks[c->check].name);
		c->trial->sup->c.on_submission(s, c->trial->sup->c.arg);
	}
	ask_round(c);
}

/* ---- did it notice that its client left? ---- */

struct left_job {
	struct conform *conform;
	char link_path[108];
	int port, left;
};

static void
left_work(void *arg)
{
	struct left_job *j = arg;
	const int64_t until_ms = clock_now_ms() + LEFT_LIMIT_MS;
	const struct timespec pause = { .tv_nsec = LEFT_POLL_MS * 1000000L };

	do {
		_cleanup_buf_ struct buf table = { 0 };

		if (link_call(j->link_path, LINK_OP_TABLE, NULL, &table, NULL) < 0) {
			j->left = -1;
			return;
		}
		j->left = abandoned_in_table(buf_str(&table), j->port);
	} while (j->left > 0 && clock_now_ms() < until_ms && nanosleep(&pause, NULL) == 0);
}

static void
left_done(void *arg)
{
	struct left_job *j = arg;
	struct conform *c = j->conform;

	c->run.left_open = j->left;
	free(j);
	ask_round(c);
}

static void
look_at_left(struct conform *c, const struct route_target *target)
{
	struct left_job *j = mem_zalloc(sizeof(*j));

	j->conform = c;
	j->port = target->port;
	snprintf(j->link_path, sizeof(j->link_path), "%s", target->link_path);
	worker_run(c->trial->sup->c.workers, c->trial->sup->c.loop, left_work, left_done, j);
}

/* ---- asking ---- */

static struct instance *
instance_to_ask(const struct conform *c)
{
	const struct trial *t = c->trial;
	struct instance *in = registry_instance(t->sup->c.registry, t->sub->instance_id);

	return in != NULL && in->state == INSTANCE_READY && !t->sup->stopping &&
		!submission_is_final(t->sub->state)
	    ? in
	    : NULL;
}

static void
round_over(struct conform *c)
{
	const struct conform_check *check = &conform_checks[c->check];
	const struct instance *in = instance_to_ask(c);

	c->round++;
	if (in != NULL && c->round == 1 && check->leaves && in->live->target->is_pod)
		look_at_left(c, in->live->target);
	else
		ask_round(c);
}

static void
on_answer(const struct probe_result *r, void *arg)
{
	struct conform_slot *slot = arg;
	struct conform *c = slot->conform;
	struct conform_answer *a = &c->run.answers[c->round][slot->copy];

	slot->probe = NULL;
	c->not_asked = c->not_asked || r->not_asked;
	a->r = *r;
	a->body = mem_zalloc(r->len + 1);
	memcpy(a->body, r->body, r->len);
	a->r.body = a->body;
	if (--c->pending == 0)
		round_over(c);
}

static void
ask(struct conform *c, struct instance *in, size_t copy)
{
	struct supervisor *sup = c->trial->sup;
	struct conform_question q = { 0 };

	conform_checks[c->check].ask(&c->run, c->round, copy, &q);
	if (q.path != NULL) {
		c->slots[copy].probe = probe_start(sup->c.loop, sup->dialer, in->live->link,
		    in->live->target, &q.ask, on_answer, &c->slots[copy]);
		c->run.nanswers[c->round]++;
		c->pending++;
	}
	conform_question_done(&q);
}

static void
ask_round(struct conform *c)
{
	struct instance *in = instance_to_ask(c);

	if (in == NULL) { /* it went, or nobody wants to know any more */
		finish(c, false);
		return;
	}
	if (c->round < CONFORM_ROUNDS)
		for (size_t i = 0; i < conform_checks[c->check].copies; i++)
			ask(c, in, i);
	if (c->pending == 0)
		judge(c);
}

void
conform_start(struct trial *t)
{
	struct supervisor *sup = t->sup;
	struct instance *in = registry_instance(sup->c.registry, t->sub->instance_id);
	const struct live *l = in->live;
	struct conform *c = mem_zalloc(sizeof(*c));
	unsigned char noise[4];

	if (l->target->is_pod && l->link == NULL)
		in->live->link = link_open(sup->c.loop, l->target->link_path);
	t->busy = true;
	t->conform = c;
	c->trial = t;
	c->report = cJSON_CreateArray();
	snprintf(c->run.model, sizeof(c->run.model), "janus/%.48s", t->sub->slug);
	c->run.start_limit_ms = l->manifest.start_timeout_ms;
	c->run.start_ms =
	    l->target->is_pod && l->started_ms > 0 ? l->entered_ms - l->started_ms : -1;
	for (size_t i = 0; i < CONFORM_COPIES; i++) {
		c->slots[i] = (struct conform_slot){ .conform = c, .copy = i };
		hash_random(noise, sizeof(noise));
		snprintf(c->run.marker[i], sizeof(c->run.marker[i]), "owl%02x%02x%02x%02x",
		    noise[0], noise[1], noise[2], noise[3]);
	}
	next_check(c);
}
