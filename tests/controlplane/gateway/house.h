/*
 * house.h - a gateway on a loop of its own between plain sockets: a client that sends any bytes,
 * and an upstream that plays a script on every connection.
 *
 * Competitors: "web" behind a URL, "pod" behind a link, both the same upstream; "web" is the
 * default.  Whoever waits here waits for an event; WAIT_MS is only how long a broken test takes.
 */
#ifndef JANUS_TEST_GATEWAY_HOUSE_H
#define JANUS_TEST_GATEWAY_HOUSE_H
#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/observe/usage.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "controlplane/store/battles.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"
#include "runtime/net/http_server.h"
#include "tests/run.h"

#define WAIT_MS 60000

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
#define CHAT "{\"model\":\"janus\"," MESSAGES "}"
#define CHAT_STREAM "{\"model\":\"janus\",\"stream\":true," MESSAGES "}"
#define WHOLE                                                                                  \
	"{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},"  \
	"\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2," \
	"\"total_tokens\":7}}"
#define JSON_HEAD "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
#define SSE_HEAD "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
#define SSE_CHUNKED \
	"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
#define HI "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE                                                                                      \
	"data: "                                                                                   \
	"{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":" \
	"7}}\n\n"
#define DONE "data: [DONE]\n\n"

/* What the upstream does with a connection after having read the request; at the end it closes. */
enum act {
	END,
	KEEP, /* wait for another request on the same connection, and play the script as it is then */
	SEND,
	DRIP, /* byte by byte, each a packet of its own */
	RESET,
	HANG, /* until the gateway leaves */
	PACE, /* as REPEAT, a little slower than the eye */
	REPEAT, /* send the same without end, until the gateway leaves */
	IGNORE, /* as REPEAT, but goes on when the gateway has left, until house.open_gate */
	GATE, /* until house.open_gate */
	ECHO, /* an answer whose content is the request's "seed" */
};
struct step {
	enum act act;
	const char *bytes;
	size_t len; /* 0: of the string */
};

struct house_path {
	const char *begins; /* NULL ends the list */
	const struct step *script;
};

enum link_mode { LINK_GOOD, LINK_NONE, LINK_CLOSED, LINK_FILE, LINK_TWO, LINK_GARBAGE, LINK_HANGS };

struct house {
	struct loop *loop;
	struct gateway *gw;
	pthread_t loop_thread;
	int port, upstream_port, upstream, link;
	char dir[64], link_path[100];
	struct gateway_config config;
	struct http_server_limits http;
	void (*on_up)(void), (*on_down)(void); /* between the loop and the gateway; NULL */
	int limit; /* slots of each target; 0: any number */
	struct traffic_rules traffic; /* of each competitor; queue_max 0: it has no such thing */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* the script; with by_seed, the bytes of its first step are cut at the request's "seed" */
	const struct step *script;
	const struct house_path *paths; /* scripts for GETs, by how the target begins; NULL */
	bool by_seed;
	enum act after_cut;
	bool deaf; /* the upstream accepts no connection */
	enum link_mode link_mode;
	bool gate;
	struct buf seen; /* the last request */
	int connections, finished, requests, torn, cancelled, links;
	int again, mixed; /* requests on a connection that had one before; of another "user" */
	int usages, turns;
	struct chat_result used; /* of the last usage */
	struct usage_row row; /* that is kept of it */
	char used_id[160], used_competitor[40];
	const char *of_id; /* only of this request; NULL: of any */
	int log, log_before; /* descriptors, from house_log to house_logged */
	int begun, ended; /* battles */
	struct battle battle; /* the last row of one */
};
static struct house h = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct step answers_whole[] = { { SEND, JSON_HEAD WHOLE, 0 }, { 0 } };
static const struct step answers_stream[] = { { SEND, SSE_HEAD HI STOP DONE, 0 }, { 0 } };

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
house_changed(int *counter)
{
	pthread_mutex_lock(&h.lock);
	++*counter;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
}

/* Wait until a counter of the house is at least n. */
static inline void
house_wait(const int *counter, int n)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&h.lock);
	while (*counter < n)
		if (pthread_cond_timedwait(&h.changed, &h.lock, &until) == ETIMEDOUT)
			break;
	const int have = *counter;
	pthread_mutex_unlock(&h.lock);
	ck_assert_msg(have >= n, "%d of %d happened", have, n);
}

