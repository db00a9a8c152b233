/*
 * pod_json.c - a pod as the two bodies its containers are created from.
 *
 * Every field here is a limit or a wall.  What would break one (devices, privileges, host
 * namespaces, binds) is not in struct pod_spec and so cannot be asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

#define LINK_MEMORY_BYTES (64 << 20) /* socket buffers count against who made them */
#define LINK_PIDS 16
#define LINK_FILES 1024
#define TMPFS_INODES 65536
#define COMPETITOR_OOM_SCORE 500
#define COMPETITOR_CPU_SHARES 256 /* of 1024: where processors are short, we come first */

static void
add_item(cJSON *array, const char *text)
{
	cJSON_AddItemToArray(array, cJSON_CreateString(text));
}

static void
add_ulimit(cJSON *list, const char *name, int64_t value)
{
	cJSON *limit = cJSON_CreateObject();

	json_add_str(limit, "Name", name);
	json_add_int(limit, "Soft", value);
	json_add_int(limit, "Hard", value);
	cJSON_AddItemToArray(list, limit);
}

static void
add_labels(cJSON *body, const struct pod_spec *s, const char *role)
{
	cJSON *labels = json_add_obj(body, "Labels");

	json_add_str(labels, LABEL_MANAGED, "1");
	json_add_str(labels, LABEL_NODE, s->node);
	json_add_str(labels, LABEL_COMPETITOR, s->competitor);
	json_add_str(labels, LABEL_VERSION, s->version);
	json_add_str(labels, LABEL_INSTANCE, s->instance);
	json_add_str(labels, LABEL_SPEC_HASH, s->hash);
	json_add_str(labels, LABEL_ROLE, role);
}

static void
add_user(cJSON *body, unsigned uid, unsigned gid)
{
	_cleanup_free_ char *user = str_printf("%u:%u", uid, gid);

	json_add_str(body, "User", user);
}

/* Docker's own compact files, two of half the size; Podman has one file, which it cuts. */
static void
add_log(cJSON *host, int64_t bytes, bool podman)
{
	const int64_t kib = bytes / (podman ? 1 : 2) / 1024;
	cJSON *log = json_add_obj(host, "LogConfig"), *config;
	_cleanup_free_ char *size = kib % 1024 == 0 ? str_printf("%" PRId64 "m", kib / 1024)
						    : str_printf("%" PRId64 "k", kib);

	json_add_str(log, "Type", podman ? "k8s-file" : "local");
	config = json_add_obj(log, "Config");
	json_add_str(config, "max-size", size);
	if (!podman)
		json_add_str(config, "max-file", "2");
}

/* What both containers of a pod have in common; returns the HostConfig. */
static cJSON *
add_walls(cJSON *body, const struct pod_place *p, int nofile)
{
	cJSON *host = json_add_obj(body, "HostConfig"), *list;

	add_item(json_add_arr(json_add_obj(body, "Healthcheck"), "Test"), "NONE");
	json_add_str(body, "StopSignal", "SIGTERM");
	add_item(json_add_arr(host, "CapDrop"), "ALL");
	list = json_add_arr(host, "SecurityOpt");
	add_item(list, "no-new-privileges:true");
	if (p->seccomp != NULL && p->seccomp[0] != '\0') {
		_cleanup_free_ char *option = str_printf("seccomp=%s", p->seccomp);

		add_item(list, option);
	}
	json_add_bool(host, "ReadonlyRootfs", true);
	json_add_str(json_add_obj(host, "RestartPolicy"), "Name", "no");
	list = json_add_arr(host, "Ulimits");
	add_ulimit(list, "core", 0);
	add_ulimit(
	    list, "nofile", nofile); /* Podman would ask for more than a container may have */
	if (p->podman && p->nproc > 0)
		add_ulimit(list, "nproc", p->nproc);
	return host;
}

static void
add_memory(cJSON *host, int64_t bytes, int64_t pids)
{
	json_add_int(host, "Memory", bytes);
	json_add_int(host, "MemorySwap", bytes); /* unset would be twice as much */
	json_add_int(host, "PidsLimit", pids);
}

