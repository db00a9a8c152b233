/*
 * http_request.c - one request: its checks, what is asked about it, and its whole answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/net/http_head.h"
#include "runtime/net/http_server_internal.h"
#include "runtime/net/tls_internal.h"
#include "runtime/net/url.h"

/* A body of an early answered request that is dropped so that its connection can be kept. */
#define DROP_MAX_BYTES (256 << 10)
/* For most heads of answers. */
#define HEAD_ROOM 512
#define FLUSH_BYTES ((int64_t)4 << 20)

struct exchange *
exchange_new(struct client *c, const char *target)
{
	struct exchange *ex = mem_zalloc(sizeof(*ex));
	struct http_server *s = c->server;

	ex->client = c;
	ex->pub.server = s;
	ex->pub.loop = s->loop;
	ex->pub.method = ex->method;
	ex->pub.body_fd = -1;
	ex->target = str_dup(target);
	char *query = strchr(ex->target, '?');
	if (query != NULL)
		*query++ = '\0';
	ex->pub.path = ex->target;
	ex->pub.query = query != NULL ? query : "";
	ex->next = s->first;
	ex->prev = &s->first;
	if (ex->next != NULL)
		ex->next->prev = &ex->next;
	s->first = ex;
	s->busy++;
	return ex;
}

void
exchange_free(struct exchange *ex)
{
	ex->pub.server->busy--;
	*ex->prev = ex->next;
	if (ex->next != NULL)
		ex->next->prev = ex->prev;
	if (ex->dirty_prev != NULL) {
		*ex->dirty_prev = ex->dirty_next;
		if (ex->dirty_next != NULL)
			ex->dirty_next->dirty_prev = ex->dirty_prev;
	}
	if (ex->response != NULL)
		MHD_destroy_response(ex->response);
	for (struct http_header *h = ex->always; h->name != NULL; h++)
		free((char *)(uintptr_t)h->value);
	buf_done(&ex->pub.body);
	if (ex->pub.body_fd >= 0)
		close(ex->pub.body_fd);
	buf_done(&ex->out);
	free(ex->plain);
	free(ex->target);
	free(ex);
}

/*
 * The head
 */
struct head_facts {
	int hosts, lengths, codings, expects;
	const char *host, *length, *coding, *expect;
	const char *next; /* where the next header's name must stand */
	bool malformed, loose;
};

static enum MHD_Result
note_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	struct head_facts *f = cls;

	(void)kind;
	f->loose |= name != f->next || value == NULL;
	f->next = value != NULL ? value + value_len + strlen("\r\n") : NULL;
	if (value == NULL)
		value = "";
	/* A space before the colon ends up in the name. */
	if (name_len == 0 || http_token_len(name, name_len) != name_len)
		f->malformed = true;
	for (size_t i = 0; i < value_len; i++)
		if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
			f->malformed = true;
	if (strcasecmp(name, "host") == 0) {
		f->hosts++;
		f->host = value;
	} else if (strcasecmp(name, "content-length") == 0) {
		f->lengths++;
		f->length = value;
	} else if (strcasecmp(name, "transfer-encoding") == 0) {
		f->codings++;
		f->coding = value;
	} else if (strcasecmp(name, "expect") == 0) {
		f->expects++;
		f->expect = value;
	}
	return MHD_YES;
}

static size_t
target_len(const struct exchange *ex)
{
	const size_t path_len = strlen(ex->pub.path);
	const bool has_query = ex->pub.query == ex->pub.path + path_len + 1;

	return path_len + (has_query ? 1 + strlen(ex->pub.query) : 0);
}

/*
 * libmicrohttpd 0.9.75 takes a bare LF for a line end, joins folded lines, ends a target or a value
 * at a NUL and a head at a line that begins with a colon.  It parses in place, so each of these
 * shows as a string that does not stand where the one before it ended.  That is known of this
 * version only.
 */
static bool
is_loose(
    const struct exchange *ex, const struct head_facts *f, const char *method, const char *version)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(ex->client->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (strcmp(MHD_get_version(), "0.9.75") != 0 || info == NULL)
		return false;
	return f->loose || method + strlen(method) + 1 + target_len(ex) + 1 != version ||
	    f->next + strlen("\r\n") != method + info->header_size;
}