static inline int
house_get(const int *counter)
{
	pthread_mutex_lock(&h.lock);
	const int n = *counter;
	pthread_mutex_unlock(&h.lock);
	return n;
}

/* The upstream has done with all its connections, and with its script. */
static inline void
house_wait_idle(void)
{
	house_wait(&h.finished, house_get(&h.connections));
}

static inline void
house_turned(void *arg)
{
	house_changed(arg);
}

/* What the gateway's loop did so far is behind it: a turn has ended, and its log is written. */
static inline void
house_wait_turn(void)
{
	const int before = house_get(&h.turns);

	loop_post(h.loop, house_turned, &h.turns);
	house_wait(&h.turns, before + 1);
}

/* From now on all is logged, to a file. */
static inline void
house_log(void)
{
	_cleanup_free_ char *path = str_printf("%s/log", h.dir);

	h.log = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(h.log, 0);
	unlink(path);
	h.log_before = fcntl(2, F_DUPFD_CLOEXEC, 3);
	log_set_levels("debug");
	dup2(h.log, 2);
}

/* Only errors are, as before; and all that was since. */
static inline const char *
house_logged(void)
{
	const size_t most = 1 << 20;
	char *text = house_keep(mem_zalloc(most));

	house_wait_turn();
	log_set_levels("error");
	dup2(h.log_before, 2);
	close(h.log_before);
	ck_assert_int_gt(pread(h.log, text, most - 1, 0), 0);
	close(h.log);
	return text;
}

/* Wait until that is in the log. */
static inline void
house_log_has(const char *words)
{
	_cleanup_free_ char *text = mem_zalloc(65536);

	for (int tries = 0; tries < WAIT_MS / 5; tries++) {
		if (pread(h.log, text, 65535, 0) > 0 && strstr(text, words) != NULL)
			return;
		poll(NULL, 0, 5);
	}
	ck_abort_msg("no %s in %s", words, text);
}

static inline bool
goes_on(enum act act)
{
	return act == SEND || act == DRIP || act == GATE || act == ECHO;
}

/* It is copied: a thread may still play it when the test has ended. */
static inline void
house_script(const struct step *script)
{
	size_t n = 0;

	while (goes_on(script[n].act))
		n++;
	n += script[n].act != END;
	struct step *copy = house_keep(mem_zalloc((n + 1) * sizeof(*copy)));
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &script[i];
		const size_t len = s->len > 0 || s->bytes == NULL ? s->len : strlen(s->bytes);

		copy[i] = *s;
		if (s->bytes != NULL)
			copy[i].bytes = house_keep(str_ndup(s->bytes, len));
	}
	pthread_mutex_lock(&h.lock);
	h.script = copy;
	pthread_mutex_unlock(&h.lock);
}

static inline void
house_open_gate(void)
{
	pthread_mutex_lock(&h.lock);
	h.gate = true;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
}

/* ---- upstream ---- */

