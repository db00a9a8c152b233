/*
 * test_pick.c - names to routes, and which candidate comes next.
 */
#include "controlplane/gateway/pick.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

/* owl has two instances, bee is the default one and not ready, cat has one. */
static struct routes *
snapshot(bool bee_ready)
{
	static const char *const slugs[] = { "owl", "bee", "cat" };
	struct routes *r = routes_new(3);

	for (size_t i = 0; i < 3; i++) {
		struct route *at = &r->at[i];

		snprintf(at->slug, sizeof(at->slug), "%s", slugs[i]);
		snprintf(at->competitor, sizeof(at->competitor), "cpt_%s", slugs[i]);
		snprintf(at->version, sizeof(at->version), "ver_0123456789%s", slugs[i]);
		snprintf(at->digest, sizeof(at->digest), "sha256:abcdef%zu", i);
		at->is_default = i == 1;
		at->ntargets = i == 0 ? 2 : i == 1 ? bee_ready : 1;
		at->targets = mem_zalloc(2 * sizeof(struct route_target *));
		for (size_t k = 0; k < at->ntargets; k++)
			at->targets[k] = route_target_new();
	}
	return r;
}

static const struct name {
	const char *header, *competitor_id, *model;
	enum wire_code code;
	const char *slug;
} names[] = {
	{ NULL, "", "janus", CODE_NONE, "bee" },
	{ NULL, "", "janus/owl", CODE_NONE, "owl" },
	{ NULL, "", "owl", CODE_NONE, "owl" },
	{ NULL, "", "janus/owl@ver_0123456789owl", CODE_NONE, "owl" },
	{ NULL, "", "janus/owl@ver_012345", CODE_NONE, "owl" },
	{ NULL, "", "janus/owl@sha256:abcdef0", CODE_NONE, "owl" },
	{ NULL, "", "janus/owl@abcdef", CODE_NONE, "owl" },
	{ NULL, "", "janus/owl@abcde", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "janus/owl@abcdef1", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "janus/owl@", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "owl@abcdef", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "janus/", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "janus/ow", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "janus/owls", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "Janus", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "gpt-4o", CODE_MODEL_NOT_FOUND, NULL },
	{ NULL, "", "", CODE_MISSING_PARAMETER, NULL },
	{ NULL, "owl", "gpt-4o", CODE_NONE, "owl" },
	{ NULL, "cpt_cat", "janus", CODE_NONE, "cat" },
	{ "cat", "owl", "janus/bee", CODE_NONE, "cat" },
	{ "", "owl", "janus/bee", CODE_NONE, "owl" },
	{ "nobody", "owl", "janus", CODE_MODEL_NOT_FOUND, NULL },
	{ "a b", "", "janus", CODE_INVALID_VALUE, NULL },
	{ "\xc3\xa9", "", "janus", CODE_INVALID_VALUE, NULL },
};

START_TEST(test_names)
{
	const struct name *n = &names[_i];
	const struct pick_wish wish = { n->header, n->competitor_id, n->model, 0, 0 };
	struct routes *r = snapshot(true);
	const struct picked p = pick(r, &wish, NULL, 0, true, 7);

	ck_assert_msg(p.code == n->code, "%d: %s", _i, wire_code_info(p.code)->code);
	if (n->slug != NULL)
		ck_assert_str_eq(p.route->slug, n->slug);
	ck_assert_int_eq(p.target != NULL, n->slug != NULL);
	routes_unref(r);
}
END_TEST

START_TEST(test_candidates_of_the_default)
{
	const struct pick_wish wish = { NULL, NULL, "janus", 0, 0 };
	struct route_target *tried[4] = { 0 };
	struct routes *r = snapshot(true);
	static const char *const order[] = { "bee", "owl", "owl", "cat" };

	for (size_t i = 0; i < 4; i++) {
		const struct picked p = pick(r, &wish, tried, i, true, 99 * i);

		ck_assert_int_eq(p.code, CODE_NONE);
		ck_assert_str_eq(p.route->slug, order[i]);
		for (size_t k = 0; k < i; k++)
			ck_assert_ptr_ne(tried[k], p.target);
		tried[i] = p.target;
	}
	ck_assert_int_eq(pick(r, &wish, tried, 4, true, 1).code, CODE_NO_READY_COMPETITOR);
	routes_unref(r);
}
END_TEST

