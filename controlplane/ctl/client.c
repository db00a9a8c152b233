/*
 * client.c - find the daemon and ask it.
 */
#include "controlplane/ctl/client.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/ctl/contexts.h"
#include "controlplane/ctl/failure.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/secret.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/net/url.h"

#define SOCKET_NAME "janusd.sock"
#define CONNECT_MS 5000
#define TOTAL_MS 30000
#define REPLY_MAX_BYTES ((size_t)32 << 20)
#define KEY_MAX_BYTES 4096
#define AGAIN_MS 200
#define AGAIN_FOR_MS 10000 /* a daemon that was killed is back by then */

/* A signal handler has no other place to write to. */
static atomic_bool interrupted;

static void
on_interrupt(int signo)
{
	if (atomic_exchange(&interrupted, true))
		_exit(128 + signo);
}

void
ctl_catch_interrupt(void)
{
	const struct sigaction act = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &act, NULL);
}

bool
ctl_interrupted(void)
{
	return atomic_load(&interrupted);
}

void
ctl_sleep(int64_t ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	if (!ctl_interrupted())
		nanosleep(&t, NULL);
}

static int
place_socket(struct ctl_place *out, const char *path, struct error *err)
{
	const int n = snprintf(out->socket, sizeof(out->socket), "%s", path);

	if (path[0] != '/' || n < 0 || (size_t)n >= sizeof(out->socket))
		return error_set(err, ERROR_INVALID,
		    "'%.120s' is not a socket: an absolute path of at most %zu bytes", path,
		    sizeof(out->socket) - 1);
	snprintf(out->url, sizeof(out->url), "http://janusd");
	snprintf(out->tried, sizeof(out->tried), "%s", path);
	out->is_local = true;
	return 0;
}

static int
place_url(struct ctl_place *out, const char *text, struct error *err)
{
	struct url url;
	size_t len = strlen(text);

	if (str_starts(text, "unix://"))
		return place_socket(out, text + strlen("unix://"), err);
	if (url_parse(text, &url, err) < 0)
		return error_add(err, "--url");
	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len >= sizeof(out->url))
		return error_set(
		    err, ERROR_INVALID, "--url: longer than %zu bytes", sizeof(out->url));
	snprintf(out->url, sizeof(out->url), "%.*s", (int)len, text);
	snprintf(out->tried, sizeof(out->tried), "%.*s", (int)len, text);
	out->is_local = str_eq(url.host, "localhost") || str_starts(url.host, "127.") ||
	    str_eq(url.host, "::1");
	return 0;
}

/* The sockets worth a look, the first that can be used wins. */
static size_t
socket_candidates(const struct ctl_surroundings *s, char out[3][160])
{
	size_t n = 0;

	if (s->janus_runtime_dir != NULL && s->janus_runtime_dir[0] == '/') {
		snprintf(out[n++], 160, "%.140s/" SOCKET_NAME, s->janus_runtime_dir);
		return n; /* said on purpose: look nowhere else */
	}
	if (s->runtime_directory != NULL && s->runtime_directory[0] == '/')
		snprintf(out[n++], 160, "%.140s/" SOCKET_NAME, s->runtime_directory);
	if (s->uid != 0 && s->xdg_runtime_dir != NULL && s->xdg_runtime_dir[0] == '/')
		snprintf(out[n++], 160, "%.130s/janus/" SOCKET_NAME, s->xdg_runtime_dir);
	else if (s->uid != 0 && s->home != NULL && s->home[0] == '/')
		snprintf(out[n++], 160, "%.120s/.local/run/janus/" SOCKET_NAME, s->home);
	snprintf(out[n++], 160, "/run/janus/" SOCKET_NAME);
	return n;
}

