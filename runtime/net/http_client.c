/*
 * http_client.c - libcurl, one call at a time, with each thread's connections kept.
 */
#include "runtime/net/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define CONNECT_DEFAULT_MS 5000
#define MAX_BODY_DEFAULT ((size_t)1 << 20)
#define LOOK_MS 100 /* how often cancel and stall are looked at */

/* One per thread: the easy handle has the options, the multi the connections. */
struct thread_calls {
	CURLM *multi;
	CURL *easy;
};

struct call_state {
	struct http_call *call;
	CURL *easy;
	struct curl_slist *headers, *pinned;
	size_t header_lines;
	char why[CURL_ERROR_SIZE];
	struct error stopped; /* kind is not NONE once we ended the call ourselves */
	curl_off_t moved; /* bytes either way when last looked */
	int64_t moved_at_ms;
};

static pthread_key_t calls_key;
static pthread_once_t calls_once = PTHREAD_ONCE_INIT;

static void
thread_calls_free(void *arg)
{
	struct thread_calls *tc = arg;

	if (tc == NULL)
		return;
	curl_easy_cleanup(tc->easy);
	curl_multi_cleanup(tc->multi);
	free(tc);
}

static void
setup_once(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	pthread_key_create(&calls_key, thread_calls_free);
	/* libcurl writes to TLS connections with plain write(2). */
	signal(SIGPIPE, SIG_IGN);
}

void
http_client_setup(void)
{
	pthread_once(&calls_once, setup_once);
}

void
http_calls_free(void)
{
	http_client_setup();
	thread_calls_free(pthread_getspecific(calls_key));
	pthread_setspecific(calls_key, NULL);
}

/* Taken, so that what a call asks of its caller may call as well. */
static struct thread_calls *
thread_calls_take(void)
{
	http_client_setup();
	struct thread_calls *tc = pthread_getspecific(calls_key);

	if (tc != NULL) {
		pthread_setspecific(calls_key, NULL);
		return tc;
	}
	tc = mem_zalloc(sizeof(*tc));
	tc->multi = curl_multi_init();
	tc->easy = curl_easy_init();
	if (tc->multi == NULL || tc->easy == NULL)
		mem_out();
	return tc;
}

static void
thread_calls_put(struct thread_calls *tc)
{
	thread_calls_free(pthread_getspecific(calls_key));
	pthread_setspecific(calls_key, tc);
}

static bool
is_cancelled(const struct http_call *call)
{
	return call->cancel != NULL && atomic_load(call->cancel);
}

/* Whom the call talks to, for messages. */
static const char *
peer(const struct http_call *call)
{
	return call->unix_socket != NULL ? call->unix_socket : call->url;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct call_state *st = arg;
	struct http_call *call = st->call;
	const size_t len = size * count;
	const size_t max = call->max_body != 0 ? call->max_body : MAX_BODY_DEFAULT;
	long status = 0;

	curl_easy_getinfo(st->easy, CURLINFO_RESPONSE_CODE, &status);
	if (call->on_data != NULL && status >= 200 && status < 300) {
		if (call->on_data(bytes, len, call->arg) == 0)
			return len;
		error_set(&st->stopped, ERROR_CANCELLED, "the reply of %s was no longer wanted",
		    peer(call));
		return 0;
	}
	if (call->reply.len + len > max) {
		error_set(&st->stopped, ERROR_TOO_BIG, "the reply of %s is larger than %zu bytes",
		    peer(call), max);
		return 0;
	}
	buf_add(&call->reply, bytes, len);
	return len;
}

/* More of the upload. A source that is slow must not keep us from being cancelled. */
static size_t
on_upload(char *bytes, size_t size, size_t count, void *arg)
{
	struct call_state *st = arg;
	struct pollfd ready = { .fd = st->call->body_fd, .events = POLLIN };

	for (;;) {
		if (is_cancelled(st->call)) {
			error_set(&st->stopped, ERROR_CANCELLED, "cancelled");
			return CURL_READFUNC_ABORT;
		}
		if (poll(&ready, 1, LOOK_MS) == 0)
			continue;
		const ssize_t n = read(ready.fd, bytes, size * count);
		if (n >= 0)
			return (size_t)n;
		if (errno != EINTR && errno != EAGAIN) {
			error_errno(&st->stopped, "read the upload");
			return CURL_READFUNC_ABORT;
		}
	}
}

