/*
 * files.h - /v1/files: what callers upload for their chats, each to be had by its own key alone.
 */
#ifndef JANUS_GATEWAY_FILES_H
#define JANUS_GATEWAY_FILES_H
#include <stdint.h>
struct gateway;
struct http_request;

#define FILES_PATH "/v1/files"

/** files_body_max - the largest body of an upload. */
int64_t files_body_max(const struct gateway *);
void files_all(struct gateway *, struct http_request *);
void files_one(struct gateway *, struct http_request *);
void files_content(struct gateway *, struct http_request *);
#endif
