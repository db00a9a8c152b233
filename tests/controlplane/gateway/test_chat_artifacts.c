/*
 * test_chat_artifacts.c - what an answer announces is fetched, checked and kept, its links are ours, and
 * whoever holds a link gets what it stands for and nothing else.
 */
#include "tests/controlplane/gateway/house.h"

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/gateway/streams.h"
#include "controlplane/store/store.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"

#define HELLO_SHA \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* of "hello" */
#define NONE_SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define JANUS_EVENT(name, payload)                                                 \
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"janus\":{\"event\":\"" name \
	"\",\"payload\":" payload "}}}]}\n\n"
#define D(id, url, rest)                                                              \
	"{\"id\":\"" id                                                               \
	"\",\"type\":\"file\",\"mime_type\":\"text/csv\",\"display_name\":\"t.csv\"," \
	"\"url\":\"" url "\"" rest "}"
#define SIZE5 ",\"size_bytes\":5"
#define FIVE SIZE5 ",\"sha256\":\"" HELLO_SHA "\""
#define CSV "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: "

static char state[64];
static struct store *store;
static struct workers *workers;
static struct artifacts *artifacts;
static struct artifacts_config config;
static struct streams *streams; /* NULL: none can be resumed */

static void
open_all(void)
{
	struct error err = { 0 };

	config.dir = state;
	store = store_open(state, h.loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	workers = workers_new(4);
	artifacts = artifacts_open(&config, store, h.loop, workers, &err);
	ck_assert_msg(artifacts != NULL, "%s", err.text);
	h.config.artifacts = artifacts;
}

static void
stop_all(void)
{
	artifacts_stop(artifacts);
	workers_free(workers);
}

static void
set_up(void)
{
	strcpy(state, "/tmp/test-artifacts.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	config = artifacts_defaults;
	h.on_up = open_all;
	h.on_down = stop_all;
}

static void
begin(void)
{
	house_up();
}

static void
tear_down(void)
{
	struct error err = { 0 };

	loop_stop(h.loop);
	pthread_join(h.loop_thread, NULL);
	stop_all();
	gateway_free(h.gw);
	store_close(store);
	loop_free(h.loop);
	artifacts_free(artifacts);
	streams_free(streams);
	ck_assert_int_eq(file_remove_tree(state, &err), 0);
	unlink(h.link_path);
	rmdir(h.dir);
}

static const struct step get_hello[] = { { SEND, CSV "5\r\n\r\nhello", 0 }, { 0 } };
static const struct step get_empty[] = { { SEND, CSV "0\r\n\r\n", 0 }, { 0 } };
static const struct step get_redirect[] = { { SEND,
						"HTTP/1.1 302 Found\r\nlocation: "
						"http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
						0 },
	{ 0 } };
static const struct step get_missing[] = {
	{ SEND, "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", 0 }, { 0 }
};
static const struct step get_html[] = {
	{ SEND, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello", 0 },
	{ 0 }
};
static const struct step get_json[] = { { SEND,
					    "HTTP/1.1 200 OK\r\ncontent-type: "
					    "image/png\r\ncontent-length: 5\r\n\r\nhello",
					    0 },
	{ 0 } };
static const struct step get_hangs[] = { { HANG, NULL, 0 }, { 0 } };
static const struct step get_waits[] = { { GATE, NULL, 0 }, { SEND, CSV "5\r\n\r\nhello", 0 },
	{ 0 } };
static const struct step get_endless[] = {
	{ SEND, "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n\r\n", 0 },
	{ REPEAT, "hello hello hello hello", 0 }, { 0 }
};
static const struct step get_short[] = { { SEND, CSV "5\r\n\r\nhel", 0 }, { 0 } };
static const struct house_path paths[] = {
	{ "/a/hello", get_hello },
	{ "/a/empty", get_empty },
	{ "/a/redirect", get_redirect },
	{ "/a/missing", get_missing },
	{ "/a/html", get_html },
	{ "/a/png", get_json },
	{ "/a/hangs", get_hangs },
	{ "/a/waits", get_waits },
	{ "/a/endless", get_endless },
	{ "/a/short", get_short },
	{ 0 },
};

/* The link in an answer, up to its closing quote. */
static char *
link_in(const struct answer *a)
{
	const char *at = strstr(buf_str(&a->body), ARTIFACTS_PATH "/artf_");

	return at != NULL ? str_ndup(at, strcspn(at, "\")\\ ")) : NULL;
}

static struct answer
get(const char *method, const char *link, const char *headers)
{
	struct peer p = peer_open();
	_cleanup_free_ char *text =
	    str_printf("%s %s HTTP/1.1\r\nhost: localhost\r\n%s\r\n", method, link, headers);

	peer_send(&p, text);
	if (str_eq(method, "HEAD")) {
		struct answer a = { 0 };

		ck_assert(peer_until(&p, "\r\n\r\n"));
		a.head = str_ndup(p.in.data, p.in.len);
		a.status = atoi(a.head + 9);
		peer_close(&p);
		return a;
	}
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

static struct answer
ask(const char *event)
{
	_cleanup_free_ char *bytes = str_printf(SSE_HEAD HI "%s" HI STOP DONE, event);

	house_script((const struct step[]){ { SEND, bytes, 0 }, { 0 } });
	struct answer a = chat("", CHAT_STREAM);
	house_script(answers_whole);
	return a;
}

/* ---- streams ---- */

START_TEST(a_descriptor_gets_our_link_and_nothing_else_of_its_event_changes)
{
	_cleanup_free_ char *link = NULL, *wanted = NULL;
	struct answer a, got;

	h.paths = paths;
	begin();
	a = ask(JANUS_EVENT("artifact", D("artf_1", "/a/hello?x=1", FIVE)));
	ck_assert_int_eq(a.status, 200);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	wanted = str_printf(HI JANUS_EVENT("artifact", D("artf_1", "%s", FIVE)) HI STOP DONE, link);
	ck_assert_str_eq(buf_str(&a.body), wanted);
	got = get("GET", link, "");
	ck_assert_int_eq(got.status, 200);
	ck_assert_str_eq(buf_str(&got.body), "hello");
	ck_assert_ptr_nonnull(
	    strstr(got.head, "content-disposition: attachment; filename=\"t.csv\""));
	answer_done(&got);
	answer_done(&a);
}
END_TEST

START_TEST(through_the_link_of_a_pod_too)
{
	_cleanup_free_ char *link = NULL, *event = NULL;
	struct step script[2] = { { 0 } };
	struct answer a, got;

	h.paths = paths;
	begin();
	event = str_printf(SSE_HEAD JANUS_EVENT("artifacts",
			       "{\"items\":[" D("a", "http://127.0.0.1:%d/a/hello", FIVE) "]}")
			       STOP DONE,
	    h.upstream_port);
	script[0] = (struct step){ SEND, event, 0 };
	house_script(script);
	a = chat("", "{\"model\":\"janus/pod\",\"stream\":true," MESSAGES "}");
	house_script(answers_whole);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	got = get("GET", link, "");
	ck_assert_str_eq(buf_str(&got.body), "hello");
	answer_done(&got);
	answer_done(&a);
}
END_TEST

static const struct place {
	const char *name, *event;
} places[] = {
	{ "payload", JANUS_EVENT("artifact", D("a", "/a/hello", FIVE)) },
	{ "items", JANUS_EVENT("artifacts", "{\"items\":[" D("a", "/a/hello", FIVE) "]}") },
	{ "artifacts", JANUS_EVENT("artifacts", "{\"artifacts\":[" D("a", "/a/hello", FIVE) "]}") },
	{ "a list", JANUS_EVENT("artifacts", "[" D("a", "/a/hello", FIVE) "]") },
	{ "a tool's",
	    JANUS_EVENT(
		"tool_end", "{\"name\":\"plot\",\"artifacts\":[" D("a", "/a/hello", FIVE) "]}") },
	{ "delta.artifacts",
	    "data: {\"choices\":[{\"index\":0,\"delta\":{\"artifacts\":[" D(
		"a", "/a/hello", FIVE) "]}}]}\n\n" },
	{ "event after payload",
	    "data: {\"choices\":[{\"delta\":{\"janus\":{\"payload\":" D(
		"a", "/a/hello", FIVE) ",\"event\":\"artifact\"}}}]}\n\n" },
	{ "several data lines",
	    "data: "
	    "{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"artifact\",\r\ndata:\"payload\":\r\n"
	    ": between\r\ndata: " D("a", "/a/hello", FIVE) "\r\ndata:}}}]}\r\n\r\n" },
	{ "escaped letters",
	    "data: {\"choices\":[{\"delta\":{\"\\u0061rtif\\u0061cts\":[" D(
		"a", "/a/hello", FIVE) "]}}]}\n\n" },
	{ "data:", JANUS_EVENT("artifact", D("a", "data:text/csv;base64,aGVsbG8=", FIVE)) },
	{ "data: of percents", JANUS_EVENT("artifact", D("a", "data:,%68ello", FIVE)) },
	{ "absent optional members",
	    JANUS_EVENT("artifact", "{\"url\":\"/a/hello\",\"size_bytes\":5}") },
};

START_TEST(wherever_a_descriptor_stands)
{
	_cleanup_free_ char *link = NULL;
	struct answer a, got;

	h.paths = paths;
	begin();
	a = ask(places[_i].event);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s: %s", places[_i].name, buf_str(&a.body));
	ck_assert_msg(!answer_has(&a, "/a/hello") && !answer_has(&a, "aGVsbG8"), "%s: %s",
	    places[_i].name, buf_str(&a.body));
	got = get("GET", link, "");
	ck_assert_msg(
	    strcmp(buf_str(&got.body), "hello") == 0, "%s: %d", places[_i].name, got.status);
	answer_done(&got);
	answer_done(&a);
}
END_TEST

static const struct bad {
	const char *name, *event, *reason;
} bad[] = {
	{ "another hash",
	    JANUS_EVENT("artifact", D("a", "/a/hello", SIZE5 ",\"sha256\":\"" NONE_SHA "\"")),
	    "hash_mismatch" },
	{ "a hash that is none",
	    JANUS_EVENT("artifact", D("a", "/a/hello", SIZE5 ",\"sha256\":\"xyz\"")),
	    "invalid_descriptor" },
	{ "another size", JANUS_EVENT("artifact", D("a", "/a/hello", ",\"size_bytes\":6")),
	    "size_mismatch" },
	{ "a size of nothing", JANUS_EVENT("artifact", D("a", "/a/hello", ",\"size_bytes\":0")),
	    "size_mismatch" },
	{ "a negative size", JANUS_EVENT("artifact", D("a", "/a/hello", ",\"size_bytes\":-1")),
	    "invalid_descriptor" },
	{ "without a size", JANUS_EVENT("artifact", D("a", "/a/hello", "")), "invalid_descriptor" },
	{ "endless", JANUS_EVENT("artifact", D("a", "/a/endless", FIVE)), "size_mismatch" },
	{ "cut", JANUS_EVENT("artifact", D("a", "/a/short", FIVE)), "bad_response" },
	{ "over the limit",
	    JANUS_EVENT("artifact", D("a", "/a/hello", ",\"size_bytes\":1099511627776")),
	    "too_large" },
	{ "a redirect", JANUS_EVENT("artifact", D("a", "/a/redirect", FIVE)), "redirect" },
	{ "a dead link", JANUS_EVENT("artifact", D("a", "/a/missing", FIVE)), "bad_status" },
	{ "too late", JANUS_EVENT("artifact", D("a", "/a/hangs", FIVE)), "timeout" },
	{ "another type", JANUS_EVENT("artifact", D("a", "/a/png", FIVE)), "type_mismatch" },
	{ "another host", JANUS_EVENT("artifact", D("a", "http://198.51.100.1/a/hello", FIVE)),
	    "url_not_allowed" },
	{ "another port", JANUS_EVENT("artifact", D("a", "http://127.0.0.1:1/a/hello", FIVE)),
	    "url_not_allowed" },
	{ "the metadata service",
	    JANUS_EVENT("artifact", D("a", "http://169.254.169.254/latest/", FIVE)),
	    "url_not_allowed" },
	{ "a host without a scheme", JANUS_EVENT("artifact", D("a", "//127.0.0.1/a/hello", FIVE)),
	    "url_not_allowed" },
	{ "a file", JANUS_EVENT("artifact", D("a", "file:///etc/passwd", FIVE)),
	    "url_not_allowed" },
	{ "a script", JANUS_EVENT("artifact", D("a", "javascript:alert(1)", FIVE)),
	    "url_not_allowed" },
	{ "a user", JANUS_EVENT("artifact", D("a", "http://u@127.0.0.1/a/hello", FIVE)),
	    "url_not_allowed" },
	{ "a line in the path", JANUS_EVENT("artifact", D("a", "/a/hello\\r\\nx: y", FIVE)),
	    "url_not_allowed" },
	{ "bad base64", JANUS_EVENT("artifact", D("a", "data:;base64,!!", FIVE)), "invalid_data" },
	{ "data of another size", JANUS_EVENT("artifact", D("a", "data:,hi", FIVE)),
	    "size_mismatch" },
	{ "no time", JANUS_EVENT("artifact", D("a", "/a/hello", FIVE ",\"ttl_seconds\":0")),
	    "ttl_out_of_range" },
	{ "negative time", JANUS_EVENT("artifact", D("a", "/a/hello", FIVE ",\"ttl_seconds\":-5")),
	    "ttl_out_of_range" },
	{ "ten years",
	    JANUS_EVENT("artifact", D("a", "/a/hello", FIVE ",\"ttl_seconds\":315360000")),
	    "ttl_out_of_range" },
	{ "an odd type",
	    JANUS_EVENT("artifact", "{\"type\":\"virus\",\"url\":\"/a/hello\"" FIVE "}"),
	    "invalid_descriptor" },
	{ "the same id for something else",
	    JANUS_EVENT("artifacts",
		"[" D("a", "/a/hello", FIVE) "," D("a", "/a/empty", ",\"size_bytes\":0") "]"),
	    "duplicate_id" },
	{ "without a url", JANUS_EVENT("artifact", "{\"id\":\"a\"" FIVE "}"),
	    "invalid_descriptor" },
	{ "a url that is a number", JANUS_EVENT("artifact", "{\"url\":7" FIVE "}"),
	    "invalid_descriptor" },
};

START_TEST(what_cannot_be_had_is_an_error)
{
	_cleanup_free_ char *reason = str_printf(
	    "\"error\":{\"code\":\"artifact_unavailable\",\"reason\":\"%s\"", bad[_i].reason);
	_cleanup_free_ char *notice = str_printf("unavailable: %s\n\n", bad[_i].reason);
	struct answer a;

	h.paths = paths;
	if (str_eq(bad[_i].reason, "timeout"))
		config.fetch_ms = 300;
	begin();
	a = ask(bad[_i].event);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(answer_has(&a, reason), "%s: %s", bad[_i].name, buf_str(&a.body));
	ck_assert_msg(answer_has(&a, notice), "%s: %s", bad[_i].name, buf_str(&a.body));
	/* All the rest is there, in order. */
	ck_assert(str_starts(buf_str(&a.body), HI));
	ck_assert(str_ends(buf_str(&a.body), HI STOP DONE));
	assert_serves(bad[_i].name);
	answer_done(&a);
}
END_TEST

START_TEST(an_empty_one_is_one) /* [N05] an artifact of no bytes */
{
	_cleanup_free_ char *link = NULL;
	struct answer a, got;

	h.paths = paths;
	begin();
	a = ask(JANUS_EVENT(
	    "artifact", D("a", "/a/empty", ",\"size_bytes\":0,\"sha256\":\"" NONE_SHA "\"")));
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	got = get("GET", link, "");
	ck_assert_int_eq(got.status, 200);
	ck_assert_uint_eq(got.body.len, 0);
	answer_done(&got);
	got = get("GET", link, "range: bytes=0-0\r\n");
	ck_assert_int_eq(got.status, 416);
	answer_done(&got);
	answer_done(&a);
}
END_TEST

START_TEST(a_thousand_in_one_answer) /* [K08] more than an answer may have */
{
	_cleanup_buf_ struct buf event = { 0 };
	struct answer a;
	size_t links = 0, refused = 0;

	config.per_request = 8;
	begin();
	buf_add_str(&event, "data: {\"choices\":[{\"delta\":{\"artifacts\":[");
	for (int i = 0; i < 1000; i++)
		buf_printf(&event, "%s{\"id\":\"a%d\",\"url\":\"data:,%d\",\"size_bytes\":1}",
		    i > 0 ? "," : "", i, i % 10);
	buf_add_str(&event, "]}}]}\n\n");
	a = ask(buf_str(&event));
	for (const char *p = buf_str(&a.body); (p = strstr(p, ARTIFACTS_PATH "/artf_")) != NULL;
	     p++)
		links++;
	for (const char *p = buf_str(&a.body); (p = strstr(p, "\"reason\":\"too_many\"")) != NULL;
	     p++)
		refused++;
	ck_assert_uint_eq(links, 8);
	ck_assert_uint_eq(refused, 992);
	ck_assert(str_ends(buf_str(&a.body), HI STOP DONE));
	answer_done(&a);
}
END_TEST

START_TEST(announced_again_it_has_the_same_link)
{
	_cleanup_free_ char *link = NULL;
	struct answer a;
	size_t n = 0;

	h.paths = paths;
	begin();
	a = ask(JANUS_EVENT("artifact", D("a", "/a/hello", FIVE))
		JANUS_EVENT("artifacts", "{\"items\":[" D("a", "/a/hello", FIVE) "]}"));
	link = link_in(&a);
	ck_assert_ptr_nonnull(link);
	for (const char *p = buf_str(&a.body); (p = strstr(p, link)) != NULL; p++)
		n++;
	ck_assert_uint_eq(n, 2);
	answer_done(&a);
}
END_TEST

#define SAYS(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"

START_TEST(links_in_the_text_are_ours_too)
{
	_cleanup_free_ char *link = NULL, *wanted = NULL;
	struct answer a;

	h.paths = paths;
	begin();
	a = ask(JANUS_EVENT("artifact", D("a", "/a/hello", FIVE))
		SAYS("see [it](/a/hello), not /a/hello-2 or /a/hello.png. \\/a\\/hello: yes"));
	link = link_in(&a);
	ck_assert_ptr_nonnull(link);
	wanted =
	    str_printf(SAYS("see [it](%s), not /a/hello-2 or /a/hello.png. %s: yes"), link, link);
	ck_assert_msg(answer_has(&a, wanted), "%s", buf_str(&a.body));
	answer_done(&a);
}
END_TEST

START_TEST(a_link_that_is_cut_is_ours_too)
{
	_cleanup_free_ char *link = NULL, *wanted = NULL;
	struct answer a;

	h.paths = paths;
	begin();
	a = ask(JANUS_EVENT("artifact", D("a", "/a/hello", FIVE)) SAYS("see [it](/a") SAYS("/hel")
		SAYS("lo), not /a/h"));
	link = link_in(&a);
	ck_assert_ptr_nonnull(link);
	wanted = str_printf(SAYS("see [it](%s") SAYS("") SAYS("), not /a/h") HI STOP DONE, link);
	ck_assert_msg(str_ends(buf_str(&a.body), wanted), "%s", buf_str(&a.body));
	answer_done(&a);
}
END_TEST

/* What may be the begin of a link waits no longer than a heartbeat would, and for no end. */
static const struct step goes_silent[] = {
	{ SEND, SSE_HEAD JANUS_EVENT("artifact", D("a", "/a/hello", FIVE)) SAYS("see /a/he"), 0 },
	{ GATE, NULL, 0 }, { SEND, HI STOP DONE, 0 }, { 0 }
};
static const struct step dies[] = {
	{ SEND, SSE_HEAD JANUS_EVENT("artifact", D("a", "/a/hello", FIVE)) SAYS("see /a/he"), 0 },
	{ 0 }
};

START_TEST(the_begin_of_a_link_goes_on_in_a_silence)
{
	struct peer p;
	struct answer a;

	h.paths = paths;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = 60000,
		.listen_host = "127.0.0.1" };
	h.config.relay.ping_ms = 20;
	begin();
	house_script(goes_silent);
	p = peer_open();
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, SAYS("see /a/he")));
	ck_assert(peer_until(&p, ": ping\n\n"));
	house_open_gate();
	a = peer_answer(&p);
	ck_assert_msg(str_ends(buf_str(&a.body), HI STOP DONE), "%s", buf_str(&a.body));
	answer_done(&a);
	peer_close(&p);
}
END_TEST

START_TEST(the_begin_of_a_link_goes_before_the_end)
{
	struct answer a;

	h.paths = paths;
	begin();
	house_script(dies);
	a = chat("", CHAT_STREAM);
	const char *text = strstr(buf_str(&a.body), SAYS("see /a/he"));
	ck_assert_msg(text != NULL, "%s", buf_str(&a.body));
	ck_assert_ptr_nonnull(strstr(text, "\"code\":\"upstream_died\""));
	answer_done(&a);
}
END_TEST

START_TEST(others_are_not_held_up_and_heartbeats_go_on)
{
	_cleanup_free_ char *link = NULL;
	struct step script[] = { { SEND, SSE_HEAD HI, 0 },
		{ SEND, JANUS_EVENT("artifact", D("a", "/a/waits", FIVE)) HI STOP DONE, 0 },
		{ 0 } };
	struct peer p;
	struct answer a;

	h.paths = paths;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = 60000,
		.listen_host = "127.0.0.1" };
	h.config.relay.ping_ms = h.config.relay.hold_ms = 20;
	begin();
	house_script(script);
	p = peer_open();
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, "\"hi\""));
	ck_assert(peer_until(&p, ": ping\n\n"));
	house_wait(&h.requests, 2); /* the artifact is asked for */
	house_script(answers_whole);
	a = chat("", CHAT); /* somebody else's */
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	ck_assert_ptr_null(memmem(p.in.data, p.in.len, "payload", 7));
	house_open_gate();
	a = peer_answer(&p);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	ck_assert(str_ends(buf_str(&a.body), HI STOP DONE));
	answer_done(&a);
	peer_close(&p);
}
END_TEST

