/*
 * words.c - versions, refusals and references as an engine words them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/image_ref.h"

/* The newest floor of an engine that we know is 1.44; nothing here needs more than 1.40. */
#define API_MIN 40
#define API_MAX 44

static int
api_minor(const char *text)
{
	int major = 0, minor = 0, end = 0;

	if (text == NULL || sscanf(text, "%3d.%4d%n", &major, &minor, &end) != 2 ||
	    text[end] != '\0' || major < 1 || minor < 0)
		return -1;
	return (major - 1) * 10000 + minor;
}

int
dialect_parse(const cJSON *version, struct dialect *out, struct error *err)
{
	const char *most = json_str(version, "ApiVersion"),
		   *least = json_str(version, "MinAPIVersion");
	const char *own = json_str(version, "Version"), *arch = json_str(version, "Arch");
	const int max = api_minor(most), min = least != NULL ? api_minor(least) : 0;

	if (max < 0 || min < 0)
		return error_set(err, ERROR_UPSTREAM,
		    "what answers is not a container engine: it names "
		    "no API version");
	if (max < API_MIN)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the engine is too old: it speaks API %.10s, Janus needs 1.%d", most, API_MIN);
	if (min > API_MAX)
		return error_set(err, ERROR_UNAVAILABLE,
		    "the engine is too new: it wants API %.10s, Janus speaks up to 1.%d", least,
		    API_MAX);
	snprintf(out->api, sizeof(out->api), "1.%d", max < API_MAX ? max : API_MAX);
	snprintf(out->api_most, sizeof(out->api_most), "%s", most);
	snprintf(out->api_least, sizeof(out->api_least), "%s", least != NULL ? least : "");
	snprintf(out->version, sizeof(out->version), "%s", own != NULL ? own : "");
	snprintf(out->arch, sizeof(out->arch), "%s", arch != NULL ? arch : "");
	out->ways = ways_of(version);
	return 0;
}

void
engine_words(const char *text, size_t len, char out[ENGINE_TEXT_MAX])
{
	static const char cut[] = "...";
	_cleanup_buf_ struct buf plain = { 0 };
	const char *at;

	str_add_escaped(&plain, text, len);
	at = buf_str(&plain);
	if (plain.len < ENGINE_TEXT_MAX) {
		snprintf(out, ENGINE_TEXT_MAX, "%s", at);
		return;
	}
	at += plain.len - (ENGINE_TEXT_MAX - sizeof(cut));
	while ((*at & 0xc0) == 0x80) /* never into a character */
		at++;
	snprintf(out, ENGINE_TEXT_MAX, "%s%s", cut, at);
}

const char *
docker_message(const char *body, size_t len, char out[ENGINE_TEXT_MAX])
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = NULL;

	if (len > 0 && json_parse(body, len, &json, NULL) == 0) {
		text = json_str(json, "message");
		if (text == NULL)
			text = json_str(json, "error");
	}
	if (text == NULL && len > 0 && memchr(body, '<', len < 64 ? len : 64) != NULL)
		text = "it answered with a web page";
	if (text != NULL)
		len = strnlen(text, 4 * ENGINE_TEXT_MAX);
	else
		text = body;
	len = len < 4 * ENGINE_TEXT_MAX ? len : 4 * ENGINE_TEXT_MAX;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
		len--;
	if (len == 0) {
		text = "it gave no reason";
		len = strlen(text);
	}
	engine_words(text, len, out);
	return out;
}

int
docker_refusal(struct error *err, const struct docker_reply *r, const char *what)
{
	char text[ENGINE_TEXT_MAX];
	enum error_kind kind = ERROR_UPSTREAM;

	docker_message(buf_str(&r->body), r->body.len, text);
	if (r->status == 404)
		kind = ERROR_NOT_FOUND;
	else if (r->status == 409)
		kind = ERROR_CONFLICT;
	else if (r->status == 400)
		kind = ERROR_INVALID;
	else if (strstr(text, "no space left on device") != NULL)
		kind = ERROR_IO;
	else if (r->status == 503 || strstr(text, "connection error") != NULL)
		kind = ERROR_UNAVAILABLE; /* its own runtime is gone */
	return error_set(err, kind, "engine: %s: %s", what, text);
}

