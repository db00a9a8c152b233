/*
 * test_registry.c - what people call things, who serves, and what is shared between snapshots.
 */
#include "controlplane/registry/registry.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static struct registry reg;

static struct competitor *
add_competitor(const char *id, const char *slug, const char *version)
{
	struct competitor c = { .wanted = true };

	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.slug, sizeof(c.slug), "%s", slug);
	snprintf(c.version_id, sizeof(c.version_id), "%s", version);
	return registry_add_competitor(&reg, &c);
}

static struct version *
add_version(const char *id, const char *competitor, bool accepted)
{
	struct version v = { .manifest = str_dup(""), .accepted_at_ms = accepted };

	snprintf(v.id, sizeof(v.id), "%s", id);
	snprintf(v.competitor_id, sizeof(v.competitor_id), "%s", competitor);
	return registry_add_version(&reg, &v);
}

static struct submission *
add_submission(const char *id, const char *slug, enum submission_state state)
{
	struct submission s = {
		.state = state, .manifest = str_dup(""), .evidence = str_dup("{}")
	};

	snprintf(s.id, sizeof(s.id), "%s", id);
	snprintf(s.slug, sizeof(s.slug), "%s", slug);
	return registry_add_submission(&reg, &s);
}

static struct instance *
add_instance(const char *id, const char *competitor, const char *version, enum instance_state state)
{
	struct instance i = { .state = state, .evidence = str_dup("{}") };

	snprintf(i.id, sizeof(i.id), "%s", id);
	snprintf(i.competitor_id, sizeof(i.competitor_id), "%s", competitor);
	snprintf(i.version_id, sizeof(i.version_id), "%s", version);
	return registry_add_instance(&reg, &i);
}

/* owl serves its second version, cub was never accepted, bee is ready too. */
static void
set_up(void)
{
	add_competitor("cpt_aaaaaa1", "owl", "ver_bbbbbb2");
	add_competitor("cpt_aaaaaa2", "cub", "");
	add_competitor("cpt_cccccc1", "bee", "ver_dddddd1");
	add_version("ver_bbbbbb1", "cpt_aaaaaa1", true);
	add_version("ver_bbbbbb2", "cpt_aaaaaa1", true);
	add_version("ver_dddddd1", "cpt_cccccc1", true);
	add_submission("sub_eeeeee1", "owl", SUBMISSION_READY);
	add_submission("sub_eeeeee2", "owl", SUBMISSION_PULLING);
	add_submission("sub_ffffff1", "owl", SUBMISSION_REJECTED);
	add_submission("sub_ffffff2", "cub", SUBMISSION_FAILED);
	add_instance("ins_gggggg1", "cpt_aaaaaa1", "ver_bbbbbb1", INSTANCE_DRAINING);
	add_instance("ins_gggggg2", "cpt_aaaaaa1", "ver_bbbbbb2", INSTANCE_READY);
	add_instance("ins_gggggg3", "cpt_aaaaaa1", "ver_bbbbbb2", INSTANCE_DRAINING);
	add_instance("ins_hhhhhh1", "cpt_cccccc1", "ver_dddddd1", INSTANCE_READY);
}

static void
tear_down(void)
{
	registry_done(&reg);
	memset(&reg, 0, sizeof(reg));
}

/* ---- references ---- */

static const struct reference {
	char noun; /* competitor, version, submission, instance */
	const char *ref, *id; /* id NULL: not found, and the error's kind and words */
	enum error_kind kind;
	const char *words;
} references[] = {
	{ 'c', "owl", "cpt_aaaaaa1", 0, NULL },
	{ 'c', "cpt_aaaaaa1", "cpt_aaaaaa1", 0, NULL },
	{ 'c', "cpt_cccccc", "cpt_cccccc1", 0, NULL },
	{ 'c', "cpt_ccccc", NULL, ERROR_NOT_FOUND, "no competitor 'cpt_ccccc'" },
	{ 'c', "cpt_aaaaaa", NULL, ERROR_INVALID, "ambiguous: cpt_aaaaaa1, cpt_aaaaaa2" },
	{ 'c', "cub", NULL, ERROR_NOT_FOUND, "no competitor 'cub'" },
	{ 'c', "cpt_aaaaaa2", NULL, ERROR_NOT_FOUND, "cpt_aaaaaa2" },
	{ 'c', "ow", NULL, ERROR_NOT_FOUND, "'ow'" },
	{ 'c', "OWL", NULL, ERROR_NOT_FOUND, "'OWL'" },
	{ 'c', "", NULL, ERROR_NOT_FOUND, "''" },
	{ 'c', "cpt_", NULL, ERROR_NOT_FOUND, "'cpt_'" },
	{ 'c', "ver_bbbbbb1", NULL, ERROR_NOT_FOUND, "ver_bbbbbb1" },
	{ 'c', "aaaaaa1", NULL, ERROR_NOT_FOUND, "aaaaaa1" },
	{ 'c', "cpt_aaaaaa1x", NULL, ERROR_NOT_FOUND, "cpt_aaaaaa1x" },
	{ 'v', "owl", "ver_bbbbbb2", 0, NULL },
	{ 'v', "ver_bbbbbb1", "ver_bbbbbb1", 0, NULL },
	{ 'v', "ver_dddddd", "ver_dddddd1", 0, NULL },
	{ 'v', "ver_bbbbbb", NULL, ERROR_INVALID, "ambiguous" },
	{ 'v', "cub", NULL, ERROR_NOT_FOUND, "no version 'cub'" },
	{ 's', "sub_eeeeee1", "sub_eeeeee1", 0, NULL },
	{ 's', "sub_eeeeee", NULL, ERROR_INVALID, "ambiguous" },
	{ 's', "owl", "sub_ffffff1", 0, NULL },
	{ 's', "cub", "sub_ffffff2", 0, NULL },
	{ 's', "bee", NULL, ERROR_NOT_FOUND, "no submission 'bee'" },
	{ 'i', "owl", "ins_gggggg2", 0, NULL },
	{ 'i', "ins_gggggg3", "ins_gggggg3", 0, NULL },
	{ 'i', "ins_hhhhhh", "ins_hhhhhh1", 0, NULL },
	{ 'i', "ins_gggggg", NULL, ERROR_INVALID, "ambiguous" },
	{ 'i', "cub", NULL, ERROR_NOT_FOUND, "no instance 'cub'" },
};

