/*
 * test_champion.c - runs come in and chats go by: who is on trial, who reigns, and what a restart keeps.
 */
#include "controlplane/schedule/champion.h"

#include <string.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/life.h"
#include "controlplane/registry/registry.h"
#include "controlplane/store/reigns.h"
#include "controlplane/store/runs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static struct registry reg;
static struct champion *champion;
static struct champion_config config;
static int changes, events, wakes;

static void
on_change(void *arg)
{
	(void)arg;
	changes++;
}

static void
on_wake(const char *competitor_id, void *arg)
{
	(void)arg;
	ck_assert_str_eq(competitor_id, "cpt_bee");
	wakes++;
}

static void
wake(void)
{
	struct error err = { 0 };

	config = (struct champion_config){
		.loop = loop,
		.store = store,
		.registry = &reg,
		.suite = "public/dev",
		.lead = { 1.0, 80 },
		.bounds = { 10, 200 },
		.succession = { 20, 60000 },
		.canary_percent = config.canary_percent != 0 ? config.canary_percent : 10,
		.away_ms = 60000,
		.look_ms = 2,
		.on_change = on_change,
		.on_wake = on_wake,
	};
	champion = champion_new(&config, &err);
	ck_assert_msg(champion != NULL, "%s", err.text);
	champion_start(champion);
}

static void
sleep_well(void)
{
	champion_stop(champion);
	store_close(store);
	store = NULL;
	loop_run_posted(loop);
	champion_free(champion);
	champion = NULL;
}

static void
restart(void)
{
	sleep_well();
	for (size_t i = 0; i < reg.ncompetitors; i++) /* they are not stored */
		memset(&reg.competitors[i]->standing, 0, sizeof(struct standing));
	reopen();
	wake();
}

static struct competitor *
enter(const char *slug)
{
	struct competitor c = { .wanted = true, .created_at_ms = (int64_t)reg.ncompetitors + 1 };
	struct version v = { .accepted_at_ms = 1, .manifest = str_dup("") };
	struct instance in = { .state = INSTANCE_READY };

	snprintf(c.id, sizeof(c.id), "cpt_%s", slug);
	snprintf(c.slug, sizeof(c.slug), "%s", slug);
	snprintf(v.id, sizeof(v.id), "ver_%s", slug);
	snprintf(in.id, sizeof(in.id), "ins_%s", slug);
	memcpy(c.version_id, v.id, sizeof(v.id));
	memcpy(v.competitor_id, c.id, sizeof(c.id));
	memcpy(in.competitor_id, c.id, sizeof(c.id));
	memcpy(in.version_id, v.id, sizeof(v.id));
	registry_add_version(&reg, &v);
	registry_add_instance(&reg, &in);
	return registry_add_competitor(&reg, &c);
}

static void
begin(void)
{
	set_up();
	memset(&reg, 0, sizeof(reg));
	memset(&config, 0, sizeof(config));
	changes = 0;
	enter("owl");
	enter("bee");
	wake();
}

static void
finish(void)
{
	sleep_well();
	registry_done(&reg);
	tear_down();
}

/* ---- waiting ---- */

struct waiting {
	struct timer timer;
	bool (*is)(void);
	int64_t until_ms;
};

static void
poll_it(struct timer *t, void *arg)
{
	struct waiting *w = arg;

	if (w->is() || clock_now_ms() > w->until_ms)
		loop_stop(loop);
	else
		timer_set(loop, t, 1, poll_it, w);
}

