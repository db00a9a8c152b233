/*
 * test_suite.c - what a suite may look like, what is said of one that may not, its digest and samples.
 */
#include "bench/record/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define HEAD(counts)                                                                  \
	"{\"name\":\"public/dev\",\"version\":\"1\",\"title\":\"t\",\"description\":" \
	"\"d\",\"scoring\":\"2026-11\",\"counts\":" counts "}"
#define ANSWER "\"scorer\":{\"kind\":\"answer\",\"accept\":[\"x\"]}"
#define END ANSWER ",\"reference\":{\"text\":\"ANSWER: x\"}}"
#define ITEM(id) "{\"id\":\"" id "\",\"task_type\":\"chat\",\"prompt\":\"p\"," END
#define PNG "\x89PNG\r\n\x1a\nrest"

static void
add(struct suite_files *files, const char *name, const char *text)
{
	struct buf bytes = { 0 };
	struct error err;

	buf_add_str(&bytes, text);
	ck_assert_msg(suite_files_add(files, name, &bytes, &err) == 0, "%s", err.text);
}

/* A suite of one line. */
static int
load_line(const char *line, struct suite *out, struct error *err)
{
	struct suite_files files = { 0 };

	add(&files, "suite.json", HEAD("{\"chat\":1}"));
	add(&files, "chat.jsonl", line);
	add(&files, "files/a.png", PNG);
	add(&files, "files/a.txt", "a text");
	return suite_of_files(&files, NULL, out, err);
}