/*
 * Docker says 400 for it, Podman 500, and both for what their own files lack as well: only where the
 * runtime was about to run the command is it the command that is meant.
 */
int
docker_start_refusal(struct error *err, const struct docker_reply *r)
{
	char text[ENGINE_TEXT_MAX]; /* may lack its beginning */

	docker_message(buf_str(&r->body), r->body.len, text);
	const char *at = strstr(buf_str(&r->body), "container process");
	const char *exec = at != NULL ? strstr(at, "exec: ") : NULL;
	if (at != NULL && strstr(at, "chdir to cwd") != NULL)
		return error_set(err, ERROR_INVALID, "working directory: %.180s", text);
	if (at != NULL && strstr(at, "to rootfs at") != NULL &&
	    strstr(at, "not a directory") != NULL)
		return error_set(
		    err, ERROR_INVALID, "a file where a directory is needed: %.180s", text);
	if (exec != NULL &&
	    (strstr(exec, "executable file not found") != NULL ||
		strstr(exec, "no such file or directory") != NULL ||
		strstr(exec, "not a directory") != NULL))
		return error_set(err, ERROR_INVALID, "command not found: %.180s", text);
	if (exec != NULL &&
	    (strstr(exec, "permission denied") != NULL ||
		strstr(exec, "exec format error") != NULL ||
		strstr(exec, "is a directory") != NULL))
		return error_set(err, ERROR_INVALID, "command is not executable: %.180s", text);
	docker_refusal(err, r, "start");
	if (err != NULL && err->kind == ERROR_INVALID)
		err->kind = ERROR_INTERNAL;
	return -1;
}

#define UNREADABLE "the registry does not let us read %s: it does not exist, or it is not public"
#define UNKNOWN "no such image: %s is not in its registry"
#define CROWDED "the registry of %s asks to wait: too many requests"
#define UNREACHABLE "the registry of %s cannot be reached"
#define SILENT "the registry of %s does not answer"
#define WEB_PAGE "the registry of %s answered with a web page"

/* The first row that matches decides. Engines give the class of a failure in prose only. */
static const struct {
	const char *words;
	enum error_kind kind;
	const char *sentence; /* %s: the reference */
	bool quote; /* add the engine's own words */
} refusals[] = {
	{ "toomanyrequests", ERROR_BUSY, CROWDED, false },
	{ "too many requests", ERROR_BUSY, CROWDED, false },
	{ "no space left on device", ERROR_IO, "the disk is full: %s cannot be pulled", false },
	{ "manifest unknown", ERROR_NOT_FOUND, UNKNOWN, false },
	{ "name unknown", ERROR_NOT_FOUND, UNKNOWN, false },
	{ "no matching manifest", ERROR_CONFLICT, "%s is not for this host's architecture", true },
	{ "invalid reference format", ERROR_INVALID, "%s is not an image reference", false },
	{ "unsupported media type", ERROR_INVALID, "%s is not a container image", true },
	{ "connection refused", ERROR_UNAVAILABLE, UNREACHABLE ": connection refused", false },
	{ "no such host", ERROR_UNAVAILABLE, UNREACHABLE ": no such host", false },
	{ "server misbehaving", ERROR_UNAVAILABLE, UNREACHABLE ": no such host", false },
	{ "failure in name", ERROR_UNAVAILABLE, UNREACHABLE ": no such host", false },
	{ "dial tcp", ERROR_UNAVAILABLE, UNREACHABLE, true },
	{ "i/o timeout", ERROR_UNAVAILABLE, SILENT, false },
	{ "deadline exceeded", ERROR_UNAVAILABLE, SILENT, false },
	{ "Client.Timeout", ERROR_UNAVAILABLE, SILENT, false },
	{ "request canceled", ERROR_UNAVAILABLE, SILENT, false },
	{ "TLS handshake", ERROR_UNAVAILABLE, SILENT, false },
	{ "x509", ERROR_UNAVAILABLE, "the certificate of %s's registry is not trusted", true },
	{ "HTTP response to HTTPS", ERROR_UNAVAILABLE, UNREACHABLE ": it does not speak TLS",
	    false },
	{ "proxyconnect", ERROR_UNAVAILABLE, UNREACHABLE " through the engine's proxy", false },
	{ "no basic auth", ERROR_DENIED, UNREADABLE, false },
	{ "unauthorized", ERROR_DENIED, UNREADABLE, false },
	{ "denied", ERROR_DENIED, UNREADABLE, false },
	{ "authentication required", ERROR_DENIED, UNREADABLE, false },
	{ "403 Forbidden", ERROR_DENIED, UNREADABLE, false },
	{ "does not exist", ERROR_NOT_FOUND, UNKNOWN, false },
	{ "verification failed", ERROR_UPSTREAM, "the registry sent a damaged layer of %s", true },
	{ "invalid character '<'", ERROR_UPSTREAM, WEB_PAGE, false },
	{ "<html", ERROR_UPSTREAM, WEB_PAGE, false },
	{ "web page", ERROR_UPSTREAM, WEB_PAGE, false },
	{ "not found", ERROR_NOT_FOUND, UNKNOWN, false },
};

