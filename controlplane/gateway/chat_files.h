/*
 * chat_files.h - uploaded files in the messages of a chat: competitors get their bytes, not their ids.
 *
 * {"type":"file","file":{"file_id":"file-..."}} becomes {"file":{"filename":...,"file_data":"data:..."}}:
 * what runs without a network cannot fetch, and an id means nothing to it.
 */
#ifndef JANUS_GATEWAY_CHAT_FILES_H
#define JANUS_GATEWAY_CHAT_FILES_H
#include <stdbool.h>
struct gateway;
struct http_request;

/** chat_files_take - has the body such parts?  Then it is answered, or begun once they are there. */
bool chat_files_take(struct gateway *, struct http_request *);
#endif
