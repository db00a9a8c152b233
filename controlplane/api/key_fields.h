/*
 * key_fields.h - what callers say of a key, read and checked (internal to api/).
 *
 * Each answers what it refuses and returns false, or below 0.
 */
#ifndef JANUS_API_KEY_FIELDS_H
#define JANUS_API_KEY_FIELDS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/keys.h"
struct api_call;

/** key_render_limits - add "limits", null where there is none. */
void key_render_limits(cJSON *key, const struct key_limits *);
/** key_read_limits - those that are named; null is none. */
bool key_read_limits(struct api_call *, struct key_limits *);
/** key_read_scopes - or what a key of that kind is for, where they are absent or null. */
bool key_read_scopes(struct api_call *, struct key *);
/** key_read_span - "30m" in milliseconds; absent where it is not there or null. */
int64_t key_read_span(struct api_call *, const char *key, int64_t absent, int64_t min_ms);
/** key_read_expiry - expires_at or expires_in; null is never. */
bool key_read_expiry(struct api_call *, struct key *);
/** call_wrong - answer 400 invalid_value; false. */
bool call_wrong(struct api_call *, const char *param, const char *text);
#endif
