/*
 * fetch.c - GET /fetch?url=: one page, as text.
 *
 * A hop at a time: the loop asks the policy, a worker resolves, connects to what it has looked at,
 * and reads; a redirect is a new hop.  Nothing of the competitor's request goes along.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/html.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "controlplane/platform/web.h"
#include "controlplane/platform/web_url.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"
#include "runtime/net/http_server.h"

#define REDIRECTS_MAX 5
#define HEADERS_MAX 200
#define CONNECT_MS 5000
#define STALL_MS 10000
#define ANSWER_SPARE (1 << 20) /* of an answer, beside the page itself */

struct hop { /* what a worker has; outlives the call if the client leaves */
	struct call *call; /* NULL: nobody waits any more */
	const struct web *web;
	struct web_url url;
	struct http_call got;
	int64_t until_ms;
	size_t max_bytes;
	atomic_bool cancel;
	struct error err; /* NONE: it answered */
	struct buf out; /* the answer for the competitor */
	struct web_url next;
	bool is_redirect;
};
struct fetch {
	struct call call; /* first */
	struct web_url url;
	struct hop *hop;
	int redirects;
	int64_t until_ms;
	size_t bytes; /* read so far */
};

static struct fetch *
fetch_of(struct call *call)
{
	return (struct fetch *)call;
}

/* ---- on a worker ---- */

static bool
may_connect(const struct sockaddr *address, const void *egress)
{
	return egress_may_connect(egress, address);
}

/* "host:port:address,address": the name is not asked for again. */
static void
pin(struct buf *out, const struct url *at, const struct egress_addresses *a)
{
	char text[INET6_ADDRSTRLEN];
	const char *v6 = strchr(at->host, ':');

	buf_printf(
	    out, "+%s%s%s:%d:", v6 != NULL ? "[" : "", at->host, v6 != NULL ? "]" : "", at->port);
	for (size_t i = 0; i < a->n; i++) {
		const bool is6 = a->at[i].any.sa_family == AF_INET6;

		buf_printf(out, "%s%s%s%s", i > 0 ? "," : "", is6 ? "[" : "",
		    egress_address_text(&a->at[i], text, sizeof(text)), is6 ? "]" : "");
	}
}

/* The charset of "text/html; charset=x", else what UTF-8 can say. */
static void
charset_of(const char *content_type, char *out, size_t cap)
{
	const char *at = strcasestr(content_type, "charset=");

	str_copy(out, cap, "");
	if (at == NULL)
		return;
	at += strlen("charset=");
	at += *at == '"';
	snprintf(out, cap, "%.*s", (int)strcspn(at, "\"; "), at);
}

static bool
is_text(const char *type)
{
	static const char *const types[] = { "text/", "application/json", "application/xml",
		"application/xhtml", "application/javascript", "application/rss",
		"application/atom", "application/ld+json", NULL };

	for (const char *const *t = types; *t != NULL; t++)
		if (strncasecmp(type, *t, strlen(*t)) == 0)
			return true;
	return *type == '\0';
}

static void
add_links(struct buf *out, const struct hop *hop, const struct html *page)
{
	struct web_url base = hop->url, link;
	size_t n = 0;

	if (page->base[0] != '\0' && web_url_follow(&hop->url, page->base, &link, NULL) == 0)
		base = link;
	for (size_t i = 0; i < page->nlinks; i++) {
		if (web_url_follow(&base, page->links[i].href, &link, NULL) < 0)
			continue; /* mailto:, javascript: and the like */
		_cleanup_free_ char *text = web_url_text(&link);
		buf_add_str(out, n++ > 0 ? ",{\"url\":" : "{\"url\":");
		json_add_quoted(out, text, strlen(text));
		buf_add_str(out, ",\"text\":");
		json_add_quoted(out, page->links[i].text, strlen(page->links[i].text));
		buf_add_char(out, '}');
	}
}

