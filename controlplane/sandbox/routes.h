/*
 * routes.h - the table of what may be asked for, and how answers are written.
 */
#ifndef JANUS_SANDBOX_ROUTES_H
#define JANUS_SANDBOX_ROUTES_H
#include "runtime/net/http_server.h"
#include "runtime/openai/codes.h"
struct sandbox;
struct service;

/* For http_server_new; their argument is the struct service. */
extern const struct http_server_handlers sandbox_handlers;

/** reply_json - the whole answer, and its line in the log. */
void reply_json(struct http_request *, int status, const char *body, size_t len);
/** reply_bytes - the same with another content-type. */
void reply_bytes(struct http_request *, const char *content_type, const void *body, size_t len);
/** refuse - the envelope of a code, and its line in the log. */
void refuse(struct http_request *, enum wire_code, const char *text);
/** refuse_param - the same, naming the key that is wrong. */
void refuse_param(struct http_request *, enum wire_code, const char *text, const char *param);
/** log_request - the one line of a request; before the answer, which ends it. */
void log_request(const struct http_request *, int status, const char *code);

/* Handlers of a sandbox that is the caller's and running. */
void exec_run(struct sandbox *, struct http_request *); /* exec.c */
void file_read_asked(struct sandbox *, struct http_request *); /* files.c */
void file_write_asked(struct sandbox *, struct http_request *);
void file_list_asked(struct sandbox *, struct http_request *);
void file_remove_asked(struct sandbox *, struct http_request *);
void artifact_asked(struct sandbox *, struct http_request *, const char *name);
void agent_run(struct sandbox *, struct http_request *); /* agent.c */
void agent_cancel(struct sandbox *, struct http_request *);

/* Of the service. */
void report_health(struct service *, struct http_request *); /* report.c */
void report_metrics(struct service *, struct http_request *);
void report_resources(struct service *, struct http_request *);
void report_stats(struct service *, struct http_request *, size_t caller);
void report_history(struct service *, struct http_request *);
#endif
