/*
 * test_components.c - the platform's own, who sees what, which versions may come, and the review.
 */
#include "controlplane/registry/components.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/component_review.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct component_viewer owl = { "key_owl", false }, cat = { "key_cat", false },
				     boss = { "admin", true };

static struct component
row_of(const char *id, const char *version, enum component_state state, const char *owner)
{
	struct component row = { .state = state,
		.manifest = str_dup("{\"name\":\"n\",\"category\":\"tools\"}"),
		.contract = str_dup("{}") };

	str_copy(row.id, sizeof(row.id), id);
	str_copy(row.version, sizeof(row.version), version);
	str_copy(row.owner, sizeof(row.owner), owner);
	return row;
}

static struct component_entry *
add(struct components *all, const char *id, const char *version, enum component_state state,
    const char *owner)
{
	const struct component row = row_of(id, version, state, owner);

	return components_add(all, &row);
}

START_TEST(test_platform)
{
	struct components all = { 0 };

	components_init(&all);
	ck_assert_uint_ge(all.len, 7);
	for (size_t i = 0; i < all.len; i++) {
		const struct component_entry *e = all.at[i];
		_cleanup_json_ cJSON *contract = NULL, *whole = cJSON_Duplicate(e->manifest, true);
		struct component_fault f;

		ck_assert(
		    e->is_platform && component_visible(e, &owl) && !component_is_of(e, &boss));
		ck_assert_msg(e->category != COMPONENT_CATEGORY_COUNT, "%s", e->row.id);
		ck_assert_ptr_nonnull(json_str(e->manifest, "integration"));
		/* It keeps the rules for what others submit, but for its namespace. */
		ck_assert_int_eq(
		    json_parse(e->row.contract, strlen(e->row.contract), &contract, NULL), 0);
		cJSON_DeleteItemFromObject(whole, "service");
		cJSON_ReplaceItemInObject(whole, "id", cJSON_CreateString("cmp.test.x"));
		cJSON_DeleteItemFromObject(cJSON_GetObjectItem(whole, "contract"), "operations");
		cJSON_AddItemToObject(
		    cJSON_GetObjectItem(whole, "contract"), "document", TAKE(contract));
		ck_assert_msg(
		    component_manifest_check(whole, &f) == 0, "%s: %s", e->row.id, f.text);
	}
	const struct component_entry *search =
	    components_of(&all, "cmp.janus.search", &cat, COMPONENT_ANY_STATE);
	ck_assert_str_eq(search->service.calls, "search");
	ck_assert_ptr_null(search->service.operations[0]);
	components_done(&all);
}
END_TEST

START_TEST(test_who_sees_what) /* [L03] */
{
	struct components all = { 0 };
	_cleanup_free_ struct component_entry **at = NULL, **none = NULL;

	add(&all, "cmp.a.x", "1.0.0", COMPONENT_DEPRECATED, owl.actor);
	add(&all, "cmp.a.x", "2.0.0", COMPONENT_PUBLISHED, owl.actor);
	add(&all, "cmp.a.x", "1.9.0", COMPONENT_PUBLISHED, owl.actor);
	add(&all, "cmp.a.x", "3.0.0", COMPONENT_SUBMITTED, owl.actor);
	add(&all, "cmp.a.y", "1.0.0", COMPONENT_REJECTED, owl.actor);
	add(&all, "cmp.a.z", "1.0.0", COMPONENT_SUBMITTED, owl.actor)->pending = true;
	const struct component_viewer *const all_of_them[] = { &owl, &cat, &boss };
	for (size_t i = 0; i < ARRAY_LEN(all_of_them); i++) {
		const struct component_viewer *who = all_of_them[i];

		ck_assert_str_eq(
		    components_of(&all, "cmp.a.x", who, COMPONENT_ANY_STATE)->row.version, "2.0.0");
		ck_assert((components_of(&all, "cmp.a.x", who, 1U << COMPONENT_SUBMITTED) ==
			      NULL) == (who == &cat));
		ck_assert((components_of(&all, "cmp.a.y", who, COMPONENT_ANY_STATE) == NULL) ==
		    (who == &cat));
		ck_assert_ptr_null(components_of(&all, "cmp.a.z", who, COMPONENT_ANY_STATE));
	}
	ck_assert_uint_eq(components_list(&all, &owl, COMPONENT_ANY_STATE, &at), 2);
	ck_assert_uint_eq(components_list(&all, &cat, 1U << COMPONENT_SUBMITTED, &none), 0);
	components_done(&all);
}
END_TEST

static bool
may(const struct components *all, const char *id, const char *version,
    const struct component_viewer *who, const char *path)
{
	struct component row = row_of(id, version, COMPONENT_SUBMITTED, who->actor);
	struct component_fault f;
	const bool yes = components_may_add(all, &row, who, &f) == 0;

	component_row_done(&row);
	ck_assert_msg(yes ? path == NULL : str_eq(path, f.path), "%s %s: %s", id, version, f.text);
	return yes;
}