START_TEST(the_client_leaves_meanwhile)
{
	struct step script[] = {
		{ SEND, SSE_HEAD HI JANUS_EVENT("artifact", D("a", "/a/hangs", FIVE)), 0 },
		{ HANG, NULL, 0 }, { 0 }
	};
	struct peer p;

	h.paths = paths;
	begin();
	house_script(script);
	p = peer_open();
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 2);
	peer_close(&p);
	house_wait(&h.usages, 1);
	house_wait(&h.cancelled, 2); /* chat and fetch */
	house_script(answers_whole);
	assert_serves("then");
}
END_TEST

/* What came behind the event, and the end of it, wait too. */
static const struct behind {
	const char *name, *rest, *seen;
} behinds[] = {
	{ "all of it", HI STOP DONE, HI STOP DONE },
	{ "nothing more is needed", STOP, STOP DONE },
	{ "it dies", HI, "\"code\":\"upstream_died\"" },
	{ "it reports", "data: {\"error\":{\"message\":\"no more\"}}\n\n",
	    "\"code\":\"upstream_error_frame\"" },
	{ "another one",
	    JANUS_EVENT("artifact", D("b", "/a/empty", ",\"size_bytes\":0")) HI STOP DONE,
	    HI STOP DONE },
	/* What is known needs no waiting: it goes on from where it stands behind the one that waited. */
	{ "a link to it", SAYS("see [it](/a/waits)") HI STOP DONE, HI STOP DONE },
	{ "the same once more",
	    JANUS_EVENT("artifact", D("b", "/a/waits", FIVE)) SAYS("[it](/a/waits)") HI STOP DONE,
	    HI STOP DONE },
};

