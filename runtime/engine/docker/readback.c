/*
 * readback.c - does a container do all that was asked of it?
 *
 * An engine accepts what it does not know and says 201.  What it says of the container afterwards
 * is compared by meaning: engines add defaults, order and spell differently.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

/* An engine that cannot drop "ALL" by name lists the default ones: there are at least so many. */
#define DEFAULT_CAPS 10

typedef bool same_fn(const cJSON *asked, const cJSON *got, bool podman);

static bool
is_empty(const cJSON *v)
{
	if (v == NULL || cJSON_IsNull(v) || cJSON_IsFalse(v))
		return true;
	if (cJSON_IsString(v))
		return v->valuestring[0] == '\0';
	return (cJSON_IsArray(v) || cJSON_IsObject(v)) && cJSON_GetArraySize(v) == 0;
}

static bool
same_string(const cJSON *asked, const cJSON *got, bool podman)
{
	const char *a = cJSON_GetStringValue(asked), *g = cJSON_GetStringValue(got);

	(void)podman;
	return str_eq(a != NULL ? a : "", g != NULL ? g : "");
}

static bool
same_number(const cJSON *asked, const cJSON *got, bool podman)
{
	(void)podman;
	return (cJSON_IsNumber(asked) ? asked->valuedouble : 0) ==
	    (cJSON_IsNumber(got) ? got->valuedouble : 0);
}

/* A size nobody asked for is the engine's default. */
static bool
same_if_asked(const cJSON *asked, const cJSON *got, bool podman)
{
	return asked == NULL || same_number(asked, got, podman);
}

static bool
same_bool(const cJSON *asked, const cJSON *got, bool podman)
{
	(void)podman;
	return cJSON_IsTrue(asked) == cJSON_IsTrue(got);
}

static bool
nothing(const cJSON *asked, const cJSON *got, bool podman)
{
	(void)asked;
	(void)podman;
	return is_empty(got);
}

/* A namespace of its own, however that is spelled. */
static bool
own_namespace(const cJSON *asked, const cJSON *got, bool podman)
{
	const char *g = cJSON_GetStringValue(got);

	(void)asked;
	(void)podman;
	return is_empty(got) || str_eq(g, "private");
}

/* Podman says "shareable" of every container that has its own. */
static bool
same_ipc(const cJSON *asked, const cJSON *got, bool podman)
{
	return same_string(asked, got, podman) ||
	    (podman &&
		(own_namespace(asked, got, podman) ||
		    str_eq(cJSON_GetStringValue(got), "shareable")));
}

static bool
has_string(const cJSON *list, const char *text)
{
	const cJSON *item;

	json_for_each(item, list)
		if (str_eq(cJSON_GetStringValue(item), text))
			return true;
	return false;
}

static bool
same_list(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	(void)podman;
	if (cJSON_GetArraySize(asked) != cJSON_GetArraySize(got))
		return false;
	json_for_each(item, asked)
		if (!has_string(got, cJSON_GetStringValue(item)))
			return false;
	return true;
}

static bool
has_all(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	(void)podman;
	json_for_each(item, asked)
		if (!has_string(got, cJSON_GetStringValue(item)))
			return false;
	return true;
}

static bool
same_caps(const cJSON *asked, const cJSON *got, bool podman)
{
	(void)asked;
	return has_string(got, "ALL") || (podman && cJSON_GetArraySize(got) >= DEFAULT_CAPS);
}

static bool
same_security(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	json_for_each(item, asked) {
		const char *a = cJSON_GetStringValue(item);

		if (str_starts(a, "no-new-privileges")) {
			if (!has_string(got, a) && !has_string(got, "no-new-privileges"))
				return false;
		} else if (!podman &&
		    !has_string(got, a)) { /* Podman keeps the profile to itself */
			return false;
		}
	}
	json_for_each(item, got)
		if (str_eq(cJSON_GetStringValue(item), "seccomp=unconfined"))
			return false;
	return true;
}

/* Every option of wanted is among those of given; both are comma-separated. */
static bool
options_include(const char *given, const char *wanted)
{
	for (const char *at = wanted; *at != '\0';) {
		const size_t len = strcspn(at, ",");
		bool found = false;

		for (const char *g = given; !found && *g != '\0';) {
			const size_t g_len = strcspn(g, ",");

			found = g_len == len && memcmp(g, at, len) == 0;
			g += g_len + (g[g_len] == ',');
		}
		if (!found)
			return false;
		at += len + (at[len] == ',');
	}
	return true;
}

static bool
same_tmpfs(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	json_for_each(item, asked) {
		const char *options = json_str(got, item->string);
		const char *wanted = cJSON_GetStringValue(item);

		if (options == NULL || !options_include(options, wanted))
			return false;
	}
	json_for_each(item, got)
		if (json_get(asked, item->string) == NULL && !podman)
			return false;
	return true;
}

static bool
same_ulimits(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *a, *g;

	(void)podman;
	json_for_each(a, asked) {
		bool found = false;

		json_for_each(g, got) {
			const char *name = json_str(g, "Name");

			if (name != NULL && strncasecmp(name, "RLIMIT_", 7) == 0)
				name += 7;
			found = found ||
			    (name != NULL && strcasecmp(name, json_str(a, "Name")) == 0 &&
				json_int(g, "Soft", -1) == json_int(a, "Soft", -2) &&
				json_int(g, "Hard", -1) == json_int(a, "Hard", -2));
		}
		if (!found)
			return false;
	}
	return true;
}

