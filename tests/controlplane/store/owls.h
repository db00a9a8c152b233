/*
 * owls.h - batches of rows that hang together: competitor n, its version, and the event that it came.
 */
#ifndef JANUS_TEST_STORE_OWLS_H
#define JANUS_TEST_STORE_OWLS_H
#include "tests/controlplane/store/look.h"

static inline struct competitor
competitor(int n)
{
	struct competitor c = { .wanted = n % 2 == 0, .created_at_ms = 1000 + n };

	snprintf(c.id, sizeof(c.id), "cpt_%022d", n);
	snprintf(c.slug, sizeof(c.slug), "owl-%d", n);
	return c;
}

static inline struct version
version(int n)
{
	struct version v = { .created_at_ms = 1000 + n };

	snprintf(v.id, sizeof(v.id), "ver_%022d", n);
	snprintf(v.competitor_id, sizeof(v.competitor_id), "cpt_%022d", n);
	return v;
}

static inline struct store_batch *
batch(int n)
{
	struct store_batch *b = store_batch_new();
	const struct competitor c = competitor(n);
	const struct version v = version(n);

	store_put_competitor(b, &c);
	store_put_version(b, &v);
	store_add_event(b,
	    &(struct store_event){
		.who = { "test", NULL }, .action = "owl.hatched", .object_id = c.id });
	return b;
}

/** are_there - the batches before that one, each whole and once; what was begun after may be there, too. */
static inline void
are_there(int before)
{
	_cleanup_free_ char *rows = str_printf("SELECT count(*) FROM competitors c"
					       " JOIN versions v ON v.competitor_id = c.id"
					       " JOIN events e ON e.object_id = c.id"
					       " WHERE c.created_at_ms < %d",
	    1000 + before);
	_cleanup_free_ char *distinct =
	    str_printf("SELECT count(*) FROM competitors WHERE created_at_ms < %d", 1000 + before);

	ck_assert_int_ge(number(rows), before); /* one that was not told may be there twice over */
	ck_assert_int_eq(number(distinct), before);
}

/** draw - a number by chance, the same ones in each run. */
static inline uint64_t
draw(void)
{
	static uint64_t chance = UINT64_C(0x9e3779b97f4a7c15);

	chance ^= chance << 13; /* xorshift */
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return chance;
}
#endif