#define SSE_COUNTED \
	"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %zu\r\n\r\n%s"

START_TEST(what_comes_behind_waits)
{
	const struct behind *b = &behinds[_i / 2];
	const bool counted =
	    _i % 2 != 0; /* the end of the body comes with its bytes, or by close */
	_cleanup_free_ char *events =
	    str_printf("%s%s", JANUS_EVENT("artifact", D("a", "/a/waits", FIVE)), b->rest);
	_cleanup_free_ char *event = counted ? str_printf(SSE_COUNTED, strlen(events), events)
					     : str_printf(SSE_HEAD "%s", events);
	const struct step script[] = { { SEND, event, 0 }, { 0 } };
	_cleanup_free_ char *link = NULL;
	struct peer p;
	struct answer a;

	h.paths = paths;
	begin();
	house_script(script);
	p = peer_open();
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 2);
	house_wait(&h.finished, 1); /* all of the answer was sent */
	house_wait_turn();
	house_open_gate();
	a = peer_answer(&p);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s: %s", b->name, buf_str(&a.body));
	ck_assert_msg(answer_has(&a, b->seen), "%s: %s", b->name, buf_str(&a.body));
	ck_assert_msg(str_ends(buf_str(&a.body), DONE), "%s: %s", b->name, buf_str(&a.body));
	answer_done(&a);
	peer_close(&p);
}
END_TEST

