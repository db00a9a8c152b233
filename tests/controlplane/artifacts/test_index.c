/*
 * test_index.c - whatever is added, pinned and removed in whatever order: counts agree with what is there.
 */
#include "controlplane/artifacts/index.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"
#include "tests/run.h"

#define IDS 24
#define BLOBS 5
#define STEPS 4000

/* What the index is to say, in the plainest form. */
struct model {
	bool is_there[IDS];
	int blob_of[IDS];
	int pins[BLOBS];
};

static unsigned
next(unsigned *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

static void
name_blob(int blob, char out[HASH_HEX_MAX])
{
	snprintf(out, HASH_HEX_MAX, "%064d", blob);
}

static int64_t
size_of(int blob)
{
	return (blob + 1) * 1000;
}

static struct artifact
row_of(int id, int blob)
{
	struct artifact a = { .size = size_of(blob) };

	snprintf(a.id, sizeof(a.id), "artf_%d", id);
	snprintf(a.request_id, sizeof(a.request_id), "req_%d", id % 3);
	snprintf(a.competitor, sizeof(a.competitor), "c%d", id % 2);
	name_blob(blob, a.sha256);
	return a;
}

static int
refs_of(const struct model *m, int blob)
{
	int n = 0;

	for (int i = 0; i < IDS; i++)
		n += m->is_there[i] && m->blob_of[i] == blob;
	return n;
}

static void
compare(struct index *x, const struct model *m, unsigned seed)
{
	int64_t bytes = 0, count = 0, chained = 0, of[2] = { 0 };
	char sha256[HASH_HEX_MAX];

	for (int b = 0; b < BLOBS; b++) {
		const int refs = refs_of(m, b);
		struct blob *blob;

		name_blob(b, sha256);
		blob = index_blob(x, sha256);
		if (refs + m->pins[b] > 0) {
			ck_assert_msg(blob != NULL && (int)blob->refs == refs &&
				(int)blob->pins == m->pins[b],
			    "seed %u", seed);
			bytes += size_of(b);
		}
	}
	for (int i = 0; i < IDS; i++) {
		count += m->is_there[i];
		if (m->is_there[i])
			of[i % 2] += size_of(m->blob_of[i]);
	}
	for (int r = 0; r < 3; r++) {
		char request[16];

		snprintf(request, sizeof(request), "req_%d", r);
		for (const struct entry *e = map_get(&x->by_request, request); e != NULL;
		     e = e->next_of_request) {
			ck_assert_str_eq(e->row.request_id, request);
			chained++;
		}
	}
	int64_t listed = 0;
	for (const struct entry *e = x->first; e != NULL; e = e->next)
		listed++;
	ck_assert_msg(x->count == count && chained == count && listed == count, "seed %u", seed);
	ck_assert_msg(x->blob_bytes == bytes, "seed %u: %lld of %lld", seed,
	    (long long)x->blob_bytes, (long long)bytes);
	for (int c = 0; c < 2; c++) {
		const struct artifact a = row_of(c, 0);

		ck_assert_int_eq(index_tally(x, &a)->bytes, of[c]);
	}
}

START_TEST(counts_agree) /* [K11] a blob is let go exactly when nobody names or pins it */
{
	unsigned seed = (unsigned)_i + 1;
	struct index x = { 0 };
	struct model m = { 0 };
	char sha256[HASH_HEX_MAX];

	for (int step = 0; step < STEPS; step++) {
		const int id = (int)(next(&seed) % IDS), blob = (int)(next(&seed) % BLOBS);
		const struct artifact row = row_of(id, m.is_there[id] ? m.blob_of[id] : blob);
		bool unused = false;
		int touched = blob;

		name_blob(blob, sha256);
		switch (next(&seed) % 4) {
		case 0:
			ck_assert_int_eq(index_add(&x, &row), !m.is_there[id]);
			if (!m.is_there[id])
				m.blob_of[id] = blob;
			m.is_there[id] = true;
			continue;
		case 1:
			touched = m.blob_of[id];
			unused = index_remove(&x, row.id, sha256);
			if (!m.is_there[id]) {
				ck_assert(!unused);
				continue;
			}
			m.is_there[id] = false;
			break;
		case 2:
			index_pin(&x, sha256, size_of(blob));
			m.pins[blob]++;
			continue;
		case 3:
			unused = index_unpin(&x, sha256);
			if (m.pins[blob] == 0) {
				ck_assert(!unused);
				continue;
			}
			m.pins[blob]--;
			break;
		}
		ck_assert_int_eq(unused, refs_of(&m, touched) == 0 && m.pins[touched] == 0);
		name_blob(touched, sha256);
		ck_assert_int_eq(index_forget(&x, sha256), unused);
		compare(&x, &m, (unsigned)_i + 1);
	}
	index_done(&x);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("property");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, counts_agree, 0, 20);
	suite_add_tcase(s, t);
	return run_suite(s);
}
