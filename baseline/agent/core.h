/*
 * core.h - the server's state, shared by the files that answer its routes.
 */
#ifndef BASELINE_AGENT_CORE_H
#define BASELINE_AGENT_CORE_H
#include <stdbool.h>
#include <stdint.h>

#include "baseline/agent/artifacts.h"
#include "baseline/agent/sandboxes.h"
#include "baseline/agent/triage.h"
#include "baseline/agent/upstream.h"
#include "runtime/base/metrics.h"
#include "runtime/openai/chat_stream.h"
struct agent_chat;
struct baseline_config;
struct baseline_server;
struct http_request;
struct http_server;
struct offline;
struct provider_chat;
struct workers;

enum path_taken { TOOK_MODEL, TOOK_OFFLINE, TOOK_AGENT, PATHS_TAKEN };

struct chat { /* one answer under way, in the server's list */
	struct baseline_server *server;
	struct chat *next, *prev;
	enum path_taken path;
	struct provider_chat *relayed; /* one of the three */
	struct offline *offline;
	struct agent_chat *agent;
	struct triage triage;
	char *model; /* owned: the one that was asked; NULL: none */
	char *literal; /* owned: the same as JSON, spliced into the request */
	struct provider_additions additions; /* of relayed */
	char *why; /* owned: the path and its reason, for the answer */
	char id[132];
	int64_t accepted_us;
};
struct path_counts { /* one thread writes and reads */
	uint64_t ok, failed, active;
	struct metric_histogram duration;
};
struct baseline_server {
	struct loop *loop;
	const struct baseline_config *config;
	struct http_server *http;
	struct baseline_upstream upstream;
	struct baseline_sandboxes sandboxes;
	struct artifacts artifacts;
	struct workers *workers; /* for agents */
	int runs; /* agents under way or waiting for a thread */
	struct chat *chats;
	int64_t started_ms;
	struct path_counts paths[PATHS_TAKEN];
	uint64_t prompt_tokens, completion_tokens;
	uint64_t sandboxes_made, sandboxes_failed;
	int64_t sandbox_ms;
};

/* What a chat has come to. */
struct chat_outcome {
	int status; /* as a client saw it, or would have; 499: it left */
	const char *code, *text; /* of a failure; NULL */
	struct chat_usage usage;
	int64_t ttft_us; /* -1: nothing was said */
};

/* ---- pages.c ---- */
void answer_health(struct baseline_server *, struct http_request *);
void answer_models(struct baseline_server *, struct http_request *);
void answer_metrics(struct baseline_server *, struct http_request *);
void answer_artifact_get(struct baseline_server *, struct http_request *);
const char *path_name(enum path_taken);

/* ---- chats.c ---- */
void answer_chat(struct baseline_server *, struct http_request *);
void refuse(struct http_request *, enum wire_code, const char *text, const char *param);
/** chat_over - count it, log it, forget it. */
void chat_over(struct chat *, const struct chat_outcome *);
/** chat_go_fast - answer without an agent after all, for that reason (a sentence). */
void chat_go_fast(struct chat *, struct http_request *, const char *why);
/** chats_free - cut all that are under way. */
void chats_free(struct baseline_server *);

/* ---- agent_chat.c ---- */
/** agent_chat_begin - answer with an agent; json is the request. */
void agent_chat_begin(
    struct chat *, struct http_request *, const cJSON *json, bool stream, bool want_usage);
/** agent_chat_abandon - shutdown: cut it; its run ends by itself. */
void agent_chat_abandon(struct agent_chat *);
#endif
