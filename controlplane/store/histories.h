/*
 * histories.h - what a competitor did elsewhere, as a signed bundle tells that brought it here.
 *
 * It is its signer's word, and no part of what was decided here (events).
 */
#ifndef JANUS_STORE_HISTORIES_H
#define JANUS_STORE_HISTORIES_H
#include "controlplane/store/nouns.h"
struct error;
struct store;
struct store_batch;

/** store_add_history - copies the row; its submission is in the batch before it, or stored. */
void store_add_history(struct store_batch *, const struct history *);
typedef void history_fn(const struct history *, void *arg);
/** store_histories - that accepted submissions brought to a competitor, oldest first, each once; on a
 *  worker. fn borrows the row. */
int store_histories(
    struct store *, const char *competitor_id, history_fn *fn, void *arg, struct error *);
#endif
