/*
 * engine.h - what Janus asks of a container engine: images, and pods.
 *
 * A driver is a struct of functions; everything that touches an engine goes through one, with an
 * instance id and no shared memory, so that a driver can as well stand for another machine.
 *
 * Every function BLOCKS, has its own deadline, and may be called from any worker thread at once.
 * Never call one on a loop.  A call that ended TIMEOUT may still have happened: look, never
 * assume.  Trouble of the engine itself is UNAVAILABLE, TIMEOUT or UPSTREAM, never a fault of
 * the image.
 */
#ifndef JANUS_ENGINE_ENGINE_H
#define JANUS_ENGINE_ENGINE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"
struct error;
struct engine;

#define ENGINE_TEXT_MAX 256
#define DIGEST_MAX 72 /* "sha256:" and 64 hex, NUL */

struct engine_info {
	char name[32]; /* "docker" or "podman" */
	char version[64]; /* of the engine */
	char api[16]; /* negotiated */
	char api_least[16], api_most[16]; /* that it speaks; "": not said */
	bool tells_time; /* then ahead_ms is its clock less ours, as near as asking tells */
	int64_t ahead_ms;
	char arch[32]; /* as images name it: amd64, arm64 */
	char cgroup[8]; /* "1" or "2" */
	bool rootless;
	char missing[ENGINE_TEXT_MAX]; /* limits the engine cannot enforce, "" if none */
	char root[ENGINE_TEXT_MAX]; /* directory of its images, on its own host; "": not said */
};

struct image_info {
	char id[DIGEST_MAX]; /* sha256 of the image configuration: what is run */
	char digest[DIGEST_MAX]; /* of the manifest in the registry; "" for local images */
	char arch[32], os[32];
	int64_t size_bytes;
	bool has_command;
	char user[64], working_dir[256];
	char **volumes; /* owned */
	size_t nvolumes;
	size_t nenv, env_bytes; /* variables it sets, all in all */
	char *manifest; /* text of the label rodeo.janus.manifest, owned; NULL if none */
};
void image_info_done(struct image_info *);

struct pull_progress {
	int64_t bytes, total_bytes; /* over all layers known so far; total 0: unknown */
	char status[128];
};
typedef void pull_progress_fn(const struct pull_progress *, void *arg);

/* When a pull is given up. */
struct pull_limits {
	int64_t stall_ms; /* no progress for so long, or less than a byte a millisecond; 0: never */
	int64_t max_bytes; /* of all layers, as they are sent; 0: any */
	int free_percent; /* so much of the engine's disk stays free; 0: never mind */
	const char *disk; /* a path on that disk; NULL: as the engine says, if it is of this host */
};

/* One pod as it was asked for. Pure data; built by spec.c, made JSON by the driver. */
struct pod_spec {
	char instance[40], competitor[48], version[40], node[40];
	char image_id[DIGEST_MAX];
	char image_ref[640]; /* repository@digest, for an engine elsewhere; "": a local image */
	bool second; /* for the second engine of a pair (pair.h) */
	int port; /* where the competitor listens on 127.0.0.1 */
	unsigned uid; /* numeric user and group of the competitor, its own */
	int64_t memory_bytes, nano_cpus, tmpfs_bytes, shm_bytes, log_bytes;
	int pids, nofile;
	char **env; /* "NAME=value", owned */
	size_t nenv;
	char **volumes; /* covered by a sized tmpfs, owned */
	size_t nvolumes;
	char **command; /* replaces the image's; NULL: as the image says (canary) */
	size_t ncommand;
	char hash[68]; /* of all the above but instance, uid and env secrets */
};
void pod_spec_done(struct pod_spec *);

enum pod_phase { POD_ABSENT, POD_CREATED, POD_RUNNING, POD_PAUSED, POD_EXITED };
struct pod_state {
	char instance[40], competitor[48], version[40], hash[68];
	enum pod_phase phase; /* of the competitor's container */
	bool link_running;
	char container[72]; /* id of the competitor's container */
	int pid; /* its first process, as the engine's host counts; 0: none */
	int exit_code;
	int signal; /* 0 if it exited by itself */
	bool oom_killed;
	int64_t started_at_ms, finished_at_ms; /* wall */
	char error[ENGINE_TEXT_MAX]; /* the engine's own words on a failed start */
	char url[512]; /* where it is reached; "": by its link */
	bool is_guess; /* nobody could be asked: as it was last known */
};

/* What a pod uses, as the engine counts it. */
struct pod_use {
	int64_t memory_bytes, memory_limit_bytes; /* without file pages that could be dropped */
	int64_t cpu_ns; /* in all its life */
	double cpu_cores; /* during the last second */
	int64_t pids;
};

struct log_line {
	int64_t at_ms; /* wall; 0: unknown */
	bool is_stderr;
	const char *text; /* borrowed; escaped by nobody yet */
	size_t len;
};
typedef int log_line_fn(const struct log_line *, void *arg); /* -1 ends the reading */

struct engine_event {
	char instance[40];
	char action[24]; /* start die oom pause unpause destroy ... */
	bool is_link;
	int exit_code; /* of die */
};
typedef void engine_event_fn(const struct engine_event *, void *arg);

