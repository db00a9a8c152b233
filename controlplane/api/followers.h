/*
 * followers.h - those who follow one object's states as events, until its last (internal to api/).
 */
#ifndef JANUS_API_FOLLOWERS_H
#define JANUS_API_FOLLOWERS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
struct api;
struct api_call;

struct followed_kind {
	cJSON *(*render)(const struct api_call *, const void *row);
	bool (*is_final)(const struct api_call *, const void *row);
};
/** follow - answer with its state now, and each change of it; row and kind live as long as api. */
void follow(struct api_call *, const void *row, const struct followed_kind *);
/** followers_tell - it has changed. Control loop. */
void followers_tell(struct api *, const void *row);
/** followers_close - end all streams (daemon shutdown). */
void followers_close(struct api *);
#endif
