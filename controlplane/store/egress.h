/*
 * egress.h - what competitors called at the platform, as the broker reported it.
 */
#ifndef JANUS_STORE_EGRESS_H
#define JANUS_STORE_EGRESS_H
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct error;
struct store;

struct egress_row {
	char id[NOUN_ID_MAX], competitor[SLUG_MAX], instance_id[NOUN_ID_MAX];
	char request_id[132]; /* of the chat it was charged to; "" */
	char service[16], operation[24], target[164], decision[16], code[48];
	int status;
	int64_t at_ms, calls, duration_ms, bytes_in, bytes_out, prompt_tokens, completion_tokens,
	    sandbox_ms;
	int64_t cost_micro_usd; /* -1: its price is not known */
};
/** store_add_egress - as store_add_usage: any thread, never blocks on the disk.  Its cost is its chat's. */
void store_add_egress(struct store *, const struct egress_row *);

/* Which calls: the newest that fit, or with instance_id those of one chat in order; NULL fits all. */
struct egress_query {
	const char *competitor, *request_id, *decision, *service, *after;
	const char *instance_id;
	int limit;
};
typedef void egress_fn(const struct egress_row *, void *arg);
/** store_egress - on a worker. fn borrows the row. */
int store_egress(
    struct store *, const struct egress_query *, egress_fn *fn, void *arg, struct error *);

/* How often a competitor called an operation of a service, and the platform did it. */
struct egress_sum {
	const char *service, *operation, *competitor; /* borrowed */
	int64_t calls, recent; /* ever; since that day */
};
typedef void egress_sum_fn(const struct egress_sum *, void *arg);
/** store_egress_sums - since_day counts from 1970, UTC; on a worker. */
int store_egress_sums(
    struct store *, int64_t since_day, egress_sum_fn *, void *arg, struct error *);
#endif
