/*
 * dialer.c - connections to a URL: by libcurl on the loop where there is a name or TLS.
 */
#include "runtime/net/dial.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/dial_internal.h"
#include "runtime/net/url.h"

/* A socket that libcurl asked us to watch. */
struct curl_watch {
	struct watch watch;
	struct dialer *dialer;
};

static void
describe_curl_failure(struct dial *d, CURLcode code)
{
	long os_errno = 0;

	if (code == CURLE_OPERATION_TIMEDOUT) {
		error_set(&d->failed, ERROR_TIMEOUT,
		    "cannot connect to %s: no answer within %lld ms", d->peer,
		    (long long)d->timeout_ms);
		return;
	}
	curl_easy_getinfo(d->easy, CURLINFO_OS_ERRNO, &os_errno);
	if (code == CURLE_COULDNT_CONNECT && os_errno != 0)
		dial_refused(d, (int)os_errno);
	else
		error_set(&d->failed, ERROR_UNAVAILABLE, "cannot connect to %s: %s", d->peer,
		    d->why[0] != '\0' ? d->why : curl_easy_strerror(code));
}

static void
curl_connected(struct dial *d)
{
	struct transport t = { .fd = -1 };
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(d->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD) {
		error_set(&d->failed, ERROR_INTERNAL, "connection to %s was lost", d->peer);
		dial_fail(d, &d->failed);
		return;
	}
	if (d->tls) {
		/* The handle stays in the multi: taking it out would close the connection. */
		t.fd = fd;
		t.curl = d->easy;
		curl_easy_setopt(d->easy, CURLOPT_ERRORBUFFER, NULL);
		curl_easy_setopt(d->easy, CURLOPT_PRIVATE, NULL);
		d->easy = NULL;
	} else {
		/* A copy outlives the handle, which costs more memory than the stream itself. */
		t.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (t.fd < 0) {
			error_errno(&d->failed, "connection to %s", d->peer);
			dial_fail(d, &d->failed);
			return;
		}
	}
	dial_succeed(d, &t);
}

static void
report_done(struct dialer *r)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(r->multi, &left)) != NULL) {
		struct dial *d = NULL;
		const CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&d);
		if (d == NULL)
			continue;
		if (code == CURLE_OK) {
			curl_connected(d);
		} else {
			describe_curl_failure(d, code);
			dial_fail(d, &d->failed);
		}
	}
}

static void
on_curl_socket(struct watch *w, uint32_t events, void *arg)
{
	struct dialer *const r = ((struct curl_watch *)arg)->dialer;
	int running, what = 0;

	if ((events & EPOLLIN) != 0)
		what |= CURL_CSELECT_IN;
	if ((events & EPOLLOUT) != 0)
		what |= CURL_CSELECT_OUT;
	if ((events & (EPOLLERR | EPOLLHUP)) != 0)
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(r->multi, w->fd, what, &running); /* may free w */
	report_done(r);
}

static void
on_curl_time(struct timer *t, void *arg)
{
	struct dialer *const r = arg;
	int running;

	(void)t;
	curl_multi_socket_action(r->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	report_done(r);
}

static int
curl_wants_time(CURLM *multi, long delay_ms, void *arg)
{
	struct dialer *const r = arg;

	(void)multi;
	if (delay_ms < 0)
		timer_cancel(&r->timer);
	else
		timer_set(r->loop, &r->timer, delay_ms, on_curl_time, r);
	return 0;
}

static int
curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct dialer *const r = arg;
	struct curl_watch *cw = socket_arg;
	const uint32_t events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0) |
	    ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (cw != NULL)
			loop_unwatch(&cw->watch);
		free(cw);
		curl_multi_assign(r->multi, fd, NULL);
	} else if (cw != NULL) {
		loop_rewatch(&cw->watch, events);
	} else {
		cw = mem_zalloc(sizeof(*cw));
		cw->dialer = r;
		curl_multi_assign(r->multi, fd, cw);
		/* If this fails the dial ends by its timeout. */
		loop_watch(r->loop, &cw->watch, fd, events, on_curl_socket, cw, NULL);
	}
	return 0;
}