/* Can two readers disagree about where this request ends? */
static bool
framing_is_odd(const struct exchange *ex, const struct head_facts *f)
{
	if (f->codings > 0)
		return f->codings > 1 || f->lengths > 0 || ex->old ||
		    strcasecmp(f->coding, "chunked") != 0;
	if (f->lengths > 1)
		return true;
	return f->lengths == 1 &&
	    (f->length[0] == '\0' || strspn(f->length, "0123456789") != strlen(f->length) ||
		strlen(f->length) > 18);
}

static bool
host_is_odd(const struct exchange *ex, const struct head_facts *f)
{
	if (f->hosts != 1)
		return f->hosts > 1 || !ex->old;
	return f->host[0] == '\0' || strpbrk(f->host, " \t,/@\\?#") != NULL;
}

static void
read_peer(struct exchange *ex)
{
	const struct http_server *s = ex->pub.server;
	const union MHD_ConnectionInfo *info;
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	ex->pub.is_unix = s->is_unix;
	ex->pub.is_tls = s->tls != NULL;
	ex->pub.peer_uid = (uid_t)-1;
	if (s->is_unix) {
		strcpy(ex->pub.client, "unix");
		if (getsockopt(ex->client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
			ex->pub.peer_uid = peer.uid;
		return;
	}
	char *const text = ex->client->address;
	if (text[0] == '\0' && ex->client->mhd != NULL) {
		info = MHD_get_connection_info(ex->client->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
		if (address != NULL && address->sa_family == AF_INET)
			inet_ntop(AF_INET,
			    &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
			    sizeof(ex->client->address));
		else if (address != NULL && address->sa_family == AF_INET6)
			inet_ntop(AF_INET6,
			    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
			    sizeof(ex->client->address));
	}
	str_copy(ex->pub.client, sizeof(ex->pub.client), text);
}

static void
read_id(struct exchange *ex)
{
	const char *sent = http_header_get(&ex->pub, "x-request-id");

	if (sent != NULL && id_request_valid(sent))
		memcpy(ex->pub.id, sent, strlen(sent) + 1);
	else
		id_new("req", ex->pub.id);
}

void
exchange_identify(struct exchange *ex, const char *method)
{
	ex->pub.accepted_us = clock_now_us();
	strcpy(ex->method, method);
	ex->bodiless = strcmp(ex->method, "HEAD") == 0;
	read_peer(ex);
	read_id(ex);
}

int
exchange_read_head(struct exchange *ex, const char *method, const char *version, const char **code)
{
	const struct http_server_limits *limits = ex->pub.server->limits;
	struct MHD_Connection *mhd = ex->client->mhd;
	const union MHD_ConnectionInfo *info;
	struct head_facts f = { .next = version + strlen(version) + strlen("\r\n") };

	ex->old = strcmp(version, "HTTP/1.0") == 0;
	const size_t method_len = strlen(method);
	const bool method_ok =
	    http_token_len(method, method_len) == method_len && method_len < sizeof(ex->method);
	exchange_identify(ex, method_ok ? method : "");
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, note_header, &f);
	ex->has_body = f.codings > 0 || (f.lengths > 0 && strcmp(f.length, "0") != 0);
	ex->body_declared = f.codings > 0 || f.lengths == 0 ? -1 : strtoll(f.length, NULL, 10);
	ex->expects = f.expects > 0 && !ex->old && ex->has_body;

	*code = "bad_request";
	ex->bad_framing = true; /* unless all of this is well */
	if (!ex->old && strcmp(version, "HTTP/1.1") != 0)
		return MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED;
	if (!method_ok || f.malformed || is_loose(ex, &f, method, version) ||
	    framing_is_odd(ex, &f) || host_is_odd(ex, &f) ||
	    strlen(ex->pub.path) + strlen(ex->pub.query) > limits->url_bytes)
		return MHD_HTTP_BAD_REQUEST;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (info != NULL && info->header_size > limits->header_bytes) {
		*code = "headers_too_large";
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	}
	if (f.expects > 0 && !ex->old &&
	    (f.expects > 1 || strcasecmp(f.expect, "100-continue") != 0)) {
		*code = "expectation_failed";
		return MHD_HTTP_EXPECTATION_FAILED;
	}
	ex->bad_framing = false;
	return 0;
}

const char *
http_header_get(const struct http_request *r, const char *name)
{
	const struct client *c = exchange_of(r)->client;

	if (exchange_of(r)->plain != NULL)
		return plain_header_get(exchange_of(r)->plain, name);
	return c == NULL || c->mhd == NULL
	    ? NULL
	    : MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

struct count {
	const char *name;
	int n;
};

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct count *count = cls;

	(void)kind;
	(void)value;
	if (strcasecmp(name, count->name) == 0)
		count->n++;
	return MHD_YES;
}

int
http_header_count(const struct http_request *r, const char *name)
{
	const struct client *c = exchange_of(r)->client;
	struct count count = { .name = name };

	if (exchange_of(r)->plain != NULL)
		return plain_header_count(exchange_of(r)->plain, name);
	if (c != NULL && c->mhd != NULL)
		MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, count_header, &count);
	return count.n;
}

char *
http_query_get(const struct http_request *r, const char *key)
{
	const char *at = r->query;

	while (*at != '\0') {
		const size_t len = strcspn(at, "&");
		const char *equals = memchr(at, '=', len);
		const size_t name_len = equals != NULL ? (size_t)(equals - at) : len;
		_cleanup_free_ char *name = NULL;

		if (url_decode(at, name_len, &name) == 0 && strcmp(name, key) == 0) {
			const char *value = equals != NULL ? equals + 1 : at + len;
			char *decoded = NULL;

			return url_decode(value, (size_t)(at + len - value), &decoded) == 0
			    ? decoded
			    : NULL;
		}
		at += len;
		at += *at == '&';
	}
	return NULL;
}

void
http_always_add(struct http_request *r, const char *name, const char *value)
{
	struct exchange *ex = exchange_of(r);

	for (size_t i = 0; i < HTTP_ALWAYS_MAX; i++)
		if (ex->always[i].name == NULL) {
			ex->always[i] = (struct http_header){ name, str_dup(value) };
			return;
		}
}

void
http_request_watch(struct http_request *r, const struct http_request_events *events, void *arg)
{
	exchange_of(r)->events = events;
	exchange_of(r)->events_arg = arg;
}

/*
 * Its body
 */

/* To a file, and on to its disk a little at a time: so that no write has to wait for a lot of it. */
static bool
write_body(const struct exchange *ex, const char *bytes, size_t len)
{
	const int fd = ex->pub.body_fd;
	const int64_t before = ex->pub.body_bytes, after = before + (int64_t)len;

	if (file_write_all(fd, bytes, len) < 0)
		return false;
	if (after / FLUSH_BYTES != before / FLUSH_BYTES)
		sync_file_range(
		    fd, before / FLUSH_BYTES * FLUSH_BYTES, FLUSH_BYTES, SYNC_FILE_RANGE_WRITE);
	return true;
}

bool
exchange_take_body(struct exchange *ex, const char *bytes, size_t len)
{
	if (ex->pub.body_fd < 0) {
		buf_add(&ex->pub.body, bytes, len);
	} else if (!write_body(ex, bytes, len)) {
		exchange_refuse(ex, MHD_HTTP_SERVICE_UNAVAILABLE, "low_disk");
		return false;
	}
	ex->pub.body_bytes += (int64_t)len;
	return true;
}

/*
 * Answers
 */

/* Ends with a close: because we go, or because what follows on the connection is not certain. */
static bool
closes(const struct exchange *ex)
{
	return ex->pub.server->draining || ex->bad_framing;
}

static void
add_headers(struct exchange *ex, const struct http_header *h)
{
	for (; h != NULL && h->name != NULL; h++)
		if (strcasecmp(h->name, "x-request-id") != 0)
			MHD_add_response_header(ex->response, h->name, h->value);
	for (h = ex->always; h->name != NULL; h++)
		MHD_add_response_header(ex->response, h->name, h->value);
	MHD_add_response_header(ex->response, "x-request-id", ex->pub.id);
	if (closes(ex))
		MHD_add_response_header(ex->response, "connection", "close");
}

/* May libmicrohttpd not answer, because much of the body is still to come? It would close with
 * bytes unread, and the reset that follows can destroy the answer on its way. */
static bool
must_linger(const struct exchange *ex)
{
	if (ex->stage == STAGE_HEAD)
		return ex->has_body && !ex->expects && !ex->bad_framing &&
		    (ex->body_declared < 0 || ex->body_declared > DROP_MAX_BYTES);
	return ex->stage != STAGE_ANSWER;
}

static void
add_header(struct buf *out, const char *name, const char *value)
{
	buf_add_str(out, name);
	buf_add_str(out, ": ");
	buf_add_str(out, value);
	buf_add_str(out, "\r\n");
}

static void
add_length(struct buf *out, int64_t len)
{
	buf_add_str(out, "Content-Length: ");
	buf_add_int(out, len);
	buf_add_str(out, "\r\n");
}

/* The date in a head; it is made once a second. */
static const char *
date_text(void)
{
	static _Thread_local time_t of;
	static _Thread_local char text[64];
	const time_t now = clock_wall_ms() / 1000;
	struct tm tm;

	if (now != of || text[0] == '\0')
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
	of = now;
	return text;
}

void
exchange_add_head(
    struct exchange *ex, struct buf *out, int status, const struct http_header *h, bool chunked)
{
	buf_reserve(out, HEAD_ROOM);
	buf_add_str(out, "HTTP/1.1 ");
	buf_add_int(out, status);
	buf_add_char(out, ' ');
	buf_add_str(out, MHD_get_reason_phrase_for((unsigned)status));
	buf_add_str(out, "\r\n");
	add_header(out, "Date", date_text());
	for (; h != NULL && h->name != NULL; h++)
		if (strpbrk(h->value, "\r\n") == NULL && strcasecmp(h->name, "x-request-id") != 0)
			add_header(out, h->name, h->value);
	for (h = ex->always; h->name != NULL; h++)
		add_header(out, h->name, h->value);
	add_header(out, "x-request-id", ex->pub.id);
	if (chunked)
		buf_add_str(out, "Transfer-Encoding: chunked\r\n");
}

/* Write the answer ourselves and only then read on. It is short: what the socket does not take at
 * once is lost. */
static void
answer_raw(
    struct exchange *ex, int status, const struct http_header *h, const void *body, size_t len)
{
	_cleanup_buf_ struct buf out = { 0 };

	exchange_add_head(ex, &out, status, h, false);
	buf_add_str(&out, "Connection: close\r\n");
	add_length(&out, (int64_t)len);
	buf_add_str(&out, "\r\n");
	if (!ex->bodiless)
		buf_add(&out, body, len);
	if (client_send(ex->client, out.data, out.len) >= 0)
		client_send_end(ex->client);
	ex->raw = true;
}

/* To the socket, on a connection that is out of libmicrohttpd. */
static void
answer_out(
    struct exchange *ex, int status, const struct http_header *h, const void *body, size_t len)
{
	const bool bodiless = status == MHD_HTTP_NO_CONTENT || status == MHD_HTTP_NOT_MODIFIED;

	exchange_add_head(ex, exchange_out(ex), status, h, false);
	if (!bodiless)
		add_length(&ex->out, (int64_t)len);
	buf_add_str(&ex->out, closes(ex) ? "connection: close\r\n\r\n" : "\r\n");
	if (!bodiless)
		buf_add(&ex->out, body, len);
	timer_cancel(&ex->client->timer); /* of a probe */
	ex->head_sent = true;
	exchange_dirty(ex);
}

/* What the owner did not say of when to come again: by default in a second. */
static void
add_retry_after(struct exchange *ex, const struct http_header *h)
{
	const char *said = NULL;
	bool has_ms = false;
	int64_t seconds = 1;
	char text[STR_INT_MAX];

	for (; h != NULL && h->name != NULL; h++) {
		if (strcasecmp(h->name, "retry-after") == 0)
			said = h->value;
		has_ms |= strcasecmp(h->name, "retry-after-ms") == 0;
	}
	if (said == NULL)
		http_always_add(&ex->pub, "retry-after", "1");
	else if (str_parse_int(said, 0, INT32_MAX, &seconds, NULL) < 0)
		return; /* a date */
	if (!has_ms)
		http_always_add(&ex->pub, "retry-after-ms", str_int(seconds * 1000, text));
}

static void
answer(struct exchange *ex, int status, const struct http_header *headers, const void *body,
    size_t len)
{
	ex->over = true;
	if (status == MHD_HTTP_TOO_MANY_REQUESTS || status == MHD_HTTP_SERVICE_UNAVAILABLE)
		add_retry_after(ex, headers);
	if (must_linger(ex)) {
		answer_raw(ex, status, headers, body, len);
		return;
	}
	if (exchange_is_out(ex) ||
	    (ex->client->answers++ >= ex->pub.server->limits->plain_after &&
		exchange_take_out(ex))) {
		answer_out(ex, status, headers, body, len);
		return;
	}
	ex->status = status;
	ex->response =
	    MHD_create_response_from_buffer(len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	if (ex->response == NULL)
		mem_out();
	add_headers(ex, headers);
	exchange_resume(ex);
}

void
http_reply(struct http_request *r, int status, const struct http_header *headers, const void *body,
    size_t len)
{
	struct exchange *ex = exchange_of(r);

	if (!ex->over && !ex->streaming)
		answer(ex, status, headers, body, len);
}

void
exchange_refuse(struct exchange *ex, int status, const char *code)
{
	static const struct http_header headers[] = { { "content-type", "application/json" },
		{ 0 } };
	struct http_server *s = ex->pub.server;
	_cleanup_buf_ struct buf body = { 0 };

	if (ex->over)
		return;
	if (ex->pub.id[0] == '\0') { /* inside its head */
		read_peer(ex);
		id_new("req", ex->pub.id);
	}
	s->handlers->on_refused(&ex->pub, status, code, &body, s->arg);
	answer(ex, status, headers, buf_str(&body), body.len);
}

/* len -1: unknown, the body comes in chunks. */
static void
stream_begin(struct exchange *ex, int status, const struct http_header *headers, int64_t len)
{
	const bool sized = len >= 0;

	if (ex->over || ex->streaming)
		return;
	ex->streaming = true;
	ex->told_half_closed = false;
	ex->bodiless |= status == MHD_HTTP_NO_CONTENT || status == MHD_HTTP_NOT_MODIFIED;
	ex->sized = sized;
	ex->status = status;
	if (exchange_take_out(ex)) {
		exchange_add_head(ex, exchange_out(ex), status, headers, !ex->bodiless && !sized);
		if (sized)
			add_length(&ex->out, len);
		buf_add_str(&ex->out, closes(ex) ? "connection: close\r\n\r\n" : "\r\n");
		ex->head_sent = true;
		exchange_dirty(ex);
		return;
	}
	ex->response = MHD_create_response_from_callback(
	    sized ? (uint64_t)len : MHD_SIZE_UNKNOWN, 128, exchange_read_stream, ex, NULL);
	if (ex->response == NULL)
		mem_out();
	/* libmicrohttpd 0.9.75 sends the last chunk even where there is no body, and the client
	 * would take it for the next answer: no chunks then, and a close. */
	if (ex->bodiless && !sized)
		MHD_set_response_options(
		    ex->response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	add_headers(ex, headers);
	/* It counts the bytes of a body whose length it told, and these go past it. */
	if (sized && !ex->bodiless && !closes(ex))
		MHD_add_response_header(ex->response, "connection", "close");
	exchange_resume(ex);
}

void
http_stream_begin(struct http_request *r, int status, const struct http_header *headers)
{
	stream_begin(exchange_of(r), status, headers, -1);
}

void
http_stream_begin_sized(
    struct http_request *r, int status, const struct http_header *headers, uint64_t len)
{
	stream_begin(exchange_of(r), status, headers, (int64_t)len);
}
