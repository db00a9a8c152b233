/*
 * gateway.h - the data plane of one loop: chats from accept to [DONE], models, probes, metrics.
 *
 * A gateway belongs to one loop and shares nothing with others but the route snapshot and what
 * counters.h says.  It serves /v1/..., /livez, /readyz, /health and /metrics; whatever else
 * comes in is handed to `other` (the control API, the UI).
 */
#ifndef JANUS_GATEWAY_GATEWAY_H
#define JANUS_GATEWAY_GATEWAY_H
#include <stdbool.h>
#include <stdint.h>

#include "runtime/openai/chat_relay.h"
struct battle;
struct buf;
struct chat_params;
struct error;
struct http_request;
struct keys;
struct loop;
struct life_attempt;
struct relay_tap;
struct routes;
struct dialect;
struct cors;
struct proxies;
struct streams;
struct tls_certificate;
struct artifacts;
struct gateway;

struct gateway_config { /* borrowed */
	struct chat_relay_limits relay;
	int64_t connect_ms; /* 5 s */
	int64_t body_bytes; /* 10 MiB */
	bool anonymous; /* may callers without a key chat? (loopback listeners) */
	bool anonymous_forwarded; /* also those that a proxy brings, from wherever? */
	const char
	    *listen_host; /* as bound, for the Host check; loopback names are always accepted */
	const char *public_hosts; /* and these; borrowed, NULL: none */
	const struct proxies
	    *proxies; /* borrowed; whose x-forwarded-for is believed; NULL: nobody's */
	const struct tls_certificate
	    *tls; /* borrowed; of TCP listeners; NULL: they speak plainly */
	int64_t queue_wait_ms; /* longest wait for a free slot: 60 s */
	const struct cors *cors; /* borrowed; NULL: no other origin than our own */
	bool traces; /* give each chat and attempt a span id and send it upstream */
	const struct http_server_limits *http; /* borrowed; NULL: http_server_defaults */
	struct artifacts *artifacts; /* shared by all, borrowed; NULL: none are kept */
	struct streams *streams; /* shared by all gateways, borrowed; NULL: none may be resumed */
	int64_t arena_window_ms; /* for how long a battle may be voted on */
};

/* One finished chat, for the usage row; borrowed for the call. */
struct gateway_usage {
	const char *request_id, *competitor, *version, *digest,
	    *instance; /* "" if none was picked */
	const char *key_id; /* "" without a key */
	const struct chat_result *result;
	const struct dialect *dialect; /* NULL: chat */
	int64_t accepted_at_ms; /* wall */
	int64_t duration_us;
	bool stream;
	int resumed; /* how often its stream was resumed until its end; -1: it cannot be */
	int status; /* as the client saw it; 499 if it left */
	/* how it went */
	const char *slug, *model, *client, *traceparent;
	const char *user_agent; /* NULL if not sent or spans are off */
	uint64_t span; /* of the chat; 0 while spans are off */
	uint64_t parent; /* the client's span; 0 if it sent none */
	const struct life_attempt *attempts;
	size_t nattempts;
	int64_t queued_us; /* waited for a free slot, all together */
	int64_t queued_at_us; /* since acceptance: when that first began; 0: it never did */
	const struct chat_params *params; /* what was asked for; NULL while spans are off */
	const struct chat_answer *answer; /* what the answer says of itself; NULL as long */
	struct relay_tap *tap; /* of on_capture; NULL */
};

/* A chat that was picked a competitor, and might be recorded; borrowed for the call. */
struct gateway_capture {
	const char *request_id, *competitor, *model; /* competitor: slug, "" if there is none */
	const char *key_id; /* "" without a key */
	int64_t accepted_us, accepted_at_ms;
	uint64_t random; /* to draw lots with */
	bool stream;
	bool asked; /* x-janus-capture: 1 of an administrator */
};
enum gateway_metric { GATEWAY_HTTP_REQUESTS, GATEWAY_HTTP_DURATIONS, GATEWAY_HTTP_IN_FLIGHT };