int
ctl_place_find(const struct ctl_surroundings *s, struct ctl_place *out, struct error *err)
{
	struct ctl_place place = { 0 };
	char sockets[3][160];
	_cleanup_buf_ struct buf tried = { 0 };
	int64_t port = 8000;
	size_t n;

	if (s->url != NULL && s->url[0] != '\0') {
		if (place_url(&place, s->url, err) < 0)
			return -1;
		*out = place;
		return 0;
	}
	if (s->port != NULL && s->port[0] != '\0' &&
	    str_parse_int(s->port, 1, 65535, &port, err) < 0)
		return error_add(err, "JANUS_PORT");
	n = socket_candidates(s, sockets);
	for (size_t i = 0; i < n; i++) {
		if (s->usable(sockets[i])) {
			if (place_socket(&place, sockets[i], err) < 0)
				return -1;
			*out = place;
			return 0;
		}
		buf_printf(&tried, "%s (not there), ", sockets[i]);
	}
	snprintf(place.url, sizeof(place.url), "http://127.0.0.1:%d", (int)port);
	snprintf(place.tried, sizeof(place.tried), "%s%s", buf_str(&tried), place.url);
	place.is_local = true;
	*out = place;
	return 0;
}

static bool
socket_usable(const char *path)
{
	return access(path, R_OK | W_OK) == 0;
}

static int
read_key(const char *path, char **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len, from;

	if (ctl_read_input(path, KEY_MAX_BYTES, &text, &len, err) < 0 || text == NULL)
		return error_add(err, "API key");
	from = strspn(text, " \t\r\n");
	len = strcspn(text + from, " \t\r\n");
	if (len == 0 || text[from + len + strspn(text + from + len, " \t\r\n")] != '\0')
		return error_set(
		    err, ERROR_INVALID, "API key: %s does not hold exactly one key", path);
	for (size_t i = 0; i < len; i++)
		if (text[from + i] < 0x21 || text[from + i] > 0x7e)
			return error_set(
			    err, ERROR_INVALID, "API key: %s holds other characters", path);
	*out = str_ndup(text + from, len);
	return 0;
}

/* What -C or JANUS_CONTEXT says: address and key file, NULL where that is not its to say.  With -C
 * nothing of the environment is mixed in: no key goes to a daemon it is not meant for. */
static int
use_context(const struct ctl *ctl, const char **url, const char **key_file, cJSON **owner,
    struct ctl_failure *f)
{
	const bool said = ctl->opt.context != NULL;
	const char *name = said ? ctl->opt.context : getenv("JANUS_CONTEXT");
	const cJSON *context;
	struct error err = { 0 };

	if (name == NULL || name[0] == '\0')
		return 0;
	*owner = contexts_load(&err);
	if (*owner == NULL)
		return ctl_fail(f, CTL_USAGE, "usage", "%s", err.text);
	context = contexts_find(*owner, name);
	if (context == NULL && ctl->opt.url != NULL)
		return 0; /* login makes it */
	if (context == NULL)
		return ctl_fail(f, CTL_USAGE, "usage",
		    "there is no context '%.60s'; 'janusctl create context %.60s --url URL' makes "
		    "it",
		    name, name);
	if (ctl->opt.url == NULL && (said || *url == NULL)) {
		*url = json_str(context, "url");
		*key_file =
		    said || *key_file == NULL ? json_str(context, "api_key_file") : *key_file;
	}
	return 0;
}

int
ctl_connect(struct ctl *ctl, struct ctl_failure *f)
{
	const char *key_file = getenv("JANUS_API_KEY_FILE"), *url = getenv("JANUS_URL");
	_cleanup_json_ cJSON *contexts = NULL;
	struct error err = { 0 };

	if (use_context(ctl, &url, &key_file, &contexts, f) < 0)
		return -1;
	const struct ctl_surroundings s = {
		.url = ctl->opt.url != NULL ? ctl->opt.url : url,
		.janus_runtime_dir = getenv("JANUS_RUNTIME_DIR"),
		.runtime_directory = getenv("RUNTIME_DIRECTORY"),
		.xdg_runtime_dir = getenv("XDG_RUNTIME_DIR"),
		.home = getenv("HOME"),
		.port = getenv("JANUS_PORT"),
		.uid = geteuid(),
		.usable = socket_usable,
	};

	if (ctl_place_find(&s, &ctl->place, &err) < 0)
		return ctl_fail_error(f, &err);
	if (ctl->opt.api_key_file != NULL)
		key_file = ctl->opt.api_key_file;
	if (key_file == NULL || key_file[0] == '\0')
		return 0;
	if (read_key(key_file, &ctl->api_key, &err) < 0)
		return ctl_fail(f, CTL_USAGE, "usage", "%s", err.text);
	if (secret_is_loose(key_file))
		ctl_note(
		    ctl, "warning: everybody on this machine can read %s: chmod 600 it", key_file);
	if (!ctl->place.is_local && str_starts(ctl->place.url, "http://"))
		ctl_note(ctl, "warning: the API key goes to %s unencrypted", ctl->place.url);
	return 0;
}

