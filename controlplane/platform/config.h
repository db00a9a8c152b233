/*
 * config.h - the broker's settings, from the environment.
 */
#ifndef JANUS_PLATFORM_CONFIG_H
#define JANUS_PLATFORM_CONFIG_H
#include <stddef.h>
struct error;

struct platform_config { /* strings owned */
	char *runtime_dir;
	char *base_url; /* of the provider; NULL: there is none */
	char *api_key; /* "" where it needs none */
	char *model; /* the one to list first; NULL: as the provider lists them */
};

typedef const char *platform_env_fn(const char *name);

/**
 * platform_config_read - take the settings from env (getenv, or a test's); user is our uid.
 *
 * Where: JANUS_RUNTIME_DIR, RUNTIME_DIRECTORY, /run/janus for root, $XDG_RUNTIME_DIR/janus.
 * Key: $CREDENTIALS_DIRECTORY/janus_provider_api_key, JANUS_PROVIDER_API_KEY or _FILE (not both),
 * OPENAI_API_KEY, CHUTES_API_KEY.  Address: JANUS_PROVIDER_BASE_URL, OPENAI_BASE_URL, or the usual
 * one of whoever the key is for.  An address without a key is fine: a model server of one's own.
 * Model: JANUS_PROVIDER_MODEL.
 */
int platform_config_read(
    struct platform_config *, platform_env_fn *env, unsigned user, struct error *);
void platform_config_done(struct platform_config *);
#endif