static inline bool
send_all(int fd, const char *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		const ssize_t n = send(fd, bytes + at, len - at, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static inline void
reset_at_close(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static inline bool
gate_is_open(void)
{
	pthread_mutex_lock(&h.lock);
	const bool open = h.gate;
	pthread_mutex_unlock(&h.lock);
	return open;
}

static inline void
wait_gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	if (poll(&p, 1, WAIT_MS) > 0)
		house_changed(&h.cancelled);
}

/* True: the connection is kept. */
static inline bool
upstream_play(int fd, const struct step *s)
{
	for (; s->act != END; s++) {
		const size_t len = s->len > 0 || s->bytes == NULL ? s->len : strlen(s->bytes);

		switch (s->act) {
		case SEND:
			if (!send_all(fd, s->bytes, len))
				return false;
			break;
		case DRIP:
			for (size_t i = 0; i < len; i++)
				if (!send_all(fd, s->bytes + i, 1))
					return false;
			break;
		case RESET: reset_at_close(fd); return false;
		case HANG: wait_gone(fd); return false;
		case REPEAT:
			while (send_all(fd, s->bytes, len))
				;
			house_changed(&h.cancelled);
			return false;
		case PACE:
			while (send_all(fd, s->bytes, len))
				poll(NULL, 0, 5);
			house_changed(&h.cancelled);
			return false;
		case IGNORE:
			while (!gate_is_open())
				if (!send_all(fd, s->bytes, len))
					poll(NULL, 0, 1); /* computes on for nobody */
			return false;
		case GATE:
			pthread_mutex_lock(&h.lock);
			while (!h.gate)
				pthread_cond_wait(&h.changed, &h.lock);
			pthread_mutex_unlock(&h.lock);
			break;
		case KEEP: return true;
		case ECHO: /* became a SEND */
		case END: break;
		}
	}
	return false;
}

static inline bool
read_request(int fd, struct buf *in)
{
	size_t need = 0;
	ssize_t n;

	while (need == 0 || in->len < need) {
		if ((n = recv(fd, buf_reserve(in, 65536), 65536, 0)) <= 0)
			return false;
		in->len += (size_t)n;
		buf_add(in, "", 0);
		const char *end = need == 0 ? strstr(buf_str(in), "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		const char *length = strcasestr(in->data, "\r\ncontent-length: ");
		need = (size_t)(end + 4 - in->data);
		if (length != NULL && length < end)
			need += strtoul(length + 18, NULL, 10);
	}
	return true;
}

/* The request, and the answer that the script has for it; true: the connection is kept. */
static inline bool
upstream_answer(int fd, struct buf *in)
{
	struct step cut[3] = { 0 };
	_cleanup_free_ char *echoed = NULL;

	pthread_mutex_lock(&h.lock);
	buf_clear(&h.seen);
	buf_add(&h.seen, in->data, in->len);
	const struct step *script = h.script;
	for (const struct house_path *p = h.paths; p != NULL && p->begins != NULL; p++)
		if (strncmp(in->data, "GET ", 4) == 0 &&
		    strncmp(in->data + 4, p->begins, strlen(p->begins)) == 0)
			script = p->script;
	const char *seed = strstr(in->data, "\"seed\":");
	const size_t at = seed != NULL ? strtoul(seed + 7, NULL, 10) : 0;
	if (script[0].act == GATE && script[1].act == ECHO) {
		echoed = str_printf(JSON_HEAD "{\"choices\":[{\"index\":0,\"message\":{\"role\":"
					      "\"assistant\",\"content\":\"echo %zu.\"}}]}",
		    at);
		cut[0] = script[0];
		cut[1] = (struct step){ SEND, echoed, 0 };
		script = cut;
	} else if (h.by_seed && seed != NULL) {
		cut[0] = (struct step){ at > 0 ? SEND : h.after_cut, script->bytes, at };
		cut[1] = (struct step){ h.after_cut, NULL, 0 };
		script = cut;
	}
	h.requests++;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
	return upstream_play(fd, script);
}

/* Who asks, by the body's "user"; 0: it does not say. */
static inline char
user_of(const struct buf *in)
{
	const char *user = strstr(in->data, "\"user\":\"");

	return user != NULL ? user[8] : '\0';
}

static inline void *
upstream_connection(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	_cleanup_buf_ struct buf in = { 0 };
	const int one = 1;
	char user = '\0';
	int served = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (bool open = true; open;) {
		buf_clear(&in);
		if (!read_request(fd, &in)) {
			if (served == 0 || in.len > 0)
				house_changed(&h.torn);
			break;
		}
		if (served++ > 0) {
			house_changed(&h.again);
			if (user_of(&in) != user)
				house_changed(&h.mixed);
		}
		user = user_of(&in);
		open = upstream_answer(fd, &in);
	}
	close(fd); /* before anybody is told that it has ended */
	house_changed(&h.finished);
	return NULL;
}

static inline void *
upstream_main(void *arg)
{
	pthread_attr_t detached;

	(void)arg;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		const int fd = accept(h.upstream, NULL, NULL);
		pthread_t t;

		if (fd < 0 && errno == EMFILE)
			continue; /* for as long as a test lets nobody have one */
		if (fd < 0)
			break; /* the test has shut it down */
		house_changed(&h.connections);
		if (pthread_create(&t, &detached, upstream_connection, (void *)(intptr_t)fd) != 0)
			close(fd);
	}
	return NULL;
}

/* ---- the link of the pod ---- */

static inline void
link_send(int client, enum link_mode mode)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	_cleanup_close_ int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int two[2] = { fd, other };
	char control[CMSG_SPACE(sizeof(two))] = { 0 };
	struct iovec io = { (void *)"", 1 };
	struct msghdr msg = { .msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	switch (mode) {
	case LINK_GOOD: fdpass_send(client, "", 1, fd); break;
	case LINK_NONE: (void)!send(client, "", 1, MSG_NOSIGNAL); break;
	case LINK_FILE: fdpass_send(client, "", 1, file); break;
	case LINK_GARBAGE: (void)!send(client, "garbage!garbage!", 16, MSG_NOSIGNAL); break;
	case LINK_TWO: {
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(two));
		memcpy(CMSG_DATA(c), two, sizeof(two));
		(void)!sendmsg(client, &msg, MSG_NOSIGNAL);
		break;
	}
	case LINK_CLOSED:
	case LINK_HANGS: break;
	}
}

static inline void *
link_main(void *arg)
{
	(void)arg;
	for (;;) {
		_cleanup_close_ int client = accept(h.link, NULL, NULL);
		enum link_mode mode;
		char op;

		while (recv(client, &op, 1, 0) == 1) {
			pthread_mutex_lock(&h.lock);
			mode = h.link_mode;
			pthread_mutex_unlock(&h.lock);
			house_changed(&h.links);
			if (mode == LINK_CLOSED)
				break;
			link_send(client, mode);
		}
	}
	return NULL;
}

/* ---- the gateway ---- */

static inline void
house_on_usage(const struct gateway_usage *u, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&h.lock);
	if (h.of_id == NULL || str_eq(h.of_id, u->request_id)) {
		h.used = *u->result;
		h.row = usage_row_of(u);
		snprintf(h.used_id, sizeof(h.used_id), "%s", u->request_id);
		snprintf(h.used_competitor, sizeof(h.used_competitor), "%s", u->competitor);
	}
	h.usages++;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
}