START_TEST(test_leaders) /* janus-fast and janus-cheap are who leads, and else the default route */
{
	const struct pick_wish fast = { NULL, NULL, "janus-fast", 0, 0 },
			       cheap = { NULL, NULL, "janus-cheap", 0, 0 };
	struct routes *r = snapshot(true);

	ck_assert_str_eq(pick(r, &fast, NULL, 0, true, 1).route->slug, "bee"); /* nobody leads */
	r->at[2].is_fast = true;
	r->at[0].is_cheap = true;
	ck_assert_str_eq(pick(r, &fast, NULL, 0, true, 1).route->slug, "cat");
	ck_assert_str_eq(pick(r, &cheap, NULL, 0, true, 1).route->slug, "owl");
	/* It failed: another may answer. */
	struct route_target *tried[] = { r->at[2].targets[0] };
	ck_assert_str_eq(pick(r, &fast, tried, 1, true, 1).route->slug, "owl");
	ck_assert_int_eq(pick(r, &fast, tried, 1, false, 1).code, CODE_NO_READY_COMPETITOR);
	/* Not ready: who answers by default does. */
	route_target_unref(r->at[2].targets[0]);
	r->at[2].ntargets = 0;
	ck_assert_str_eq(pick(r, &fast, NULL, 0, false, 1).route->slug, "bee");
	ck_assert(pick_is_virtual("janus-fast") && pick_is_virtual("janus") &&
	    !pick_is_virtual("janus/owl"));
	routes_unref(r);
}
END_TEST

START_TEST(test_canary) /* its share of the default route's chats, and never one that waits */
{
	static const char *const others[] = { "janus-fast", "janus/bee", "bee" };
	const struct pick_wish any = { NULL, NULL, "janus", 0, 0 };
	struct routes *r = snapshot(true);
	int n = 0;

	r->at[2].canary_percent = 10;
	srand(3);
	for (int i = 0; i < 10000; i++) {
		const uint64_t lot =
		    (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand();
		const struct picked p = pick(r, &any, NULL, 0, true, lot);

		ck_assert_int_eq(p.code, CODE_NONE);
		ck_assert_ptr_nonnull(p.target);
		ck_assert(str_eq(p.route->slug, "bee") || str_eq(p.route->slug, "cat"));
		n += str_eq(p.route->slug, "cat");
		for (size_t k = 0; k < ARRAY_LEN(others); k++) {
			const struct pick_wish wish = { NULL, NULL, others[k], 0, 0 };

			ck_assert_str_eq(pick(r, &wish, NULL, 0, true, lot).route->slug, "bee");
		}
	}
	ck_assert_int_gt(n, 850);
	ck_assert_int_lt(n, 1150);

	/* Tried, or full, or away: the default route answers, and is what is waited for. */
	struct route_target *tried[] = { r->at[2].targets[0] };
	r->at[2].canary_percent = 100;
	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 0).route->slug, "cat");
	ck_assert_str_eq(pick(r, &any, tried, 1, true, 0).route->slug, "bee");
	r->at[2].targets[0]->limit = r->at[2].targets[0]->in_flight = 1;
	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 0).route->slug, "bee");
	r->at[1].targets[0]->limit = r->at[1].targets[0]->in_flight = 1;
	const struct picked p = pick(r, &any, NULL, 0, false, 0);
	ck_assert(p.full && p.target == NULL);
	ck_assert_str_eq(p.route->slug, "bee");
	routes_unref(r);
}
END_TEST

