/*
 * docker.h - inside the Docker driver: one engine behind one unix socket.
 *
 * Each file is one part of the API; the pure halves (JSON out, JSON in, line and frame cutting)
 * are declared here too, for their tests.
 */
#ifndef JANUS_ENGINE_DOCKER_DOCKER_H
#define JANUS_ENGINE_DOCKER_DOCKER_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/engine/engine.h"
struct error;
struct http_call;
struct image_ref;

#define LABEL_MANAGED "rodeo.janus.managed"
#define LABEL_NODE "rodeo.janus.node"
#define LABEL_COMPETITOR "rodeo.janus.competitor"
#define LABEL_VERSION "rodeo.janus.version"
#define LABEL_INSTANCE "rodeo.janus.instance"
#define LABEL_SPEC_HASH "rodeo.janus.spec-hash"
#define LABEL_ROLE "rodeo.janus.role"
#define LABEL_MANIFEST "rodeo.janus.manifest"
#define ROLE_LINK "link"
#define ROLE_COMPETITOR "competitor"

/* Deadlines of calls, in ms. */
#define PING_MS 2000
#define LOOK_MS 5000
#define CHANGE_MS 30000
#define REGISTRY_MS 10000

#define CONTAINER_ID_MAX 72
#define CONTAINER_NAME_MAX 64

/* How one kind of engine differs from the others. */
struct engine_ways {
	const char *name;
	bool podman; /* spells what a container is asked with its own way: pod_json.c, readback.c */
	bool resolves; /* says what a registry's tag is without pulling it */
	bool tells_oom; /* that a container met its memory limit */
	bool tells_no_exec; /* that its init could not start the command */
	int info_ms; /* its word about itself may take so long */
	int info_keep_ms; /* and holds so long while it answers a ping; 0: it is asked each time */
};

/* What was agreed with the engine. */
struct dialect {
	char api[16], api_least[16], api_most[16];
	char version[64];
	char arch[32];
	const struct engine_ways *ways;
};

struct docker {
	struct engine engine;
	char *node, *runtime_dir, *link_image, *seccomp; /* owned */
	pthread_mutex_t
	    asking; /* held while an engine is asked of itself where that is dear; before lock */
	pthread_mutex_t lock; /* for what follows */
	char *socket; /* owned; NULL: not found yet */
	bool agreed;
	struct dialect dialect;
	struct map
	    oom; /* instances that were seen to meet their memory limit, to a non-NULL mark */
	struct engine_info info; /* the last one */
	int64_t info_at_ms; /* of the steady clock; 0: there is none */
};

struct docker *docker_of(struct engine *);

/* --- client.c: calls --- */

struct docker_reply {
	int status;
	struct buf body;
};
void docker_reply_done(struct docker_reply *);
#define _cleanup_reply_ __attribute__((cleanup(docker_reply_done)))

/** docker_call - METHOD path (without version) with an optional JSON body; any status is 0. */
int docker_call(struct docker *, const char *method, const char *path, const char *json,
    int64_t total_ms, struct docker_reply *out, struct error *);
/** docker_get - GET path; 200 and JSON, or -1 with the engine's words. */
int docker_get(struct docker *, const char *path, int64_t total_ms, cJSON **out, struct error *);
/** docker_stream - one call whose 2xx body goes to call->on_data; method, url and socket are set here. */
int docker_stream(
    struct docker *, const char *method, const char *path, struct http_call *call, struct error *);
/** docker_dialect - what was agreed; asks the engine the first time, or always if fresh. */
int docker_dialect(struct docker *, bool fresh, struct dialect *out, struct error *);

/* --- words.c: what the engine says, understood. Pure. --- */

/** docker_message - the text of an error body (JSON or not), escaped and bounded; returns out. */
const char *docker_message(const char *body, size_t len, char out[ENGINE_TEXT_MAX]);
/** engine_words - text escaped into out (ENGINE_TEXT_MAX); of what is too long the end, where the
 *  cause stands. */
void engine_words(const char *text, size_t len, char out[ENGINE_TEXT_MAX]);
/** docker_refusal - err from a status >= 400: `what` failed, in the engine's words. */
int docker_refusal(struct error *, const struct docker_reply *, const char *what);
/** docker_start_refusal - the same of a start: INVALID where the image's command is at fault. */
int docker_start_refusal(struct error *, const struct docker_reply *);
/** registry_refusal - err from what an engine says when a registry let it down, naming ref. */
int registry_refusal(struct error *, int status, const char *message, const char *ref);
/** dialect_parse - the body of /version to what to speak; UNAVAILABLE with both numbers if none. */
int dialect_parse(const cJSON *version, struct dialect *out, struct error *);
/** path_filters - "prefix?...&filters=<JSON of labels, percent-encoded>"; the caller's. */
char *path_filters(const char *prefix, const char *const *labels, size_t n);
/** ref_text - "repository:tag" or "repository@digest" into out (700 bytes); returns it. */
const char *ref_text(const struct image_ref *, const char *digest, char *out);

