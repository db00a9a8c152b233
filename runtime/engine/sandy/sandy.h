/*
 * sandy.h - the HTTP API of the Sandy sandbox service, as a client: one function a call.
 *
 * Every function BLOCKS and has its own deadline; many threads may use one struct sandy.  The
 * service answers oddly in many ways (two spellings of a key, 502 while it boots, text where JSON
 * was promised); what comes out here is the right result or one of these kinds of error:
 *
 *   NOT_FOUND    the sandbox is gone (expired, preempted, terminated), or the file, or the route
 *   DENIED       the key is none of its
 *   INVALID      it refused what was asked
 *   BUSY         it has no room now, also after several tries
 *   UNAVAILABLE  it cannot be reached, or answers 5xx, also after several tries
 *   TIMEOUT      a deadline passed; it may still happen
 *   UPSTREAM     what came is not what the API promises
 */
#ifndef JANUS_ENGINE_SANDY_SANDY_H
#define JANUS_ENGINE_SANDY_SANDY_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/engine/engine.h"
struct cJSON;
struct error;
struct http_call;

#define SANDY_PORT 5173 /* the one port of a sandbox that its public URL leads to */
#define SANDY_ID_MAX 80
#define SANDY_URL_MAX 512

struct sandy { /* strings borrowed */
	const char *base_url; /* without /api; a slash at its end does no harm */
	const char *key; /* NULL or "": none is sent */
	int64_t retry_first_ms; /* before the second try; doubles; 0: 500 */
	const char *request_id; /* what the calls are for, sent as x-request-id; NULL: not said */
};

/* ---- client.c: sandboxes ---- */

struct sandy_wish {
	int priority; /* 0 critical, 1 high, 2 normal, 3 low */
	bool preemptable;
	bool docker; /* a container engine in it */
	bool no_cache; /* keep the host's shared cache out */
	int timeout_minutes; /* 0: the service's own, ten */
	int tries; /* 0: five */
	const char *flavor, *upstream; /* NULL: the service's choice */
};
struct sandy_box {
	char id[SANDY_ID_MAX];
	char url[SANDY_URL_MAX]; /* public; "" if the service named none */
	char status[24]; /* "running" where it says nothing */
	int64_t timeout_at_ms; /* wall; 0: not said */
};
/** sandy_create - tries again while it boots, is full or cannot be reached; cancel may be NULL. */
int sandy_create(const struct sandy *, const struct sandy_wish *, const atomic_bool *cancel,
    struct sandy_box *out, struct error *);
int sandy_get(const struct sandy *, const char *id, struct sandy_box *out, struct error *);
/** sandy_refresh - its time begins anew. */
int sandy_refresh(const struct sandy *, const char *id, struct error *);
/** sandy_terminate - one that is gone already is fine. */
int sandy_terminate(const struct sandy *, const char *id, struct error *);
struct sandy_about {
	char name[32]; /* what it calls itself; "sandy" */
	char version[64];
	char enforced
	    [ENGINE_TEXT_MAX]; /* walls it says it has beside what the API promises: "a, b" */
};
/** sandy_health - does it answer, and take the key? */
int sandy_health(const struct sandy *, struct sandy_about *out, struct error *);

/* ---- client.c: commands ---- */

struct sandy_result {
	struct buf out, err; /* what it wrote, as text */
	int exit_code;
};
void sandy_result_done(struct sandy_result *);
#define _cleanup_sandy_result_ __attribute__((cleanup(sandy_result_done)))
/** sandy_exec - a shell line in /workspace; one that fails is a result.  Tries again while the
 *  sandbox is not ready for commands yet: only then has nothing of it run. */
int sandy_exec(const struct sandy *, const char *id, const char *command, int64_t timeout_ms,
    const atomic_bool *cancel, struct sandy_result *out, struct error *);
/** sandy_quote - append text as one word of a shell line. */
void sandy_quote(struct buf *out, const char *text);

/* ---- client.c: files ---- */

/** sandy_write - a text (UTF-8) into a file. */
int sandy_write(
    const struct sandy *, const char *id, const char *path, const char *text, struct error *);
