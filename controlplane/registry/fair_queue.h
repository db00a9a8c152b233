/*
 * fair_queue.h - who waits, and whose turn it is.
 *
 * Pure: no clock, no lock, no allocation of entries (they are embedded by their owner).  Two
 * classes: whoever is interactive goes before any benchmark.  Within a class keys take turns, one
 * entry each, and the entries of one key go in the order they came.  The queue is bounded; when it
 * is full, a key that waits with more entries than a newcomer's would have gives up its last one
 * for it, so that nobody can fill it against everybody else.
 */
#ifndef JANUS_REGISTRY_FAIR_QUEUE_H
#define JANUS_REGISTRY_FAIR_QUEUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NAME, label */
#define FAIR_CLASSES(X)               \
	X(INTERACTIVE, "interactive") \
	X(BENCH, "bench")

enum fair_class {
#define X(name, label) FAIR_##name,
	FAIR_CLASSES(X)
#undef X
	    FAIR_CLASS_COUNT
};

struct fair_key;
struct fair_entry { /* embedded; zero-initialised */
	struct fair_entry *next, *prev; /* of the same key */
	struct fair_key *key; /* NULL while it does not wait */
};
struct fair_queue { /* zero-initialised but for max */
	size_t max; /* entries; 0: nobody can wait */
	size_t len, depth[FAIR_CLASS_COUNT];
	struct fair_key *turn[FAIR_CLASS_COUNT]; /* rings of keys; whose turn it is */
	/* how fast turns come */
	int64_t last_ms, pace_us;
	bool paced; /* a turn has come since anybody waited */
};

/**
 * fair_push - wait, at the end of what that key has waiting.  name is copied.
 *
 * False if there is no room.  Else *displaced is the entry that had to leave for it, or NULL.
 */
bool fair_push(struct fair_queue *, enum fair_class, const char *name, struct fair_entry *,
    int64_t now_ms, struct fair_entry **displaced);
typedef bool fair_fits_fn(const struct fair_entry *, const void *arg);
/** fair_next - whose turn it is of those that fit (NULL: all do); NULL if there is none. */
struct fair_entry *fair_next(const struct fair_queue *, fair_fits_fn *fits, const void *arg);
/** fair_turn - its turn has come: it leaves.  Those it was taken before keep their places. */
void fair_turn(struct fair_queue *, struct fair_entry *, int64_t now_ms);
/** fair_remove - one that waits leaves without its turn having come. */
void fair_remove(struct fair_queue *, struct fair_entry *);
/** fair_ahead - how many would go before it if nobody came or left. */
size_t fair_ahead(const struct fair_queue *, const struct fair_entry *);
/** fair_eta_ms - until its turn comes at the pace turns have come lately; -1: none has yet. */
int64_t fair_eta_ms(const struct fair_queue *, const struct fair_entry *);
const char *fair_class_name(enum fair_class);
#endif
