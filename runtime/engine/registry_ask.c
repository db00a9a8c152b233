/*
 * registry_ask.c - one manifest, read without any right.
 */
#include "runtime/engine/registry_ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"
#include "runtime/net/http_client.h"

#define ASK_MS 5000
#define MANIFEST_MAX_BYTES (4u << 20)
#define TOKEN_MAX_BYTES (64u << 10)
#define URL_MAX 1600
#define DIGEST_BYTES 72

#define ACCEPT                                                        \
	"Accept: application/vnd.oci.image.index.v1+json, "           \
	"application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.docker.distribution.manifest.v2+json"

/* ---- what is read. Pure. ---- */

static bool
is_for(const cJSON *entry, const char *arch)
{
	const cJSON *platform = json_get(entry, "platform");

	return str_eq(json_str(platform, "os"), "linux") &&
	    str_eq(json_str(platform, "architecture"), arch);
}

static int
find_child(const cJSON *list, const char *arch, char *child)
{
	const cJSON *item;

	json_for_each(item, list) {
		const char *digest = json_str(item, "digest");

		if (!is_for(item, arch) || digest == NULL || !str_starts(digest, "sha256:") ||
		    strlen(digest) >= DIGEST_BYTES)
			continue;
		str_copy(child, DIGEST_BYTES, digest);
		return 1;
	}
	return -1;
}

int
manifest_size(const char *text, size_t len, const char *arch, struct image_size *out, char *child)
{
	_cleanup_json_ cJSON *json = NULL;
	struct image_size size = { 0 };
	const cJSON *item, *layers;

	if (json_parse(text, len, &json, NULL) < 0)
		return -1;
	if (cJSON_IsArray(json_get(json, "manifests")))
		return find_child(json_get(json, "manifests"), arch, child);
	layers = json_get(json, "layers");
	if (!cJSON_IsArray(layers))
		return -1;
	json_for_each(item, layers) {
		const int64_t bytes = json_int(item, "size", -1);

		if (bytes < 0 || bytes > INT64_MAX - size.bytes)
			return -1;
		size.bytes += bytes;
		size.layers++;
	}
	*out = size;
	return 0;
}

/* key="value" of a challenge; only characters that may stand in a URL. */
static bool
parameter(const char *header, const char *key, char *out, size_t cap)
{
	const size_t key_len = strlen(key);

	for (const char *at = header; (at = strstr(at, key)) != NULL; at += key_len) {
		const char *value = at + key_len + 2;
		size_t len;

		if ((at[-1] != ' ' && at[-1] != ',') || at[key_len] != '=' ||
		    at[key_len + 1] != '"')
			continue;
		len = strcspn(value, "\"");
		if (value[len] != '"' || len >= cap ||
		    strspn(value,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			"-._~:/@,*+") < len)
			return false;
		snprintf(out, cap, "%.*s", (int)len, value);
		return true;
	}
	return false;
}

bool
bearer_url(const char *header, char *out, size_t cap)
{
	char realm[512], service[256] = "", scope[512] = "";

	if (strncasecmp(header, "Bearer ", 7) != 0 ||
	    !parameter(header, "realm", realm, sizeof(realm)))
		return false;
	parameter(header, "service", service, sizeof(service));
	parameter(header, "scope", scope, sizeof(scope));
	return snprintf(out, cap, "%s?service=%s&scope=%s", realm, service, scope) < (int)cap;
}

/* ---- asking ---- */

/* Engines speak plain HTTP to their own machine. */
static bool
is_loopback(const char *host)
{
	return str_starts(host, "127.") || str_starts(host, "localhost:") ||
	    strcmp(host, "localhost") == 0 || str_starts(host, "[::1]");
}

static void
manifest_url(const struct image_ref *ref, const char *which, char out[URL_MAX])
{
	const bool hub = ref->host[0] == '\0' || strcmp(ref->host, "docker.io") == 0;
	const bool bare = hub && strchr(ref->path, '/') == NULL;

	snprintf(out, URL_MAX, "%s://%s/v2/%s%s/manifests/%s",
	    is_loopback(ref->host) ? "http" : "https", hub ? "registry-1.docker.io" : ref->host,
	    bare ? "library/" : "", ref->path, which);
}

