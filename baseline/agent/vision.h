/*
 * vision.h - pictures in a request, and the models that can see them.  Pure.
 */
#ifndef BASELINE_AGENT_VISION_H
#define BASELINE_AGENT_VISION_H
#include <cjson/cJSON.h>
#include <stdbool.h>

/** vision_wanted - does any message hold a picture? */
bool vision_wanted(const cJSON *request);
/** vision_sees - is a model of that name known to see? */
bool vision_sees(const char *model);
/** vision_choose - the model for chats with pictures: what was configured; the one in use, if it sees;
 *  the first of the list (the body of GET /models, parsed) that does; or NULL.  Borrowed. */
const char *vision_choose(const char *configured, const char *model, const cJSON *list);
#endif