/* Wait until a chat is written down as this competitor's. */
static inline void
house_served(const char *competitor)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&h.lock);
	while (strcmp(h.used_competitor, competitor) != 0)
		if (pthread_cond_timedwait(&h.changed, &h.lock, &until) == ETIMEDOUT)
			break;
	ck_assert_str_eq(h.used_competitor, competitor);
	pthread_mutex_unlock(&h.lock);
}

/* Does what upstream was sent last end so? */
static inline bool
house_saw_end(const char *end)
{
	pthread_mutex_lock(&h.lock);
	const bool ends = str_ends(buf_str(&h.seen), end);
	pthread_mutex_unlock(&h.lock);
	return ends;
}

static inline bool
house_health(struct buf *out, void *arg)
{
	(void)arg;
	buf_add_str(out, "\"database\":{\"ok\":true,\"detail\":\"\"}");
	return true;
}

static inline void
house_on_battle(const struct battle *b, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&h.lock);
	h.battle = *b;
	*(b->state == BATTLE_RUNNING ? &h.begun : &h.ended) += 1;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
}

static const struct gateway_hooks house_hooks = {
	.on_usage = house_on_usage, .on_battle = house_on_battle, .health = house_health
};

static inline int
listen_any(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 4096), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

/* From now on a connect to the upstream gets no answer. */
static inline void
fill_backlog(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.upstream_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	listen(h.upstream, 0);
	for (int i = 0; i < 4; i++)
		(void)connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
		    (const struct sockaddr *)&to, sizeof(to));
}

static inline void
house_route(struct route *r, const char *slug, bool is_pod)
{
	struct route_target *t = route_target_new();

	snprintf(t->instance, sizeof(t->instance), "ins_%s", slug);
	t->is_pod = is_pod;
	t->port = t->url.port = h.upstream_port;
	strcpy(t->url.host, "127.0.0.1");
	strcpy(t->url.path, "/");
	snprintf(t->link_path, sizeof(t->link_path), "%s", h.link_path);
	t->limit = h.limit;
	t->traffic = h.traffic.queue_max > 0 ? traffic_new(&h.traffic) : NULL;
	snprintf(r->slug, sizeof(r->slug), "%s", slug);
	snprintf(r->competitor, sizeof(r->competitor), "cpt_%s", slug);
	r->targets = mem_zalloc(sizeof(struct route_target *));
	r->ntargets = 1;
	r->targets[0] = t;
}

static inline void *
house_loop(void *arg)
{
	(void)arg;
	loop_run(h.loop);
	return NULL;
}

/* No ping comes between and nothing times out, however busy the machine is, but what a test wants to. */
static inline struct chat_relay_limits
house_relay(void)
{
	struct chat_relay_limits l = chat_relay_defaults;

	l.hold_ms = l.ping_ms = l.first_byte_ms = l.gap_ms = WAIT_MS;
	l.total_ms = 5 * WAIT_MS;
	return l;
}