/* More of the head: libcurl bounds its lines, not how many there are. */
static size_t
on_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct call_state *st = arg;
	const size_t max = st->call->max_headers;

	(void)bytes;
	if (max == 0 || ++st->header_lines <= max)
		return size * count;
	error_set(&st->stopped, ERROR_TOO_BIG, "the reply of %s has more than %zu headers",
	    peer(st->call), max);
	return 0;
}

/* The address that is about to be connected to, whatever name it came from. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct call_state *st = arg;

	(void)purpose;
	if (st->call->may_connect(&a->addr, st->call->rules))
		return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	error_set(&st->stopped, ERROR_DENIED, "%s is at an address that may not be connected to",
	    peer(st->call));
	return CURL_SOCKET_BAD;
}

static bool
has_header(const struct http_call *call, const char *name)
{
	const size_t len = strlen(name);

	for (const char *const *h = call->headers; h != NULL && *h != NULL; h++)
		if (strncasecmp(*h, name, len) == 0)
			return true;
	return false;
}

static void
add_header(struct call_state *st, const char *line)
{
	struct curl_slist *list = curl_slist_append(st->headers, line);

	if (list == NULL)
		mem_out();
	st->headers = list;
}

static void
set_headers(struct call_state *st)
{
	for (const char *const *h = st->call->headers; h != NULL && *h != NULL; h++)
		add_header(st, *h);
	add_header(st, "Expect:");
	if (!has_header(st->call, "content-type:"))
		add_header(st, "Content-Type:"); /* libcurl's own would be a form's */
	curl_easy_setopt(st->easy, CURLOPT_HTTPHEADER, st->headers);
}

static void
set_method(struct call_state *st)
{
	const struct http_call *call = st->call;
	CURL *const easy = st->easy;
	const char *const method = call->method != NULL ? call->method : "GET";
	const bool takes_body =
	    str_eq(method, "POST") || str_eq(method, "PUT") || str_eq(method, "PATCH");

	if (call->body_fd > 0) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L); /* length unknown: chunked */
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(easy, CURLOPT_READDATA, st);
	} else if (call->body != NULL || takes_body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body != NULL ? call->body : "");
	}
	if (str_eq(method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	/* On a kept connection that turns out dead libcurl sends again by itself, and what is not
	 * idempotent could happen twice. */
	if (str_eq(method, "POST") || str_eq(method, "PATCH"))
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

/* For somebody else's URL. */
static void
set_guards(struct call_state *st)
{
	const struct http_call *call = st->call;
	CURL *const easy = st->easy;

	if (call->decode)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that it knows */
	if (call->pinned != NULL) {
		st->pinned = curl_slist_append(NULL, call->pinned);
		if (st->pinned == NULL)
			mem_out();
		curl_easy_setopt(easy, CURLOPT_RESOLVE, st->pinned);
	}
	if (call->may_connect != NULL) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, st);
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	}
}

static CURLcode
set_options(struct call_state *st)
{
	const struct http_call *call = st->call;
	CURL *const easy = st->easy;
	CURLcode code;

	curl_easy_reset(easy); /* keeps connections */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, st->why);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, st);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, st);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(call->connect_ms != 0 ? call->connect_ms : CONNECT_DEFAULT_MS));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->total_ms);
	if (!call->use_proxy_env)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	set_method(st);
	set_headers(st);
	set_guards(st);
	if ((code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https")) != CURLE_OK)
		return code;
	if (call->unix_socket != NULL &&
	    (code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket)) !=
		CURLE_OK)
		return code;
	return curl_easy_setopt(easy, CURLOPT_URL, call->url);
}