static void
add_page(struct hop *hop)
{
	struct buf *out = &hop->out;
	const struct buf *body = &hop->got.reply;
	const bool text = is_text(hop->got.content_type);
	const bool markup = strcasestr(hop->got.content_type, "html") != NULL;
	_cleanup_(html_done) struct html page = { 0 };
	_cleanup_free_ char *url = web_url_text(&hop->url);
	char charset[40];

	charset_of(hop->got.content_type, charset, sizeof(charset));
	_cleanup_buf_ struct buf utf8 = { 0 };
	html_utf8(&utf8, charset, buf_str(body), body->len);
	if (text && markup) {
		html_read(&page, buf_str(&utf8), utf8.len);
	} else if (text) {
		page.cut = utf8.len > HTML_TEXT_MAX;
		buf_add(&page.text, buf_str(&utf8), page.cut ? HTML_TEXT_MAX : utf8.len);
	}
	buf_add_str(out, "{\"url\":");
	json_add_quoted(out, url, strlen(url));
	buf_printf(out, ",\"status\":%d,\"content_type\":", hop->got.status);
	json_add_quoted(out, hop->got.content_type, strlen(hop->got.content_type));
	buf_printf(out, ",\"bytes\":%zu,\"title\":", body->len);
	if (page.title.len > 0)
		json_add_quoted(out, page.title.data, page.title.len);
	else
		buf_add_str(out, "null");
	buf_add_str(out, ",\"text\":");
	if (text)
		json_add_quoted(out, buf_str(&page.text), page.text.len);
	else
		buf_add_str(out, "null"); /* a picture, a program */
	buf_add_str(out, ",\"links\":[");
	add_links(out, hop, &page);
	buf_printf(out, "],\"truncated\":%s}", page.cut ? "true" : "false");
}

static bool
is_redirect(const struct http_call *got)
{
	return got->status == 301 || got->status == 302 || got->status == 303 ||
	    got->status == 307 || got->status == 308;
}

static int
get(struct hop *hop)
{
	static const char *const headers[] = { "Accept: text/html,text/*;q=0.9,*/*;q=0.5",
		"User-Agent: janus-platform/" JANUS_VERSION, NULL };
	_cleanup_free_ char *url = web_url_text(&hop->url);
	_cleanup_buf_ struct buf pinned = { 0 };
	struct egress_addresses addresses;
	struct error *err = &hop->err;

	if (egress_resolve(&hop->web->egress, hop->url.at.host, hop->url.at.port, &addresses, err) <
	    0)
		return -1;
	const int64_t left_ms = hop->until_ms - clock_now_ms();
	if (left_ms <= 0)
		return error_set(err, ERROR_TIMEOUT, "it took too long");
	pin(&pinned, &hop->url.at, &addresses);
	hop->got = (struct http_call){ .url = url,
		.headers = headers,
		.connect_ms = left_ms < CONNECT_MS ? left_ms : CONNECT_MS,
		.total_ms = left_ms,
		.stall_ms = STALL_MS,
		.max_body = hop->max_bytes,
		.max_headers = HEADERS_MAX,
		.decode = true,
		.pinned = pinned.data,
		.may_connect = may_connect,
		.rules = &hop->web->egress,
		.cancel = &hop->cancel };
	const int rc = http_call(&hop->got, err);
	hop->got.url = hop->got.pinned = NULL; /* they end here */
	return rc;
}

static void
hop_work(void *arg)
{
	struct hop *hop = arg;

	if (atomic_load(&hop->cancel) || get(hop) < 0)
		return;
	hop->err = (struct error){ 0 };
	hop->is_redirect = is_redirect(&hop->got) && hop->got.location[0] != '\0';
	if (!hop->is_redirect)
		add_page(hop);
	else if (web_url_follow(&hop->url, hop->got.location, &hop->next, &hop->err) < 0)
		error_add(&hop->err, "a redirect");
}

/* ---- on the loop ---- */

static void
hop_free(struct hop *hop)
{
	buf_done(&hop->got.reply);
	buf_done(&hop->out);
	free(hop);
}

static void
fail(struct call *call, const struct url *at, const struct error *err)
{
	switch (err->kind) {
	case ERROR_DENIED:
		call_refuse(call, CODE_EGRESS_DENIED, "url",
		    "%s is not to be reached from here: it leads to no public address, or not by "
		    "http.",
		    at->host);
		return;
	case ERROR_INVALID:
		call_fail(
		    call, CODE_UPSTREAM_BAD_RESPONSE, "%s answered with %s.", at->host, err->text);
		return;
	case ERROR_TIMEOUT:
		call_fail(call, CODE_UPSTREAM_TIMEOUT_TOTAL, "%s took too long.", at->host);
		return;
	case ERROR_UNAVAILABLE:
		call_fail(call, CODE_UPSTREAM_CONNECT_FAILED, "%s could not be reached.", at->host);
		return;
	case ERROR_TOO_BIG:
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "What %s answered is larger than a page may be.", at->host);
		return;
	default:
		call_fail(call, CODE_UPSTREAM_BAD_RESPONSE,
		    "What %s answered is not a whole HTTP response.", at->host);
	}
}