struct dialer *
dialer_new(struct loop *l, struct error *err)
{
	struct dialer *r = mem_zalloc(sizeof(*r));

	r->loop = l;
	r->multi = curl_multi_init();
	if (r->multi == NULL) {
		free(r);
		error_set(err, ERROR_INTERNAL, "libcurl cannot start");
		return NULL;
	}
	curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
	curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, curl_wants_time);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
	return r;
}

void
dialer_set_ca(struct dialer *r, const char *path)
{
	str_replace(&r->ca_file, path);
}

void
dialer_free(struct dialer *r)
{
	const struct error cancelled = { .kind = ERROR_CANCELLED,
		.text = "the connection is no longer wanted" };

	if (r == NULL)
		return;
	while (r->first != NULL)
		dial_fail(r->first, &cancelled);
	curl_multi_cleanup(r->multi);
	timer_cancel(&r->timer);
	free(r->ca_file);
	free(r);
}

/* Every option that could be refused for its value: an https URL is never dialled without them. */
static CURLcode
set_options(struct dial *d, const char *url)
{
	CURL *const easy = d->easy;
	CURLcode code;

#define SET(option, value)                                                          \
	do {                                                                        \
		if ((code = curl_easy_setopt(easy, (option), (value))) != CURLE_OK) \
			return code;                                                \
	} while (0)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)d->timeout_ms);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* giving up on a slow resolver must not wait for it */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (d->dialer->ca_file != NULL)
		SET(CURLOPT_CAINFO, d->dialer->ca_file);
	SET(CURLOPT_ERRORBUFFER, d->why);
	SET(CURLOPT_PRIVATE, (char *)d);
#undef SET
	return CURLE_OK;
}

static int
start_curl(struct dial *d, const struct url *u)
{
	const bool v6 = strchr(u->host, ':') != NULL;
	char url[320];

	snprintf(url, sizeof(url), "%s://%s%s%s:%d/", u->tls ? "https" : "http", v6 ? "[" : "",
	    u->host, v6 ? "]" : "", u->port);
	d->easy = curl_easy_init();
	if (d->easy == NULL)
		return error_set(&d->failed, ERROR_INTERNAL, "libcurl has no handle");
	const CURLcode code = set_options(d, url);
	if (code != CURLE_OK)
		return error_set(
		    &d->failed, ERROR_INTERNAL, "libcurl: %s", curl_easy_strerror(code));
	if (curl_multi_add_handle(d->dialer->multi, d->easy) != CURLM_OK)
		return error_set(&d->failed, ERROR_INTERNAL, "libcurl takes no handle");
	return 0;
}

/* A numeric host as an address; 0 if it is a name. */
static socklen_t
numeric_address(const struct url *u, struct sockaddr_storage *out)
{
	struct sockaddr_in *const v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *const v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, u->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)u->port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, u->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)u->port);
		return sizeof(*v6);
	}
	return 0;
}

struct dial *
dial_url(struct dialer *r, const struct url *u, int64_t timeout_ms, dial_fn *fn, void *arg)
{
	struct dial *d = dial_new(r->loop, r, timeout_ms, fn, arg);
	struct sockaddr_storage to;
	socklen_t to_len;

	d->tls = u->tls;
	snprintf(d->peer, sizeof(d->peer), "%s:%d", u->host, u->port);
	if (!u->tls && (to_len = numeric_address(u, &to)) > 0) {
		d->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (d->fd < 0) {
			error_errno(&d->failed, "cannot connect to %s", d->peer);
			dial_fail_soon(d);
			return d;
		}
		dial_connect(d, (const struct sockaddr *)&to, to_len);
	} else if (start_curl(d, u) < 0) {
		dial_fail_soon(d);
	}
	return d;
}
