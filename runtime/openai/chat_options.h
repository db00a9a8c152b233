/*
 * chat_options.h - what stands inside the smaller known fields of a request: audio.voice,
 * metadata's values, each of modalities.
 *
 * Pure.  The same for all dialects: a field that two of them have is the same field.
 */
#ifndef JANUS_OPENAI_CHAT_OPTIONS_H
#define JANUS_OPENAI_CHAT_OPTIONS_H
struct chat_shape;
struct json_value;

/** chat_option_value - look at a value that stands directly in a top-level member. */
void chat_option_value(struct chat_shape *, const struct json_value *);
#endif
