/*
 * conditions.h - entity tags: what an answer is known by, and what a caller says it has.
 */
#ifndef JANUS_API_CONDITIONS_H
#define JANUS_API_CONDITIONS_H
#include <cjson/cJSON.h>
#include <stdbool.h>
struct api_call;

/** etag_add - end an object with its "etag": a digest of all that is in it so far. */
void etag_add(cJSON *object);
/** call_describe - etag and location of an answer, for its head. */
void call_describe(struct api_call *, int status, const cJSON *answer);
/** call_has_it - is it a GET of what the caller says to have already? After call_describe. */
bool call_has_it(const struct api_call *);
/** call_matches - If-Match, where it was sent or must be: true, or answered 428 or 412 and false.
 *  Takes the tree of the object as it is. */
bool call_matches(struct api_call *, bool required, cJSON *object);
#endif
