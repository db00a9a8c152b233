/*
 * spec.h - from policy and manifest to the pod that is asked for. Pure.
 */
#ifndef JANUS_ENGINE_SPEC_H
#define JANUS_ENGINE_SPEC_H
#include <stdbool.h>
#include <stdint.h>
struct error;
struct image_info;
struct pod_spec;

/* What the operator allows one instance. */
struct policy {
	int64_t memory_bytes, nano_cpus, tmpfs_bytes, shm_bytes, log_bytes, image_bytes;
	int pids, nofile;
	int64_t start_timeout_ms;
	int second; /* enum policy_second */
};
/* Where a pod may run: the second engine is a sandbox service (docs/sandy.md), which isolates less. */
enum policy_second {
	SECOND_NEVER,
	SECOND_ASKED, /* if the manifest asks for it */
	SECOND_ALWAYS, /* unless the manifest asks for the first */
};
extern const struct policy
    policy_defaults; /* 4 GiB, 2 CPU, 256 MiB tmpfs, 64 MiB shm, 8 MiB log, 20 GiB image, 512 pids, 4096 files, 30 s */

/* What the miner says (janus.json, the image's label, or --manifest): may ask for less. */
struct manifest {
	char name[48]; /* "" if not given */
	char description[512];
	int port; /* 8080 */
	int concurrency; /* most chats at once in one instance; 0: not said */
	int64_t memory_bytes; /* 0: not asked */
	int64_t nano_cpus;
	int64_t start_timeout_ms;
	enum { ENGINE_ANY, ENGINE_DOCKER, ENGINE_SANDY } engine;
	char **env; /* "NAME=value", owned: plain settings, never secrets of ours */
	unsigned long nenv;
	unsigned capabilities; /* CAPABILITY() bits; chat always */
};
/** manifest_parse - JSON text; NULL or "" is the default manifest.  INVALID names the field and
 *  the reason; unknown fields are refused by name. */
int manifest_parse(const char *text, struct manifest *out, struct error *);
void manifest_done(struct manifest *);
/** manifest_check - does it ask for no more than the operator allows? INVALID names the field. */
int manifest_check(const struct manifest *, const struct policy *, struct error *);

/** image_check - may this image run here at all?  INVALID in one sentence: architecture, size,
 *  no command, odd working directory, too many or odd volumes.  The image's user does not
 *  matter: a pod always runs as its own number. */
int image_check(
    const struct image_info *, const struct policy *, const char *host_arch, struct error *);

/** policy_is_second - does that manifest's pod run on the second engine? */
bool policy_is_second(const struct policy *, const struct manifest *);

/* What differs from one instance to the next. */
struct pod_identity {
	const char *instance, *competitor, *version, *node;
	unsigned uid;
	const char *run_token;
};
/** pod_spec_build - the whole pod; out is the caller's (pod_spec_done).  Adds the environment a
 *  competitor is promised (JANUS_PLATFORM_URL, OPENAI_BASE_URL, ...). */
void pod_spec_build(const struct policy *, const struct manifest *, const struct image_info *,
    const struct pod_identity *, struct pod_spec *out);
#endif