struct engine_driver {
	const char *name;
	/** holds - has this engine a pod of that instance?  Asks nobody.  NULL in one that is never
	 *  the second of a pair; and NULL in such a second are resolve, pull, load, save, untag, image and events. */
	bool (*holds)(struct engine *, const char *instance);
	/** what is there, and can it do what we need? 2 s. */
	int (*info)(struct engine *, struct engine_info *out, struct error *);
	/**
	 * resolve - a reference to the digest that will run, without pulling (10 s to the registry).
	 * A local image that no registry knows resolves to its id with digest "" and *local true.
	 * NOT_FOUND, DENIED (credentials), INVALID (grammar), CONFLICT (not for this host), UNAVAILABLE/UPSTREAM (registry), BUSY
	 * (429; with how long it asks to wait, if it can be asked).
	 */
	int (*resolve)(
	    struct engine *, const char *ref, char digest[DIGEST_MAX], bool *local, struct error *);
	/**
	 * pull - have repository@digest locally; progress may be NULL.
	 * TIMEOUT it stood still; TOO_BIG, asked of the registry first if it says so; IO the disk is
	 * full, or would be; else as resolve.
	 */
	int (*pull)(struct engine *, const char *ref, const char *digest,
	    const struct pull_limits *, pull_progress_fn *, void *arg, const atomic_bool *cancel,
	    struct error *);
	/**
	 * load - an image from an archive as "docker save" has it, read from fd to its end; it must
	 * bring the image `id`.  INVALID: the engine does not take it; TIMEOUT it stood still.
	 */
	int (*load)(struct engine *, int fd, const char *id, int64_t stall_ms,
	    const atomic_bool *cancel, struct error *);
	/** save - that image as such an archive; fn ends it with -1. NOT_FOUND. */
	int (*save)(struct engine *, const char *ref, int64_t stall_ms,
	    int (*fn)(const char *bytes, size_t len, void *arg), void *arg,
	    const atomic_bool *cancel, struct error *);
	/** untag - forget a name, and the image with its last one; a missing one is fine. CONFLICT: a
	 *  container still uses it. */
	int (*untag)(struct engine *, const char *ref, struct error *);
	/** inspect an image by id, or by repository@digest. NOT_FOUND. */
	int (*image)(struct engine *, const char *ref, struct image_info *out, struct error *);
	/**
	 * pod_start - make and start the whole pod: directory, link, its socket, the competitor,
	 * read-back.  On failure nothing of it is left.  err INVALID: the image's fault (no command,
	 * not executable: exit 126/127 in words), else ours.  INTERNAL names a field that the engine
	 * did not apply.  An existing pod of the instance is CONFLICT.
	 */
	int (*pod_start)(struct engine *, const struct pod_spec *, struct error *);
	/** pod_stop - end and remove all of it: TERM, grace, KILL; an absent pod is fine. */
	int (*pod_stop)(struct engine *, const char *instance, int64_t grace_ms, struct error *);
	/** pod_state - of one instance; an unknown one is POD_ABSENT, not an error. */
	int (*pod_state)(
	    struct engine *, const char *instance, struct pod_state *out, struct error *);
	/** pod_list - all pods of this node; *out is the caller's (free). */
	int (*pod_list)(struct engine *, struct pod_state **out, size_t *n, struct error *);
	/** pod_inspect - its container as the engine itself tells of it: a JSON list of one, added to out.
	 *  NOT_FOUND.  NULL in a driver whose pods are somebody else's containers. */
	int (*pod_inspect)(struct engine *, const char *instance, struct buf *out, struct error *);
	int (*pod_pause)(struct engine *, const char *instance, bool pause, struct error *);
	/** logs - the last `tail` lines (0: all that is kept), then, if follow, more until the pod
	 *  ends or cancel.  Lines over 16 KiB come in parts. */
	int (*logs)(struct engine *, const char *instance, int tail, bool follow, log_line_fn *,
	    void *arg, const atomic_bool *cancel, struct error *);
	/** events - call fn for each event of our pods until the stream ends (-1) or cancel (0).
	 *  UNAVAILABLE: the engine let go of it, and what has happened since is not known. */
	int (*events)(struct engine *, engine_event_fn *, void *arg, const atomic_bool *cancel,
	    struct error *);
	/** pod_use - what it uses now; takes about two seconds. CONFLICT: it does not run. */
	int (*pod_use)(struct engine *, const char *instance, struct pod_use *out, struct error *);
	void (*free)(struct engine *);
};

struct engine { /* the driver's own struct begins with this */
	const struct engine_driver *driver;
};

/* Settings every driver gets. Strings are borrowed for the engine's life. */
struct engine_config {
	const char *socket; /* "/var/run/docker.sock"; "" or NULL: find one */
	const char *node; /* this daemon's node id: only its pods are seen */
	const char *runtime_dir; /* pods/<instance>/ below it hold the link sockets */
	const char *link_image; /* reference of the link's image, "janus/link" */
	const char *seccomp; /* profile text */
};
/** docker_engine_new - the Docker Engine API (Docker, and Podman's socket). Does not connect. */
struct engine *docker_engine_new(const struct engine_config *);

/** engine_find_socket - the first engine socket that answers: docker's, podman's, the user's own;
 *  with DOCKER_HOST that one and no other, where pods would be doubled.  The caller's; NULL with
 *  err that says what was tried. Blocks up to 2 s each. */
char *engine_find_socket(struct error *);

/** pod_explain - why a pod ended, in words: "killed: memory limit 512 MiB", "exited with 3",
 *  "killed by signal 11 (Segmentation fault)". out of at least ENGINE_TEXT_MAX; returns it. Pure. */
const char *pod_explain(const struct pod_state *, int64_t memory_bytes, char *out);
#endif