START_TEST(test_others_only_if_allowed)
{
	const struct pick_wish any = { NULL, NULL, "janus", 0, 0 },
			       bee = { NULL, NULL, "janus/bee", 0, 0 };
	struct routes *r = snapshot(false);

	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 1).route->slug, "owl");
	ck_assert_int_eq(pick(r, &any, NULL, 0, false, 1).code, CODE_NO_READY_COMPETITOR);
	ck_assert_int_eq(pick(r, &bee, NULL, 0, true, 1).code, CODE_NO_READY_COMPETITOR);
	ck_assert_str_eq(pick(r, &bee, NULL, 0, true, 1).route->slug, "bee");
	routes_unref(r);

	r = snapshot(false);
	r->at[1].is_default = false; /* no default: the first that is ready */
	ck_assert_str_eq(pick(r, &any, NULL, 0, false, 1).route->slug, "owl");
	routes_unref(r);

	r = routes_new(0);
	ck_assert_int_eq(pick(r, &any, NULL, 0, true, 1).code, CODE_NO_READY_COMPETITOR);
	ck_assert_int_eq(pick(r, &bee, NULL, 0, true, 1).code, CODE_MODEL_NOT_FOUND);
	routes_unref(r);
}
END_TEST

START_TEST(test_less_in_flight)
{
	const struct pick_wish wish = { NULL, NULL, "owl", 0, 0 };
	struct routes *r = snapshot(true);

	/* Of two instances both are always looked at, whatever the numbers. */
	r->at[0].targets[0]->in_flight = 3;
	for (uint64_t i = 0; i < 64; i++)
		ck_assert_ptr_eq(pick(r, &wish, NULL, 0, true, i * 0x9E3779B97F4A7C15ULL).target,
		    r->at[0].targets[1]);
	routes_unref(r);
}
END_TEST

/* What is not offered is not asked for, and the default gives way to one that offers it. */
START_TEST(test_needs)
{
	const struct pick_wish any = { NULL, NULL, "janus", 2, 0 },
			       bee = { NULL, NULL, "janus/bee", 2, 0 };
	struct routes *r = snapshot(true);

	ck_assert_int_eq(pick(r, &any, NULL, 0, true, 1).code, CODE_UNSUPPORTED_ENDPOINT);
	ck_assert_int_eq(pick(r, &bee, NULL, 0, true, 1).code, CODE_UNSUPPORTED_ENDPOINT);
	r->at[2].capabilities = 3;
	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 1).route->slug, "cat");
	ck_assert_int_eq(pick(r, &any, NULL, 0, false, 1).code, CODE_UNSUPPORTED_ENDPOINT);
	ck_assert_int_eq(pick(r, &bee, NULL, 0, true, 1).code, CODE_UNSUPPORTED_ENDPOINT);
	r->at[1].capabilities = 2;
	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 1).route->slug, "bee");
	struct route_target *tried[2] = { pick(r, &any, NULL, 0, true, 1).target,
		r->at[2].targets[0] };
	ck_assert_str_eq(pick(r, &any, tried, 1, true, 1).route->slug, "cat");
	/* All that offer it were tried: none is ready, but it is offered. */
	ck_assert_int_eq(pick(r, &any, tried, 2, true, 1).code, CODE_NO_READY_COMPETITOR);
	routes_unref(r);
}
END_TEST

static void
fill(struct route *r)
{
	for (size_t i = 0; i < r->ntargets; i++)
		r->targets[i]->limit = r->targets[i]->in_flight = 2;
}

