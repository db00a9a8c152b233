/*
 * reserve.h - room on the disk that is kept, to have some when there is none left.
 *
 * A file of that size lies beside the database.  When a write finds the disk full the file goes and
 * the write is done after all; from then on, or when little room is left before it comes to that,
 * nothing new is begun (reserve_is_low).  When there is room again the file is made anew, and all is
 * as before.
 */
#ifndef JANUS_STORE_RESERVE_H
#define JANUS_STORE_RESERVE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct reserve {
	char path[528]; /* "": none is kept */
	int64_t wanted_bytes;
	atomic_bool low, held;
	_Atomic uint64_t released; /* how often it was needed */
};

struct reserve_seen {
	int64_t total_bytes, free_bytes; /* free beside the reserve */
	bool held, low;
};
/** reserve_size - of a disk of that size: what is wanted, but no more than a sixteenth. Pure. */
int64_t reserve_size(int64_t wanted_bytes, int64_t total_bytes);
struct reserve_step {
	bool make, low;
};
/** reserve_decide - Pure.  Low is what has less than half its size left, until it has all of it. */
struct reserve_step reserve_decide(int64_t wanted_bytes, const struct reserve_seen *);

/** reserve_clear - what a run before left: a start on a full disk needs the room. */
void reserve_clear(const char *dir);
/** reserve_init - in that directory; bytes 0: none. */
void reserve_init(struct reserve *, const char *dir, int64_t bytes);
/** reserve_look - see how much is left, and act on it. One thread at a time. */
void reserve_look(struct reserve *);
/** reserve_release - the disk is full: true if there is more room now. Any thread. */
bool reserve_release(struct reserve *);
bool reserve_is_low(const struct reserve *);
#endif
