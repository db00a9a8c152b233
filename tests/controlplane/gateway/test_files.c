/*
 * test_files.c - uploads: had by their own key alone, and as bytes by whoever answers a chat.
 */
#include "tests/controlplane/gateway/house.h"

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/store/store.h"
#include "runtime/base/file.h"

static char state[64];
static struct store *store;
static struct workers *workers;
static struct artifacts *artifacts;
static struct artifacts_config config;

static void
open_all(void)
{
	struct error err = { 0 };

	config.dir = state;
	store = store_open(state, h.loop, &err);
	workers = workers_new(4);
	artifacts = artifacts_open(&config, store, h.loop, workers, &err);
	ck_assert_msg(artifacts != NULL, "%s", err.text);
	h.config.artifacts = artifacts;
}

static void
set_up(void)
{
	strcpy(state, "/tmp/test-files.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	config = artifacts_defaults;
	config.file_bytes = 1000000;
	h.on_up = open_all;
	house_up();
}

static void
tear_down(void)
{
	loop_stop(h.loop);
	pthread_join(h.loop_thread, NULL);
	artifacts_stop(artifacts);
	workers_free(workers);
	gateway_free(h.gw);
	store_close(store);
	loop_free(h.loop);
	artifacts_free(artifacts);
	ck_assert_int_eq(file_remove_tree(state, NULL), 0);
	unlink(h.link_path);
	rmdir(h.dir);
}

static struct answer
call(const char *method, const char *target, const char *type, const char *body, size_t len)
{
	struct peer p = peer_open();
	_cleanup_buf_ struct buf out = { 0 };

	buf_printf(&out, "%s %s HTTP/1.1\r\nhost: localhost\r\n", method, target);
	if (type != NULL)
		buf_printf(&out, "content-type: %s\r\n", type);
	buf_printf(&out, "content-length: %zu\r\n\r\n", len);
	buf_add(&out, body, len);
	(void)send_all(p.fd, out.data, out.len);
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

#define FORM "multipart/form-data; boundary=xyz"
#define PART(name, rest, value) \
	"--xyz\r\ncontent-disposition: form-data; name=\"" name "\"" rest "\r\n\r\n" value "\r\n"
#define A_FILE(name, type, value) \
	PART("file", "; filename=\"" name "\"\r\ncontent-type: " type, value)
#define END_FORM "--xyz--\r\n"

static struct answer
upload(const char *form)
{
	return call("POST", "/v1/files", FORM, form, strlen(form));
}

static char *
id_in(const struct answer *a)
{
	const char *at = strstr(buf_str(&a->body), "\"id\":\"file-");

	return at != NULL ? str_ndup(at + 6, strcspn(at + 6, "\"")) : NULL;
}

static char *
upload_hello(void)
{
	struct answer a = upload(PART("purpose", "", "user_data")
		A_FILE("../h\xc3\xa9.txt", "text/plain", "hello") END_FORM);
	char *id = id_in(&a);

	ck_assert_msg(a.status == 200 && id != NULL, "%d %s", a.status, buf_str(&a.body));
	ck_assert(answer_has(&a, "\"bytes\":5"));
	ck_assert(answer_has(&a, "\"filename\":\"h\xc3\xa9.txt\""));
	ck_assert(answer_has(&a, "\"purpose\":\"user_data\""));
	answer_done(&a);
	return id;
}

START_TEST(a_file_from_upload_to_deletion)
{
	_cleanup_free_ char *id = upload_hello();
	_cleanup_free_ char *one = str_printf("/v1/files/%s", id),
			    *content = str_printf("/v1/files/%s/content", id),
			    *deeper = str_printf("/v1/files/%s/else", id);
	struct answer a;

	a = call("GET", one, NULL, "", 0);
	ck_assert_int_eq(a.status, 200);
	ck_assert(answer_has(&a, id));
	answer_done(&a);
	a = call("GET", content, NULL, "", 0);
	ck_assert_str_eq(buf_str(&a.body), "hello");
	ck_assert(str_starts(header_of(a.head, "content-disposition"), "attachment"));
	answer_done(&a);
	a = call("GET", "/v1/files?purpose=user_data", NULL, "", 0);
	ck_assert(answer_has(&a, id) && answer_has(&a, "\"has_more\":false"));
	answer_done(&a);
	a = call("GET", "/v1/files?purpose=assistants", NULL, "", 0);
	ck_assert(!answer_has(&a, id));
	answer_done(&a);
	a = call("GET", deeper, NULL, "", 0);
	ck_assert_int_eq(a.status, 404);
	answer_done(&a);
	a = call("DELETE", one, NULL, "", 0);
	ck_assert(answer_has(&a, "\"deleted\":true"));
	answer_done(&a);
	a = call("GET", one, NULL, "", 0);
	ck_assert_int_eq(a.status, 404);
	answer_done(&a);
}
END_TEST

static const struct wrong {
	const char *name, *type, *body;
	int status;
} wrongs[] = {
	{ "JSON", "application/json", "{}", 415 },
	{ "no boundary", "multipart/form-data", END_FORM, 415 },
	{ "nothing", FORM, "", 400 },
	{ "no parts", FORM, END_FORM, 400 },
	{ "no end", FORM, PART("purpose", "", "user_data"), 400 },
	{ "cut in a head", FORM, "--xyz\r\ncontent-dispo", 400 },
	{ "no file", FORM, PART("purpose", "", "user_data") END_FORM, 400 },
	{ "no filename", FORM, PART("purpose", "", "user_data") PART("file", "", "x") END_FORM,
	    400 },
	{ "no purpose", FORM, A_FILE("a", "text/plain", "x") END_FORM, 400 },
	{ "another purpose", FORM,
	    PART("purpose", "", "fine-tune") A_FILE("a", "text/plain", "x") END_FORM, 400 },
	{ "odd expiry", FORM,
	    PART("purpose", "", "user_data") PART("expires_after[seconds]", "", "-1")
		A_FILE("a", "text/plain", "x") END_FORM,
	    400 },
};

START_TEST(forms_that_are_none)
{
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		struct answer a = call(
		    "POST", "/v1/files", wrongs[i].type, wrongs[i].body, strlen(wrongs[i].body));

		ck_assert_msg(a.status == wrongs[i].status, "%s: %d %s", wrongs[i].name, a.status,
		    buf_str(&a.body));
		answer_done(&a);
	}
}
END_TEST

START_TEST(too_large)
{
	_cleanup_free_ char *big = mem_zalloc(2000001);
	struct answer a;

	memset(big, 'x', 2000000);
	a = call("POST", "/v1/files", FORM, big, 2000000);
	assert_envelope("too large", &a, 413, "payload_too_large", "client");
	answer_done(&a);
}
END_TEST

#define ASK(file)                                                                                \
	"{\"model\":\"janus\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\"," \
	"\"file\":{" file "}},{\"type\":\"text\",\"text\":\"file_id\"}]}]}"

START_TEST(a_chat_carries_the_bytes)
{
	_cleanup_free_ char *id = upload_hello(), *body = NULL, *named = NULL;
	struct answer a;

	body = str_printf(ASK("\"file_id\":\"%s\""), id);
	a = chat("", body);
	ck_assert_msg(a.status == 200, "%s", buf_str(&a.body));
	ck_assert_msg(strstr(buf_str(&h.seen),
			  ASK("\"filename\":\"h\xc3\xa9.txt\",\"file_data\":\"data:text/"
			      "plain;base64,aGVsbG8=\"")) != NULL,
	    "%s", buf_str(&h.seen));
	answer_done(&a);
	named = str_printf(ASK("\"filename\": \"my.txt\", \"file_id\" : \"%s\""), id);
	a = chat("", named);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(strstr(buf_str(&h.seen),
			  ASK("\"filename\": \"my.txt\", \"file_data\":\"data:text/"
			      "plain;base64,aGVsbG8=\"")) != NULL,
	    "%s", buf_str(&h.seen));
	answer_done(&a);
}
END_TEST

START_TEST(files_a_chat_cannot_have)
{
	_cleanup_free_ char *id = upload_hello(), *both = NULL, *big = mem_zalloc(900001);
	_cleanup_free_ char *form = NULL, *large = NULL, *body = NULL;
	struct answer a;

	a = chat("", ASK("\"file_id\":\"file-none\""));
	assert_envelope("unknown", &a, 404, "resource_not_found", "client");
	ck_assert(answer_has(&a, "messages[0].content[0].file.file_id"));
	answer_done(&a);
	both = str_printf(ASK("\"file_id\":\"%s\",\"file_data\":\"x\""), id);
	a = chat("", both);
	assert_envelope("both", &a, 400, "invalid_value", "client");
	answer_done(&a);
	memset(big, 'x', 900000);
	form = str_printf(
	    PART("purpose", "", "user_data") A_FILE("a", "text/plain", "%s") END_FORM, big);
	a = upload(form);
	large = id_in(&a);
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	body = str_printf(ASK("\"file_id\":\"%s\""), large);
	a = chat("", body); /* a chat is 1 MiB here */
	assert_envelope("large", &a, 413, "payload_too_large", "client");
	answer_done(&a);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *s = suite_create("files");
	TCase *t = tcase_create("files");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_file_from_upload_to_deletion);
	tcase_add_test(t, forms_that_are_none);
	tcase_add_test(t, too_large);
	tcase_add_test(t, a_chat_carries_the_bytes);
	tcase_add_test(t, files_a_chat_cannot_have);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return run_suite(make_suite());
}