static inline void
house_up(void)
{
	struct error err = { 0 };
	pthread_condattr_t attr;
	pthread_t t;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h.changed, &attr);
	log_set_levels("error");
	if (h.config.connect_ms == 0)
		h.config = (struct gateway_config){ .relay = house_relay(),
			.connect_ms = WAIT_MS,
			.body_bytes = 1 << 20,
			.anonymous = true,
			.queue_wait_ms = 60000,
			.listen_host = "127.0.0.1" };
	if (h.http.url_bytes == 0)
		h.http = http_server_defaults;
	h.config.http = &h.http;
	if (h.script == NULL)
		h.script = answers_whole;
	strcpy(h.dir, "/tmp/test-house.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h.dir));
	snprintf(h.link_path, sizeof(h.link_path), "%s/link.sock", h.dir);
	h.link = fdpass_listen(h.link_path, 0600, &err);
	fcntl(h.link, F_SETFL, 0); /* the thread blocks */
	h.upstream = listen_any(&h.upstream_port);
	h.loop = loop_new(&err);
	if (h.on_up != NULL)
		h.on_up();
	h.gw = gateway_new(h.loop, &h.config, &house_hooks, NULL, &err);
	ck_assert_msg(h.gw != NULL, "%s", err.text);
	ck_assert_int_eq(gateway_serve(h.gw, listen_any(&h.port), &err), 0);
	struct routes *r = routes_new(2);
	house_route(&r->at[0], "web", false);
	house_route(&r->at[1], "pod", true);
	r->at[0].is_default = true;
	gateway_set_routes(h.gw, r);
	if (h.deaf)
		fill_backlog();
	else
		pthread_create(&t, NULL, upstream_main, NULL);
	pthread_create(&t, NULL, link_main, NULL);
	pthread_create(&h.loop_thread, NULL, house_loop, NULL);
}

static inline void
house_down(void)
{
	loop_stop(h.loop);
	pthread_join(h.loop_thread, NULL);
	if (h.on_down != NULL)
		h.on_down();
	gateway_free(h.gw);
	loop_free(h.loop);
	pthread_mutex_lock(&h.lock);
	buf_done(&h.seen);
	pthread_mutex_unlock(&h.lock);
	unlink(h.link_path);
	rmdir(h.dir);
}

/* ---- the client ---- */

struct peer {
	int fd;
	struct buf in; /* received, not yet taken */
	bool ended; /* the other side has closed or reset */
};
struct answer {
	int status; /* 0: closed without one */
	int interims; /* 1xx before it */
	char *head;
	struct buf body; /* without chunk frames */
	bool whole; /* as long as it said */
};

static inline struct peer
peer_open(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)h.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;
	struct peer p = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	ck_assert_int_ge(p.fd, 0);
	ck_assert_int_eq(connect(p.fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return p;
}

static inline void
peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	buf_done(&p->in);
}

/* More bytes; false at the end. */
static inline bool
peer_fill(struct peer *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	if (p->ended)
		return false;
	ck_assert_msg(poll(&poll_fd, 1, WAIT_MS) == 1, "silence; so far: %s", buf_str(&p->in));
	const ssize_t n = recv(p->fd, buf_reserve(&p->in, 65536), 65536, 0);
	if (n <= 0) {
		p->ended = true;
		return false;
	}
	p->in.len += (size_t)n;
	buf_add(&p->in, "", 0);
	return true;
}

static inline bool
peer_until(struct peer *p, const char *text)
{
	while (p->in.len == 0 || memmem(p->in.data, p->in.len, text, strlen(text)) == NULL)
		if (!peer_fill(p))
			return false;
	return true;
}

