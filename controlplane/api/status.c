/*
 * status.c - the state of the whole, its diagnosis, and what was decided.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define STATE_FREE_PERCENT 5

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
	json_add_str(json, "listen", DEPS(c)->listen);
	json_add_int(json, "uptime_seconds", (clock_now_ms() - DEPS(c)->started_at_ms) / 1000);
	json_add_str(json, "default", leader != NULL ? leader->slug : NULL);
	json_add_int(json, "competitors", competitors);
	json_add_int(json, "submissions_under_way", active);
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
	store_stats(DEPS(c)->store, &stats);
	cJSON *db = json_add_obj(json, "database");
	json_add_bool(db, "ok", !stats.failing);
	json_add_str(db, "detail", stats.failing ? stats.why : NULL);
	json_add_int(db, "size_bytes", stats.db_bytes);
	json_add_int(db, "wal_bytes", stats.wal_bytes);
	reply_json(c, 200, json);
}

/* ---- doctor ---- */

static void
finding(cJSON *checks, bool *all, const char *name, bool ok, const char *saw, const char *fix)
{
	cJSON *check = cJSON_CreateObject();

	json_add_str(check, "name", name);
	json_add_bool(check, "ok", ok);
	json_add_str(check, "saw", saw);
	json_add_str(check, "fix", ok ? NULL : fix);
	cJSON_AddItemToArray(checks, check);
	*all = *all && ok;
}

static void
check_disk(cJSON *checks, bool *all, const char *dir)
{
	struct disk disk;
	char text[96];

	if (disk_look(dir, &disk, NULL) < 0) {
		finding(checks, all, "disk", false, "the state directory cannot be read",
		    "check the directory's owner and mount");
		return;
	}
	finding(checks, all, "disk", disk_free_percent(&disk) >= STATE_FREE_PERCENT,
	    disk_words(&disk, text, sizeof(text)),
	    "free space: the state cannot be written without");
}

static void
check_engine_disk(cJSON *checks, bool *all, const struct engine_status *e)
{
	char text[96];

	if (e->disk.total_bytes != 0)
		finding(checks, all, "engine_disk", e->disk_state == DISK_FINE,
		    disk_words(&e->disk, text, sizeof(text)),
		    "free space where the engine keeps its images: nothing is pulled below "
		    "pull.min_free percent");
}

static void
diagnosed(void *arg)
{
	struct api_call *c = arg;
	const struct engine_status *e = supervisor_engine(DEPS(c)->supervisor);
	const struct canary_report *canary = supervisor_canary(DEPS(c)->supervisor);
	const struct engine_status *second = supervisor_second(DEPS(c)->supervisor);
	cJSON *json = cJSON_CreateObject(), *checks;
	struct store_stats stats;
	char text[DETAIL_MAX];
	bool all = true;

	json_add_str(json, "object", "doctor");
	checks = cJSON_CreateArray();
	snprintf(text, sizeof(text), "%s %s (API %s, cgroup v%s)", e->info.name, e->info.version,
	    e->info.api, e->info.cgroup);
	finding(checks, &all, "engine", e->ok, e->ok ? text : e->text,
	    "start the container engine (systemctl start docker, or dockerd), and let this user "
	    "open its socket");
	if (second != NULL) {
		snprintf(text, sizeof(text), "%s; not enforced there: %.180s", second->info.name,
		    second->info.missing);
		finding(checks, &all, "sandy", second->ok, second->ok ? text : second->text,
		    "see that the service at sandy.url runs and takes the key of sandy.key_file");
	}
	finding(checks, &all, "isolation", canary->state == CANARY_CONTAINED,
	    canary->text[0] != '\0' ? canary->text : canary_words[canary->state],
	    "no competitor is started until the probe pod is contained: update the engine, or "
	    "build the link image");
	finding(checks, &all, "platform", supervisor_broker_connected(DEPS(c)->supervisor),
	    supervisor_broker_connected(DEPS(c)->supervisor) ? "connected"
							     : "janus-platform does not answer",
	    "start janus-platform with the same runtime directory");
	store_stats(DEPS(c)->store, &stats);
	finding(checks, &all, "database", !stats.failing, stats.failing ? stats.why : "writing",
	    "free disk space and check the state directory");
	check_disk(checks, &all, DEPS(c)->state_dir);
	check_engine_disk(checks, &all, e);
	const struct competitor *leader = registry_default(REGISTRY(c));
	finding(checks, &all, "route", leader != NULL,
	    leader != NULL ? leader->slug : "no competitor is ready",
	    "submit one: janusctl submit image IMAGE --name NAME --wait");
	json_add_bool(json, "ok", all);
	cJSON_AddItemToObject(json, "checks", checks);
	reply_json(c, 200, json);
}

void
doctor_get(struct api_call *c)
{
	supervisor_probe_isolation(DEPS(c)->supervisor, diagnosed, c);
}
