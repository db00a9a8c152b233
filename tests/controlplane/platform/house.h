/*
 * house.h - a broker on a loop of its own between plain sockets: a pod that sends any bytes, a
 * janusd that says which chats run, and an upstream that answers whatever it is told to.
 *
 * Whoever waits here waits for an event; WAIT_MS is only how long a broken test takes.
 */
#ifndef JANUS_TEST_PLATFORM_HOUSE_H
#define JANUS_TEST_PLATFORM_HOUSE_H
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/control.h"
#include "controlplane/platform/config.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/sandboxes.h"
#include "controlplane/platform/search.h"
#include "controlplane/platform/vector.h"
#include "controlplane/platform/web.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"

#define WAIT_MS 60000
#define TOKEN_SHA256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* "test" */

struct house {
	struct platform p;
	struct platform_config config; /* set what is needed before house_open */
	pthread_t loop_thread, janusd_thread, upstream_thread;
	char dir[64];
	int port, upstream_port; /* of the pod's listener; of the upstream */
	int listener, upstream, janusd; /* janusd: its end of the control socket */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	const char *answer; /* what the upstream says to each connection; NULL: nothing, ever */
	egress_resolve_fn *resolve; /* of the web's names; NULL: the system's */
	bool test_loopback; /* the web may reach the upstream */
	const char *before_sandboxes; /* what an earlier broker has left in its list; or NULL */
	size_t answer_len; /* where it is not a text */
	bool silent; /* janusd answers no question */
	char runs[128]; /* the chat that runs */
	struct buf told; /* "calls" packets, one after the other */
	struct buf asked; /* the upstream's last request */
	int ncalls, nquestions, nrequests;
};
static struct house h = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* Bytes that a thread of the house may still look at when the test has gone on: kept to its end. */
static inline void *
house_keep(void *bytes)
{
	static void *kept[4096];
	static size_t n;

	ck_assert_uint_lt(n, sizeof(kept) / sizeof(kept[0]));
	return kept[n++] = bytes;
}

static inline void
house_changed(int *counter, int more)
{
	pthread_mutex_lock(&h.lock);
	*counter += more;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
}

/* Wait until a counter of the house is at least n. */
static inline void
house_wait(const int *counter, int n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&h.lock);
	while (*counter < n)
		if (pthread_cond_timedwait(&h.changed, &h.lock, &until) == ETIMEDOUT)
			break;
	const int seen = *counter;
	pthread_mutex_unlock(&h.lock);
	ck_assert_int_ge(seen, n);
}