cJSON *
link_json(const struct pod_spec *s, const struct pod_place *p)
{
	cJSON *body = cJSON_CreateObject(), *host, *mount;

	json_add_str(body, "Image", p->link_image);
	add_user(body, p->uid, p->gid);
	json_add_str(body, "Hostname", "competitor");
	add_labels(body, s, ROLE_LINK);
	host = add_walls(body, p, LINK_FILES);
	json_add_str(host, "NetworkMode", "none");
	add_item(json_add_arr(host, "Dns"), "127.0.0.1");
	add_item(json_add_arr(host, "DnsSearch"), ".");
	add_item(json_add_arr(host, "ExtraHosts"), "platform:127.0.0.1");
	mount = cJSON_CreateObject();
	json_add_str(mount, "Type", "bind");
	json_add_str(mount, "Source", p->dir);
	json_add_str(mount, "Target", "/run/janus");
	cJSON_AddItemToArray(json_add_arr(host, "Mounts"), mount);
	json_add_str(host, "IpcMode", "none");
	add_memory(host, LINK_MEMORY_BYTES, LINK_PIDS);
	json_add_int(host, "OomScoreAdj", 0);
	add_log(host, 2 << 20, p->podman);
	return body;
}

/* Sized tmpfs at /tmp, and over every volume, which would be unlimited disk of the host's. */
static void
add_tmpfs(cJSON *host, const struct pod_spec *s, bool podman)
{
	cJSON *tmpfs = json_add_obj(host, "Tmpfs");
	/* uid and gid always: an older runc ignores mode where the directory exists.  Podman refuses
	 * these; there is but one user in there, so what is open to all is open to it. */
	_cleanup_free_ char *options = podman
	    ? str_printf("rw,exec,nosuid,nodev,size=%" PRId64 ",mode=1777", s->tmpfs_bytes)
	    : str_printf("rw,exec,nosuid,nodev,size=%" PRId64
			 ",nr_inodes=%d,uid=%u,gid=%u,mode=700",
		  s->tmpfs_bytes, TMPFS_INODES, s->uid, s->uid);

	json_add_str(tmpfs, "/tmp", options);
	for (size_t i = 0; i < s->nvolumes; i++) {
		_cleanup_free_ char *path = str_dup(s->volumes[i]);
		size_t len = strlen(path);

		while (len > 1 && path[len - 1] == '/')
			path[--len] = '\0';
		if (json_get(tmpfs, path) == NULL)
			json_add_str(tmpfs, path, options);
	}
}

static void
add_strings(cJSON *body, const char *key, char *const *list, size_t n)
{
	cJSON *array = json_add_arr(body, key);

	for (size_t i = 0; i < n; i++)
		add_item(array, list[i]);
}

cJSON *
competitor_json(const struct pod_spec *s, const struct pod_place *p)
{
	cJSON *body = cJSON_CreateObject(), *host;
	_cleanup_free_ char *network = str_printf("container:%s", p->link_id);

	json_add_str(body, "Image", s->image_id);
	add_user(body, s->uid, s->uid);
	add_strings(body, "Env", s->env, s->nenv);
	if (s->ncommand > 0) {
		add_strings(body, "Entrypoint", s->command, s->ncommand);
		json_add_arr(body, "Cmd");
	}
	add_labels(body, s, ROLE_COMPETITOR);
	host = add_walls(body, p, s->nofile);
	json_add_str(host, "NetworkMode", network);
	add_tmpfs(host, s, p->podman);
	add_memory(host, s->memory_bytes, s->pids);
	json_add_int(host, "NanoCpus", s->nano_cpus);
	json_add_int(host, "CpuShares", COMPETITOR_CPU_SHARES);
	json_add_int(host, "ShmSize", s->shm_bytes);
	json_add_str(host, "IpcMode", "private"); /* "none" breaks multiprocessing */
	if (!p->no_init)
		json_add_bool(host, "Init", true);
	json_add_int(host, "OomScoreAdj", COMPETITOR_OOM_SCORE);
	add_log(host, s->log_bytes, p->podman);
	return body;
}