static int
registry_failure(struct error *err, enum error_kind kind, const char *sentence, const char *ref,
    const char *words)
{
	const char *hole = strstr(sentence, "%s");
	const int before = (int)(hole - sentence);
	char shown[128];

	/* A long reference must leave room for the reason. */
	snprintf(shown, sizeof(shown), strlen(ref) < sizeof(shown) ? "%s" : "%.120s...", ref);
	if (words != NULL)
		return error_set(
		    err, kind, "%.*s%s%s: %s", before, sentence, shown, hole + 2, words);
	return error_set(err, kind, "%.*s%s%s", before, sentence, shown, hole + 2);
}

int
registry_refusal(struct error *err, int status, const char *message, const char *ref)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (strstr(message, refusals[i].words) != NULL)
			return registry_failure(err, refusals[i].kind, refusals[i].sentence, ref,
			    refusals[i].quote ? message : NULL);
	switch (status) {
	case 401:
	case 403: return registry_refusal(err, 0, "denied", ref);
	case 404: return registry_refusal(err, 0, "manifest unknown", ref);
	case 429: return registry_refusal(err, 0, "toomanyrequests", ref);
	default:
		return registry_failure(
		    err, ERROR_UPSTREAM, "the registry of %s failed", ref, message);
	}
}

static void
add_percent(struct buf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("-._~", *p) != NULL;

		if (plain)
			buf_add_char(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
	}
}

char *
path_filters(const char *prefix, const char *const *labels, size_t n)
{
	_cleanup_json_ cJSON *filters = cJSON_CreateObject();
	_cleanup_free_ char *text = NULL;
	struct buf out = { 0 };
	cJSON *list = json_add_arr(filters, "label");

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(labels[i]));
	text = json_print(filters);
	buf_printf(&out, "%s%cfilters=", prefix, strchr(prefix, '?') != NULL ? '&' : '?');
	add_percent(&out, text);
	return buf_take(&out);
}

const char *
ref_text(const struct image_ref *ref, const char *digest, char *out)
{
	char repository[520];

	image_ref_repository(ref, repository);
	if (digest == NULL && ref->digest[0] != '\0')
		digest = ref->digest;
	if (digest != NULL)
		snprintf(out, 700, "%s@%s", repository, digest);
	else
		snprintf(out, 700, "%s:%s", repository, ref->tag);
	return out;
}
