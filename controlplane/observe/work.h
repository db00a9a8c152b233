/*
 * work.h - what was done beside chats: images pulled, instances started, items measured; and what instances use.
 *
 * Told on the control loop, read by any thread.
 */
#ifndef JANUS_OBSERVE_WORK_H
#define JANUS_OBSERVE_WORK_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "controlplane/store/runs.h"
#include "runtime/base/map.h"
#include "runtime/base/metrics.h"
struct buf;

enum work_kind { WORK_PULL, WORK_START, WORK_ITEM };

/* Something that took its time and is over. Plain: copied as it is. */
struct work_record {
	enum work_kind kind;
	char competitor[48]; /* slug */
	char id[40]; /* of the submission, the instance or the run */
	char image[256], digest[72], reason[48]; /* reason: why it failed */
	bool ok;
	int64_t at_ms; /* wall: when it began */
	int64_t duration_ms;
	int64_t tail_ms; /* of it the end: waiting for GET /health, or scoring; 0: none of it */
	int64_t bytes; /* pulled */
	/* of an item */
	char suite[SUITE_NAME_MAX], item[ITEM_NAME_MAX];
	char state[16]; /* passed, failed, error, skipped */
	double quality; /* 0 to 100; NAN: it has none */
	char why[240]; /* of a public suite; "" */
};
/** work_of_item - from what a worker said of an item of its run; false: not when it began.  It ends when we were
 *  told. Pure. */
bool work_of_item(struct work_record *, const struct run *, const struct run_item *);

struct work_standing { /* one instance there is */
	const char *competitor; /* slug, borrowed */
	enum instance_state state;
};

struct works { /* zero-initialised but for works_init */
	pthread_mutex_t lock;
	struct map rows; /* by slug, owned */
	struct map instances; /* what each had used when it was last looked at, owned */
	struct metric_histogram pulls[2]; /* [1]: that went well */
	metric_counter pulled_bytes[2];
};
void works_init(struct works *);
void works_add(struct works *, const struct work_record *);
/** works_used - an instance uses so much memory and has used so much processor time since it began. */
void works_used(struct works *, const char *competitor, const char *instance, uint64_t cpu_us,
    uint64_t memory_bytes);
/** works_look - before a round of works_used: what is not seen in it is gone. */
void works_look(struct works *);
/** works_stand - these are all the instances there are. */
void works_stand(struct works *, const struct work_standing *, size_t n);
void works_metrics(struct works *, struct buf *out);
void works_done(struct works *);
#endif