START_TEST(the_whole_time_is_over_meanwhile)
{
	struct answer a;

	h.paths = paths;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = 60000,
		.listen_host = "127.0.0.1" };
	h.config.relay.total_ms = 200;
	begin();
	a = ask(JANUS_EVENT("artifact", D("a", "/a/hangs", FIVE)));
	ck_assert_msg(
	    answer_has(&a, "\"code\":\"upstream_timeout_total\""), "%s", buf_str(&a.body));
	assert_serves("then");
	answer_done(&a);
}
END_TEST

START_TEST(a_stream_that_can_be_resumed_has_ours)
{
	streams = streams_new(&(struct streams_limits){ .stream_bytes = 1 << 20,
	    .total_bytes = 1 << 20,
	    .count = 8,
	    .ttl_ms = 60000,
	    .idle_ms = 60000 });
	const struct step script[] = {
		{ SEND, SSE_HEAD HI JANUS_EVENT("artifact", D("a", "/a/hello", FIVE)) HI STOP DONE,
		    0 },
		{ 0 }
	};
	_cleanup_free_ char *link = NULL;
	struct answer a;

	h.paths = paths;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.queue_wait_ms = 60000,
		.listen_host = "127.0.0.1",
		.streams = streams };
	begin();
	house_script(script);
	a = chat("x-janus-resume: 1\r\n", CHAT_STREAM);
	link = link_in(&a);
	ck_assert_msg(link != NULL && answer_has(&a, "id: 2\n"), "%s", buf_str(&a.body));
	ck_assert(!answer_has(&a, "/a/hello"));
	ck_assert_msg(answer_has(&a, "[DONE]"), "%s", buf_str(&a.body));
	answer_done(&a);
}
END_TEST

