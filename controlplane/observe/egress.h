/*
 * egress.h - counters of what competitors call at the platform.
 */
#ifndef JANUS_OBSERVE_EGRESS_H
#define JANUS_OBSERVE_EGRESS_H
struct buf;
struct egress_counts;
struct egress_row;

struct egress_counts *egress_counts_new(void);
void egress_counts_free(struct egress_counts *);
/** egress_count - calls were reported. Any thread. */
void egress_count(struct egress_counts *, const struct egress_row *);
/** egress_metrics - as Prometheus text. Any thread. */
void egress_metrics(struct egress_counts *, struct buf *out);
#endif
