/*
 * costs.h - what chats cost beyond what their competitors reported (internal to store/).
 *
 * The platform's calls and the chats that made them are stored in any order: whichever is later finds the
 * other, in the transaction that it is written by, and who watches is told of the difference once.
 */
#ifndef JANUS_STORE_COSTS_H
#define JANUS_STORE_COSTS_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/store.h"
struct batch_chat;
struct egress_row;
struct error;
struct loop;
struct sql;
struct store_batch;

struct costs { /* zero-initialised; the writer's, once it runs */
	late_cost_fn *fn; /* NULL: nobody asks */
	void *arg;
	int64_t priced_ms; /* when the newest call began that has a price */
};

/** costs_of_chat - before its row is written: fill in what it costs. With theirs, another process may have
 *  written calls of it. */
int costs_of_chat(
    const struct costs *, struct sql *, struct batch_chat *, bool theirs, struct error *);
/** costs_of_call - after its row was written: what it adds to its chat, if that is stored, whose row is raised. */
int costs_of_call(
    struct costs *, struct sql *, const struct egress_row *, struct late_cost *out, struct error *);
/** costs_tell - a batch was committed: whoever watches is told on that loop. */
void costs_tell(const struct costs *, const struct store_batch *, struct loop *);
#endif
