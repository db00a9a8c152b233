/*
 * janus.h - struct janus owns every module of janusd (internal to controlplane's own files).
 *
 * modules.c makes them, daemon.c starts and stops them, wires.c is what they tell one another, signals.c
 * what they are told.
 */
#ifndef JANUS_JANUS_H
#define JANUS_JANUS_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/observe/work.h"
#include "controlplane/registry/components.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/registry.h"
#include "controlplane/registry/traffic.h"
#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/supervisor.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/heartbeat.h"
#include "runtime/loop/loop.h"
#include "runtime/net/passed.h"

#define LOOPS_MAX 64

struct error;
struct late_cost;
struct request_record;
struct run;
struct run_item;
struct scheduler;
struct arena_table;
struct artifacts;
struct takeover;
struct yield;

struct lane { /* one gateway and, but for the control loop's, its thread */
	struct janus *janus;
	struct loop *loop;
	struct gateway *gateway;
	pthread_t thread;
	bool running;
};

struct janus {
	struct config *config;
	struct loop *control;
	struct workers *workers, *pullers;
	struct store *store;
	struct registry registry;
	struct key_ring keys;
	struct components components;
	struct rules rules;
	struct engine *engine;
	struct engine *second; /* of it, or NULL */
	struct engine_config engine_config;
	struct supervisor *supervisor;
	struct scheduler *scheduler;
	char *bench_program; /* owned; NULL: there is none */
	char *control_socket; /* owned */
	struct champion *champion;
	struct observer *observer;
	struct egress_counts *egress;
	struct recorder *recorder;
	struct artifacts *artifacts;
	struct arena_table *arena;
	struct works works;
	struct ed25519_key *signing_key; /* of bundles */
	struct api *api;
	struct gateway_config gateway_config;
	struct cors *cors; /* NULL: none */
	struct proxies *proxies; /* whom we believe for whom they ask */
	struct tls_certificate *certificate; /* of the TCP listeners; NULL: they speak plainly */
	struct timer certificate_look;
	struct streams *streams;
	struct traffic_rules traffic_rules;
	struct lane lanes[LOOPS_MAX + 1]; /* the last one is the control loop's own */
	struct gateway *gateways[LOOPS_MAX + 1];
	unsigned nlanes;
	unsigned nloops; /* lanes but for the control loop's */
	char *const *argv; /* borrowed: how we were started */
	bool take_over; /* from another janusd, if one runs */
	struct passed listeners;
	bool listeners_fixed; /* the service manager's: they stay where they are */
	struct { /* listeners.c, while lanes begin to serve */
		unsigned left;
		bool failed;
		void (*done)(bool ok, struct janus *);
	} serving;
	struct takeover *before; /* the janusd whose place we took; NULL */
	struct yield *yield; /* who may take ours; NULL while nobody may ask */
	struct heartbeat heartbeat;
	struct timer service; /* what the service manager is told next */
	int64_t good_since_ms; /* all but competitors was there; 0: it is not */
	int64_t service_told_ms; /* 0: never */
	bool told_ready;
	char node[NOUN_ID_MAX];
	struct passed_address at; /* where we listen; of several, the one that most can reach */
	char listen[80]; /* the same in words */
	int lock;
	int64_t started_at_ms;
	struct timer drain;
	int64_t drain_until_ms, end_chats_at_ms;
	bool draining, leaving, ended_chats, failed;
	bool closed; /* the database takes no more */
	/* what other loops may ask at any time */
	pthread_mutex_t summary_lock;
	struct {
		bool engine_ok, isolated;
		size_t routes, routes_ready;
		int64_t submissions[SUBMISSION_STATE_COUNT];
	} summary;
};

/* wires.c: news of one module for others; arg is struct janus */
/** wire_learn_battle - the janusd before us has ended one. */
void wire_learn_battle(struct janus *, const char *id);
void wire_status(void *arg); /* something that /health or /metrics tells has changed */
void wire_routes(struct routes *, void *arg);
void wire_keys(struct keys *, void *arg);
void wire_late_cost(const struct late_cost *, void *arg);
void wire_submission(const struct submission *, void *arg);
void wire_run(const struct run *, void *arg);
void wire_item(const struct run *, const struct run_item *, void *arg);
void wire_work(const struct supervisor_work *, void *arg);
void wire_used(const char *competitor, const char *instance, uint64_t cpu_us, uint64_t memory_bytes,
    void *arg);
void wire_names(struct request_record *, void *arg);
extern const struct broker_events wire_broker_events;
extern const struct gateway_hooks wire_hooks;

/* restore.c */
/** janus_open_store - what was staged takes its place, then the database is opened; one that is refused
 *  is told of with the way back. The state is ours alone. */
int janus_open_store(struct janus *, struct error *);
/* certificate.c */
/** janus_secret_file - the file with a secret, the caller's: that of its name in the credential
 *  directory, else the one of the settings; NULL: none.  One that others may read is told of. */
char *janus_secret_file(const char *name, const char *setting);

/* signals.c */
/** janus_gateway_config - from the settings as they are. */
void janus_gateway_config(struct janus *);
void janus_signal(int signo, void *arg);
/** janus_leave - another janusd has taken over: end with the last stream. */
void janus_leave(struct janus *);

/* daemon.c */
/** janus_lock - the state directory is ours alone; CONFLICT where it is another one's. */
int janus_lock(struct janus *, struct error *);

/* service.c: the service manager */
/** service_begin - the control loop is alive, and it is said when it is ready. */
void service_begin(struct janus *);
void service_end(struct janus *);
#endif
