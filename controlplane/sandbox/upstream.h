/*
 * upstream.h - a competitor's own answers: what is asked at the url of its sandbox, through its link.
 *
 * The url ends in a secret; no key is asked for, as the API has it.  Bytes pass as they come, both ways.
 */
#ifndef JANUS_SANDBOX_UPSTREAM_H
#define JANUS_SANDBOX_UPSTREAM_H
struct http_request;
struct sandbox;
struct service;

#define UPSTREAM_PATH "/at/"

/** upstream_find - the sandbox that a path below UPSTREAM_PATH is of; NULL. */
struct sandbox *upstream_find(struct service *, const char *path);
/** upstream_asked - a whole request to such a path. */
void upstream_asked(struct service *, struct http_request *);
#endif