#define BECOMES(what)                                                                   \
	do {                                                                            \
		struct waiting w_ = { .is = what, .until_ms = clock_now_ms() + 60000 }; \
		timer_set(loop, &w_.timer, 0, poll_it, &w_);                            \
		loop_run(loop);                                                         \
		ck_assert_msg(what(), #what);                                           \
	} while (0)

static const char *
reigning(void)
{
	const struct reign *r = champion_reigning(champion);

	return r != NULL ? r->slug : "";
}

static const char *
on_trial(void)
{
	const struct reign *r = champion_canary(champion);

	return r != NULL ? r->slug : "";
}

static bool
owl_reigns(void)
{
	return str_eq(reigning(), "owl");
}

static bool
bee_reigns(void)
{
	return str_eq(reigning(), "bee");
}

static bool
bee_on_trial(void)
{
	return str_eq(on_trial(), "bee");
}

static bool
nobody_on_trial(void)
{
	return champion_canary(champion) == NULL;
}

static bool
nobody_reigns(void)
{
	return champion_reigning(champion) == NULL;
}

static int looks;

static bool
looked(void)
{
	return looks++ > 20;
}

/* ---- runs and chats ---- */

static void
on_put(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(err);
	loop_stop(loop);
}

static void
score(const char *slug, double value)
{
	static int runs;
	struct store_batch *b = store_batch_new();
	struct run r = { .state = RUN_FINISHED, .is_whole = true };

	snprintf(r.id, sizeof(r.id), "run_%d", ++runs);
	snprintf(r.competitor_id, sizeof(r.competitor_id), "cpt_%s", slug);
	snprintf(r.version_id, sizeof(r.version_id), "ver_%s", slug);
	snprintf(r.slug, sizeof(r.slug), "%s", slug);
	snprintf(r.suite, sizeof(r.suite), "public/dev");
	snprintf(r.suite_digest, sizeof(r.suite_digest), "sha256:ab");
	snprintf(r.scoring, sizeof(r.scoring), "2026-11");
	r.created_at_ms = r.finished_at_ms = clock_wall_ms() + runs;
	r.report = str_printf("{\"is_whole\":true,\"items\":{\"expected\":9,\"passed\":8,"
			      "\"failed\":1},\"scores\":{\"composite\":{\"value\":%g,\"low\":%g,"
			      "\"high\":%g},\"quality\":{\"value\":%g},\"speed\":{\"value\":%g},"
			      "\"cost\":{\"value\":%g}}}",
	    value, value - 1, value + 1, value, 100 - value, value);
	store_put_run(b, &r);
	store_commit(store, b, on_put, NULL);
	loop_run(loop);
	champion_run_finished(champion, &r);
	run_row_done(&r);
}

static void
chat(const char *model, const char *slug, enum wire_code code, int64_t ttft_ms)
{
	struct life_attempt a = { .code = code, .upstream_status = code == CODE_NONE ? 200 : 0 };
	struct chat_result result = { .code = code, .ttft_us = ttft_ms * 1000 };
	const struct gateway_usage u = {
		.model = model, .slug = slug, .result = &result, .attempts = &a, .nattempts = 1
	};

	snprintf(a.competitor, sizeof(a.competitor), "%s", slug);
	champion_chat(champion, &u);
}

static void
chats(int n, const char *slug, enum wire_code code, int64_t ttft_ms)
{
	while (n-- > 0)
		chat("janus", slug, code, ttft_ms);
}

static struct standing *
standing(const char *slug)
{
	return &registry_slug(&reg, slug)->standing;
}

/* owl reigns, and bee is on trial for it. */
static void
try_bee(void)
{
	score("owl", 60);
	BECOMES(owl_reigns);
	score("bee", 70);
	BECOMES(bee_on_trial);
}

START_TEST(test_the_first_one_answers_already)
{
	ck_assert_str_eq(registry_default(&reg)->slug, "owl");
	score("owl", 60);
	BECOMES(owl_reigns);
	ck_assert(standing("owl")->is_champion && standing("owl")->has_score);
	ck_assert_int_gt(changes, 0);
	score("bee", 60.5); /* not by the margin */
	looks = 0;
	BECOMES(looked);
	ck_assert(owl_reigns() && nobody_on_trial());
	ck_assert(standing("owl")->is_fast); /* 40 and 39.5 */
	ck_assert(standing("bee")->is_cheap);
}
END_TEST

START_TEST(test_trial)
{
	const struct reign *r;

	try_bee();
	ck_assert_int_eq(standing("bee")->canary_percent, 10);
	ck_assert(standing("owl")->is_champion);
	ck_assert_str_eq(registry_default(&reg)->slug, "owl");
	/* Chats that did not ask for janus, or that say nothing of it, do not count. */
	for (int i = 0; i < 40; i++) {
		chat("janus/bee", "bee", CODE_UPSTREAM_DIED, -1);
		chat("janus", "bee", CODE_CLIENT_CLOSED, -1);
	}
	chats(19, "bee", CODE_NONE, 100);
	looks = 0;
	BECOMES(looked);
	ck_assert(bee_on_trial());
	chats(1, "bee", CODE_NONE, 100);
	BECOMES(bee_reigns);
	ck_assert(nobody_on_trial());
	ck_assert_str_eq(registry_default(&reg)->slug, "bee");
	ck_assert_int_eq(standing("bee")->canary_percent, 0);
	r = champion_reigning(champion);
	ck_assert_ptr_nonnull(strstr(r->proof, "\"difference\":{\"value\":10"));
	ck_assert_int_eq(r->trial.chats, 20);
	ck_assert_str_ne(r->previous_id, "");
}
END_TEST

static bool
woken(void)
{
	return wakes > 0;
}

START_TEST(test_trial_of_one_that_sleeps) /* it is woken, for chats do not wait for it */
{
	wakes = 0;
	score("owl", 60);
	BECOMES(owl_reigns);
	registry_slug(&reg, "bee")->wakes = true;
	reg.instances[1]->state = INSTANCE_FROZEN;
	score("bee", 70);
	BECOMES(bee_on_trial);
	BECOMES(woken);
	ck_assert(bee_on_trial());
}
END_TEST

START_TEST(test_trial_that_fails)
{
	try_bee();
	chats(3, "bee", CODE_UPSTREAM_DIED, -1);
	BECOMES(nobody_on_trial);
	ck_assert(owl_reigns());
	looks = 0;
	BECOMES(looked);
	ck_assert(nobody_on_trial()); /* not again on the same runs */
	score("bee", 70);
	BECOMES(bee_on_trial);
}
END_TEST

START_TEST(test_slow)
{
	try_bee();
	chats(20, "owl", CODE_NONE, 400);
	chats(10, "bee", CODE_NONE, 1000);
	BECOMES(nobody_on_trial);
	ck_assert(owl_reigns());
}
END_TEST

START_TEST(test_rolled_back_while_it_reigns)
{
	size_t n;

	try_bee();
	chats(20, "bee", CODE_NONE, 100);
	BECOMES(bee_reigns);
	chats(3, "bee", CODE_UPSTREAM_CONNECT_FAILED, -1);
	BECOMES(owl_reigns);
	const struct reign *const *all = champion_reigns(champion, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(all[1]->state, REIGN_ROLLED_BACK);
	ck_assert_str_eq(all[1]->end_reason, "live_errors");
	ck_assert_int_eq(all[2]->cause, REIGN_BY_ROLLBACK);
	chats(30, "owl", CODE_UPSTREAM_DIED, -1); /* who was put back is not put away again */
	looks = 0;
	BECOMES(looked);
	ck_assert(owl_reigns() && nobody_on_trial());
}
END_TEST

START_TEST(test_restart) /* every step is stored before it is done */
{
	try_bee();
	restart();
	ck_assert(owl_reigns() && bee_on_trial());
	chats(20, "bee", CODE_NONE, 100);
	BECOMES(bee_reigns);
	restart();
	ck_assert(bee_reigns() && nobody_on_trial());
	looks = 0;
	BECOMES(looked);
	ck_assert(standing("bee")->is_champion);
	chats(3, "bee", CODE_UPSTREAM_DIED, -1);
	BECOMES(owl_reigns);
	restart();
	looks = 0;
	BECOMES(looked);
	ck_assert(owl_reigns() && nobody_on_trial()); /* its bar is kept, too */
}
END_TEST

START_TEST(test_gone)
{
	try_bee();
	registry_slug(&reg, "bee")->wanted = false;
	BECOMES(nobody_on_trial);
	registry_slug(&reg, "bee")->wanted = true; /* it did no wrong */
	BECOMES(bee_on_trial);
	registry_slug(&reg, "owl")->wanted = false;
	BECOMES(nobody_reigns);
	ck_assert_str_eq(registry_default(&reg)->slug, "bee");
	chats(20, "bee", CODE_NONE, 100);
	BECOMES(bee_reigns);
}
END_TEST

static void
on_event(const struct event_row *e, void *arg)
{
	events += strncmp(e->action, "champion.", 9) == 0 && strcmp(e->actor, arg) == 0;
}

static bool answered;

static void
on_done(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_ptr_null(err);
	answered = true;
}

static bool
is_answered(void)
{
	return answered;
}

START_TEST(test_by_hand)
{
	const struct store_actor boss = { "admin", "req_1" };
	const struct reign *to = NULL;
	struct error err = { 0 };

	ck_assert_int_eq(champion_rollback_check(champion, &to, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	try_bee();
	ck_assert_int_eq(champion_promote_check(champion, registry_slug(&reg, "owl"), &err), -1);
	ck_assert_int_eq(champion_promote_check(champion, registry_slug(&reg, "bee"), &err), 0);
	registry_slug(&reg, "bee")->wanted = false;
	ck_assert_int_eq(champion_promote_check(champion, registry_slug(&reg, "bee"), &err), -1);
	registry_slug(&reg, "bee")->wanted = true;
	answered = false;
	champion_promote(champion, registry_slug(&reg, "bee"), "I say so", &boss, on_done, NULL);
	ck_assert_int_eq(champion_rollback_check(champion, &to, &err), -1); /* one at a time */
	BECOMES(is_answered);
	ck_assert(bee_reigns() && nobody_on_trial());
	ck_assert_int_eq(champion_reigning(champion)->cause, REIGN_BY_MANUAL);

	/* And back: who was put away waits for new runs. */
	ck_assert_int_eq(champion_rollback_check(champion, &to, &err), 0);
	ck_assert_str_eq(to->slug, "owl");
	answered = false;
	champion_rollback(champion, "or not", &boss, on_done, NULL);
	BECOMES(is_answered);
	looks = 0;
	BECOMES(looked);
	ck_assert(owl_reigns() && nobody_on_trial());
	events = 0;
	ck_assert_int_eq(store_events(store, &(struct event_query){ .limit = 50 }, on_event,
			     (void *)(intptr_t)boss.name, NULL),
	    0);
	ck_assert_int_eq(events, 2);
	score("bee", 70);
	BECOMES(bee_on_trial);
	answered = false;
	champion_rollback(champion, "not now", &boss, on_done, NULL);
	BECOMES(is_answered);
	ck_assert(owl_reigns() && nobody_on_trial());
}
END_TEST

START_TEST(test_overruled) /* what somebody decided by hand waits for new evidence */
{
	const struct store_actor boss = { "admin", NULL };

	score("owl", 60);
	BECOMES(owl_reigns);
	score("bee", 40);
	answered = false;
	champion_promote(champion, registry_slug(&reg, "bee"), "a test", &boss, on_done, NULL);
	BECOMES(is_answered);
	looks = 0;
	BECOMES(looked);
	ck_assert(bee_reigns() && nobody_on_trial());
	score("owl", 60);
	while (nobody_on_trial()) {
		looks = 0;
		BECOMES(looked);
	}
	ck_assert_str_eq(on_trial(), "owl");
}
END_TEST

START_TEST(test_metrics)
{
	_cleanup_buf_ struct buf out = { 0 };

	score("owl", 60);
	BECOMES(owl_reigns);
	champion_metrics(champion, &out);
	ck_assert_ptr_nonnull(strstr(
	    buf_str(&out), "janus_score_points{competitor=\"owl\",dimension=\"composite\"} 60\n"));
	ck_assert_ptr_null(strstr(buf_str(&out), "modality"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("champion");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, begin, finish);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_the_first_one_answers_already);
	tcase_add_test(tc, test_trial);
	tcase_add_test(tc, test_trial_of_one_that_sleeps);
	tcase_add_test(tc, test_trial_that_fails);
	tcase_add_test(tc, test_slow);
	tcase_add_test(tc, test_rolled_back_while_it_reigns);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_gone);
	tcase_add_test(tc, test_by_hand);
	tcase_add_test(tc, test_overruled);
	tcase_add_test(tc, test_metrics);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
