/*
 * artifacts.c - a list, newest first.
 */
#include "baseline/agent/artifacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define PATH "/artifacts/"

/* kind as descriptors know it */
static const struct {
	const char *suffix, *mime, *kind;
} types[] = {
	{ ".png", "image/png", "image" },
	{ ".jpg", "image/jpeg", "image" },
	{ ".jpeg", "image/jpeg", "image" },
	{ ".gif", "image/gif", "image" },
	{ ".webp", "image/webp", "image" },
	{ ".svg", "image/svg+xml", "image" },
	{ ".csv", "text/csv", "dataset" },
	{ ".tsv", "text/tab-separated-values", "dataset" },
	{ ".json", "application/json", "dataset" },
	{ ".jsonl", "application/jsonl", "dataset" },
	{ ".parquet", "application/vnd.apache.parquet", "dataset" },
	{ ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "dataset" },
	{ ".sqlite", "application/vnd.sqlite3", "dataset" },
	{ ".txt", "text/plain", "file" },
	{ ".log", "text/plain", "file" },
	{ ".md", "text/markdown", "file" },
	{ ".html", "text/html", "file" },
	{ ".css", "text/css", "file" },
	{ ".js", "text/javascript", "file" },
	{ ".py", "text/x-python", "file" },
	{ ".c", "text/x-c", "file" },
	{ ".sh", "application/x-sh", "file" },
	{ ".xml", "application/xml", "file" },
	{ ".pdf", "application/pdf", "file" },
	{ ".zip", "application/zip", "file" },
	{ ".gz", "application/gzip", "file" },
};

static size_t
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i = 0;

	while (i < ARRAY_LEN(types) && (dot == NULL || strcasecmp(dot, types[i].suffix) != 0))
		i++;
	return i;
}

const char *
artifact_mime(const char *name)
{
	const size_t i = type_of(name);

	return i < ARRAY_LEN(types) ? types[i].mime : "application/octet-stream";
}

static void
artifact_free(struct artifact *a)
{
	free(a->bytes);
	free(a);
}

/* Those whose time is over go, then the oldest until no more than `max` bytes are kept. */
static void
trim(struct artifacts *all, size_t max, int64_t wall_ms)
{
	struct artifact **at = &all->newest;
	size_t kept = 0;

	for (; *at != NULL; at = &(*at)->next) {
		if ((*at)->made_at_ms + ARTIFACT_TTL_MS <= wall_ms || kept + (*at)->len > max)
			break;
		kept += (*at)->len;
	}
	struct artifact *old = *at;
	*at = NULL;
	while (old != NULL) {
		struct artifact *next = old->next;

		all->bytes -= old->len;
		artifact_free(old);
		old = next;
	}
}

const struct artifact *
artifacts_keep(struct artifacts *all, const char *name, char *bytes, size_t len, int64_t wall_ms)
{
	struct artifact *a = mem_zalloc(sizeof(*a));

	trim(all, ARTIFACTS_MAX_BYTES > len ? ARTIFACTS_MAX_BYTES - len : 0, wall_ms);
	id_new("artf", a->id);
	str_copy(a->name, sizeof(a->name), name);
	a->bytes = bytes;
	a->len = len;
	a->made_at_ms = wall_ms;
	hash_sha256_hex(bytes, len, a->sha256);
	a->next = all->newest;
	all->newest = a;
	all->bytes += len;
	all->kept++;
	return a;
}

/* The name is for people: the id alone decides. */
const struct artifact *
artifacts_find(struct artifacts *all, const char *path, int64_t wall_ms)
{
	trim(all, ARTIFACTS_MAX_BYTES, wall_ms);
	if (!str_starts(path, PATH))
		return NULL;
	path += strlen(PATH);
	const size_t len = strcspn(path, "/");
	for (const struct artifact *a = all->newest; a != NULL; a = a->next)
		if (strlen(a->id) == len && strncmp(a->id, path, len) == 0)
			return a;
	return NULL;
}

void
artifact_describe(const struct artifact *a, struct buf *out)
{
	const size_t type = type_of(a->name);
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	_cleanup_buf_ struct buf url = { 0 };

	buf_printf(&url, PATH "%s/", a->id);
	url_encode(&url, a->name);
	json_add_str(json, "id", a->id);
	json_add_str(json, "type", type < ARRAY_LEN(types) ? types[type].kind : "binary");
	json_add_str(json, "mime_type", artifact_mime(a->name));
	json_add_str(json, "display_name", a->name);
	json_add_int(json, "size_bytes", (int64_t)a->len);
	json_add_str(json, "sha256", a->sha256);
	json_add_time(json, "created_at", a->made_at_ms);
	json_add_int(json, "ttl_seconds", ARTIFACT_TTL_MS / 1000);
	json_add_str(json, "url", buf_str(&url));
	_cleanup_free_ char *text = json_print(json);
	buf_add_str(out, text);
}

void
artifacts_done(struct artifacts *all)
{
	trim(all, 0, INT64_MAX);
}
