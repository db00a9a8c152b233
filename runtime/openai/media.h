/*
 * media.h - say what pictures, sounds and files a chat message carries, by their bytes.
 *
 * Pure.  Says only what can be known without understanding: declared type, true type, size.
 */
#ifndef JANUS_OPENAI_MEDIA_H
#define JANUS_OPENAI_MEDIA_H
#include <cjson/cJSON.h>
struct buf;

/** media_describe - append one sentence a part; nothing where there is none. */
void media_describe(const cJSON *message, struct buf *out);
#endif
