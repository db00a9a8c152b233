/*
 * config.h - the broker's settings, from the environment.
 */
#ifndef JANUS_PLATFORM_CONFIG_H
#define JANUS_PLATFORM_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
struct error;

struct platform_config { /* strings owned */
	char *runtime_dir;
	char *state_dir; /* ours alone, below that of Janus */
	char *prices, *policy; /* files; NULL: what is built in */
	char *search_url; /* of a search service; NULL: the library */
	char *search_key; /* its key; "" where it needs none */
	char *search_dir; /* of documents */
	char *vector_extension; /* sqlite-vec; NULL: without */
	char *test_loopback; /* loopback that /fetch and the proxy may reach, for tests; or NULL */
	char *sandbox_url; /* of the sandbox service */
	char *sandbox_key; /* or NULL: it is in the file, once there is one */
	char *sandbox_key_file;
	bool is_searxng; /* else Brave-style */
	char *base_url; /* of the provider; NULL: there is none */
	char *api_key; /* "" where it needs none */
	char *model; /* the one to list first; NULL: as the provider lists them */
	char *loose_file; /* a file with a secret that others may read; NULL: there is none */
};

typedef const char *platform_env_fn(const char *name);

/**
 * platform_config_read - take the settings from env (getenv, or a test's); user is our uid.
 *
 * Where: JANUS_RUNTIME_DIR, RUNTIME_DIRECTORY, /run/janus for root, $XDG_RUNTIME_DIR/janus.
 * Secrets are found as secret.h says.  Key: JANUS_PROVIDER_API_KEY, OPENAI_API_KEY, CHUTES_API_KEY.  Address: JANUS_PROVIDER_BASE_URL, OPENAI_BASE_URL, or the usual
 * one of whoever the key is for.  An address without a key is fine: a model server of one's own.
 * Model: JANUS_PROVIDER_MODEL.  State: platform/ in JANUS_STATE_DIR, else STATE_DIRECTORY, else
 * /var/lib/janus for root, $XDG_STATE_HOME/janus, $HOME/.local/state/janus.
 * Files: JANUS_INFERENCE_PRICES, JANUS_PLATFORM_POLICY.  Search: JANUS_SEARCH_URL, with
 * JANUS_SEARCH_KIND searxng (the default) or brave and JANUS_SEARCH_API_KEY[_FILE]; else the folder
 * JANUS_SEARCH_DIR (/usr/share/doc/janus).  Vectors: JANUS_VECTOR_EXTENSION (vec0), none for
 * none.  Tests: JANUS_PLATFORM_TEST_LOOPBACK.
 * Sandboxes: [JANUS_]SANDY_BASE_URL, else that of janus-sandboxd on this machine;
 * [JANUS_]SANDY_API_KEY, or _FILE (not both), else sandbox.key of JANUS_STATE_DIR.
 */
int platform_config_read(
    struct platform_config *, platform_env_fn *env, unsigned user, struct error *);
void platform_config_done(struct platform_config *);
#endif
