/*
 * promised_env.h - the environment every competitor is promised, in one table. Pure.
 */
#ifndef JANUS_ENGINE_PROMISED_ENV_H
#define JANUS_ENGINE_PROMISED_ENV_H
#include <stdbool.h>
#include <stddef.h>
struct pod_identity;

#define PROMISED_BROKER_PORT 8600 /* the link's listener: not a competitor's */

/** promised_env_has - is this name the platform's to set? */
bool promised_env_has(const char *name);
/** promised_env_is_secret - is this "NAME=value" one whose value must not be hashed or shown? */
bool promised_env_is_secret(const char *entry);
size_t promised_env_count(void);
/** promised_env_entry - the i-th as "NAME=value", the caller's. */
char *promised_env_entry(size_t i, const struct pod_identity *, int port);
#endif
