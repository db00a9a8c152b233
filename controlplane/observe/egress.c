/*
 * egress.c - one row of counters a competitor, under a lock: calls at the platform are few.
 */
#include "controlplane/observe/egress.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/store/egress.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"

#define COMPETITORS_MAX 200 /* then "other" */

/* As the broker says them; what it might say else is the last. */
static const char *const decisions[] = { "allowed", "denied", "limited", "invalid", "failed",
	"other" };

struct counts {
	char competitor[SLUG_MAX];
	struct {
		uint64_t calls, bytes_in, bytes_out;
	} of[ARRAY_LEN(decisions)];
	int64_t cost_micro_usd;
};
struct egress_counts {
	pthread_mutex_t lock;
	struct counts at[COMPETITORS_MAX + 1]; /* under lock */
	size_t len;
};

struct egress_counts *
egress_counts_new(void)
{
	struct egress_counts *e = mem_zalloc(sizeof(*e));

	pthread_mutex_init(&e->lock, NULL);
	return e;
}

void
egress_counts_free(struct egress_counts *e)
{
	if (e == NULL)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static struct counts *
counts_of(struct egress_counts *e, const char *competitor)
{
	size_t i = 0;

	while (i < e->len && strcmp(e->at[i].competitor, competitor) != 0)
		i++;
	if (i < e->len)
		return &e->at[i];
	if (e->len < COMPETITORS_MAX)
		snprintf(e->at[e->len++].competitor, SLUG_MAX, "%s", competitor);
	else {
		i = COMPETITORS_MAX;
		e->len = COMPETITORS_MAX + 1;
		snprintf(e->at[i].competitor, SLUG_MAX, "other");
	}
	return &e->at[i];
}

void
egress_count(struct egress_counts *e, const struct egress_row *row)
{
	size_t d = 0;

	while (d < ARRAY_LEN(decisions) - 1 && strcmp(decisions[d], row->decision) != 0)
		d++;
	pthread_mutex_lock(&e->lock);
	struct counts *c = counts_of(e, row->competitor);
	c->of[d].calls += (uint64_t)row->calls;
	c->of[d].bytes_in += (uint64_t)row->bytes_in;
	c->of[d].bytes_out += (uint64_t)row->bytes_out;
	if (row->cost_micro_usd > 0)
		c->cost_micro_usd += row->cost_micro_usd;
	pthread_mutex_unlock(&e->lock);
}

static void
add_value(struct buf *out, const char *name, const struct counts *c, size_t decision,
    const char *direction, uint64_t value)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_label(&labels, "competitor", c->competitor);
	buf_add_char(&labels, ',');
	metrics_label(&labels, "decision", decisions[decision]);
	if (direction != NULL) {
		buf_add_char(&labels, ',');
		metrics_label(&labels, "direction", direction);
	}
	metrics_value(out, name, buf_str(&labels), (double)value);
}

void
egress_metrics(struct egress_counts *e, struct buf *out)
{
	static const char requests[] = "janus_egress_requests_total";
	static const char bytes[] = "janus_egress_bytes_total";
	static const char cost[] = "janus_platform_cost_usd_total";

	pthread_mutex_lock(&e->lock);
	metrics_head(out, requests, "counter", "Calls of competitors at the platform.");
	for (size_t i = 0; i < e->len; i++)
		for (size_t d = 0; d < ARRAY_LEN(decisions); d++)
			if (d < ARRAY_LEN(decisions) - 1 || e->at[i].of[d].calls > 0)
				add_value(out, requests, &e->at[i], d, NULL, e->at[i].of[d].calls);
	metrics_head(out, bytes, "counter", "Bytes of those calls, as the competitor sees them.");
	for (size_t i = 0; i < e->len; i++)
		for (size_t d = 0; d < ARRAY_LEN(decisions); d++)
			if (e->at[i].of[d].bytes_in + e->at[i].of[d].bytes_out > 0) {
				add_value(out, bytes, &e->at[i], d, "in", e->at[i].of[d].bytes_in);
				add_value(
				    out, bytes, &e->at[i], d, "out", e->at[i].of[d].bytes_out);
			}
	metrics_head(out, cost, "counter", "What those calls cost, where the price is known.");
	for (size_t i = 0; i < e->len; i++) {
		_cleanup_buf_ struct buf label = { 0 };

		metrics_label(&label, "competitor", e->at[i].competitor);
		metrics_value(out, cost, buf_str(&label), (double)e->at[i].cost_micro_usd / 1e6);
	}
	pthread_mutex_unlock(&e->lock);
}
