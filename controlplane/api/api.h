/*
 * api.h - the control API: requests that came in on any loop, answered on the control loop.
 *
 * api_head and api_request are called on the loop that owns the connection; the call travels to
 * the control loop as a message, and its answer travels back.
 */
#ifndef JANUS_API_API_H
#define JANUS_API_API_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include "controlplane/gateway/gateway.h"
struct config;
struct http_request;
struct loop;
struct registry;
struct store;
struct run;
struct scheduler;
struct submission;
struct supervisor;
struct workers;
struct ed25519_key;
struct engine;
struct gateway;
struct components;
struct key_ring;
struct recorder;
struct artifacts;
struct champion;
struct arena_table;
struct keys;
struct requests;
struct buf;
struct api;

struct api_deps { /* borrowed */
	struct loop *control;
	struct workers *workers;
	struct registry *registry;
	struct store *store;
	struct supervisor *supervisor;
	struct scheduler *scheduler;
	struct champion *champion;
	struct engine *engine;
	struct gateway *const *gateways; /* there before the first call is */
	const struct requests *requests; /* the last chats */
	struct recorder *recorder; /* captures of some */
	struct artifacts *artifacts; /* that answers announced */
	struct arena_table *arena; /* what may be voted on, and what was */
	struct components *components; /* the marketplace */
	struct key_ring *keys;
	/** Keys changed: what gateways are to use from now on; takes over the reference. */
	void (*on_keys)(struct keys *, void *keys_arg);
	void *keys_arg;
	bool anonymous; /* callers without a key may chat and read (loopback listener) */
	int64_t started_at_ms;
	int64_t memory_bytes; /* the default limit of an instance, for words */
	int64_t image_bytes; /* the largest image, and archive of one */
	const char *listen; /* "127.0.0.1:8000", as it is bound */
	const char *host; /* of it */
	int port, ui_port; /* ui_port 0: none */
	const char *certificate, *certificate_key; /* files of TLS; NULL: none is spoken */
	const char *state_dir;
	const struct ed25519_key *signing_key; /* of bundles */
	/** Each setting as it is in force: a JSON array of name, value, origin, live, help is added to. */
	void (*settings)(cJSON *to, void *origin_arg);
	/** Where the value of a setting came from; borrowed. */
	const char *(*origin)(const char *setting, void *origin_arg);
	void *origin_arg;
};

struct api *api_new(const struct api_deps *);
void api_free(struct api *);
/** api_head - may this request go on? As http_server_handlers.on_head; answers refusals itself. */
int64_t api_head(struct api *, struct http_request *);
/** api_request - the body is there. */
void api_request(struct api *, struct http_request *);
/** api_submission_changed - tell who follows it. Control loop. */
void api_submission_changed(struct api *, const struct submission *);
/** api_run_changed - the same of a run. */
void api_run_changed(struct api *, const struct run *);
/** api_metrics - samples of a family for this surface, without their head. Any thread. */
void api_metrics(const struct api *, struct buf *out, enum gateway_metric);
/** api_close - end all streams (daemon shutdown). Control loop. */
void api_close(struct api *);
#endif