/** sandy_read - a whole file, at most max bytes; added to out. NOT_FOUND, TOO_BIG. */
int sandy_read(const struct sandy *, const char *id, const char *path, size_t max, struct buf *out,
    struct error *);
/** sandy_list - the names in a directory, each with a newline, added to out. */
int sandy_list(
    const struct sandy *, const char *id, const char *path, struct buf *out, struct error *);

/* What a sandbox uses, as the service counts it. */
int sandy_stats(const struct sandy *, const char *id, struct pod_use *out, struct error *);

/* ---- agent.c: a CLI agent, and what it says ---- */

struct sandy_agent {
	const char *agent, *model, *prompt; /* needed */
	const char *system_prompt, *api_base_url; /* or NULL */
	const char *const *env; /* "NAME=value", NULL-ended; or NULL */
	int64_t max_duration_ms; /* 0: ten minutes */
	int64_t silence_ms; /* without a byte, not even a heartbeat: TIMEOUT. 0: two minutes */
};
struct sandy_event {
	const char *type; /* "status" "output" "agent-output" ...; "" for plain text */
	const struct cJSON *json; /* the event; NULL for plain text */
	const char *text; /* of a plain line, of output, stderr and error; else "" */
};
typedef int sandy_event_fn(const struct sandy_event *, void *arg); /* -1 ends it CANCELLED */
struct sandy_outcome {
	bool success, cancelled;
	int exit_code;
	double duration_s;
	char error[240]; /* of the last error event; "" */
};
/** sandy_agent_run - until it is complete.  NOT_FOUND: no such sandbox, or the service runs no
 *  agents.  UPSTREAM: the stream ended without saying how it went. */
int sandy_agent_run(const struct sandy *, const char *id, const struct sandy_agent *,
    sandy_event_fn *, void *arg, const atomic_bool *cancel, struct sandy_outcome *out,
    struct error *);

/* ---- words.c: what it answers, understood. Pure. ---- */

/** sandy_box_parse - the body of create and get. UPSTREAM without an id. */
int sandy_box_parse(const char *body, size_t len, struct sandy_box *out, struct error *);
/** sandy_result_parse - the body of exec.  UPSTREAM: no exit code: nobody knows if it worked. */
int sandy_result_parse(const char *body, size_t len, struct sandy_result *out, struct error *);
/** sandy_result_warming - did the sandbox refuse because it is not ready for commands yet? */
bool sandy_result_warming(const struct sandy_result *);
/** sandy_file_parse - the body of a read: JSON with text or base64, or the bytes themselves. */
int sandy_file_parse(
    const char *content_type, const char *body, size_t len, struct buf *out, struct error *);
/** sandy_stats_parse - the entry of that id. NOT_FOUND. */
int sandy_stats_parse(
    const char *body, size_t len, const char *id, struct pod_use *out, struct error *);
/** sandy_refusal - err from a status of 300 or more: what failed, in the service's words. */
int sandy_refusal(struct error *, int status, const char *body, size_t len, const char *what);
/** sandy_event_take - one data payload of an agent's stream: to fn and, if it says how it went,
 *  into out. 1: it is complete; 0: go on; -1: fn ended it. */
int sandy_event_take(
    const char *data, size_t len, sandy_event_fn *, void *arg, struct sandy_outcome *out);

/* ---- call.c: one call, for the files above ---- */

/** sandy_call - METHOD path; any status is 0, the reply in call->reply. Fields of call that are
 *  set stand. */
int sandy_call(const struct sandy *, const char *method, const char *path, const char *json,
    struct http_call *call, struct error *);
/** sandy_call_ok - the same, 2xx or an error; what: "create a sandbox". */
int sandy_call_ok(const struct sandy *, const char *method, const char *path, const char *json,
    struct http_call *call, const char *what, struct error *);
/** sandy_pause - wait before the next try; -1 CANCELLED. retry_after_s from the service, or 0. */
int sandy_pause(
    const struct sandy *, int tried, int retry_after_s, const atomic_bool *cancel, struct error *);
/** sandy_path - "/api/sandboxes/ID/what", the caller's; NULL with INVALID for what is no id. */
char *sandy_path(const char *id, const char *what, struct error *);
#endif