static inline const char *
header_of(const char *head, const char *name)
{
	const size_t len = strlen(name);

	for (const char *p = head; (p = strstr(p, "\r\n")) != NULL;) {
		p += 2;
		if (strncasecmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1 + strspn(p + len + 1, " ");
	}
	return NULL;
}

static inline bool
take_chunks(struct peer *p, struct buf *body)
{
	for (;;) {
		if (!peer_until(p, "\r\n"))
			return false;
		const size_t line = (size_t)(strstr(p->in.data, "\r\n") + 2 - p->in.data);
		const size_t size = strtoul(p->in.data, NULL, 16);

		while (p->in.len < line + size + 2)
			if (!peer_fill(p))
				return false;
		buf_add(body, p->in.data + line, size);
		buf_drop(&p->in, line + size + 2);
		if (size == 0)
			return true;
	}
}

static inline void
take_body(struct peer *p, struct answer *a)
{
	const char *length = header_of(a->head, "content-length");
	const char *coding = header_of(a->head, "transfer-encoding");

	if (a->status == 204) {
		a->whole = true;
	} else if (coding != NULL) {
		a->whole = take_chunks(p, &a->body);
	} else if (length != NULL) {
		const size_t n = strtoul(length, NULL, 10);

		while (p->in.len < n && peer_fill(p))
			;
		a->whole = p->in.len >= n;
		buf_add(&a->body, p->in.data, a->whole ? n : p->in.len);
		buf_drop(&p->in, a->body.len);
	} else {
		while (peer_fill(p))
			;
		buf_add(&a->body, p->in.data, p->in.len);
		buf_clear(&p->in);
		a->whole = true;
	}
}

static inline struct answer
peer_answer(struct peer *p)
{
	struct answer a = { 0 };

	do {
		free(a.head);
		a.interims += a.status / 100 == 1;
		a.head = NULL;
		a.status = 0;
		if (!peer_until(p, "\r\n\r\n"))
			return a;
		const size_t len = (size_t)(strstr(p->in.data, "\r\n\r\n") + 4 - p->in.data);
		a.head = str_ndup(p->in.data, len);
		a.status = atoi(a.head + 9);
		buf_drop(&p->in, len);
	} while (a.status / 100 == 1);
	take_body(p, &a);
	return a;
}

static inline void
answer_done(struct answer *a)
{
	free(a->head);
	buf_done(&a->body);
	*a = (struct answer){ 0 };
}

/* Nothing more comes, and the other side has closed. */
static inline bool
peer_closed(struct peer *p)
{
	while (p->in.len == 0 && peer_fill(p))
		;
	return p->in.len == 0;
}

static inline void
peer_send(struct peer *p, const char *text)
{
	(void)send_all(p->fd, text, strlen(text)); /* may have been refused half way */
}

static inline void
peer_send_chat(struct peer *p, const char *headers, const char *body, size_t len)
{
	_cleanup_buf_ struct buf out = { 0 };

	buf_printf(&out,
	    "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
	    "content-type: application/json\r\n%scontent-length: %zu\r\n\r\n",
	    headers, len);
	buf_add(&out, body, len);
	(void)send_all(p->fd, out.data, out.len);
}

/* One chat on a connection of its own. */
static inline struct answer
chat(const char *headers, const char *body)
{
	struct peer p = peer_open();

	peer_send_chat(&p, headers, body, strlen(body));
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

static inline bool
answer_has(const struct answer *a, const char *text)
{
	return a->body.len > 0 && memmem(a->body.data, a->body.len, text, strlen(text)) != NULL;
}

/* The gateway serves, on a fresh connection. */
static inline void
assert_serves(const char *name)
{
	struct peer p = peer_open();

	peer_send(&p, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
	struct answer a = peer_answer(&p);
	ck_assert_msg(a.status == 200, "%s: then %d", name, a.status);
	answer_done(&a);
	peer_close(&p);
}

static inline void
assert_envelope(
    const char *name, const struct answer *a, int status, const char *code, const char *fault)
{
	char text[120];

	ck_assert_msg(a->status == status, "%s: status %d: %s", name, a->status,
	    a->body.len > 0 ? buf_str(&a->body) : "");
	snprintf(text, sizeof(text), "\"code\":\"%s\"", code);
	ck_assert_msg(answer_has(a, text), "%s: no %s: %s", name, text, buf_str(&a->body));
	snprintf(text, sizeof(text), "\"fault\":\"%s\"", fault);
	ck_assert_msg(answer_has(a, text), "%s: no %s: %s", name, text, buf_str(&a->body));
	ck_assert_msg(answer_has(a, "\"request_id\":\""), "%s: %s", name, buf_str(&a->body));
}

/* No chat is left, soon after its client was told. */
static inline void
assert_not_busy(void)
{
	for (int turns = 0; turns < 1000 && gateway_busy(h.gw) > 0; turns++)
		house_wait_turn();
	ck_assert_uint_eq(gateway_busy(h.gw), 0);
}

static inline int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 3; /* . and .. and d itself */
}

/* Those of clients that went are closed when the gateway comes to hear of it: a few kept ones aside, none
 * is left. */
static inline void
assert_descriptors(int before)
{
	for (int tries = 0; tries < WAIT_MS / 10 && open_descriptors() > before + 2; tries++)
		poll(NULL, 0, 10);
	ck_assert_int_le(open_descriptors(), before + 2);
}
#endif