START_TEST(test_full) /* [M10] a free slot where there is one; else the wish is to be waited for */
{
	const struct pick_wish any = { NULL, NULL, "janus", 0, 0 },
			       owl = { NULL, NULL, "owl", 0, 0 };
	struct routes *r = snapshot(true);
	struct route_target *bee = r->at[1].targets[0];
	struct picked p;

	fill(&r->at[0]);
	r->at[0].targets[1]->in_flight = 1;
	for (uint64_t i = 0; i < 16; i++)
		ck_assert_ptr_eq(
		    pick(r, &owl, NULL, 0, true, i << 32 | i).target, r->at[0].targets[1]);
	fill(&r->at[0]);
	p = pick(r, &owl, NULL, 0, true, 5);
	ck_assert(p.code == CODE_NONE && p.full && p.target == NULL);
	ck_assert_str_eq(p.route->slug, "owl");

	/* The default is waited for; but once it failed, whoever is free comes before who is full. */
	fill(&r->at[1]);
	p = pick(r, &any, NULL, 0, true, 5);
	ck_assert(p.full);
	ck_assert_str_eq(p.route->slug, "bee");
	p = pick(r, &any, &bee, 1, true, 5);
	ck_assert(!p.full);
	ck_assert_str_eq(p.route->slug, "cat");
	fill(&r->at[2]);
	p = pick(r, &any, &bee, 1, true, 5);
	ck_assert(p.full);
	ck_assert_str_eq(p.route->slug, "owl");
	routes_unref(r);
}
END_TEST

START_TEST(test_shut) /* [C01] an open breaker is passed over, or told */
{
	const struct pick_wish any = { NULL, NULL, "janus", 0, 1000 };
	const struct pick_wish bee = { NULL, NULL, "bee", 0, 1000 },
			       later = { NULL, NULL, "bee", 0, 6000 };
	struct routes *r = snapshot(true);
	struct traffic *t = r->at[1].targets[0]->traffic = traffic_new(&traffic_defaults);
	struct traffic_change change;
	struct breaker_pass pass;
	struct picked p;

	for (int i = 0; i < 5; i++) {
		ck_assert(traffic_enter(t, 1000, &pass, &change));
		traffic_report(t, &pass, BREAKER_BAD, 0, 1000, &change);
	}
	p = pick(r, &bee, NULL, 0, true, 1);
	ck_assert(p.code == CODE_NO_READY_COMPETITOR && p.shut && p.target == NULL);
	ck_assert_int_eq(p.wait_ms, 5000);
	ck_assert_str_eq(p.route->slug, "bee");
	ck_assert_str_eq(pick(r, &any, NULL, 0, true, 1).route->slug, "owl");
	ck_assert(pick(r, &any, NULL, 0, false, 1).shut);
	ck_assert_ptr_nonnull(pick(r, &later, NULL, 0, true, 1).target); /* the probe */
	routes_unref(r);
}
END_TEST

/* Owl's second instance is of a version that gets a share. */
static struct routes *
snapshot_sharing(int percent)
{
	struct routes *r = snapshot(true);
	struct route *route = &r->at[0];

	strcpy(route->version, "ver_current");
	strcpy(route->other_version, "ver_newone");
	strcpy(route->other_digest, "sha256:fedcba");
	strcpy(route->targets[0]->version, "ver_current");
	strcpy(route->targets[1]->version, "ver_newone");
	route->candidate_percent = percent;
	return r;
}

/* A version on trial by a share is sent that share, and everything where nothing else is free. */
START_TEST(test_share)
{
	const struct pick_wish owl = { NULL, NULL, "owl", 0, 0 };
	struct routes *r = snapshot_sharing(20);
	struct route *route = &r->at[0];
	int candidate = 0;

	for (uint64_t i = 0; i < 65536; i++)
		candidate += pick(r, &owl, NULL, 0, true, i << 16).target == route->targets[1];
	ck_assert_int_ge(candidate, 65536 * 19 / 100);
	ck_assert_int_le(candidate, 65536 * 21 / 100);
	route->targets[0]->limit = route->targets[0]->in_flight = 1;
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_ptr_eq(pick(r, &owl, NULL, 0, true, i << 16).target, route->targets[1]);
	routes_unref(r);
}
END_TEST

static const struct pin {
	const char *model;
	int target; /* of owl; -1: there is no such model */
} pins[] = {
	{ "janus/owl@ver_current", 0 },
	{ "janus/owl@ver_curren", 0 },
	{ "janus/owl@sha256:abcdef0", 0 },
	{ "janus/owl@abcdef", 0 },
	{ "janus/owl@ver_newone", 1 },
	{ "janus/owl@ver_newo", -1 }, /* too short */
	{ "janus/owl@sha256:fedcba", 1 },
	{ "janus/owl@fedcba", 1 },
	{ "janus/owl@fedcb", -1 },
	{ "janus/owl@ver_another", -1 },
	{ "janus/cat@ver_newone", -1 },
};