struct gateway_hooks { /* called on the gateway's loop */
	/** A chat is over; must not block. */
	void (*on_usage)(const struct gateway_usage *, void *arg);
	/** Requests of other surfaces: same meaning as in http_server_handlers. */
	int64_t (*other_head)(struct http_request *, void *arg);
	void (*other_request)(struct http_request *, void *arg);
	/** Add the checks of /health and /readyz as JSON members `"name":{"ok":bool,"detail":"..."}`
	 *  separated by commas; returns whether all that readiness needs is there. Thread-safe. */
	bool (*health)(struct buf *out, void *arg);
	/** Add metrics of the control plane in Prometheus text. Thread-safe. */
	void (*metrics)(struct buf *out, void *arg);
	/** Add samples of janus_http_requests_total, janus_http_request_duration_seconds or
	 *  janus_http_requests_in_flight of other surfaces, without a head; may be NULL. */
	void (*http_metrics)(struct buf *out, enum gateway_metric, void *arg);
	/** Shall this chat be recorded? A tap that is told all that passes, or NULL. May be NULL. */
	struct relay_tap *(*on_capture)(const struct gateway_capture *, void *arg);
	/** A chat waits for a competitor of which nothing runs; may be NULL. */
	void (*on_demand)(const char *competitor_id, void *arg);
	/** In how many battles was a competitor? Thread-safe; may be NULL. */
	uint64_t (*battles)(const char *competitor_id, void *arg);
	/** Is there too little room for new chats to be written down? Thread-safe; may be NULL. */
	bool (*is_low)(void *arg);
	/** A battle begins, or has ended: before its caller can know; may be NULL. */
	void (*on_battle)(const struct battle *, void *arg);
	/** A socket on which the janusd before us answers one request, the caller's; -1: there is none.
	 *  Thread-safe; may be NULL. */
	int (*elsewhere)(void *arg);
};

/** gateway_new - one for each loop; `peers`/`npeers` later by gateway_set_peers. */
struct gateway *gateway_new(struct loop *, const struct gateway_config *,
    const struct gateway_hooks *, void *arg, struct error *);
/** gateway_serve - listen on fd (taken over); may be called for several listeners. */
int gateway_serve(struct gateway *, int listen_fd, struct error *);
/** gateway_set_routes - the snapshot to use from now on; takes over the reference. On its loop. */
void gateway_set_routes(struct gateway *, struct routes *);
/** gateway_set_keys - the same for keys; chats whose key was revoked end. */
void gateway_set_keys(struct gateway *, struct keys *);
/** gateway_set_limits - times and sizes for chats from now on; the rest of the configuration is as
 *  it was. On its loop. */
void gateway_set_limits(struct gateway *, const struct gateway_config *);
/** gateway_scopes - what the caller of a request of another surface may do: SCOPE(READ) | ... of
 *  controlplane/store/keys.h.  From other_head until other_request has returned. */
unsigned gateway_scopes(const struct http_request *);
/** gateway_key - the id of its key, "" without one; borrowed, as long. */
const char *gateway_key(const struct http_request *);
/** gateway_set_peers - all gateways of the process, for /metrics to sum over; before serving. */
void gateway_set_peers(struct gateway *const *peers, unsigned npeers);
struct competitor_counters;
/** gateway_sums - the counters of all peers summed by competitor; the caller frees *out. Any thread. */
size_t gateway_sums(const struct gateway *, struct competitor_counters **out);
/** gateway_drain - stop accepting and close idle connections. On its loop. */
void gateway_drain(struct gateway *);
/** gateway_take - answer requests on a connected socket, which is taken over; also after gateway_leave. */
void gateway_take(struct gateway *, int fd);
/** gateway_leave - another process accepts from now on: close the listeners and idle connections, and
 *  let all that was begun here, queued chats too, go on. On its loop. */
void gateway_leave(struct gateway *);
/** gateway_end_chats - the time to drain is over: what still runs ends with a typed error. */
void gateway_end_chats(struct gateway *);
/** gateway_busy - requests not yet answered. Any thread. */
unsigned gateway_busy(const struct gateway *);
void gateway_free(struct gateway *);
#endif