/* ---- whole answers ---- */

START_TEST(a_whole_answer_becomes_a_stream)
{
	static const struct step script[] = {
		{ SEND,
		    JSON_HEAD
		    "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
		    "\"[t](/a/hello)\",\"artifacts\":[" D(
			"a", "/a/hello", FIVE) "]},\"finish_reason\":\"stop\"}]}",
		    0 },
		{ 0 }
	};
	_cleanup_free_ char *link = NULL, *text = NULL;
	struct answer a;

	h.paths = paths;
	h.script = script;
	begin();
	a = chat("", CHAT_STREAM);
	link = link_in(&a);
	ck_assert_msg(
	    link != NULL && answer_has(&a, "\"event\":\"artifacts\""), "%s", buf_str(&a.body));
	text = str_printf("\"[t](%s)\"", link);
	ck_assert_msg(answer_has(&a, text), "%s", buf_str(&a.body));
	answer_done(&a);
}
END_TEST

START_TEST(a_whole_answer_has_ours)
{
	static const struct step script[] = {
		{ SEND,
		    JSON_HEAD
		    "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
		    "\"[t](/a/hello)\",\"artifacts\":[" D("a", "/a/hello", FIVE) "," D(
			"b", "/a/missing", FIVE) "]},\"finish_reason\":\"stop\"}]}",
		    0 },
		{ 0 }
	};
	_cleanup_free_ char *link = NULL, *text = NULL;
	struct answer a, got;

	h.paths = paths;
	h.script = script;
	begin();
	a = chat("", CHAT);
	ck_assert_int_eq(a.status, 200);
	link = link_in(&a);
	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	text = str_printf("\"[t](%s)\"", link);
	ck_assert_msg(answer_has(&a, text), "%s", buf_str(&a.body));
	ck_assert(answer_has(&a, "\"reason\":\"bad_status\""));
	ck_assert(a.whole);
	got = get("GET", link, "");
	ck_assert_str_eq(buf_str(&got.body), "hello");
	answer_done(&got);
	answer_done(&a);
}
END_TEST