/* --- ways.c: how engines differ. Pure. --- */

/** ways_of - the engine's whose /version this is. */
const struct engine_ways *ways_of(const cJSON *version);
/** init_exec_code - 127 or 126 if this is an init's word that it could not start the command, 0 if it
 *  tells no cause that we know, or not yet, -1 if it is not an init's. */
int init_exec_code(const char *text, size_t len);

/* --- image.c, load.c, resolve.c, pull.c --- */

int docker_load(struct engine *, int fd, const char *id, int64_t stall_ms,
    const atomic_bool *cancel, struct error *);
int docker_save(struct engine *, const char *ref, int64_t stall_ms,
    int (*fn)(const char *bytes, size_t len, void *arg), void *arg, const atomic_bool *cancel,
    struct error *);
int docker_untag(struct engine *, const char *ref, struct error *);
/**
 * docker_build - an image from the tar of a directory with a Containerfile, in context_fd.
 *
 * Its commands have no network, 4 GiB of memory and two processors.  on_text gets what they say.
 * INVALID with the last of it when a step fails.
 */
int docker_build(struct engine *, int context_fd, const char *containerfile, const char *tag,
    void (*on_text)(const char *text, void *arg), void *arg, const atomic_bool *cancel,
    struct error *);
/** image_ref_is_safe - may that text of a reference stand in a path? */
bool image_ref_is_safe(const char *ref);

int docker_image(struct engine *, const char *ref, struct image_info *, struct error *);
/** image_parse - the body of an image inspect. Pure. INVALID or UPSTREAM. */
int image_parse(const cJSON *, struct image_info *out, struct error *);
int docker_resolve(
    struct engine *, const char *text, char digest[DIGEST_MAX], bool *local, struct error *);
int docker_pull(struct engine *, const char *text, const char *digest, const struct pull_limits *,
    pull_progress_fn *, void *arg, const atomic_bool *cancel, struct error *);
/** docker_pull_tag - pull ref by its tag, for engines that cannot resolve; blocks as pull. */
int docker_pull_tag(struct docker *, const struct image_ref *, int64_t stall_ms, struct error *);

/* --- lines.c: a stream into lines. Pure. --- */

typedef int line_fn(const char *line, size_t len, void *arg); /* NUL-terminated; -1 ends */
struct lines {
	struct buf line;
	size_t max_bytes;
	bool skipping; /* inside a line that was too long: dropped to its end */
	unsigned dropped;
};
/** lines_feed - bytes of any cut; calls fn per line without its CR LF. -1 if fn ended it. */
int lines_feed(struct lines *, const char *bytes, size_t len, line_fn *, void *arg);
/** lines_end - the rest, if the stream ended without a newline. */
int lines_end(struct lines *, line_fn *, void *arg);
void lines_done(struct lines *);

/* --- pull_line.c: the lines of a pull. Pure. --- */

struct pull_layer {
	char id[72];
	int64_t now, total;
	int64_t unpacked;
	bool done;
	unsigned step; /* the furthest it was seen at */
};
struct pull_state {
	struct pull_layer *layers; /* owned */
	size_t nlayers;
	int64_t came; /* bytes, since the pull last moved */
	bool stepped; /* a layer got further, since then */
	int64_t moved_ms; /* when that was; 0: not yet */
	struct pull_progress progress;
	bool failed, succeeded;
	char error[ENGINE_TEXT_MAX];
};
/** pull_line - take one line of the stream; true if progress changed. Garbage changes nothing. */
bool pull_line(struct pull_state *, const char *line, size_t len);
/** pull_moves - does it still get on?  A layer must get further, or bytes come: one a millisecond at
 *  least, over stall_ms.  Retries of the engine are no progress. */
bool pull_moves(struct pull_state *, int64_t now_ms, int64_t stall_ms);
void pull_state_done(struct pull_state *);

/* --- tar.c: an archive that the engine takes --- */

struct docker_tar {
	const char *verb; /* what the engine does with it, for errors: "load" */
	int fd; /* read from where it stands to its end */
	int64_t stall_ms;
	void (*on_text)(
	    const char *text, void *arg); /* what it says meanwhile, a line each; or NULL */
	void *arg;
};
/** docker_tar - POST it to path; what goes wrong on the way, or is told in the answer, is an error. */
int docker_tar(struct engine *, const char *path, const struct docker_tar *,
    const atomic_bool *cancel, struct error *);