START_TEST(test_what_may_come)
{
	struct components all = { 0 };
	struct component_entry *e;

	components_init(&all);
	ck_assert(may(&all, "cmp.a.x", "0.1.0", &owl, NULL));
	add(&all, "cmp.a.x", "1.0.0", COMPONENT_REJECTED, owl.actor);
	ck_assert(!may(&all, "cmp.a.x", "1.0.0", &owl, "version")); /* never the same again */
	ck_assert(!may(&all, "cmp.a.x", "0.9.0", &owl, "version"));
	ck_assert(!may(&all, "cmp.a.x", "1.0.0-rc.1", &owl, "version"));
	ck_assert(may(&all, "cmp.a.x", "1.0.1", &owl, NULL));
	ck_assert(may(&all, "cmp.a.y", "0.1.0", &owl, NULL));
	ck_assert(!may(&all, "cmp.a.y", "0.1.0", &cat, "id"));
	ck_assert(may(&all, "cmp.a.y", "0.1.0", &boss, NULL));
	ck_assert(may(&all, "cmp.ab.y", "0.1.0", &cat, NULL)); /* another namespace */
	e = add(&all, "cmp.c.x", "1.0.0", COMPONENT_SUBMITTED, cat.actor);
	e->pending = true; /* what is on its way counts */
	ck_assert(!may(&all, "cmp.c.x", "1.0.0", &cat, "version"));
	components_remove(&all, e);
	ck_assert(may(&all, "cmp.c.x", "1.0.0", &owl, NULL));
	for (int i = 0; i < COMPONENTS_OF_NAMESPACE_MAX; i++) {
		char version[COMPONENT_VERSION_MAX];

		snprintf(version, sizeof(version), "1.%d.0", i);
		add(&all, "cmp.d.x", version, COMPONENT_RETIRED, cat.actor);
	}
	ck_assert(!may(&all, "cmp.d.y", "1.0.0", &cat, "id"));
	components_done(&all);
}
END_TEST

/* ---- the review: no sequence of acts may do what is not allowed ---- */

START_TEST(test_review_table)
{
	static const struct {
		enum component_state from;
		enum component_act act;
		struct component_who who;
		const char *reason;
		enum component_state to; /* COMPONENT_STATE_COUNT: refused */
		enum error_kind kind;
	} rows[] = {
		{ COMPONENT_SUBMITTED, COMPONENT_APPROVE, { .is_admin = true }, "",
		    COMPONENT_PUBLISHED, 0 },
		{ COMPONENT_SUBMITTED, COMPONENT_APPROVE, { .is_owner = true }, "",
		    COMPONENT_STATE_COUNT, ERROR_DENIED },
		{ COMPONENT_SUBMITTED, COMPONENT_REJECT, { .is_admin = true }, "no",
		    COMPONENT_REJECTED, 0 },
		{ COMPONENT_SUBMITTED, COMPONENT_REJECT, { .is_admin = true }, "",
		    COMPONENT_STATE_COUNT, ERROR_INVALID },
		{ COMPONENT_REJECTED, COMPONENT_APPROVE, { .is_admin = true }, "",
		    COMPONENT_STATE_COUNT, ERROR_CONFLICT },
		{ COMPONENT_PUBLISHED, COMPONENT_REJECT, { .is_admin = true }, "no",
		    COMPONENT_STATE_COUNT, ERROR_CONFLICT },
		{ COMPONENT_PUBLISHED, COMPONENT_DEPRECATE, { .is_owner = true }, "",
		    COMPONENT_DEPRECATED, 0 },
		{ COMPONENT_PUBLISHED, COMPONENT_DEPRECATE, { 0 }, "", COMPONENT_STATE_COUNT,
		    ERROR_DENIED },
		{ COMPONENT_DEPRECATED, COMPONENT_APPROVE, { .is_admin = true }, "",
		    COMPONENT_PUBLISHED, 0 },
		{ COMPONENT_DEPRECATED, COMPONENT_RETIRE, { .is_owner = true }, "",
		    COMPONENT_RETIRED, 0 },
		{ COMPONENT_RETIRED, COMPONENT_RETIRE, { .is_admin = true }, "",
		    COMPONENT_STATE_COUNT, ERROR_CONFLICT },
		{ COMPONENT_RETIRED, COMPONENT_APPROVE, { .is_admin = true }, "",
		    COMPONENT_STATE_COUNT, ERROR_CONFLICT },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum component_state next = COMPONENT_STATE_COUNT;
		struct error err = { 0 };
		const int rc = component_review(
		    rows[i].from, rows[i].act, rows[i].who, rows[i].reason, &next, &err);

		ck_assert_msg((rc == 0) == (rows[i].to != COMPONENT_STATE_COUNT), "row %zu", i);
		ck_assert_msg(
		    next == rows[i].to && err.kind == rows[i].kind, "row %zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(test_review_property)
{
	unsigned long seed = 42;

	for (int life = 0; life < 20000; life++) {
		enum component_state state = COMPONENT_SUBMITTED;
		bool reviewed = false, gone = false;

		for (int step = 0; step < 12; step++) {
			seed = seed * 6364136223846793005UL + 1442695040888963407UL;
			const enum component_act act = (seed >> 33) % COMPONENT_ACT_COUNT;
			const struct component_who who = { (seed >> 40 & 1) != 0,
				(seed >> 41 & 1) != 0 };
			const char *reason = (seed >> 42 & 1) != 0 ? "because" : NULL;
			const enum component_state before = state;
			struct error err = { 0 };
			const int rc = component_review(state, act, who, reason, &state, &err);

			if (rc < 0) {
				ck_assert(state == before && err.text[0] != '\0');
				continue;
			}
			ck_assert(!gone); /* nothing comes back */
			ck_assert(state != before);
			ck_assert(who.is_admin || who.is_owner);
			ck_assert(act != COMPONENT_REJECT || reason != NULL);
			if (act == COMPONENT_APPROVE || act == COMPONENT_REJECT) {
				ck_assert(who.is_admin);
				reviewed = true;
			}
			/* Nobody else sees what no administrator has approved. */
			ck_assert(!component_is_open(state) || reviewed);
			ck_assert(!component_is_open(state) || before != COMPONENT_REJECTED);
			gone = state == COMPONENT_RETIRED;
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("components");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_platform);
	tcase_add_test(tc, test_who_sees_what);
	tcase_add_test(tc, test_what_may_come);
	tcase_add_test(tc, test_review_table);
	tcase_add_test(tc, test_review_property);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