/* ---- links ---- */

/* Ten digits, as an artifact named by a hostile hand. */
static char *
announce(const char *name, const char *type)
{
	_cleanup_free_ char *event =
	    str_printf(JANUS_EVENT("artifact",
			   "{\"id\":\"a\",\"type\":\"file\",\"mime_type\":\"%s\",\"display_name\":"
			   "\"%s\",\"url\":\"data:,0123456789\",\"size_bytes\":10}"),
		type, name);
	struct answer a = ask(event);
	char *link = link_in(&a);

	ck_assert_msg(link != NULL, "%s", buf_str(&a.body));
	answer_done(&a);
	return link;
}

START_TEST(a_link_is_whole_or_worth_nothing) /* [K09] */
{
	_cleanup_free_ char *link = NULL, *cut = NULL, *other = NULL, *later = NULL;
	struct answer a;
	char *at;

	begin();
	link = announce("x", "text/plain");
	cut = str_ndup(link, strcspn(link, "?"));
	a = get("GET", cut, "");
	assert_envelope("without", &a, 403, "invalid_artifact_link", "client");
	answer_done(&a);
	other = str_dup(link);
	at = strstr(other, "sig=") + 4;
	*at = *at == 'A' ? 'B' : 'A';
	a = get("GET", other, "");
	assert_envelope("altered", &a, 403, "invalid_artifact_link", "client");
	answer_done(&a);
	later = str_printf("%s0", link);
	a = get("GET", later, "");
	assert_envelope("prolonged", &a, 403, "invalid_artifact_link", "client");
	answer_done(&a);
	a = get("POST", link, "content-length: 0\r\n");
	ck_assert_int_eq(a.status, 405);
	answer_done(&a);
}
END_TEST

