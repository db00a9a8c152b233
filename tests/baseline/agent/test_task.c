/*
 * test_task.c - a chat as a task: prompt, messages, attachments; and the pack that carries them.
 */
#include "baseline/agent/task.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/agent/pack.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static int
make(const char *body, bool vision, struct task *t, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_msg(json_parse(body, strlen(body), &json, NULL) == 0, "%s", body);
	return task_make(t, json, vision, err);
}

#define USER(parts) "{\"messages\":[{\"role\":\"user\",\"content\":[" parts "]}]}"
#define TEXT "{\"type\":\"text\",\"text\":\"look\"}"
#define PNG "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}"
#define FILE_PART(name, data) \
	"{\"type\":\"file\",\"file\":{\"filename\":\"" name "\",\"file_data\":\"" data "\"}}"

START_TEST(test_conversation)
{
	_cleanup_task_ struct task t = { 0 };

	ck_assert_int_eq(
	    make("{\"messages\":[{\"role\":\"user\",\"content\":\"only this\"}]}", false, &t, NULL),
	    0);
	ck_assert_str_eq(t.prompt, "only this");
	task_done(&t);
	ck_assert_int_eq(
	    make("{\"messages\":[{\"role\":\"system\",\"content\":\"be kind\"},{\"role\":\"user\","
		 "\"content\":\"first\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
		 "\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{"
		 "}\"}}]},"
		 "{\"role\":\"user\",\"content\":\"last\"}]}",
		false, &t, NULL),
	    0);
	const char *const order[] = { "[system]\nbe kind", "[user]\nfirst", "[assistant]",
		"calls f with {}", "from the user:\n\nlast" };
	const char *at = t.prompt;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		at = strstr(at, order[i]);
		ck_assert_msg(at != NULL, "%s: %s", order[i], t.prompt);
	}
	ck_assert_ptr_nonnull(strstr(t.messages, "\"tool_calls\""));
}
END_TEST

START_TEST(test_attachments)
{
	_cleanup_task_ struct task t = { 0 };

	ck_assert_int_eq(
	    make(USER(TEXT "," PNG "," FILE_PART("../../etc/pass wd",
		     "data:text/plain;base64,aGk=") ","
						    "{\"type\":\"input_audio\",\"input_audio\":{"
						    "\"data\":\"AAAA\",\"format\":\"wav\"}},"
						    "{\"type\":\"file\",\"name\":\"a.txt\",\"mime_"
						    "type\":\"text/plain\",\"content\":\"abcd\"},"
						    "{\"type\":\"file\",\"name\":\"a.txt\","
						    "\"content\":\"two words\"},"
						    "{\"type\":\"file\",\"name\":\"x.bin\",\"mime_"
						    "type\":\"application/x\",\"content\":"
						    "\"AAAA\"}"),
		false, &t, NULL),
	    0);
	ck_assert_int_eq(t.nfiles, 6);
	ck_assert_str_eq(t.files[0].path, "attachments/image-1.png");
	ck_assert(t.files[0].is_base64);
	ck_assert_str_eq(t.files[1].path, "attachments/pass_wd");
	ck_assert_str_eq(t.files[1].content, "aGk=");
	ck_assert_str_eq(t.files[2].path, "attachments/sound-3.wav");
	ck_assert_str_eq(t.files[3].path, "attachments/a.txt");
	ck_assert(!t.files[3].is_base64);
	ck_assert_str_eq(t.files[4].path, "attachments/2-a.txt");
	ck_assert(t.files[5].is_base64);
	ck_assert_ptr_nonnull(strstr(t.prompt, "[attached: attachments/image-1.png]"));
	ck_assert_ptr_null(strstr(t.messages, "image_url"));
	task_done(&t);
	ck_assert_int_eq(make(USER(TEXT "," PNG), true, &t, NULL), 0);
	ck_assert_ptr_nonnull(strstr(t.messages, "data:image/png;base64,AAAA"));
	ck_assert_int_eq(t.nfiles, 1);
	task_done(&t);
	ck_assert_int_eq(make(USER("{\"type\":\"image_url\",\"image_url\":{\"url\":"
				   "\"https://example.org/x.png\"}}"),
			     false, &t, NULL),
	    0);
	ck_assert_int_eq(t.nfiles, 0);
	ck_assert_ptr_nonnull(strstr(t.prompt, "https://example.org/x.png"));
}
END_TEST

START_TEST(test_refused)
{
	static const char *const bodies[] = {
		USER(FILE_PART("a", "data:text/plain;base64,***")),
		USER("{\"type\":\"file\",\"file\":{\"filename\":\"a\"}}"),
		USER("{\"type\":\"image_url\",\"image_url\":{}}"),
		USER("{\"type\":\"input_audio\",\"input_audio\":{}}"),
	};
	_cleanup_buf_ struct buf many = { 0 };
	struct error err = { 0 };
	struct task t = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		err = (struct error){ 0 };
		ck_assert_msg(make(bodies[i], false, &t, &err) == -1, "%s", bodies[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_ptr_null(t.messages);
	}
	buf_add_str(&many, "{\"messages\":[{\"role\":\"user\",\"content\":[" PNG);
	for (int i = 0; i < TASK_FILES_MAX; i++)
		buf_add_str(&many, "," PNG);
	buf_add_str(&many, "]}]}");
	ck_assert_int_eq(make(buf_str(&many), false, &t, &err), -1);
}
END_TEST

/* Unpacked by the line that a sandbox is told, here: the workspace's name is another. */
START_TEST(test_pack)
{
	_cleanup_task_ struct task t = { 0 };
	_cleanup_buf_ struct buf pack = { 0 }, again = { 0 }, line = { 0 };
	char dir[] = "/tmp/janus-pack.XXXXXX";
	struct error err = { 0 };

	ck_assert_int_eq(
	    make(USER(TEXT "," PNG "," FILE_PART("a.txt", "data:text/plain;base64,aGk=")), false,
		&t, NULL),
	    0);
	ck_assert_msg(pack_make(&t, &pack, &err) == 0, "%s", err.text);
	ck_assert_int_eq(pack_make(&t, &again, &err), 0);
	ck_assert_str_eq(buf_str(&pack), buf_str(&again));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *path = str_printf("%s/.janus.b64", dir);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fwrite(pack.data, 1, pack.len, f), pack.len);
	fclose(f);
	for (const char *at = pack_unpack_line(); *at != '\0';) {
		if (str_starts(at, PACK_WORKSPACE)) {
			buf_add_str(&line, dir);
			at += strlen(PACK_WORKSPACE);
		} else {
			buf_add_char(&line, *at++);
		}
	}
	buf_printf(&line,
	    " >/dev/null && cd %s && [ \"$(cat attachments/a.txt)\" = hi ] && [ -x "
	    ".janus/bin/janus-fetch ] &&"
	    " [ -d artifacts ] && [ ! -e .janus.b64 ] && [ ! -e attachments/a.txt.b64 ] &&"
	    " [ \"$(wc -c <attachments/image-1.png)\" -eq 3 ] && grep -q look "
	    ".janus/conversation.json",
	    dir);
	ck_assert_msg(system(buf_str(&line)) == 0, "%s", buf_str(&line)); /* NOLINT */
	_cleanup_free_ char *clean = str_printf("rm -rf %s", dir);
	ck_assert_int_eq(system(clean), 0); /* NOLINT */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("task");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_conversation);
	tcase_add_test(tc, test_attachments);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_pack);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
