/*
 * streams_core.h - the table of streams from inside, for streams.c, stream_readers.c and streams_json.c.
 */
#ifndef JANUS_GATEWAY_STREAMS_CORE_H
#define JANUS_GATEWAY_STREAMS_CORE_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/gateway/streams.h"
#include "controlplane/store/nouns.h"
#include "runtime/base/id.h"
#include "runtime/base/map.h"
#include "runtime/net/event_ring.h"

struct stream {
	struct streams *table;
	char id[ID_MAX], owner[NOUN_ID_MAX];
	char *request_id, *model; /* owned */
	int64_t created_at_ms; /* wall */
	struct loop *loop; /* the writer's */
	/* of the writer's loop */
	const struct stream_events *events; /* NULL once it is closed */
	void *events_arg;
	/* under the table's lock */
	int refs;
	bool listed;
	char slug[48];
	struct event_ring ring;
	enum stream_state state;
	bool stopping; /* it was told to */
	bool waiting; /* the writer, for readers to catch up */
	int64_t ended_ms, ended_at_ms; /* monotonic, wall; 0: it runs */
	int64_t alone_since_ms; /* monotonic; 0 while somebody follows */
	unsigned resumed;
	struct stream_reader *readers;
	struct stream *newer, *older; /* all that are listed */
};

struct streams {
	struct streams_limits limits;
	pthread_mutex_t lock;
	struct map by_id;
	struct stream *newest, *oldest;
	size_t bytes; /* memory of all rings of listed streams */
};

/* streams.c */
void streams_lock(struct streams *);
void streams_unlock(struct streams *);
/* All below: under the lock. */
/** stream_put - give a reference back. */
void stream_put(struct stream *);
/** streams_expire - forget the ended ones whose time is over. */
void streams_expire(struct streams *, int64_t now_ms);

/* stream_readers.c */
/** stream_wake_readers - there is more, or it is lost: tell each on its loop, once until it looked. */
void stream_wake_readers(struct stream *);
/** stream_furthest_behind - bytes that the slowest of those who follow has yet to read; 0: nobody
 *  follows. */
size_t stream_furthest_behind(const struct stream *);
#endif
