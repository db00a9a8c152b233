/*
 * dialect_fields.h - are the known fields of a completions, responses or embeddings request right?
 *
 * Pure; what chat_shape is for chats.
 */
#ifndef JANUS_OPENAI_DIALECT_FIELDS_H
#define JANUS_OPENAI_DIALECT_FIELDS_H
struct chat_shape;
struct dialect;
struct json_value;

/** dialect_shape_value - look at the next value. */
void dialect_shape_value(struct chat_shape *, const struct dialect *, const struct json_value *);
#endif