static inline void
house_write(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

static inline void
house_upstream_one(int fd)
{
	char bytes[65536];
	size_t len = 0;

	while (len < sizeof(bytes) - 1) {
		const ssize_t n = recv(fd, bytes + len, sizeof(bytes) - 1 - len, 0);
		const char *end, *length;

		if (n <= 0)
			break;
		len += (size_t)n;
		bytes[len] = '\0';
		if ((end = strstr(bytes, "\r\n\r\n")) == NULL)
			continue;
		length = strcasestr(bytes, "content-length: ");
		if (len >= (size_t)(end + 4 - bytes) +
			(length != NULL && length < end ? strtoul(length + 16, NULL, 10) : 0))
			break;
	}
	pthread_mutex_lock(&h.lock);
	buf_clear(&h.asked);
	buf_add(&h.asked, bytes, len);
	const char *answer = h.answer;
	const size_t answer_len = h.answer_len;
	pthread_mutex_unlock(&h.lock);
	house_changed(&h.nrequests, 1);
	if (answer != NULL)
		house_write(fd, answer, answer_len > 0 ? answer_len : strlen(answer));
	else
		while (recv(fd, bytes, sizeof(bytes), 0) > 0)
			;
}

static inline void *
house_upstream(void *arg)
{
	(void)arg;
	for (;;) {
		const int fd = accept(h.upstream, NULL, NULL);

		if (fd < 0)
			return NULL;
		house_upstream_one(fd);
		close(fd);
	}
}

static inline void
house_janusd_hears(const char *packet, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_free_ char *answer = NULL;

	if (json_parse(packet, len, &json, NULL) < 0 || json_str(json, "op") == NULL)
		return;
	if (str_eq(json_str(json, "op"), "calls")) {
		pthread_mutex_lock(&h.lock);
		buf_add(&h.told, packet, len);
		buf_add_char(&h.told, '\n');
		pthread_mutex_unlock(&h.lock);
		house_changed(&h.ncalls, cJSON_GetArraySize(json_get(json, "calls")));
		return;
	}
	if (!h.silent) {
		answer = str_printf(
		    "{\"op\":\"chat\",\"instance\":\"%s\",\"request_id\":\"%s\",\"runs\":%s}",
		    json_str(json, "instance"), json_str(json, "request_id"),
		    str_eq(json_str(json, "request_id"), h.runs) ? "true" : "false");
		fdpass_send(h.janusd, answer, strlen(answer), -1);
	}
	house_changed(&h.nquestions, 1);
}

static inline void *
house_janusd(void *arg)
{
	char packet[CONTROL_PACKET_MAX];
	struct pollfd p = { .fd = h.janusd, .events = POLLIN };

	(void)arg;
	for (;;) {
		int fd = -1;

		if (poll(&p, 1, -1) < 0)
			continue;
		const ssize_t n = fdpass_recv(h.janusd, packet, sizeof(packet), &fd);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return NULL;
		house_janusd_hears(packet, (size_t)n);
	}
}

static inline void *
house_loop(void *arg)
{
	(void)arg;
	loop_run(h.p.loop);
	return NULL;
}

static inline int
house_port_of(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* Policy and prices as JSON, NULL: as built in.  has_provider: the upstream is a model provider. */
static inline void
house_open(const char *policy, const char *prices, bool has_provider)
{
	static const char pod[] = "{\"op\":\"pod\",\"instance\":\"ins_1\",\"competitor\":\"owl\","
				  "\"token_sha256\":\"" TOKEN_SHA256 "\"}";
	_cleanup_free_ char *path = NULL;
	struct error err = { 0 };
	char base[64];

	http_client_setup();
	log_set_levels("error");
	snprintf(h.dir, sizeof(h.dir), "/tmp/janus-house-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h.dir));
	path = str_printf("%s/p.sock", h.dir);
	h.p.loop = loop_new(&err);
	h.p.workers = workers_new(4);
	ck_assert_int_eq(
	    policy_parse(&h.p.policy, policy, policy != NULL ? strlen(policy) : 0, &err), 0);
	ck_assert_int_eq(prices != NULL ? prices_parse(&h.p.prices, prices, strlen(prices), &err)
					: prices_load(&h.p.prices, NULL, &err),
	    0);
	h.upstream = http_listen_tcp("127.0.0.1", 0, false, &err);
	h.listener = http_listen_tcp("127.0.0.1", 0, false, &err);
	h.port = house_port_of(h.listener);
	h.upstream_port = house_port_of(h.upstream);
	/* Our listener blocks, the broker's does not: another open file is needed for the upstream. */
	ck_assert_int_eq(fcntl(h.upstream, F_SETFL, 0), 0);
	if (has_provider) {
		snprintf(base, sizeof(base), "http://127.0.0.1:%d/v1", h.upstream_port);
		ck_assert_int_eq(
		    provider_init(&h.p.provider, h.p.loop, base, "sk-provider-secret", &err), 0);
		h.p.has_provider = true;
	}
	h.config.state_dir = h.dir;
	if (h.config.search_dir == NULL)
		h.config.search_dir = h.dir;
	if (h.config.search_key == NULL)
		h.config.search_key = (char *)(uintptr_t) "";
	if (h.config.search_url != NULL) /* of our upstream */
		h.config.search_url = str_printf("http://127.0.0.1:%d", h.upstream_port);
	snprintf(base, sizeof(base), "127.0.0.1:%d", h.upstream_port);
	h.p.web = web_new(h.p.loop, h.test_loopback ? base : NULL, &err);
	h.p.web->egress.resolve = h.resolve;
	h.config.sandbox_url = str_printf("http://127.0.0.1:%d", h.upstream_port);
	h.config.sandbox_key = (char *)(uintptr_t) "sandy-secret-key";
	_cleanup_free_ char *list = str_printf("%s/sandboxes", h.dir);
	if (h.before_sandboxes != NULL)
		file_write(list, h.before_sandboxes, strlen(h.before_sandboxes), 0600, NULL);
	h.p.sandboxes = sandboxes_new(h.p.loop, &h.config, &err);
	h.p.search = search_new(h.p.loop, &h.config);
	_cleanup_free_ char *vectors = str_printf("%s/vectors.db", h.dir);
	h.p.vectors = vector_service_new(h.p.loop, vectors, getenv("VECTOR_EXTENSION"));
	h.p.control = control_new(&h.p, path, &err);
	ck_assert_msg(h.p.control != NULL, "%s", err.text);
	pthread_create(&h.loop_thread, NULL, house_loop, NULL);
	pthread_create(&h.upstream_thread, NULL, house_upstream, NULL);
	h.janusd = fdpass_connect(path, &err);
	ck_assert_int_eq(fdpass_send(h.janusd, pod, sizeof(pod) - 1, h.listener), 0);
	pthread_create(&h.janusd_thread, NULL, house_janusd, NULL);
}

static inline void
house_close(void)
{
	loop_stop(h.p.loop);
	pthread_join(h.loop_thread, NULL);
	caller_drop_all(&h.p);
	sandboxes_free(h.p.sandboxes);
	web_stop(h.p.web);
	search_free(h.p.search);
	vector_service_free(h.p.vectors);
	free(h.config.search_url);
	reports_done(&h.p.reports);
	control_free(h.p.control);
	shutdown(h.upstream, SHUT_RDWR);
	pthread_join(h.upstream_thread, NULL);
	pthread_join(h.janusd_thread, NULL);
	if (h.p.has_provider)
		provider_done(&h.p.provider);
	workers_free(h.p.workers);
	loop_run_posted(h.p.loop);
	web_free(h.p.web);
	free(h.config.sandbox_url);
	accounts_close(&h.p.accounts);
	policy_done(&h.p.policy);
	prices_done(&h.p.prices);
	loop_free(h.p.loop);
	close(h.upstream);
	close(h.listener);
	close(h.janusd);
	buf_done(&h.told);
	buf_done(&h.asked);
	file_remove_tree(h.dir, NULL);
}

/* ---- the pod ---- */

static inline int
pod_connect(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Everything until the broker closes; the caller's. */
static inline char *
pod_read(int fd)
{
	struct buf got = { 0 };
	char bytes[65536];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		ck_assert_msg(poll(&p, 1, WAIT_MS) == 1, "the broker says nothing; so far: %s",
		    buf_str(&got));
		const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		buf_add(&got, bytes, (size_t)n);
	}
	close(fd);
	return buf_take(&got);
}

/* A request with a JSON body (NULL: none) and more header lines ("" or "name: value\r\n"...). */
static inline int
pod_send(const char *method, const char *target, const char *headers, const char *body)
{
	_cleanup_free_ char *bytes = body != NULL
	    ? str_printf("%s %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n%s"
			 "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
		  method, target, headers, strlen(body), body)
	    : str_printf("%s %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n%s\r\n", method, target,
		  headers);
	const int fd = pod_connect();

	house_write(fd, bytes, strlen(bytes));
	return fd;
}

static inline char *
pod_ask(const char *method, const char *target, const char *headers, const char *body)
{
	return pod_read(pod_send(method, target, headers, body));
}

static inline int
status_of(const char *answer)
{
	return strlen(answer) > 12 ? atoi(answer + 9) : 0;
}

static inline void
check_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in: %s", part, text);
}
static inline void
check_lacks(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "'%s' is in: %s", part, text);
}
#endif
