/*
 * recall.h - what is at its end and not in memory any more is read from the database (internal to api/).
 *
 * The newest thousand submissions and runs are in memory.  An older one is had by its whole id, to be read only.
 */
#ifndef JANUS_API_RECALL_H
#define JANUS_API_RECALL_H
#include <stddef.h>

struct api_call;
struct error;
struct store;

struct recalled_kind {
	const char *prefix; /* of its ids */
	size_t size; /* of its row */
	/** On a worker: 1 found, 0 not, -1 with err. */
	int (*find)(struct store *, const char *id, void *row, struct error *);
	void (*done)(void *row); /* frees what the row owns */
};

/** recall - the row of an older one, for a handler that found none of that name.  NULL: the call is answered,
 *  with `missing` where there is none at all, or the handler will be called again, and then gets the row: the
 *  call's, for as long as that.  Control loop. */
void *recall(
    struct api_call *, const struct recalled_kind *, const char *ref, const struct error *missing);
/** recalled_free - with the call. */
void recalled_free(struct api_call *);
#endif
