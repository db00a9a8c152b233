/*
 * test_policy.c - what an instance may have, when it runs, and who goes for another.
 */
#include "controlplane/supervise/policy.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/decide.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define GIB (INT64_C(1) << 30)

static struct rules
settings(void)
{
	return (struct rules){ .limits = policy_defaults, .idle_ms = 600000, .replicas = 1 };
}

static const char *
origin(const char *name, void *arg)
{
	(void)arg;
	return str_eq(name, "pids") ? "/etc/janus/janus.conf:3" : "built-in";
}

static const struct patch {
	const char *before, *patch;
	const char *after; /* or, not accepted, a part of the message */
	bool accepted;
} patches[] = {
	{ "", "{\"memory\":\"1GiB\"}", "{\"memory\":\"1GiB\"}", true },
	{ "{\"memory\":\"1GiB\"}", "{\"cpus\":0.5}", "{\"memory\":\"1GiB\",\"cpus\":0.5}", true },
	{ "{\"memory\":\"1GiB\"}", "{\"memory\":\"2GiB\"}", "{\"memory\":\"2GiB\"}", true },
	{ "{\"memory\":\"1GiB\",\"pids\":9}", "{\"memory\":null}", "{\"pids\":9}", true },
	{ "{\"memory\":\"1GiB\"}", "{\"memory\":null}", "", true },
	{ "", "{}", "", true },
	{ "", "{\"activation\":\"frozen\",\"idle\":\"5m\",\"replicas\":3}",
	    "{\"activation\":\"frozen\",\"idle\":\"5m\",\"replicas\":3}", true },
	{ "", "{\"memory\":1}", "policy.memory must be a size", false },
	{ "", "{\"memory\":\"1\"}", "policy.memory is out of range", false },
	{ "", "{\"activation\":\"sometimes\"}", "always", false },
	{ "", "{\"replicas\":0}", "policy.replicas is out of range", false },
	{ "", "{\"replicas\":1.5}", "policy.replicas must be a whole number", false },
	{ "", "{\"cpus\":\"2\"}", "policy.cpus must be a number", false },
	{ "", "{\"idle\":\"soon\"}", "policy.idle must be a duration", false },
	{ "", "{\"disk\":\"1GiB\"}", "unknown field 'disk'", false },
	{ "", "[]", "must be an object", false },
};

START_TEST(a_patch_is_merged_or_refused)
{
	const struct patch *p = &patches[_i];
	_cleanup_json_ cJSON *json = NULL;
	char out[POLICY_MAX] = "untouched";
	struct error err = { 0 };

	ck_assert_int_eq(json_parse(p->patch, strlen(p->patch), &json, &err), 0);
	ck_assert_int_eq(policy_merge(p->before, json, out, &err), p->accepted ? 0 : -1);
	if (p->accepted)
		ck_assert_str_eq(out, p->after);
	else
		ck_assert_msg(strstr(err.text, p->after) != NULL, "'%s'", err.text);
}
END_TEST

START_TEST(what_was_said_stands_over_the_settings)
{
	const struct rules defaults = settings();
	struct rules r;

	policy_apply(&defaults,
	    "{\"memory\":\"1GiB\",\"cpus\":0.5,\"pids\":7,\"activation\":\"on-demand\",\"idle\":"
	    "\"1m\",\"replicas\":4}",
	    &r);
	ck_assert_int_eq(r.limits.memory_bytes, GIB);
	ck_assert_int_eq(r.limits.nano_cpus, 500000000);
	ck_assert_int_eq(r.limits.pids, 7);
	ck_assert_int_eq(r.limits.nofile, policy_defaults.nofile);
	ck_assert_int_eq(r.activation, ACTIVATION_ON_DEMAND);
	ck_assert_int_eq(r.idle_ms, 60000);
	ck_assert_int_eq(r.replicas, 4);
	policy_apply(&defaults, "{\"memory\":", &r); /* what cannot be read says nothing */
	ck_assert_int_eq(r.limits.memory_bytes, policy_defaults.memory_bytes);
}
END_TEST

START_TEST(each_value_says_where_it_comes_from)
{
	const struct rules defaults = settings();
	const struct manifest m = { .memory_bytes = GIB / 2, .nano_cpus = INT64_C(64000000000) };
	_cleanup_json_ cJSON *json =
	    policy_describe(&defaults, origin, NULL, "{\"memory\":\"1GiB\",\"shm\":\"1MiB\"}", &m);

	ck_assert_str_eq(json_str(json_get(json, "memory"), "value"), "512 MiB");
	ck_assert_str_eq(json_str(json_get(json, "memory"), "origin"), "manifest");
	ck_assert_str_eq(json_str(json_get(json, "shm"), "origin"), "competitor");
	ck_assert_str_eq(json_str(json_get(json, "pids"), "origin"), "/etc/janus/janus.conf:3");
	/* more than allowed is not what it gets */
	ck_assert_str_eq(json_str(json_get(json, "cpus"), "origin"), "built-in");
	ck_assert_str_eq(json_str(json_get(json, "activation"), "value"), "always");
}
END_TEST