static const char *
find(char noun, const char *ref, struct error *err)
{
	switch (noun) {
	case 'c': return (const char *)registry_find_competitor(&reg, ref, err);
	case 'v': return (const char *)registry_find_version(&reg, ref, err);
	case 's': return (const char *)registry_find_submission(&reg, ref, err);
	default: return (const char *)registry_find_instance(&reg, ref, err);
	}
}

START_TEST(test_references) /* [N07] prefixes of each other, another case, other nouns */
{
	const struct reference *r = &references[_i];
	struct error err = { 0 };
	const char *id = find(r->noun, r->ref, &err); /* every noun begins with its id */

	ck_assert_msg(str_eq(id, r->id), "%c %s: %s", r->noun, r->ref, id);
	ck_assert_msg(err.kind == r->kind, "%c %s: %s", r->noun, r->ref, error_kind_name(err.kind));
	if (r->words != NULL)
		ck_assert_msg(strstr(err.text, r->words) != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_long_reference)
{
	struct error err = { 0 };
	char ref[4096];

	memset(ref, 'x', sizeof(ref));
	memcpy(ref, "cpt_", 4);
	ref[sizeof(ref) - 1] = '\0';
	ck_assert_ptr_null(registry_find_competitor(&reg, ref, &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_uint_lt(strlen(err.text), 120);
}
END_TEST

START_TEST(test_by_id)
{
	ck_assert_str_eq(registry_competitor(&reg, "cpt_aaaaaa2")->slug, "cub");
	ck_assert_ptr_null(registry_competitor(&reg, "ver_bbbbbb1"));
	ck_assert_ptr_null(registry_version(&reg, "cpt_aaaaaa1"));
	ck_assert_ptr_null(registry_submission(&reg, ""));
	ck_assert_ptr_null(registry_instance(&reg, "ins_gggggg"));
	ck_assert_str_eq(registry_active(&reg, "owl")->id, "sub_eeeeee2");
	ck_assert_ptr_null(registry_active(&reg, "cub"));
}
END_TEST

/* ---- who serves ---- */

START_TEST(test_default)
{
	struct competitor *owl = registry_slug(&reg, "owl"), *bee = registry_slug(&reg, "bee");
	struct instance *serving = registry_serving(&reg, owl);

	ck_assert_str_eq(serving->id, "ins_gggggg2");
	ck_assert_ptr_eq(registry_default(&reg), owl); /* the earliest */
	serving->state = INSTANCE_BACKOFF;
	ck_assert_ptr_eq(registry_default(&reg), bee);
	serving->state = INSTANCE_READY;
	owl->wanted = false;
	ck_assert_ptr_eq(registry_default(&reg), bee);
	bee->wanted = false;
	ck_assert_ptr_null(registry_default(&reg));
	owl->wanted = true;
	ck_assert_ptr_eq(registry_default(&reg), owl);

	/* One on trial does not serve. */
	add_version("ver_trial1", "cpt_aaaaaa1", false);
	add_instance("ins_trial1", "cpt_aaaaaa1", "ver_trial1", INSTANCE_READY);
	ck_assert_str_eq(registry_serving(&reg, owl)->id, "ins_gggggg2");
	serving->state = INSTANCE_DRAINING;
	ck_assert_ptr_null(registry_default(&reg));

	/* Nor does one that was retired, though it still runs. */
	struct version *old = add_version("ver_retired1", "cpt_aaaaaa1", true);
	add_instance("ins_retired1", "cpt_aaaaaa1", "ver_retired1", INSTANCE_READY);
	ck_assert_ptr_eq(registry_default(&reg), owl);
	old->retired_at_ms = 1;
	ck_assert_ptr_null(registry_default(&reg));
}
END_TEST

START_TEST(test_forget)
{
	struct competitor *owl = registry_slug(&reg, "owl");
	struct error err = { 0 };

	registry_forget_instance(&reg, registry_instance(&reg, "ins_gggggg2"));
	ck_assert_ptr_null(registry_instance(&reg, "ins_gggggg2"));
	ck_assert_ptr_null(registry_serving(&reg, owl));
	ck_assert_uint_eq(reg.ninstances, 3);
	ck_assert_str_eq(reg.instances[1]->id, "ins_gggggg3"); /* the order stays */
	registry_forget_competitor(&reg, owl);
	ck_assert_ptr_null(registry_slug(&reg, "owl"));
	ck_assert_ptr_null(registry_find_competitor(&reg, "cpt_aaaaaa1", &err));
	ck_assert_uint_eq(reg.ncompetitors, 2);
	ck_assert_str_eq(add_competitor("cpt_new", "owl", "")->slug, "owl");
	ck_assert_ptr_eq(registry_slug(&reg, "owl"), registry_competitor(&reg, "cpt_new"));
}
END_TEST

/* Rows stay where they are while others come and go. */
START_TEST(test_many)
{
	struct instance *kept = registry_instance(&reg, "ins_hhhhhh1");
	char id[NOUN_ID_MAX];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++) {
			snprintf(id, sizeof(id), "ins_many%d", i);
			add_instance(id, "cpt_cccccc1", "ver_dddddd1", INSTANCE_ABSENT);
		}
		ck_assert_uint_eq(reg.ninstances, 504);
		ck_assert_ptr_eq(registry_instance(&reg, "ins_hhhhhh1"), kept);
		for (int i = 0; i < 500; i++) {
			snprintf(id, sizeof(id), "ins_many%d", (i * 7 + round) % 500);
			registry_forget_instance(&reg, registry_instance(&reg, id));
			ck_assert_ptr_null(registry_instance(&reg, id));
		}
		ck_assert_uint_eq(reg.ninstances, 4);
		ck_assert_uint_eq(reg.by_id.len, 14);
	}
}
END_TEST

/* ---- routes ---- */

static struct routes *
snapshot(struct route_target *a, struct route_target *b)
{
	struct routes *r = routes_new(2);

	r->at[0].targets = mem_zalloc(2 * sizeof(struct route_target *));
	r->at[0].targets[r->at[0].ntargets++] = route_target_ref(a);
	if (b != NULL)
		r->at[0].targets[r->at[0].ntargets++] = route_target_ref(b);
	return r;
}

START_TEST(test_routes)
{
	struct route_target *a = route_target_new(), *b = route_target_new();
	struct routes *first = snapshot(a, b), *second = snapshot(a, NULL);

	ck_assert_int_eq(a->refs, 3);
	ck_assert_int_eq(b->refs, 2);
	ck_assert_ptr_eq(routes_ref(first), first);
	a->in_flight = 4;
	routes_unref(first);
	ck_assert_int_eq(a->refs, 3); /* somebody has the first snapshot yet */
	routes_unref(first);
	ck_assert_int_eq(a->refs, 2);
	ck_assert_int_eq(b->refs, 1);
	ck_assert_int_eq(second->at[0].targets[0]->in_flight, 4);
	routes_unref(second);
	ck_assert_int_eq(a->refs, 1);
	route_target_unref(a);
	route_target_unref(b);
	route_target_unref(NULL);
	routes_unref(NULL);
	routes_unref(routes_new(0));
}
END_TEST

static void *
hold_and_let_go(void *arg)
{
	for (int i = 0; i < 20000; i++)
		routes_unref(routes_ref(arg));
	routes_unref(arg);
	return NULL;
}

/* Every loop lets its own reference go; the last one frees, and only once (ASan would tell). */
START_TEST(test_routes_of_many_loops)
{
	struct route_target *a = route_target_new();
	struct routes *r = snapshot(a, NULL);
	pthread_t loops[4];

	for (size_t i = 0; i < ARRAY_LEN(loops); i++)
		ck_assert_int_eq(
		    pthread_create(&loops[i], NULL, hold_and_let_go, routes_ref(r)), 0);
	routes_unref(r);
	for (size_t i = 0; i < ARRAY_LEN(loops); i++)
		pthread_join(loops[i], NULL);
	ck_assert_int_eq(a->refs, 1);
	route_target_unref(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, test_references, 0, (int)ARRAY_LEN(references));
	tcase_add_test(tc, test_long_reference);
	tcase_add_test(tc, test_by_id);
	tcase_add_test(tc, test_default);
	tcase_add_test(tc, test_forget);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_routes);
	tcase_add_test(tc, test_routes_of_many_loops);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
