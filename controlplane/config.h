/*
 * config.h - the settings of janusd: one table feeds files, environment, -T and the manual.
 *
 * From high to low: JANUS_<SECTION>_<KEY>, the user's file, /etc/janus/janus.conf.d/ in lexical order,
 * /etc/janus/janus.conf, the built-in default.  A file given with -c replaces all files.
 */
#ifndef JANUS_CONFIG_H
#define JANUS_CONFIG_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
struct buf;
struct error;

struct config {
	const char *file; /* as given to config_load, borrowed */
	char **origins, **texts; /* owned; of each setting, see config_origin and config_each */
	char *host; /* owned strings, never NULL */
	int64_t port, ui_port; /* ui_port 0: none */
	char *public_hosts, *trusted_proxies;
	char *tls_certificate, *tls_key_file; /* "" both: no TLS */
	char *state_dir, *runtime_dir;
	bool anonymous;
	bool exposed; /* we listen beyond loopback, whatever host says: config_exposed */
	char *log_level;
	char *cors_origins;
	bool cors_credentials;
	char *engine_socket, *link_image;
	char *sandy_url, *sandy_key_file, *sandy_upstream;
	int64_t sandy_competitors; /* enum policy_second */
	int64_t memory_bytes, tmpfs_bytes, shm_bytes, log_bytes, image_bytes;
	int64_t pull_stall_ms, pull_retry_ms, pull_free_percent, pull_warn_percent;
	char *pull_disk;
	int64_t milli_cpus, pids, nofile, start_timeout_ms;
	int64_t activation, idle_ms, memory_budget; /* enum activation; 0: no budget */
	int64_t header_hold_ms, ping_ms, connect_ms, first_byte_ms, gap_ms, total_ms;
	int64_t body_bytes, event_bytes, drain_ms, handover_ms;
	int64_t resume_bytes, resume_total_bytes, resume_streams, resume_ttl_ms, resume_idle_ms;
	char *artifact_base_url;
	int64_t artifact_bytes, artifact_competitor_bytes, artifact_total_bytes, artifact_count;
	int64_t artifact_per_request, artifact_ttl_ms, artifact_max_ttl_ms, artifact_fetch_ms;
	int64_t artifact_upload_bytes, artifact_owner_bytes;
	int64_t arena_window_ms, arena_votes_per_caller, arena_votes_per_client;
	int64_t concurrency, queue_max, queue_wait_ms;
	int64_t breaker_failures, breaker_percent, breaker_open_ms, breaker_open_max_ms;
	int64_t loops; /* gateway loops; 0: one per core */
	int64_t uid_first, uid_count;
	int64_t bench_runners, bench_lease_ms, bench_timeout_ms;
	bool bench_automatic;
	char *bench_program, *bench_suites_dir, *bench_private_dir, *bench_suite;
	bool capture, capture_content;
	char *capture_competitors, *capture_keys;
	char *lead_suite;
	int64_t lead_margin_thousandths, lead_quality_percent;
	int64_t canary_percent, canary_requests, canary_ms;
	int64_t lead_error_points, lead_ttft_percent, lead_away_ms;
	int64_t disk_reserve, usage_kept_ms, events_kept_ms; /* 0: none; for ever */
	int64_t capture_share_millionths, capture_max_bytes, capture_total_bytes, capture_count,
	    capture_age_ms;
};

/** config_load - file NULL: the usual places. INVALID as "file:line: message" or naming the variable. */
int config_load(struct config *, const char *file, struct error *);
/**
 * config_reload - read again where it was read before, and take over what may change while running.
 *
 * All is read and checked first: with an error nothing of *now changes.  The names of what changed
 * are added to `changed`, of what would with a restart to `waiting`, blanks between them.
 */
int config_reload(struct config *now, struct buf *changed, struct buf *waiting, struct error *);
/** config_exposed - we were found to listen at an address that is not loopback: auth.anonymous, if
 *  nobody has set it, is false from here on, also when settings are read again. */
void config_exposed(struct config *);
/** config_origin - where a setting's value came from when it was loaded; borrowed; NULL: no such. */
const char *config_origin(const struct config *, const char *name);
struct config_value { /* borrowed for the call */
	const char *name, *value, *origin, *help;
	bool live; /* may change while running */
};
typedef void config_value_fn(const struct config_value *, void *arg);
/** config_each - every setting as it is in force. */
void config_each(const struct config *, config_value_fn *fn, void *arg);
void config_done(struct config *);
/** config_print - every setting, its value and where it came from; as config_load reads it. */
int config_print(FILE *out, const char *file, struct error *);
#endif
