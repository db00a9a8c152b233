/*
 * batch.h - rows that are written together, or not at all (internal to store/).
 */
#ifndef JANUS_STORE_BATCH_H
#define JANUS_STORE_BATCH_H
#include <stdbool.h>
#include <stddef.h>

#include "controlplane/store/nouns.h"
#include "controlplane/store/store.h"
#include "controlplane/store/tables.h"
#include "runtime/base/error.h"

#define USAGE_TOGETHER 32 /* rows of one batch: each is written by itself */

struct item {
	struct item *next;
	table_write_fn *write;
	void *row;
	void (*row_done)(void *row); /* what the copy owns; may be NULL */
};

struct store_batch {
	struct store_batch *next;
	struct item *first, **last;
	store_done_fn *done;
	void *arg;
	struct error err; /* of the write */
	bool has_events, is_egress;
	bool committed; /* its transaction; a row of it may have failed all the same */
	char object_id[NOUN_ID_MAX]; /* of its last event */
	struct late_cost late; /* of its call */
	size_t nchats;
	struct batch_chat {
		struct usage_row row;
		int64_t cost_micro_usd, beyond_micro_usd; /* costs.h */
	} chats[]; /* USAGE_TOGETHER of them, or none: a batch is of the one or the other */
};

/** batch_add - copies the row; returns the copy, whose pointers are still the row's: copy what they
 *  own too. */
void *batch_add(
    struct store_batch *, table_write_fn *, const void *row, size_t size, void (*row_done)(void *));
/** batch_is_of_streams - does it only tell what streams did? */
bool batch_is_of_streams(const struct store_batch *);
/** batch_names - fn of each row of it that another process should know of. */
void batch_names(
    const struct store_batch *, void (*fn)(const char *noun, const char *id, void *arg), void *arg);
/** batch_free - one that was never committed, or is over. */
void batch_free(struct store_batch *);
#endif
