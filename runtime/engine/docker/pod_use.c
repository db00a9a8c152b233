/*
 * pod_use.c - what a pod uses now, as the engine counts it.
 */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

#define USE_MS 8000 /* two looks a second apart, and some patience */

/* Pages of files that could be dropped are not what is used; version 1 and 2 name them differently. */
static int64_t
cached_bytes(const cJSON *memory)
{
	const cJSON *stats = json_get(memory, "stats");
	const int64_t v1 = json_int(stats, "total_inactive_file", -1);

	return v1 >= 0 ? v1 : json_int(stats, "inactive_file", 0);
}

int
pod_use_parse(const cJSON *json, struct pod_use *out, struct error *err)
{
	const cJSON *memory = json_get(json, "memory_stats");
	const double cpu = json_num(json_path(json, "cpu_stats.cpu_usage"), "total_usage", -1);
	const double cpu_before =
	    json_num(json_path(json, "precpu_stats.cpu_usage"), "total_usage", -1);
	const double all = json_num(json_get(json, "cpu_stats"), "system_cpu_usage", 0);
	const double all_before = json_num(json_get(json, "precpu_stats"), "system_cpu_usage", 0);
	const int64_t cpus = json_int(json_get(json, "cpu_stats"), "online_cpus", 1);
	struct pod_use use = { .memory_bytes = json_int(memory, "usage", -1),
		.memory_limit_bytes = json_int(memory, "limit", 0),
		.pids = json_int(json_get(json, "pids_stats"), "current", 0) };

	if (use.memory_bytes < 0 || cpu < 0)
		return error_set(
		    err, ERROR_CONFLICT, "the engine knows no use of it: it has ended");
	use.cpu_ns = (int64_t)cpu;
	if (use.memory_bytes > cached_bytes(memory))
		use.memory_bytes -= cached_bytes(memory);
	if (cpu_before >= 0 && cpu >= cpu_before && all > all_before)
		use.cpu_cores = (cpu - cpu_before) / (all - all_before) * (double)cpus;
	*out = use;
	return 0;
}

int
docker_pod_use(struct engine *e, const char *instance, struct pod_use *out, struct error *err)
{
	struct docker *d = docker_of(e);
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ cJSON *json = NULL;
	struct container c = { 0 };

	if (instance_check(instance, err) < 0 || container_of_pod(d, instance, &c, err) < 0)
		return -1;
	path = str_printf("/containers/%s/stats?stream=false", c.id);
	if (docker_get(d, path, USE_MS, &json, err) < 0)
		return -1;
	return pod_use_parse(json, out, err);
}
