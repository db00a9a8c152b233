/*
 * evidence.h - why an instance failed, as one JSON object and one sentence. Pure.
 */
#ifndef JANUS_SUPERVISE_EVIDENCE_H
#define JANUS_SUPERVISE_EVIDENCE_H
#include <stddef.h>
#include <stdint.h>
struct buf;
struct health_seen;
struct pod_state;

#define EVIDENCE_LOG_LINES 50

struct evidence_in {
	const char *reason; /* of the failure */
	const struct pod_state *state; /* as last seen; NULL: there was no pod */
	int64_t memory_bytes; /* its limit */
	const char *const *logs; /* last lines */
	size_t nlogs;
	const char *listening; /* "127.0.0.1:9090", "" nothing, NULL not looked at */
	const struct health_seen *health; /* the last probe */
	const char *health_body; /* "" if none */
	const char *start_error; /* "" if it started */
	int port;
	int64_t start_timeout_ms;
};

/** evidence_json - the object of docs/api.md; the caller's. */
char *evidence_json(const struct evidence_in *);
/** evidence_sentence - one clear sentence into out. */
void evidence_sentence(const struct evidence_in *, char *out, size_t cap);
/** listening_from_table - the listening addresses in a text of /proc/net/tcp and tcp6, as
 *  "127.0.0.1:9090, [::]:80"; the broker's own port is left out. */
void listening_from_table(const char *table, struct buf *out);
/** abandoned_in_table - in the same text: connections to port whose peer is gone and which are
 *  still held open. */
int abandoned_in_table(const char *table, int port);
#endif