/* The connection itself did not work out. */
static int
fail_call(const struct ctl *ctl, const struct error *err, bool whole_time, struct ctl_failure *f)
{
	if (err->kind == ERROR_CANCELLED)
		return ctl_fail(f, CTL_INTERRUPTED, "interrupted", "interrupted");
	if (err->kind == ERROR_TIMEOUT && whole_time)
		return ctl_fail(
		    f, CTL_TIMED_OUT, "timed_out", "no complete answer in time: %s", err->text);
	if (err->kind == ERROR_TOO_BIG)
		return ctl_fail_error(f, err);
	ctl_fail(f, CTL_UNREACHABLE, "unreachable", "cannot reach the daemon: %s; tried %s",
	    err->text, ctl->place.tried);
	if (ctl->place.is_local)
		snprintf(f->next, sizeof(f->next),
		    "start it with 'systemctl start janusd', or 'make up' in the source tree; "
		    "or say where it is with --url");
	else
		snprintf(f->next, sizeof(f->next), "check --url, and that janusd runs there");
	return -1;
}

static void
trace(const struct ctl *ctl, const struct ctl_call *call, const struct http_call *http,
    int64_t took_ms)
{
	if (ctl->opt.verbose > 0)
		fprintf(stderr, "janusctl: %s %s%s -> %d in %lld ms\n", call->method,
		    http->unix_socket != NULL ? http->unix_socket : ctl->place.url, call->path,
		    http->status, (long long)took_ms);
}

static int
read_reply(const struct http_call *http, bool streamed, cJSON **out, struct ctl_failure *f)
{
	struct error err = { 0 };

	if (http->status < 200 || http->status > 299)
		return ctl_fail_reply(f, http->status, buf_str(&http->reply), http->reply.len);
	if (streamed)
		return 0;
	if (http->reply.len == 0) { /* done, and nothing to say about it */
		*out = cJSON_CreateNull();
		return 0;
	}
	if (json_parse(buf_str(&http->reply), http->reply.len, out, &err) < 0)
		return ctl_fail(f, CTL_UNREACHABLE, "bad_response",
		    "the daemon's answer is not JSON: %s", err.text);
	return 0;
}

/* Was the request under way when the connection broke? Then it may have been carried out. */
static bool
may_send_again(const struct http_call *http, int result, const struct error *err, bool *sent)
{
	if (result < 0 && err->kind == ERROR_UPSTREAM)
		*sent = true;
	if (result < 0)
		return *sent && (err->kind == ERROR_UPSTREAM || err->kind == ERROR_UNAVAILABLE);
	/* The one sent first is still at it, or died with the daemon that is on its way out. */
	return http->status == 409 &&
	    strstr(buf_str(&http->reply), "\"idempotency_in_progress\"") != NULL;
}

/* The call, and where that is safe again after a broken connection. */
static int
send_call(struct http_call *http, bool once, struct error *err)
{
	const int64_t give_up_ms = clock_now_ms() + AGAIN_FOR_MS;
	bool sent = false;

	for (;;) {
		const int result = http_call(http, err);

		if (!once || ctl_interrupted() || clock_now_ms() >= give_up_ms ||
		    !may_send_again(http, result, err, &sent))
			return result;
		*err = (struct error){ 0 };
		buf_clear(&http->reply);
		ctl_sleep(AGAIN_MS);
	}
}

static bool
is_once(const struct ctl_call *call)
{
	return str_eq(call->method, "POST") && str_starts(call->path, "/api/v1/");
}