static bool
same_restart(const cJSON *asked, const cJSON *got, bool podman)
{
	const char *name = json_str(got, "Name");

	(void)asked;
	(void)podman;
	return name == NULL || name[0] == '\0' || strcmp(name, "no") == 0;
}

static bool
same_log(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	if (podman) /* applies driver and size, and lists neither here */
		return true;
	if (!str_eq(json_str(asked, "Type"), json_str(got, "Type")))
		return false;
	json_for_each(item, json_get(asked, "Config"))
		if (!str_eq(cJSON_GetStringValue(item),
			json_str(json_get(got, "Config"), item->string)))
			return false;
	return true;
}

static bool
same_labels(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *item;

	(void)podman;
	json_for_each(item, asked)
		if (!str_eq(cJSON_GetStringValue(item), json_str(got, item->string)))
			return false;
	return true;
}

/* `got` is the list of what is really mounted: our directory and memory, never disk. */
static bool
same_mounts(const cJSON *asked, const cJSON *got, bool podman)
{
	const cJSON *wanted, *m;
	int matched = 0;

	(void)podman;
	json_for_each(m, got) {
		bool ours = str_eq(json_str(m, "Type"), "tmpfs");

		json_for_each(wanted, asked)
			if (str_eq(json_str(m, "Type"), json_str(wanted, "Type")) &&
			    str_eq(json_str(m, "Source"), json_str(wanted, "Source")) &&
			    str_eq(json_str(m, "Destination"), json_str(wanted, "Target"))) {
				ours = true;
				matched++;
			}
		if (!ours)
			return false;
	}
	return matched == cJSON_GetArraySize(asked);
}

static const struct {
	const char *asked, *got; /* paths; asked NULL: nobody may ask for it */
	same_fn *same;
} checks[] = {
	{ "User", "Config.User", same_string },
	{ "Env", "Config.Env", has_all },
	{ "Labels", "Config.Labels", same_labels },
	{ "HostConfig.NetworkMode", "HostConfig.NetworkMode", same_string },
	{ "HostConfig.CapDrop", "HostConfig.CapDrop", same_caps },
	{ "HostConfig.SecurityOpt", "HostConfig.SecurityOpt", same_security },
	{ "HostConfig.ReadonlyRootfs", "HostConfig.ReadonlyRootfs", same_bool },
	{ "HostConfig.Tmpfs", "HostConfig.Tmpfs", same_tmpfs },
	{ "HostConfig.Memory", "HostConfig.Memory", same_number },
	{ "HostConfig.MemorySwap", "HostConfig.MemorySwap", same_number },
	{ "HostConfig.NanoCpus", "HostConfig.NanoCpus", same_number },
	{ "HostConfig.CpuShares", "HostConfig.CpuShares", same_number },
	{ "HostConfig.PidsLimit", "HostConfig.PidsLimit", same_number },
	{ "HostConfig.ShmSize", "HostConfig.ShmSize", same_if_asked },
	{ "HostConfig.OomScoreAdj", "HostConfig.OomScoreAdj", same_number },
	{ "HostConfig.IpcMode", "HostConfig.IpcMode", same_ipc },
	{ "HostConfig.Init", "HostConfig.Init", same_bool },
	{ "HostConfig.Ulimits", "HostConfig.Ulimits", same_ulimits },
	{ "HostConfig.RestartPolicy", "HostConfig.RestartPolicy", same_restart },
	{ "HostConfig.LogConfig", "HostConfig.LogConfig", same_log },
	{ "HostConfig.Dns", "HostConfig.Dns", same_list },
	{ "HostConfig.ExtraHosts", "HostConfig.ExtraHosts", same_list },
	{ "HostConfig.Mounts", "Mounts", same_mounts },
	{ NULL, "HostConfig.CapAdd", nothing },
	{ NULL, "HostConfig.Binds", nothing },
	{ NULL, "HostConfig.Devices", nothing },
	{ NULL, "HostConfig.DeviceRequests", nothing },
	{ NULL, "HostConfig.VolumesFrom", nothing },
	{ NULL, "HostConfig.PortBindings", nothing },
	{ NULL, "HostConfig.PublishAllPorts", nothing },
	{ NULL, "HostConfig.Privileged", nothing },
	{ NULL, "HostConfig.PidMode", own_namespace },
	{ NULL, "HostConfig.UTSMode", own_namespace },
	{ NULL, "HostConfig.UsernsMode", own_namespace },
};

int
readback_check(const cJSON *asked, const cJSON *inspected, bool podman, struct error *err)
{
	if (json_get(inspected, "HostConfig") == NULL || json_get(inspected, "Config") == NULL)
		return error_set(err, ERROR_UPSTREAM, "engine: a container without configuration");
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const cJSON *a = checks[i].asked != NULL ? json_path(asked, checks[i].asked) : NULL;

		if (podman && str_eq(checks[i].got, "HostConfig.Binds"))
			continue; /* lists its mounts again there; they are compared as mounts */
		if (!checks[i].same(a, json_path(inspected, checks[i].got), podman))
			return error_set(err, ERROR_INTERNAL,
			    "the engine did not apply %s as it was asked", checks[i].got);
	}
	return 0;
}