static const struct life_case {
	const char *name;
	struct life_seen seen;
	enum life life;
	int64_t due_ms;
} lives[] = {
	{ "always runs", { .activation = ACTIVATION_ALWAYS, .now_ms = 1 }, LIFE_RUN, 0 },
	{ "nobody asked", { .activation = ACTIVATION_ON_DEMAND, .now_ms = 9, .idle_ms = 5 },
	    LIFE_STOP, 0 },
	{ "somebody waits",
	    { .activation = ACTIVATION_ON_DEMAND, .now_ms = 100, .used_ms = 98, .idle_ms = 5 },
	    LIFE_RUN, 103 },
	{ "silent for long",
	    { .activation = ACTIVATION_ON_DEMAND, .now_ms = 103, .used_ms = 98, .idle_ms = 5 },
	    LIFE_STOP, 0 },
	{ "a long chat is no silence",
	    { .activation = ACTIVATION_ON_DEMAND,
		.now_ms = 900,
		.used_ms = 98,
		.idle_ms = 5,
		.in_flight = 1 },
	    LIFE_RUN, 905 },
	{ "frozen sleeps", { .activation = ACTIVATION_FROZEN, .now_ms = 103, .idle_ms = 5 },
	    LIFE_FREEZE, 0 },
	{ "frozen is awake while asked",
	    { .activation = ACTIVATION_FROZEN, .now_ms = 103, .used_ms = 102, .idle_ms = 5 },
	    LIFE_RUN, 107 },
	{ "evicted goes, though it was asked a moment ago",
	    { .activation = ACTIVATION_FROZEN,
		.now_ms = 103,
		.used_ms = 102,
		.idle_ms = 5,
		.evicted = true },
	    LIFE_STOP, 0 },
	{ "but not under a chat",
	    { .activation = ACTIVATION_FROZEN,
		.now_ms = 103,
		.used_ms = 102,
		.idle_ms = 5,
		.evicted = true,
		.in_flight = 2 },
	    LIFE_RUN, 108 },
	{ "an endpoint is not ours to stop",
	    { .activation = ACTIVATION_ON_DEMAND, .is_url = true, .now_ms = 9, .idle_ms = 5 },
	    LIFE_RUN, 0 },
};

/* [F09] */
START_TEST(who_runs)
{
	const struct life_case *c = &lives[_i];
	int64_t due_ms = -1;

	ck_assert_msg(life_decide(&c->seen, &due_ms) == c->life, "%s", c->name);
	ck_assert_msg(due_ms == c->due_ms, "%s: due %lld", c->name, (long long)due_ms);
}
END_TEST

/* [F09] The one silent for longest goes first; nobody goes in vain, and nobody who is busy. */
START_TEST(who_goes)
{
	const struct evictable three[] = { { 30, 100, false }, { 10, 100, false },
		{ 5, 100, true } };

	ck_assert_uint_eq(evict_pick(three, 3, 100), 1);
	ck_assert_uint_eq(evict_pick(three, 3, 200), 1);
	ck_assert_uint_eq(evict_pick(three, 3, 201), 3);
	ck_assert_uint_eq(evict_pick(three, 0, 1), 0);
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		struct evictable all[6];
		const size_t n = (size_t)(random() % 7);
		const int64_t need = 1 + random() % 40;
		int64_t room = 0;

		for (size_t i = 0; i < n; i++) {
			all[i] = (struct evictable){ random() % 20, 1 + random() % 10,
				random() % 3 == 0 };
			room += all[i].busy ? 0 : all[i].memory_bytes;
		}
		const size_t k = evict_pick(all, n, need);
		ck_assert(room < need ? k == n : k < n && !all[k].busy);
		for (size_t i = 0; k < n && i < n; i++)
			ck_assert(all[i].busy || all[i].used_ms >= all[k].used_ms);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_loop_test(t, a_patch_is_merged_or_refused, 0, (int)ARRAY_LEN(patches));
	tcase_add_test(t, what_was_said_stands_over_the_settings);
	tcase_add_test(t, each_value_says_where_it_comes_from);
	tcase_add_loop_test(t, who_runs, 0, (int)ARRAY_LEN(lives));
	tcase_add_test(t, who_goes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
