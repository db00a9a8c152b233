/*
 * status.c - the state of the whole, what it was set to, and what it logged.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/scrub.h"
#include "runtime/loop/loop.h"

static const char *const disk_states[] = { "fine", "low", "full" };
static const char *const canary_words[] = { "pending", "running", "contained", "escaped",
	"failed" };

/* What a second engine does not do is said, whoever looks. */
static void
add_second(cJSON *json, const struct engine_status *e)
{
	cJSON *second;

	if (e == NULL)
		return;
	second = json_add_obj(json, "sandy");
	json_add_bool(second, "ok", e->ok);
	json_add_str(second, "name", e->info.name[0] != '\0' ? e->info.name : NULL);
	json_add_str(second, "detail", e->ok ? NULL : e->text);
	json_add_str(second, "not_enforced", e->info.missing[0] != '\0' ? e->info.missing : NULL);
	json_add_time(second, "since", e->since_ms);
}

static void
add_engine(cJSON *json, const struct engine_status *e)
{
	cJSON *engine = json_add_obj(json, "engine");

	json_add_bool(engine, "ok", e->ok);
	json_add_str(engine, "name", e->info.name[0] != '\0' ? e->info.name : NULL);
	json_add_str(engine, "version", e->info.version[0] != '\0' ? e->info.version : NULL);
	json_add_str(engine, "detail", e->ok ? NULL : e->text);
	json_add_time(engine, "since", e->since_ms);
	cJSON *disk = json_add_obj(engine, "disk");
	json_add_str(disk, "state", e->disk.total_bytes != 0 ? disk_states[e->disk_state] : NULL);
	json_add_int(disk, "total_bytes", e->disk.total_bytes);
	json_add_int(disk, "free_bytes", e->disk.free_bytes);
}

void
status_get(struct api_call *c)
{
	const struct registry *reg = REGISTRY(c);
	const struct competitor *leader = registry_default(reg);
	const struct canary_report *canary = supervisor_canary(DEPS(c)->supervisor);
	int64_t counts[INSTANCE_STATE_COUNT] = { 0 }, active = 0, competitors = 0;
	cJSON *json = cJSON_CreateObject();
	struct store_stats stats;
	char key[ED25519_PUBLIC_MAX];

	for (size_t i = 0; i < reg->ninstances; i++)
		counts[reg->instances[i]->state]++;
	for (size_t i = 0; i < reg->nsubmissions; i++)
		active += !submission_is_final(reg->submissions[i]->state);
	for (size_t i = 0; i < reg->ncompetitors; i++)
		competitors += reg->competitors[i]->version_id[0] != '\0';

	json_add_str(json, "object", "status");
	json_add_str(json, "version", JANUS_VERSION);
	json_add_int(json, "pid", getpid());
	json_add_str(json, "listen", DEPS(c)->listen);
	json_add_int(json, "uptime_seconds", (clock_now_ms() - DEPS(c)->started_at_ms) / 1000);
	json_add_str(json, "default", leader != NULL ? leader->slug : NULL);
	json_add_int(json, "competitors", competitors);
	json_add_int(json, "submissions_under_way", active);
	store_stats(DEPS(c)->store, &stats);
	json_add_int(json, "chats_today", stats.chats_today);
	json_add_int(json, "runs", scheduler_runs_ever(DEPS(c)->scheduler));
	cJSON *instances = json_add_obj(json, "instances");
	for (int i = 0; i < INSTANCE_STATE_COUNT; i++)
		json_add_int(instances, instance_state_name((enum instance_state)i), counts[i]);
	add_engine(json, supervisor_engine(DEPS(c)->supervisor));
	add_second(json, supervisor_second(DEPS(c)->supervisor));
	cJSON *isolation = json_add_obj(json, "isolation");
	json_add_str(isolation, "state", canary_words[canary->state]);
	json_add_str(isolation, "detail", canary->text[0] != '\0' ? canary->text : NULL);
	json_add_bool(json, "platform_connected", supervisor_broker_connected(DEPS(c)->supervisor));
	json_add_str(json, "signing_key", ed25519_public(DEPS(c)->signing_key, key));
	cJSON *db = json_add_obj(json, "database");
	json_add_bool(db, "ok", !stats.failing);
	json_add_str(db, "detail", stats.failing ? stats.why : NULL);
	json_add_int(db, "size_bytes", stats.db_bytes);
	json_add_int(db, "wal_bytes", stats.wal_bytes);
	reply_json(c, 200, json);
}

void
config_get(struct api_call *c)
{
	cJSON *json = cJSON_CreateObject();
	_cleanup_free_ char *text = NULL;
	struct buf safe = { 0 };

	json_add_str(json, "object", "config");
	DEPS(c)->settings(json_add_arr(json, "settings"), DEPS(c)->origin_arg);
	text = json_print(json);
	cJSON_Delete(json);
	scrub(&safe, text, strlen(text)); /* a URL may have a password in it */
	reply_made(c, 200, "application/json", &safe);
}

/* ---- its newest lines, which are kept in memory: also where nobody has the log ---- */

struct own_logs {
	struct api_call *call;
	bool only_troubles;
	struct buf safe; /* owned */
};

/* Half a megabyte is looked at for longer than a loop may take. */
static void
read_work(void *arg)
{
	struct own_logs *l = arg;
	_cleanup_buf_ struct buf lines = { 0 };

	log_kept(l->only_troubles, &lines);
	scrub(&l->safe, buf_str(&lines), lines.len);
}

static void
read_done(void *arg)
{
	struct own_logs *l = arg;

	reply_made(l->call, 200, "application/jsonl; charset=utf-8", &l->safe);
	free(l);
}

void
own_logs_get(struct api_call *c)
{
	_cleanup_free_ char *level = call_query(c, "level");
	struct own_logs *l;

	if (level != NULL && !str_eq(level, "info") && !str_eq(level, "warn")) {
		reply_code(c, CODE_INVALID_VALUE, "level",
		    "level is 'info' for all lines that are kept, or 'warn'.");
		return;
	}
	l = mem_zalloc(sizeof(*l));
	l->call = c;
	l->only_troubles = str_eq(level, "warn");
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_work, read_done, l);
}