static const struct wrong {
	const char *line, *says; /* says: of the error; NULL: it is right */
} wrongs[] = {
	{ ITEM("a"), NULL },
	{ ITEM("a") "\n", NULL },
	{ ITEM("a") "\n" ITEM("a"), "chat.jsonl:2: id: a is the id of chat.jsonl:1" },
	{ ITEM("a") "\n\n", "chat.jsonl:2: an empty line" },
	{ "[]", "chat.jsonl:1: not an object" },
	{ "{\"id\":1,", "chat.jsonl:1: " },
	{ "{\"a\":1,\"a\":2}", "chat.jsonl:1: " },
	{ ITEM("a b"), "chat.jsonl:1: id: " },
	{ ITEM("../a"), "chat.jsonl:1: id: " },
	{ ITEM(""), "id: " },
	{ "{\"id\":\"a\",\"prompts\":\"p\"}", "prompts: not a member of an item" },
	{ "{\"id\":\"a\",\"task_type\":\"talk\",\"prompt\":\"p\"," END, "task_type: one of chat" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\"," END, "prompt: either" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"\"," END, "prompt: a text" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"messages\":[]," END,
	    "prompt: either" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"messages\":[]," END, "messages: an array" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"messages\":[{\"role\":\"god\"}]," END,
	    "messages: each has a role" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"messages\":[{\"role\":\"user\"}]," END,
	    "messages: each has a content" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"weight\":0," END, "weight: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"weight\":\"1\"," END,
	    "weight: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"timeout_seconds\":-1," END,
	    "timeout_seconds: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"timeout_seconds\":1e9," END,
	    "timeout_seconds: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"modality\":\"smell\"," END,
	    "modality: one of" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"modality\":\"image_in\"," END,
	    "modality: image_in needs" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[{\"file\":\"files/"
	  "b.png\","
	  "\"as\":\"image\"}]," END,
	    "inputs: files/b.png: there is no such file" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[{\"file\":\"../"
	  "suite.json\","
	  "\"as\":\"text\"}]," END,
	    "inputs: ../suite.json: there is no such file" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[{\"file\":\"files/../"
	  "suite.json\",\"as\":\"text\"}]," END,
	    "there is no such file" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[{\"file\":\"files/"
	  "a.txt\","
	  "\"as\":\"image\"}]," END,
	    "files/a.txt: no PNG" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[{\"file\":\"files/"
	  "a.png\","
	  "\"as\":\"text\"}]," END,
	    "files/a.png: no text" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"inputs\":[]," END,
	    "inputs: an array" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"tools\":[]," END,
	    "tools: an array" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"tools\":[{\"type\":\"function\"}"
	  "]," END,
	    "tools: each is" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"f\",\"parameters\":{}}},{\"type\":\"function\",\"function\":{"
	  "\"name\":\"f\",\"parameters\":{}}}]," END,
	    "tools: f is there twice" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"f\",\"parameters\":{}}}]," END,
	    "simulator: tools need one" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"simulator\":{}," END,
	    "simulator: an object" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"params\":{\"stream\":false}"
	  "," END,
	    "params: stream is not" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\",\"scorer\":{},\"reference\":{}}",
	    "scorer: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\"," ANSWER "}", "reference: " },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\"," ANSWER
	  ",\"reference\":{\"calls\":[[{"
	  "\"name\":\"f\",\"arguments\":{}}]]}}",
	    "reference.calls: of an item without tools" },
	{ "{\"id\":\"a\",\"task_type\":\"chat\",\"prompt\":\"p\"," ANSWER
	  ",\"reference\":{\"files\":[{"
	  "\"name\":\"a\",\"mime_type\":\"b\",\"file\":\"/etc/passwd\"}]}}",
	    "reference.files: /etc/passwd: there is no such file" },
};

START_TEST(test_lines)
{
	const struct wrong *w = &wrongs[_i];
	struct suite s = { 0 };
	struct error err = { 0 };
	const int rc = load_line(w->line, &s, &err);

	ck_assert_msg((rc == 0) == (w->says == NULL), "%d: %s", _i, err.text);
	if (w->says != NULL) {
		ck_assert_msg(strstr(err.text, w->says) != NULL, "%d: %s", _i, err.text);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
	suite_done(&s);
}
END_TEST

START_TEST(test_request_is_made)
{
	struct suite s;
	struct error err;

	ck_assert_msg(
	    load_line(
		"{\"id\":\"a\",\"task_type\":\"multimodal\",\"modality\":\"image_in\","
		"\"prompt\":\"what?\",\"inputs\":[{\"file\":\"files/a.png\",\"as\":\"image\"},"
		"{\"file\":\"files/"
		"a.txt\",\"as\":\"text\"}],\"weight\":2,\"timeout_seconds\":1.5," END,
		&s, &err) < 0,
	    "the counts say chat");
	ck_assert_str_eq(err.text, "suite.json:1: counts: chat: there are 0");
	ck_assert_msg(
	    load_line(
		"{\"id\":\"a\",\"task_type\":\"chat\",\"modality\":\"image_in\","
		"\"prompt\":\"what?\",\"inputs\":[{\"file\":\"files/a.png\",\"as\":\"image\"},"
		"{\"file\":\"files/"
		"a.txt\",\"as\":\"text\"}],\"weight\":2,\"timeout_seconds\":1.5," END,
		&s, &err) == 0,
	    "%s", err.text);
	_cleanup_free_ char *messages = json_print(s.items[0].messages);
	ck_assert_str_eq(messages,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"what?\"},{\"type\":"
	    "\"image_url\","
	    "\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgpyZXN0\"}},"
	    "{\"type\":\"text\",\"text\":\"a text\"}]}]");
	ck_assert(s.items[0].weight == 2);
	ck_assert_int_eq(s.items[0].timeout_ms, 1500);
	ck_assert_str_eq(s.name, "public/dev");
	ck_assert_ptr_nonnull(suite_item(&s, "a"));
	ck_assert_ptr_null(suite_item(&s, "b"));
	suite_done(&s);
}
END_TEST

static int
refuse(const struct item *item, struct error *err)
{
	return error_set(err, ERROR_INVALID, "scorer: not that of %s", item->id);
}

START_TEST(test_check_names_the_line)
{
	struct suite_files files = { 0 };
	struct suite s;
	struct error err;

	add(&files, "suite.json", HEAD("{\"chat\":1}"));
	add(&files, "x.jsonl", ITEM("a"));
	ck_assert_int_lt(suite_of_files(&files, refuse, &s, &err), 0);
	ck_assert_str_eq(err.text, "x.jsonl:1: scorer: not that of a");
}
END_TEST

static const struct {
	const char *head, *says;
} heads[] = {
	{ "[]", "suite.json:1: not an object" },
	{ "{", "suite.json:1: " },
	{ "{\"nam\":1}", "suite.json:1: nam: not a member" },
	{ "{\"name\":\"a\"}", "suite.json:1: version: a text" },
	{ HEAD("{}"), "suite.json:1: counts: 0 of 1 items" },
	{ HEAD("{\"chat\":2}"), "suite.json:1: counts: chat: there are 1" },
	{ HEAD("{\"chats\":1}"), "suite.json:1: counts: chats: no task type" },
	{ HEAD("[]"), "suite.json:1: counts: an object" },
};

START_TEST(test_heads)
{
	struct suite_files files = { 0 };
	struct suite s;
	struct error err;

	add(&files, "suite.json", heads[_i].head);
	add(&files, "x.jsonl", ITEM("a"));
	ck_assert_int_lt(suite_of_files(&files, NULL, &s, &err), 0);
	ck_assert_msg(strstr(err.text, heads[_i].says) != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_names_stay_inside)
{
	static const char *const bad[] = { "", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\\b",
		"a\nb", "\xff" };
	struct suite_files files = { 0 };
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_buf_ struct buf bytes = { 0 };

		ck_assert_msg(suite_files_add(&files, bad[i], &bytes, &err) < 0, "%zu", i);
	}
	add(&files, "b", "2");
	add(&files, "a/c", "1");
	_cleanup_buf_ struct buf again = { 0 };
	ck_assert_int_lt(suite_files_add(&files, "b", &again, &err), 0);
	ck_assert_str_eq(files.at[0].name, "a/c");
	ck_assert_ptr_null(suite_files_find(&files, "c"));
	suite_files_done(&files);
}
END_TEST

/* The same as `sha256sum` over the sorted files would say. */
START_TEST(test_directory_and_digest)
{
	char dir[] = "/tmp/test_suite.XXXXXX", digest[SUITE_DIGEST_MAX], a[HASH_HEX_MAX],
	     b[HASH_HEX_MAX], all[HASH_HEX_MAX];
	struct suite_files files = { 0 };
	struct suite s;
	struct error err;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *sub = str_printf("%s/files", dir), *in = str_printf("%s/b.txt", sub),
			    *out = str_printf("%s/Z", dir), *link = str_printf("%s/link", sub);
	ck_assert_int_eq(file_mkdirs(sub, 0700, &err), 0);
	ck_assert_int_eq(file_write(in, "one", 3, 0600, &err), 0);
	ck_assert_int_eq(file_write(out, "two", 3, 0600, &err), 0);
	ck_assert_int_eq(suite_files_read(dir, &files, &err), 0);
	suite_files_digest(&files, digest);
	_cleanup_free_ char *lines = str_printf(
	    "%s  Z\n%s  files/b.txt\n", hash_sha256_hex("two", 3, a), hash_sha256_hex("one", 3, b));
	hash_sha256_hex(lines, strlen(lines), all);
	ck_assert_str_eq(digest + 7, all);
	suite_files_done(&files);

	ck_assert_int_lt(suite_load(dir, NULL, &s, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_lt(suite_load("/nowhere", NULL, &s, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
	ck_assert_int_lt(suite_files_read(dir, &files, &err), 0);
	ck_assert_str_eq(err.text, "files/link: not a regular file");
	suite_files_done(&files);
	file_remove_tree(dir, &err);
}
END_TEST

static void
many(struct suite *s, size_t n, bool backwards)
{
	struct suite_files files = { 0 };
	_cleanup_buf_ struct buf lines = { 0 };
	_cleanup_free_ char *head = str_printf(HEAD("{\"chat\":%zu}"), n);
	struct error err;

	for (size_t i = 0; i < n; i++)
		buf_printf(&lines,
		    "{\"id\":\"i%03zu\",\"task_type\":\"chat\",\"prompt\":\"p\"," END "\n",
		    backwards ? n - 1 - i : i);
	add(&files, "suite.json", head);
	add(&files, "x.jsonl", buf_str(&lines));
	ck_assert_msg(suite_of_files(&files, NULL, s, &err) == 0, "%s", err.text);
}

START_TEST(test_samples)
{
	struct suite s, same;
	size_t n, k, differ = 0;

	many(&s, 97, false);
	many(&same, 97, true);
	for (int percent = 1; percent <= 100; percent++) {
		_cleanup_free_ size_t *a = suite_sample(&s, 42, percent, &n);
		_cleanup_free_ size_t *b = suite_sample(&same, 42, percent, &k);
		_cleanup_free_ size_t *other = suite_sample(&s, 43, percent, &k);

		ck_assert_uint_eq(n, k);
		ck_assert_uint_eq(n, (97 * (size_t)percent + 99) / 100);
		for (size_t i = 0; i < n; i++) {
			ck_assert_str_eq(s.items[a[i]].id, same.items[b[i]].id);
			ck_assert(i == 0 || a[i] > a[i - 1]);
			differ += a[i] != other[i];
		}
	}
	ck_assert_uint_gt(differ, 0);
	const struct suite *const twice[] = { &s, &same };
	struct error err;
	ck_assert_int_eq(suite_distinct(twice, 1, &err), 0);
	ck_assert_int_lt(suite_distinct(twice, 2, &err), 0);
	ck_assert_str_eq(err.text, "id: i000 is in public/dev and in public/dev");
	suite_done(&s);
	suite_done(&same);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suite");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_lines, 0, ARRAY_LEN(wrongs));
	tcase_add_test(t, test_request_is_made);
	tcase_add_test(t, test_check_names_the_line);
	tcase_add_loop_test(t, test_heads, 0, ARRAY_LEN(heads));
	tcase_add_test(t, test_names_stay_inside);
	tcase_add_test(t, test_directory_and_digest);
	tcase_add_test(t, test_samples);
	suite_add_tcase(s, t);
	return run_suite(s);
}