START_TEST(a_link_of_another_or_of_long_ago) /* [K09] expired; for another key */
{
	struct artifact row = { .id = "artf_01kvh2r8y7q3m4n5p6r7s8t9va", .owner = "key_other" };
	_cleanup_buf_ struct buf theirs = { 0 }, old = { 0 };
	struct answer a;

	begin();
	row.expires_at_ms = clock_wall_ms() + 60000;
	artifacts_url(artifacts, &row, &theirs);
	a = get("GET", buf_str(&theirs), "");
	assert_envelope("another's", &a, 403, "invalid_artifact_link", "client");
	answer_done(&a);
	row.owner[0] = '\0';
	row.expires_at_ms = clock_wall_ms() - 60000;
	artifacts_url(artifacts, &row, &old);
	a = get("GET", buf_str(&old), "");
	assert_envelope("old", &a, 410, "artifact_expired", "client");
	answer_done(&a);
	buf_clear(&old);
	row.expires_at_ms = clock_wall_ms() + 60000;
	artifacts_url(artifacts, &row, &old);
	a = get("GET", buf_str(&old), "");
	assert_envelope("gone", &a, 410, "artifact_expired", "client");
	answer_done(&a);
}
END_TEST

static const struct ranged {
	const char *headers;
	int status;
	const char *range, *body; /* NULL: not looked at */
} ranged[] = {
	{ "", 200, NULL, "0123456789" },
	{ "range: bytes=0-3\r\n", 206, "bytes 0-3/10", "0123" },
	{ "range: bytes=8-\r\n", 206, "bytes 8-9/10", "89" },
	{ "range: bytes=-3\r\n", 206, "bytes 7-9/10", "789" },
	{ "range: bytes=-100\r\n", 206, "bytes 0-9/10", "0123456789" },
	{ "range: bytes=5-100\r\n", 206, "bytes 5-9/10", "56789" },
	{ "range: bytes=10-\r\n", 416, "bytes */10", NULL },
	{ "range: bytes=-0\r\n", 416, "bytes */10", NULL },
	{ "range: bytes=99999999999999999999999-\r\n", 416, "bytes */10", NULL },
	{ "range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8\r\n", 416, "bytes */10", NULL },
	{ "range: bytes=3-1\r\n", 200, NULL, "0123456789" }, /* makes no sense: ignored */
	{ "range: bytes=a\r\n", 200, NULL, "0123456789" },
	{ "range: lines=0-1\r\n", 200, NULL, "0123456789" },
	{ "range: bytes=0-3\r\nif-range: \"other\"\r\n", 200, NULL, "0123456789" },
	{ "range: bytes=0-3\r\nif-range: Sat, 21 Nov 2026 00:00:00 GMT\r\n", 200, NULL,
	    "0123456789" },
	{ "range: bytes=0-3\r\nif-range: "
	  "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\"\r\n",
	    206, "bytes 0-3/10", "0123" },
	{ "if-none-match: \"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\"\r\n",
	    304, NULL, NULL },
};

START_TEST(ranges) /* [K09] */
{
	_cleanup_free_ char *link = NULL;

	begin();
	link = announce("x", "text/plain");
	for (size_t i = 0; i < ARRAY_LEN(ranged); i++) {
		const struct ranged *r = &ranged[i];
		struct answer a =
		    r->status == 304 ? get("HEAD", link, r->headers) : get("GET", link, r->headers);
		const char *range = header_of(a.head, "content-range");

		ck_assert_msg(a.status == r->status, "%s%d", r->headers, a.status);
		ck_assert_msg((range == NULL) == (r->range == NULL) &&
			(range == NULL || strncmp(range, r->range, strlen(r->range)) == 0),
		    "%s%s", r->headers, a.head);
		if (r->body != NULL)
			ck_assert_str_eq(buf_str(&a.body), r->body);
		answer_done(&a);
	}
}
END_TEST

START_TEST(several_ranges)
{
	_cleanup_free_ char *link = NULL;
	struct answer a;

	begin();
	link = announce("x", "text/plain");
	a = get("GET", link, "range: bytes=0-1, 4-5 ,-1\r\n");
	ck_assert_int_eq(a.status, 206);
	ck_assert(a.whole);
	ck_assert_ptr_nonnull(strstr(a.head, "content-type: multipart/byteranges; boundary=part_"));
	ck_assert(answer_has(&a, "content-range: bytes 0-1/10\r\n\r\n01\r\n--part_"));
	ck_assert(answer_has(&a, "content-range: bytes 4-5/10\r\n\r\n45\r\n--part_"));
	ck_assert(answer_has(&a, "content-range: bytes 9-9/10\r\n\r\n9\r\n--part_"));
	ck_assert(str_ends(buf_str(&a.body), "--\r\n"));
	answer_done(&a);
}
END_TEST