int
ctl_ask(struct ctl *ctl, const struct ctl_call *call, cJSON **out, struct ctl_failure *f)
{
	const int64_t limit_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : TOTAL_MS;
	const int64_t total_ms = call->total_ms < 0 ? 0
	    : call->total_ms > 0                    ? call->total_ms
						    : limit_ms;
	const int64_t began_ms = clock_now_ms();
	_cleanup_free_ char *body = call->body == NULL ? NULL : json_print(call->body);
	_cleanup_free_ char *url = str_printf("%s%s", ctl->place.url, call->path);
	_cleanup_free_ char *bearer =
	    ctl->api_key == NULL ? NULL : str_printf("authorization: Bearer %s", ctl->api_key);
	_cleanup_free_ char *if_match =
	    call->if_match == NULL ? NULL : str_printf("if-match: \"%s\"", call->if_match);
	char once[64] = "idempotency-key: ";
	const char *headers[6] = { "user-agent: janusctl/" JANUS_VERSION };
	size_t n = 1;
	struct error err = { 0 };
	int result;

	if (body != NULL)
		headers[n++] = "content-type: application/json";
	else if (call->body_fd > 0)
		headers[n++] = "content-type: application/x-tar";
	if (bearer != NULL)
		headers[n++] = bearer;
	if (if_match != NULL)
		headers[n++] = if_match;
	if (is_once(call)) {
		id_random_base62(once + strlen(once), 32);
		headers[n++] = once;
	}
	struct http_call http = {
		.method = call->method,
		.url = url,
		.unix_socket = ctl->place.socket[0] != '\0' ? ctl->place.socket : NULL,
		.headers = headers,
		.body = body,
		.body_len = body == NULL ? 0 : strlen(body),
		.body_fd = call->body_fd,
		.connect_ms = CONNECT_MS,
		.total_ms = total_ms,
		.stall_ms = call->stall_ms,
		.max_body = REPLY_MAX_BYTES,
		.use_proxy_env = !ctl->place.is_local,
		.on_data = call->on_data,
		.arg = call->arg,
		.cancel = &interrupted,
	};
	result = send_call(&http, is_once(call), &err);
	const int64_t took_ms = clock_now_ms() - began_ms;
	trace(ctl, call, &http, took_ms);
	if (result < 0) {
		const bool stalled = call->stall_ms > 0 && took_ms >= call->stall_ms;

		result =
		    fail_call(ctl, &err, stalled || (total_ms > 0 && took_ms >= total_ms - 100), f);
	} else {
		result = read_reply(&http, call->on_data != NULL, out, f);
	}
	buf_done(&http.reply);
	return result;
}

int
ctl_get(struct ctl *ctl, const char *path, cJSON **out, struct ctl_failure *f)
{
	return ctl_ask(ctl, &(struct ctl_call){ .method = "GET", .path = path }, out, f);
}

int
ctl_patch(struct ctl *ctl, const char *path, const cJSON *body, cJSON **out, struct ctl_failure *f)
{
	_cleanup_json_ cJSON *now = NULL;
	_cleanup_buf_ struct buf to = { 0 };

	if (ctl_get(ctl, path, &now, f) < 0)
		return -1;
	buf_printf(&to, "%s%s", path, ctl->opt.dry_run ? "?dry_run=true" : "");
	const struct ctl_call call = { .method = "PATCH",
		.path = buf_str(&to),
		.body = body,
		.if_match = json_str(now, "etag") };
	return ctl_ask(ctl, &call, out, f);
}

static int
read_stdin(size_t max, char **out, size_t *len, struct error *err)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (;;) {
		char *at = buf_reserve(&text, 16384);
		const ssize_t n = read(STDIN_FILENO, at, 16384);

		if (n < 0 && errno == EINTR && !ctl_interrupted())
			continue;
		if (n < 0)
			return error_errno(err, "standard input");
		if (n == 0)
			break;
		text.len += (size_t)n;
		if (text.len > max)
			return error_set(
			    err, ERROR_TOO_BIG, "standard input is longer than %zu bytes", max);
	}
	buf_reserve(&text, 0); /* ends it with a NUL */
	*len = text.len;
	*out = buf_take(&text);
	return 0;
}

int
ctl_read_input(const char *path, size_t max, char **out, size_t *len, struct error *err)
{
	if (str_eq(path, "-"))
		return read_stdin(max, out, len, err);
	return file_read(path, max, out, len, err);
}
