/*
 * config.h - the settings of janus-sandboxd, from the environment: one table feeds reading, -T and
 * the manual.
 */
#ifndef JANUS_SANDBOX_CONFIG_H
#define JANUS_SANDBOX_CONFIG_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/base/hash.h"
struct error;

#define SANDBOX_KEYS_MAX 16

struct sandbox_config { /* strings owned, never NULL */
	char *host, *state_dir, *runtime_dir, *engine_socket, *link_image, *image;
	int64_t port;
	int64_t max, total_memory_bytes, warm;
	int64_t memory_bytes, milli_cpus, disk_bytes, pids, nofile;
	int64_t ttl_ms, ttl_max_ms, create_ms;
	int64_t exec_ms, exec_max_ms, output_bytes, file_bytes, operations;
	int64_t uid_first, uid_count;
	int64_t hosted_max, hosted_memory_bytes;
	char *key_file; /* "": the usual place */
	char *hosting_key_file; /* "": nobody runs competitors here */
	/* Who may call: SHA-256 of each key.  Each key is a caller of its own. */
	size_t nkeys;
	size_t hosting_from; /* the key of whoever may run competitors, and all that follow it */
	char key_sha256[SANDBOX_KEYS_MAX][HASH_HEX_MAX];
	char loose_file[256]; /* one with keys that others may read; "": there is none */
};

typedef const char *sandbox_env_fn(const char *name);

/**
 * sandbox_config_read - take the settings from env (getenv, or a test's); user is our uid.
 *
 * Keys, one a line, found as secret.h says: SANDY_API_KEY, else <state_dir>/sandbox.key, which is made if it is not there.  INVALID names the
 * variable.
 */
int sandbox_config_read(
    struct sandbox_config *, sandbox_env_fn *env, unsigned user, struct error *);
void sandbox_config_done(struct sandbox_config *);
/** sandbox_config_print - every setting, its value and where it came from; no keys. */
int sandbox_config_print(FILE *, sandbox_env_fn *env, unsigned user, struct error *);
#endif