/* --- pod_json.c, readback.c: what is asked, and whether it was done. Pure. --- */

/* What a pod's containers need beyond the spec. */
struct pod_place {
	const char *seccomp; /* profile text; for Podman the path of it */
	const char *link_image;
	const char *dir; /* of the link's socket, on the host */
	const char *link_id; /* of the container whose network the competitor joins */
	unsigned uid, gid; /* of the link */
	bool podman;
	bool no_init; /* the engine's host has no init program to put first */
	int64_t nproc; /* for Podman, which otherwise asks for more than it may */
};
/** link_json, competitor_json - bodies of the two create calls; the caller's. */
cJSON *link_json(const struct pod_spec *, const struct pod_place *);
cJSON *competitor_json(const struct pod_spec *, const struct pod_place *);
/** readback_check - does the inspected container do all that was asked? INTERNAL names the field. */
int readback_check(const cJSON *asked, const cJSON *inspected, bool podman, struct error *);

/* --- container.c: single containers --- */

struct container {
	char id[CONTAINER_ID_MAX];
	char instance[40], competitor[48], version[40], hash[68];
	bool is_link;
	enum pod_phase phase;
};
/** container_phase - "running", "exited" ... to a phase. Pure. */
enum pod_phase container_phase(const char *status);
/** containers_parse - those of a list that carry our labels (of instance unless it is NULL), even
 *  if the engine ignored the filter; out is the caller's (free). Pure. */
int containers_parse(const cJSON *, const char *node, const char *instance, struct container **out,
    size_t *n, struct error *);
/** containers_list - of this node; of one instance unless it is NULL. */
int containers_list(
    struct docker *, const char *instance, struct container **out, size_t *n, struct error *);
/** container_of_pod - the container of the competitor of an instance; NOT_FOUND. */
int container_of_pod(struct docker *, const char *instance, struct container *out, struct error *);
/** container_create - POST create under a name of its own, resolving name conflicts. */
int container_create(struct docker *, const struct pod_spec *, const char *role, const cJSON *body,
    char id[CONTAINER_ID_MAX], struct error *);
int container_start(struct docker *, const char *id, struct error *);
/** container_remove - gone when this returns 0; one that is gone already is fine. */
int container_remove(struct docker *, const char *id, struct error *);

/* --- pod.c, pod_state.c, pod_use.c --- */

int docker_pod_start(struct engine *, const struct pod_spec *, struct error *);
int docker_pod_stop(struct engine *, const char *instance, int64_t grace_ms, struct error *);
int docker_pod_pause(struct engine *, const char *instance, bool pause, struct error *);
int docker_pod_state(struct engine *, const char *instance, struct pod_state *, struct error *);
int docker_pod_inspect(struct engine *, const char *instance, struct buf *, struct error *);
int docker_pod_list(struct engine *, struct pod_state **out, size_t *n, struct error *);
/** pod_state_parse - the body of a competitor's inspect. Pure. */
void pod_state_parse(const cJSON *, struct pod_state *out);
int docker_pod_use(struct engine *, const char *instance, struct pod_use *, struct error *);
/** pod_use_parse - the body of a container's stats. Pure. CONFLICT: it does not run. */
int pod_use_parse(const cJSON *, struct pod_use *out, struct error *);
/** instance_check - may it stand in a path and a filter? INVALID. Pure. */
int instance_check(const char *instance, struct error *);

/* --- log_frames.c, logs.c, events.c --- */

#define LOG_LINE_MAX_BYTES (16 * 1024 + 64) /* an engine's part and its time */
struct log_frames {
	unsigned char header[8];
	size_t header_len;
	uint32_t left; /* of the payload */
	bool is_stderr, bad;
	struct buf line;
};
/** log_frames_feed - bytes of any cut; fn per line. -1: fn ended it, or (bad) no such stream. */
int log_frames_feed(struct log_frames *, const char *bytes, size_t len, log_line_fn *, void *arg);
void log_frames_done(struct log_frames *);
int docker_logs(struct engine *, const char *instance, int tail, bool follow, log_line_fn *,
    void *arg, const atomic_bool *cancel, struct error *);
/** event_parse - one line of the event stream; -1 if it is not an event of a pod. Pure. */
int event_parse(const char *line, size_t len, struct engine_event *out);
int docker_events(
    struct engine *, engine_event_fn *, void *arg, const atomic_bool *cancel, struct error *);
#endif
