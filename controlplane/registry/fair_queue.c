/*
 * fair_queue.c - a ring of keys a class, a list of entries a key.
 */
#include "controlplane/registry/fair_queue.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

#define PACE_SHARE 8 /* of the last turn in the pace: one in so many */

struct fair_key {
	struct fair_key *next, *prev; /* a ring */
	struct fair_entry *first, *last; /* never empty, but within a call */
	size_t len;
	enum fair_class class;
	char *name; /* owned */
};

static const char *const labels[] = {
#define X(name, label) [FAIR_##name] = label,
	FAIR_CLASSES(X)
#undef X
};

const char *fair_class_name(enum fair_class class)
{
	return labels[class];
}

/* ---- keys ---- */

static struct fair_key *
key_find(const struct fair_queue *q, enum fair_class class, const char *name)
{
	struct fair_key *k = q->turn[class];

	if (k == NULL)
		return NULL;
	do {
		if (strcmp(k->name, name) == 0)
			return k;
		k = k->next;
	} while (k != q->turn[class]);
	return NULL;
}

/* The last of its class to have its turn. */
static void
key_link(struct fair_queue *q, struct fair_key *k)
{
	struct fair_key *first = q->turn[k->class];

	if (first == NULL) {
		q->turn[k->class] = k->next = k->prev = k;
		return;
	}
	k->next = first;
	k->prev = first->prev;
	k->prev->next = k->next->prev = k;
}

static void
key_unlink(struct fair_queue *q, struct fair_key *k)
{
	if (q->turn[k->class] == k)
		q->turn[k->class] = k->next != k ? k->next : NULL;
	k->prev->next = k->next;
	k->next->prev = k->prev;
}

static struct fair_key *
key_new(struct fair_queue *q, enum fair_class class, const char *name)
{
	struct fair_key *k = mem_zalloc(sizeof(*k));

	k->class = class;
	k->name = str_dup(name);
	key_link(q, k);
	return k;
}

static void
key_free(struct fair_queue *q, struct fair_key *k)
{
	key_unlink(q, k);
	free(k->name);
	free(k);
}

static struct fair_key *
key_longest(const struct fair_queue *q, enum fair_class class)
{
	struct fair_key *k = q->turn[class], *longest = k;

	for (; k != NULL; k = k->next != q->turn[class] ? k->next : NULL)
		if (k->len > longest->len)
			longest = k;
	return longest;
}

/* ---- entries ---- */

static void
take_out(struct fair_queue *q, struct fair_entry *e)
{
	struct fair_key *k = e->key;

	*(e->prev != NULL ? &e->prev->next : &k->first) = e->next;
	*(e->next != NULL ? &e->next->prev : &k->last) = e->prev;
	*e = (struct fair_entry){ 0 };
	k->len--;
	q->depth[k->class]--;
	q->len--;
	if (k->len == 0)
		key_free(q, k);
}

/* Who leaves a full queue for a newcomer of that class, whose key has `own` waiting: benchmarks
 * for anybody interactive, else the longest, if it stays no shorter than the newcomer's gets. */
static struct fair_entry *
victim(const struct fair_queue *q, enum fair_class class, size_t own)
{
	const struct fair_key *k;

	if (class == FAIR_INTERACTIVE && (k = key_longest(q, FAIR_BENCH)) != NULL)
		return k->last;
	k = key_longest(q, class);
	return k != NULL && k->len >= own + 2 ? k->last : NULL;
}

bool
fair_push(struct fair_queue *q, enum fair_class class, const char *name, struct fair_entry *e,
    int64_t now_ms, struct fair_entry **displaced)
{
	struct fair_key *k = key_find(q, class, name);
	struct fair_entry *out = NULL;

	if (q->len >= q->max) {
		out = q->max > 0 ? victim(q, class, k != NULL ? k->len : 0) : NULL;
		if (out == NULL)
			return false;
		take_out(q, out);
	}
	if (q->len == 0)
		q->last_ms = now_ms;
	if (k == NULL)
		k = key_new(q, class, name);
	*e = (struct fair_entry){ .prev = k->last, .key = k };
	*(k->last != NULL ? &k->last->next : &k->first) = e;
	k->last = e;
	k->len++;
	q->depth[class]++;
	q->len++;
	*displaced = out;
	return true;
}

static void
note_turn(struct fair_queue *q, int64_t now_ms)
{
	const int64_t took_us = now_ms > q->last_ms ? (now_ms - q->last_ms) * 1000 : 0;

	q->pace_us = q->paced ? q->pace_us + (took_us - q->pace_us) / PACE_SHARE : took_us;
	q->paced = true;
	q->last_ms = now_ms;
}

struct fair_entry *
fair_next(const struct fair_queue *q, fair_fits_fn *fits, const void *arg)
{
	for (unsigned class = 0; class < FAIR_CLASS_COUNT; class ++) {
		struct fair_key *k = q->turn[class];

		for (; k != NULL; k = k->next != q->turn[class] ? k->next : NULL)
			for (struct fair_entry *e = k->first; e != NULL; e = e->next)
				if (fits == NULL || fits(e, arg))
					return e;
	}
	return NULL;
}

void
fair_turn(struct fair_queue *q, struct fair_entry *e, int64_t now_ms)
{
	struct fair_key *k = e->key;

	key_unlink(q, k);
	key_link(q, k);
	note_turn(q, now_ms);
	take_out(q, e);
}

void
fair_remove(struct fair_queue *q, struct fair_entry *e)
{
	take_out(q, e);
}

size_t
fair_ahead(const struct fair_queue *q, const struct fair_entry *e)
{
	const struct fair_key *own = e->key;
	size_t rounds = 0; /* whole ones before its own */
	size_t n = own->class == FAIR_BENCH ? q->depth[FAIR_INTERACTIVE] : 0;
	bool before = true; /* keys whose turn comes before its own's have one round more */

	for (const struct fair_entry *p = e->prev; p != NULL; p = p->prev)
		rounds++;
	n += rounds;
	for (const struct fair_key *k = q->turn[own->class];;) {
		if (k == own) {
			before = false;
		} else {
			const size_t most = rounds + before;

			n += k->len < most ? k->len : most;
		}
		k = k->next;
		if (k == q->turn[own->class])
			return n;
	}
}

int64_t
fair_eta_ms(const struct fair_queue *q, const struct fair_entry *e)
{
	return q->paced ? ((int64_t)fair_ahead(q, e) + 1) * q->pace_us / 1000 : -1;
}