/* A version that is named answers, and no other: at first, after a failure, and when it is full. */
START_TEST(test_pin)
{
	const struct pin *pin = &pins[_i];
	const struct pick_wish wish = { NULL, NULL, pin->model, 0, 0 };
	static const int shares[] = { 0, 1, 50, 99 };

	for (size_t k = 0; k < ARRAY_LEN(shares); k++) {
		struct routes *r = snapshot_sharing(shares[k]);
		struct route_target *want = pin->target >= 0 ? r->at[0].targets[pin->target] : NULL;
		struct picked p;

		for (uint64_t i = 0; i < 2000; i++) {
			p = pick(r, &wish, NULL, 0, true, i * 0x9E3779B97F4A7C15ULL);
			ck_assert_int_eq(p.code, want != NULL ? CODE_NONE : CODE_MODEL_NOT_FOUND);
			ck_assert_ptr_eq(p.target, want);
		}
		if (want != NULL) {
			ck_assert_str_eq(p.version, want->version);
			ck_assert_int_eq(
			    pick(r, &wish, &want, 1, true, 5).code, CODE_NO_READY_COMPETITOR);
			want->limit = want->in_flight = 1;
			p = pick(r, &wish, NULL, 0, true, 5);
			ck_assert(p.code == CODE_NONE && p.full && !p.asleep);
			ck_assert_ptr_null(p.target);
			ck_assert_str_eq(p.version, want->version);
		}
		routes_unref(r);
	}
}
END_TEST

START_TEST(test_pin_away) /* one of the two has no instance now: it is not ready, or to be woken */
{
	const struct pick_wish current = { NULL, NULL, "janus/owl@ver_current", 0, 0 },
			       newer = { NULL, NULL, "janus/owl@ver_newone", 0, 0 },
			       embeds = { NULL, NULL, "janus/owl@ver_newone", 2, 0 },
			       any = { NULL, NULL, "janus/owl", 0, 0 };
	struct routes *r = snapshot_sharing(0);
	struct route *route = &r->at[0];
	struct picked p;

	strcpy(route->targets[1]->version, "ver_current");
	p = pick(r, &newer, NULL, 0, true, 5);
	ck_assert_int_eq(p.code, CODE_NO_READY_COMPETITOR);
	route->wakes = true;
	p = pick(r, &newer, NULL, 0, true, 5);
	ck_assert(p.code == CODE_NONE && p.full && p.asleep);
	/* Awake is the other one, which nobody named. */
	ck_assert(!pick(r, &current, NULL, 0, true, 5).asleep);
	p = pick(r, &any, NULL, 0, true, 5);
	ck_assert(p.target != NULL && !p.asleep);
	ck_assert_str_eq(p.version, "");
	/* What it offers is its own affair. */
	ck_assert_int_eq(pick(r, &embeds, NULL, 0, true, 5).code, CODE_UNSUPPORTED_ENDPOINT);
	route->other_capabilities = 2;
	ck_assert_int_eq(pick(r, &embeds, NULL, 0, true, 5).code, CODE_NONE);
	routes_unref(r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pick");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_names, 0, (int)ARRAY_LEN(names));
	tcase_add_test(tc, test_candidates_of_the_default);
	tcase_add_test(tc, test_leaders);
	tcase_add_test(tc, test_canary);
	tcase_add_test(tc, test_others_only_if_allowed);
	tcase_add_test(tc, test_less_in_flight);
	tcase_add_test(tc, test_needs);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_share);
	tcase_add_loop_test(tc, test_pin, 0, (int)ARRAY_LEN(pins));
	tcase_add_test(tc, test_pin_away);
	tcase_add_test(tc, test_shut);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
