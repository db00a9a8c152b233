/*
 * image.c - look at an image before it is run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

#define INSPECT_MAX_BYTES (1 << 20) /* labels and environment come back with every container */

static bool
has_words(const cJSON *config, const char *key)
{
	const cJSON *words = json_get(config, key);

	return cJSON_GetArraySize(words) > 0 ||
	    (cJSON_IsString(words) && words->valuestring[0] != '\0');
}

static void
read_volumes(const cJSON *config, struct image_info *out)
{
	const cJSON *volumes = json_get(config, "Volumes"), *item;

	out->volumes =
	    mem_zalloc((size_t)(cJSON_GetArraySize(volumes) + 1) * sizeof(*out->volumes));
	json_for_each(item, volumes)
		if (item->string != NULL)
			out->volumes[out->nvolumes++] = str_dup(item->string);
}

static void
read_env(const cJSON *config, struct image_info *out)
{
	const cJSON *item;

	json_for_each(item, json_get(config, "Env")) {
		const char *text = cJSON_GetStringValue(item);

		out->nenv++;
		out->env_bytes += text != NULL ? strlen(text) : 0;
	}
}

static void
read_digest(const cJSON *json, struct image_info *out)
{
	const cJSON *item;

	json_for_each(item, json_get(json, "RepoDigests")) {
		const char *text = cJSON_GetStringValue(item);
		const char *at = text != NULL ? strstr(text, "@sha256:") : NULL;

		/* Podman gives what was built here a digest too, of a registry that is none. */
		if (at != NULL && !str_starts(text, "localhost/") &&
		    strlen(at + 1) < sizeof(out->digest)) {
			str_copy(out->digest, sizeof(out->digest), at + 1);
			return;
		}
	}
}

int
image_parse(const cJSON *json, struct image_info *out, struct error *err)
{
	const cJSON *config = json_get(json, "Config");
	const char *id = json_str(json, "Id");
	struct image_info info = { 0 };

	if (id != NULL && str_starts(id, "sha256:"))
		id += strlen("sha256:");
	if (id == NULL || strlen(id) != 64)
		return error_set(err, ERROR_UPSTREAM, "engine: an image without an id");
	snprintf(info.id, sizeof(info.id), "sha256:%.64s", id);
	read_digest(json, &info);
	str_copy(info.arch, sizeof(info.arch), json_str(json, "Architecture"));
	str_copy(info.os, sizeof(info.os), json_str(json, "Os"));
	info.size_bytes = json_int(json, "Size", 0);
	info.has_command = has_words(config, "Entrypoint") || has_words(config, "Cmd");
	str_copy(info.user, sizeof(info.user), json_str(config, "User"));
	str_copy(info.working_dir, sizeof(info.working_dir), json_str(config, "WorkingDir"));
	read_volumes(config, &info);
	read_env(config, &info);
	info.manifest = str_dup(json_str(json_get(config, "Labels"), LABEL_MANIFEST));
	*out = info;
	return 0;
}

bool
image_ref_is_safe(const char *ref)
{
	return ref[0] != '\0' && strlen(ref) < 700 &&
	    strspn(ref,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-:@[]") == strlen(ref) &&
	    ref[0] != '.' && ref[0] != '/' && strstr(ref, "/.") == NULL;
}

int
docker_image(struct engine *e, const char *ref, struct image_info *out, struct error *err)
{
	struct http_call call = { .total_ms = LOOK_MS, .max_body = INSPECT_MAX_BYTES };
	struct error why = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_free_ char *path = str_printf("/images/%s/json", ref);
	_cleanup_reply_ struct docker_reply r = { 0 };
	int status;

	if (!image_ref_is_safe(ref))
		return error_set(err, ERROR_INVALID, "image reference: '%.60s' is none", ref);
	status = docker_stream(docker_of(e), "GET", path, &call, &why);
	r = (struct docker_reply){ call.status, call.reply };
	if (status < 0 && why.kind == ERROR_TOO_BIG)
		return error_set(err, ERROR_TOO_BIG,
		    "image %.120s: its configuration (labels, "
		    "environment) is over 1 MiB",
		    ref);
	if (status < 0)
		return error_set(err, why.kind, "%s", why.text);
	if (r.status == 404)
		return error_set(err, ERROR_NOT_FOUND, "no such image on this host: %.150s", ref);
	if (r.status != 200)
		return docker_refusal(err, &r, "look at the image");
	/* What cannot be read strictly could later break the list of all pods: not run here. */
	if (json_parse(buf_str(&r.body), r.body.len, &json, &why) < 0)
		return error_set(err, ERROR_INVALID,
		    "image %.100s: its configuration is not readable: %.80s", ref, why.text);
	return image_parse(json, out, err);
}