/* Has the caller, or silence, ended the call? */
static bool
should_stop(struct call_state *st)
{
	const struct http_call *call = st->call;
	curl_off_t up = 0, down = 0;
	long heads = 0;

	if (is_cancelled(call)) {
		error_set(&st->stopped, ERROR_CANCELLED, "cancelled");
		return true;
	}
	if (call->stall_ms == 0)
		return false;
	curl_easy_getinfo(st->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(st->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	curl_easy_getinfo(st->easy, CURLINFO_HEADER_SIZE, &heads);

	const int64_t now_ms = clock_now_ms();
	if (up + down + heads != st->moved) {
		st->moved = up + down + heads;
		st->moved_at_ms = now_ms;
	} else if (now_ms - st->moved_at_ms >= call->stall_ms) {
		if (call->on_stall != NULL && call->on_stall(call->arg) == 0) {
			st->moved_at_ms = clock_now_ms();
			return false;
		}
		if (call->on_stall != NULL) {
			error_set(&st->stopped, ERROR_CANCELLED,
			    "the silence of %s was long enough", peer(call));
			return true;
		}
		error_set(&st->stopped, ERROR_TIMEOUT, "no byte to or from %s for %lld ms",
		    peer(call), (long long)call->stall_ms);
		return true;
	}
	return false;
}

/* Run the transfer to its end; our own loop because curl_easy_perform sleeps for a second. */
static CURLcode
run(struct call_state *st, CURLM *multi)
{
	int running = 1, left;
	CURLMsg *msg;

	st->moved_at_ms = clock_now_ms();
	while (running > 0) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (running == 0)
			break;
		if (should_stop(st))
			return CURLE_ABORTED_BY_CALLBACK;
		curl_multi_poll(multi, NULL, 0, LOOK_MS, NULL);
	}
	while ((msg = curl_multi_info_read(multi, &left)) != NULL)
		if (msg->msg == CURLMSG_DONE && msg->easy_handle == st->easy)
			return msg->data.result;
	return CURLE_FAILED_INIT;
}

static int
explain(const struct call_state *st, CURLcode code, struct error *err)
{
	const char *const to = peer(st->call);
	const char *why = st->why[0] != '\0' ? st->why : curl_easy_strerror(code);
	char text[80] = "";
	long os_errno = 0, request_bytes = 0;

	if (st->stopped.kind != ERROR_NONE)
		return error_set(err, st->stopped.kind, "%s", st->stopped.text);
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(st->easy, CURLINFO_OS_ERRNO, &os_errno);
		if (os_errno != 0)
			why = strerror_r((int)os_errno, text, sizeof(text));
		return error_set(err, ERROR_UNAVAILABLE, "cannot connect to %s: %s", to, why);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_PEER_FAILED_VERIFICATION:
		return error_set(err, ERROR_UNAVAILABLE, "cannot connect to %s: %s", to, why);
	case CURLE_OPERATION_TIMEDOUT: return error_set(err, ERROR_TIMEOUT, "%s: %s", to, why);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		/* Once a request went out it is the answer that was unsupported (HTTP/0.9). */
		curl_easy_getinfo(st->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
		return error_set(
		    err, request_bytes > 0 ? ERROR_UPSTREAM : ERROR_INVALID, "%s: %s", to, why);
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY: return error_set(err, ERROR_INTERNAL, "%s: %s", to, why);
	default: return error_set(err, ERROR_UPSTREAM, "%s: %s", to, why);
	}
}

static void
copy_header(CURL *easy, const char *name, char *out, size_t cap)
{
	struct curl_header *h;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK &&
	    strlen(h->value) < cap)
		snprintf(out, cap, "%s", h->value);
}

/* Seconds, an hour at most; a date is as good as nothing. */
static int
retry_after(CURL *easy)
{
	char text[32] = "";
	int64_t seconds = 0;

	copy_header(easy, "retry-after", text, sizeof(text));
	return str_parse_int(text, 0, 3600, &seconds, NULL) == 0 ? (int)seconds : 0;
}

int
http_call(struct http_call *call, struct error *err)
{
	struct thread_calls *tc = thread_calls_take();
	struct call_state st = { .call = call, .easy = tc->easy };
	long status = 0;

	call->status = call->retry_after_s = 0;
	call->content_type[0] = call->location[0] = call->authenticate[0] = '\0';
	buf_clear(&call->reply);

	CURLcode code = set_options(&st);
	if (code == CURLE_OK) {
		code = curl_multi_add_handle(tc->multi, tc->easy) == CURLM_OK ? run(&st, tc->multi)
									      : CURLE_FAILED_INIT;
	}
	int result = 0;
	if (code == CURLE_OK) {
		curl_easy_getinfo(tc->easy, CURLINFO_RESPONSE_CODE, &status);
		call->status = (int)status;
		copy_header(
		    tc->easy, "content-type", call->content_type, sizeof(call->content_type));
		copy_header(tc->easy, "location", call->location, sizeof(call->location));
		copy_header(
		    tc->easy, "www-authenticate", call->authenticate, sizeof(call->authenticate));
		call->retry_after_s = retry_after(tc->easy);
	} else {
		result = explain(&st, code, err);
	}
	curl_multi_remove_handle(tc->multi, tc->easy);
	curl_easy_reset(tc->easy); /* it must not point into our frame */
	curl_slist_free_all(st.headers);
	curl_slist_free_all(st.pinned);
	thread_calls_put(tc);
	return result;
}
