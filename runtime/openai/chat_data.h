/*
 * chat_data.h - the data: URLs in the parts of a request.
 *
 * Pure.
 */
#ifndef JANUS_OPENAI_CHAT_DATA_H
#define JANUS_OPENAI_CHAT_DATA_H
struct chat_shape;
struct json_value;

/** chat_data_wrong - what is wrong with a value that is a data: URL; NULL: nothing, or it is none. */
const char *chat_data_wrong(const char *json, const struct json_value *);
/** chat_data_refuse - note that as the fault of param, unless wrong is NULL. */
void chat_data_refuse(struct chat_shape *, const char *param, const char *wrong);
#endif