static void hop_begin(struct fetch *);

static void
hop_done(void *arg)
{
	struct hop *hop = arg;
	struct call *call = hop->call;

	if (call == NULL) {
		hop_free(hop);
		return;
	}
	struct fetch *f = fetch_of(call);
	f->hop = NULL;
	f->bytes += hop->got.reply.len;
	call->bytes_in = (int64_t)f->bytes;
	if (hop->err.kind != ERROR_NONE) {
		fail(call, &hop->url.at, &hop->err);
	} else if (!hop->is_redirect) {
		call_answer(call, 200, platform_json, hop->out.data, hop->out.len);
	} else if (++f->redirects > REDIRECTS_MAX) {
		call_fail(
		    call, CODE_UPSTREAM_BAD_RESPONSE, "More than %d redirects.", REDIRECTS_MAX);
	} else {
		f->url = hop->next;
		hop_begin(f);
	}
	hop_free(hop);
}

/* The policy may have changed since the last hop, and a redirect is a host like any other. */
static bool
allowed(struct call *call, const struct web_url *url)
{
	if (policy_allows_host(call_rules(call), url->at.host, url->at.port))
		return true;
	call_refuse(call, CODE_EGRESS_DENIED, "url",
	    "%s, port %d, is not among the domains that this competitor may reach.", url->at.host,
	    url->at.port);
	return false;
}

static void
hop_begin(struct fetch *f)
{
	struct call *call = &f->call;
	struct web *web = call->caller->platform->web;
	struct hop *hop;

	if (!allowed(call, &f->url))
		return;
	hop = mem_zalloc(sizeof(*hop));
	hop->call = call;
	hop->web = web;
	hop->url = f->url;
	hop->until_ms = f->until_ms;
	hop->max_bytes = (size_t)web->fetch_max_bytes - f->bytes;
	hop->max_bytes += hop->max_bytes == 0; /* 0 would be the usual limit */
	f->hop = hop;
	worker_run(web->workers, call->caller->platform->loop, hop_work, hop_done, hop);
}

static unsigned
fetches_of(const struct caller *c)
{
	unsigned n = 0;

	for (const struct call *each = c->calls; each != NULL; each = each->next)
		n += each->kind == &web_fetch && each->is_running;
	return n;
}

static bool
prepare(struct call *call)
{
	const struct web *web = call->caller->platform->web;
	_cleanup_free_ char *text = http_query_get(call->req, "url");
	struct fetch *f = fetch_of(call);
	struct error err = { 0 };

	if (text == NULL) {
		call_refuse(call, CODE_MISSING_PARAMETER, "url",
		    "Say what to fetch: /fetch?url=, percent-encoded.");
		return false;
	}
	snprintf(call->target, sizeof(call->target), "%s", text);
	if (web_url_parse(text, &f->url, &err) < 0) {
		call_refuse(call,
		    err.kind == ERROR_DENIED ? CODE_EGRESS_DENIED : CODE_INVALID_VALUE, "url",
		    "'url': %s.", err.text);
		return false;
	}
	if (!allowed(call, &f->url))
		return false;
	call->bytes_out = (int64_t)strlen(text);
	call->wanted.of[QUOTA_BYTES] = call->bytes_out + web->fetch_max_bytes + ANSWER_SPARE;
	return true;
}

static void
start(struct call *call)
{
	struct fetch *f = fetch_of(call);

	if (fetches_of(call->caller) > WEB_FETCHES_MAX) {
		call_refuse(
		    call, CODE_CONCURRENCY, NULL, "At most %d fetches at once.", WEB_FETCHES_MAX);
		return;
	}
	f->until_ms = clock_now_ms() + call->caller->platform->web->fetch_ms;
	hop_begin(f);
}

static void
stop(struct call *call)
{
	struct hop *hop = fetch_of(call)->hop;

	if (hop == NULL)
		return;
	hop->call = NULL;
	atomic_store(&hop->cancel, true);
}

const struct call_kind web_fetch = {
	.service = SERVICE_WEB,
	.operation = "fetch",
	.size = sizeof(struct fetch),
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