START_TEST(nothing_served_is_active) /* [K10] [G13] */
{
	static const struct {
		const char *name, *type, *disposition, *served;
	} cases[] = {
		{ "a.html", "text/html", "filename=\"a.html\"; filename*=UTF-8''a.html",
		    "application/octet-stream" },
		{ "../../etc/passwd", "image/svg+xml",
		    "filename=\"passwd\"; filename*=UTF-8''passwd", "application/octet-stream" },
		{ "a\\r\\nx-evil: 1", "text/csv", "filename=\"ax-evil_ 1\"", "text/csv" },
		{ "\\u202egnp.exe", "image/png", "filename=\"gnp.exe\"", "image/png" },
		{ "\\u00e4 \\\"b\\\".csv", "text/csv",
		    "filename=\"_ _b_.csv\"; filename*=UTF-8''%C3%A4%20_b_.csv", "text/csv" },
		{ "CON", "application/xhtml+xml", "filename=\"artifact\"",
		    "application/octet-stream" },
		{ "", "text/javascript", "filename=\"artifact\"", "application/octet-stream" },
	};

	begin();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *link = announce(cases[i].name, cases[i].type);
		struct answer a = get("GET", link, "");
		const char *type = header_of(a.head, "content-type");
		const char *name = header_of(a.head, "content-disposition");

		ck_assert_msg(str_starts(type, cases[i].served), "%s", a.head);
		ck_assert_msg(str_starts(name, "attachment; "), "%s", a.head);
		ck_assert_msg(strstr(name, cases[i].disposition) != NULL, "%s", a.head);
		ck_assert_ptr_null(header_of(a.head, "x-evil"));
		ck_assert(str_starts(header_of(a.head, "x-content-type-options"), "nosniff"));
		ck_assert(str_starts(header_of(a.head, "content-security-policy"), "sandbox"));
		ck_assert(str_starts(header_of(a.head, "repr-digest"),
		    "sha-256=:hNiYd/DUBB77a/kaFvAkjy/"
		    "Vc+avBcGflr7bn4gveII=:"));
		answer_done(&a);
	}
}
END_TEST

START_TEST(head_tells_the_length_alone)
{
	_cleanup_free_ char *link = NULL;
	struct answer a;

	begin();
	link = announce("x", "text/plain");
	a = get("HEAD", link, "");
	ck_assert_int_eq(a.status, 200);
	ck_assert(str_starts(header_of(a.head, "content-length"), "10"));
	ck_assert(str_ends(a.head, "\r\n\r\n"));
	answer_done(&a);
}
END_TEST

/* On one connection, which stays. */
START_TEST(one_after_another)
{
	_cleanup_free_ char *link = NULL, *request = NULL;
	struct peer p;

	begin();
	link = announce("x", "text/plain");
	request = str_printf("GET %s HTTP/1.1\r\nhost: localhost\r\n\r\n", link);
	p = peer_open();
	for (int i = 0; i < 20; i++) {
		peer_send(&p, request);
		struct answer a = peer_answer(&p);
		ck_assert_msg(a.status == 200 && a.whole, "%d: %d", i, a.status);
		ck_assert_str_eq(buf_str(&a.body), "0123456789");
		answer_done(&a);
	}
	peer_close(&p);
}
END_TEST

START_TEST(damaged_bytes_are_not_served) /* [I10] never wrong bytes */
{
	_cleanup_free_ char *link = NULL, *command = NULL;
	struct answer a;

	begin();
	link = announce("x", "text/plain");
	command = str_printf("printf 0123456788 >%s/blobs/sha256/84/"
			     "d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
	    state);
	ck_assert_int_eq(system(command), 0);
	log_set_levels("error");
	a = get("GET", link, "");
	assert_envelope("damaged", &a, 500, "internal", "platform");
	answer_done(&a);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *s = suite_create("chat_artifacts");
	TCase *t = tcase_create("streams");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_descriptor_gets_our_link_and_nothing_else_of_its_event_changes);
	tcase_add_test(t, through_the_link_of_a_pod_too);
	tcase_add_loop_test(t, wherever_a_descriptor_stands, 0, (int)ARRAY_LEN(places));
	tcase_add_loop_test(t, what_cannot_be_had_is_an_error, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, an_empty_one_is_one);
	tcase_add_test(t, a_thousand_in_one_answer);
	tcase_add_test(t, announced_again_it_has_the_same_link);
	tcase_add_test(t, links_in_the_text_are_ours_too);
	tcase_add_test(t, a_link_that_is_cut_is_ours_too);
	tcase_add_test(t, the_begin_of_a_link_goes_on_in_a_silence);
	tcase_add_test(t, the_begin_of_a_link_goes_before_the_end);
	tcase_add_test(t, others_are_not_held_up_and_heartbeats_go_on);
	tcase_add_test(t, the_client_leaves_meanwhile);
	tcase_add_loop_test(t, what_comes_behind_waits, 0, 2 * (int)ARRAY_LEN(behinds));
	tcase_add_test(t, the_whole_time_is_over_meanwhile);
	tcase_add_test(t, a_stream_that_can_be_resumed_has_ours);
	tcase_add_test(t, a_whole_answer_has_ours);
	tcase_add_test(t, a_whole_answer_becomes_a_stream);
	suite_add_tcase(s, t);

	t = tcase_create("links");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_link_is_whole_or_worth_nothing);
	tcase_add_test(t, a_link_of_another_or_of_long_ago);
	tcase_add_test(t, ranges);
	tcase_add_test(t, several_ranges);
	tcase_add_test(t, nothing_served_is_active);
	tcase_add_test(t, head_tells_the_length_alone);
	tcase_add_test(t, one_after_another);
	tcase_add_test(t, damaged_bytes_are_not_served);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(make_suite());
}