/* What a registry gives to everybody, as "Authorization: Bearer ..."; the caller's; NULL. */
static char *
get_token(const char *challenge, bool plain)
{
	char url[URL_MAX];
	struct http_call call = {
		.url = url, .total_ms = ASK_MS, .max_body = TOKEN_MAX_BYTES, .use_proxy_env = true
	};
	_cleanup_json_ cJSON *json = NULL;
	const char *token = NULL;
	char *line = NULL;

	if (!bearer_url(challenge, url, sizeof(url)) || (!plain && !str_starts(url, "https://")))
		return NULL;
	if (http_call(&call, NULL) == 0 && call.status == 200 &&
	    json_parse(buf_str(&call.reply), call.reply.len, &json, NULL) == 0) {
		token = json_str(json, "token");
		if (token == NULL)
			token = json_str(json, "access_token");
	}
	if (token != NULL && strpbrk(token, "\r\n") == NULL)
		line = str_printf("Authorization: Bearer %s", token);
	buf_done(&call.reply);
	return line;
}

static int
ask_once(const char *method, const char *url, const char *token, struct http_call *call,
    struct error *err)
{
	const char *const headers[] = { ACCEPT, token, NULL };

	*call = (struct http_call){ .method = method,
		.url = url,
		.headers = headers,
		.total_ms = ASK_MS,
		.max_body = MANIFEST_MAX_BYTES,
		.use_proxy_env = true };
	const int rc = http_call(call, err);
	call->headers = NULL;
	return rc;
}

/* call->reply is the caller's to free, whatever comes. */
static int
ask(const char *method, const struct image_ref *ref, const char *which, struct http_call *call,
    struct error *err)
{
	_cleanup_free_ char *token = NULL;
	char url[URL_MAX];

	manifest_url(ref, which, url);
	if (ask_once(method, url, NULL, call, err) < 0)
		return -1;
	if (call->status != 401)
		return 0;
	token = get_token(call->authenticate, is_loopback(ref->host));
	if (token == NULL)
		return 0;
	buf_done(&call->reply);
	return ask_once(method, url, token, call, err);
}

static int
read_manifest(const struct image_ref *ref, const char *digest, const char *arch,
    struct image_size *out, char *child, struct error *err)
{
	struct http_call call;
	char hash[HASH_HEX_MAX];
	int rc = ask("GET", ref, digest, &call, err);

	if (rc == 0) {
		hash_sha256_hex(buf_str(&call.reply), call.reply.len, hash);
		/* What the engine gets for that digest is what is judged, or nothing. */
		rc = call.status == 200 && strcmp(hash, digest + strlen("sha256:")) == 0
		    ? manifest_size(buf_str(&call.reply), call.reply.len, arch, out, child)
		    : -1;
		if (rc < 0)
			error_set(err, ERROR_UPSTREAM, "the registry does not say how large it is");
	}
	buf_done(&call.reply);
	return rc;
}

int
registry_size(const struct image_ref *ref, const char *digest, const char *arch,
    struct image_size *out, struct error *err)
{
	char child[DIGEST_BYTES], none[DIGEST_BYTES];
	int rc;

	if (!str_starts(digest, "sha256:"))
		return error_set(err, ERROR_INVALID, "no digest");
	rc = read_manifest(ref, digest, arch, out, child, err);
	if (rc == 1)
		rc = read_manifest(ref, child, arch, out, none, err);
	return rc == 0 ? 0 : -1;
}

int
registry_digest(
    const struct image_ref *ref, const char *which, char digest[DIGEST_BYTES], struct error *err)
{
	struct http_call call;
	char hash[HASH_HEX_MAX];
	int rc = ask("GET", ref, which, &call, err);

	if (rc == 0 && (call.status != 200 || call.reply.len == 0)) {
		rc = error_set(
		    err, ERROR_UPSTREAM, "the registry does not say what %.120s is", which);
	} else if (rc == 0) {
		hash_sha256_hex(buf_str(&call.reply), call.reply.len, hash);
		if (str_starts(which, "sha256:") && strcmp(hash, which + strlen("sha256:")) != 0)
			rc = error_set(err, ERROR_UPSTREAM, "the registry sent another manifest");
		else
			snprintf(digest, DIGEST_BYTES, "sha256:%.64s", hash);
	}
	buf_done(&call.reply);
	return rc;
}

int
registry_wait_s(const struct image_ref *ref, const char *which)
{
	struct http_call call;
	const int rc = ask("HEAD", ref, which, &call, NULL);
	const bool says = rc == 0 && (call.status == 429 || call.status == 503);

	buf_done(&call.reply);
	return says ? call.retry_after_s : 0;
}
