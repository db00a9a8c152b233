/*
 * test_evidence.c - a run written down, cut at every byte, gone on with; and what was never ours.
 */
#include "bench/record/evidence.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/record/evidence_line.h"
#include "bench/record/suite.h"
#include "runtime/base/tree.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ATTEMPTS 3

static char top[64], dir[96], suite[96], key[96];
static cJSON *manifest;

static void
put(const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", top, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static void
set_up(void)
{
	static const char text[] = "{\"suite\":\"public/dev\",\"seed\":42,"
				   "\"epochs\":1,\"target\":\"http://x\",\"model\":\"m\"}";

	snprintf(top, sizeof(top), "%s/janus_evidence_XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/run/1", top);
	snprintf(suite, sizeof(suite), "%s/suite/files", top);
	snprintf(key, sizeof(key), "%s/keys/bench.key", top);
	ck_assert_int_eq(file_mkdirs(suite, 0755, NULL), 0);
	snprintf(suite, sizeof(suite), "%s/suite", top);
	put("suite/suite.json", "{}");
	put("suite/files/a.txt", "abc");
	ck_assert_int_eq(json_parse(text, strlen(text), &manifest, NULL), 0);
	struct suite_files files = { 0 };
	char digest[SUITE_DIGEST_MAX];
	ck_assert_int_eq(suite_files_read(suite, &files, NULL), 0);
	suite_files_digest(&files, digest);
	suite_files_done(&files);
	json_add_str(manifest, "suite_digest", digest);
}

static void
tear_down(void)
{
	cJSON_Delete(manifest);
	file_remove_tree(top, NULL);
}

static void
add_frame(struct attempt *a, enum frame_kind kind, int64_t t_us, const char *bytes, size_t len)
{
	a->frames = realloc(a->frames, (a->nframes + 1) * sizeof(*a->frames));
	struct frame *f = &a->frames[a->nframes++];
	*f = (struct frame){ .turn = 0, .kind = kind, .t_us = t_us };
	buf_add(&f->bytes, bytes, len);
}

/* Attempt n: text, bytes that are no text, an empty frame, a file. */
static void
make_attempt(int n, struct attempt *a)
{
	*a = (struct attempt){ .epoch = 0,
		.attempt = 1,
		.started_at_ms = 1700000000123,
		.metered_micro_usd = n == 0 ? -1 : 1234567,
		.platform_us = 1500 };
	snprintf(a->id, sizeof(a->id), "itm_%d", n);
	snprintf(a->item, sizeof(a->item), "item-%d", n);
	add_frame(a, FRAME_REQUEST, 0, "{\"model\":\"m\"}", 13);
	add_frame(a, FRAME_HEAD, 12345, "HTTP/1.1 200 OK\r\n", 17);
	add_frame(a, FRAME_BODY, 12345, "data: \xc3", 7); /* cut in a character */
	add_frame(a, FRAME_BODY, 999999999, "\xa9\0\x1f\"\n", 5);
	add_frame(a, FRAME_END, 1000000001, n == 1 ? "" : "complete", n == 1 ? 0 : 8);
	a->files = mem_zalloc(sizeof(*a->files));
	a->nfiles = 1;
	struct attempt_file *f = &a->files[0];
	buf_printf(&f->bytes, "file %d", n);
	hash_sha256_hex(f->bytes.data, f->bytes.len, f->sha256);
	str_copy(f->name, sizeof(f->name), "a.txt");
	str_copy(f->mime_type, sizeof(f->mime_type), "text/plain");
	f->size = (int64_t)f->bytes.len;
	f->said_size = n == 0 ? -1 : 7;
	const char *runs = "[{\"case\":0,\"exit\":0,\"stdout\":\"x\"}]";
	ck_assert_int_eq(json_parse(runs, strlen(runs), &a->executions, NULL), 0);
	if (n == 2) {
		a->state = ATTEMPT_ERROR;
		str_copy(a->fault, sizeof(a->fault), "platform");
		str_copy(a->code, sizeof(a->code), "no_ready_competitor");
		str_copy(a->error, sizeof(a->error), "bad \xff bytes");
	}
}

static struct evidence *
open_it(const char *seal_key, struct error *err)
{
	return evidence_open(
	    &(struct evidence_setup){ dir, manifest, suite, "{\"version\":\"1\"}", seal_key }, err);
}

static struct evidence *
must_open(const char *seal_key)
{
	struct error err = { 0 };
	struct evidence *ev = open_it(seal_key, &err);

	ck_assert_msg(ev != NULL, "%s", err.text);
	return ev;
}

static void
append(struct evidence *ev, int n)
{
	_cleanup_json_ cJSON *judged = cJSON_CreateObject();
	struct error err = { 0 };
	struct attempt a;

	json_add_str(judged, "task_type", "chat");
	json_add_str(judged, "state", "passed");
	cJSON_AddNumberToObject(json_add_obj(judged, "scores"), "quality", 100.0 / 3);
	make_attempt(n, &a);
	ck_assert_msg(evidence_append(ev, &a, judged, &err) != NULL, "%s", err.text);
	attempt_done(&a);
}

static int
compare_one(const struct evidence_record *r, void *arg, struct error *err)
{
	int *n = arg;
	struct attempt want;
	const struct attempt *is = r->attempt;

	(void)err;
	make_attempt(*n, &want);
	ck_assert_uint_eq(r->line, (size_t)*n + 1);
	ck_assert_str_eq(is->id, want.id);
	ck_assert_int_eq(is->state, want.state);
	ck_assert_str_eq(is->fault, want.fault);
	ck_assert_int_eq(is->started_at_ms, want.started_at_ms);
	ck_assert_int_eq(is->metered_micro_usd, want.metered_micro_usd);
	ck_assert_int_eq(is->platform_us, want.platform_us);
	ck_assert_uint_eq(is->nframes, want.nframes);
	for (size_t i = 0; i < want.nframes; i++) {
		ck_assert_int_eq(is->frames[i].kind, want.frames[i].kind);
		ck_assert_int_eq(is->frames[i].t_us, want.frames[i].t_us);
		ck_assert_uint_eq(is->frames[i].bytes.len, want.frames[i].bytes.len);
		ck_assert_mem_eq(buf_str(&is->frames[i].bytes), buf_str(&want.frames[i].bytes),
		    want.frames[i].bytes.len + 1);
	}
	ck_assert_uint_eq(is->nfiles, 1);
	ck_assert_str_eq(buf_str(&is->files[0].bytes), buf_str(&want.files[0].bytes));
	ck_assert_int_eq(is->files[0].said_size, want.files[0].said_size);
	ck_assert_int_eq(cJSON_GetArraySize(is->executions), 1);
	attempt_done(&want);
	++*n;
	return 0;
}

static void
compare_all(const char *seal_key, int want)
{
	struct error err = { 0 };
	int n = 0;

	ck_assert_msg(evidence_each(dir, seal_key, compare_one, &n, &err) == 0, "%s", err.text);
	ck_assert_int_eq(n, want);
}

static char *
slurp(const char *name, size_t *len)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	char *text = NULL;

	ck_assert_int_eq(file_read(path, 1 << 24, &text, len, NULL), 0);
	return text;
}

static void
spill(const char *name, const char *bytes, size_t len)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write_all(fd, bytes, len), 0);
}

START_TEST(test_whole) /* [J06] one process at a time writes a run */
{
	_cleanup_json_ cJSON *end = cJSON_CreateObject(), *m = NULL, *env = NULL;
	struct evidence *ev = must_open(NULL);
	struct error err = { 0 };
	struct stat st;
	bool settled;

	ck_assert_ptr_null(open_it(NULL, &err)); /* two runners */
	ck_assert_int_eq(err.kind, ERROR_BUSY);
	for (int n = 0; n < ATTEMPTS; n++)
		append(ev, n);
	ck_assert_int_eq(evidence_attempts(ev, "item-0", 0, &settled), 1);
	ck_assert(settled);
	ck_assert_int_eq(evidence_attempts(ev, "item-2", 0, &settled), 1);
	ck_assert(!settled); /* it ended in an error */
	ck_assert_int_eq(evidence_attempts(ev, "item-0", 1, &settled), 0);
	json_add_str(end, "state", "finished");
	ck_assert_msg(evidence_close(ev, end, key, &err) == 0, "%s", err.text);
	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert(evidence_finished(ev));
	struct attempt a;
	make_attempt(0, &a);
	ck_assert_ptr_null(evidence_append(ev, &a, NULL, &err));
	attempt_done(&a);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	evidence_free(ev);

	compare_all(NULL, ATTEMPTS);
	ck_assert_int_eq(evidence_read_json(dir, EVIDENCE_MANIFEST, &m, NULL), 0);
	ck_assert_str_eq(json_str(m, "state"), "finished");
	ck_assert_str_eq(json_str(m, "object"), "evidence");
	ck_assert_int_eq(evidence_read_json(dir, EVIDENCE_ENV, &env, NULL), 0);
	ck_assert_int_gt(json_int(env, "cores", 0), 0);
	ev = must_open(NULL); /* again: it is over, and says what it has */
	ck_assert(evidence_finished(ev));
	ck_assert_int_eq(cJSON_GetArraySize(evidence_results(ev)), ATTEMPTS);
	evidence_free(ev);
}
END_TEST

/* The frames of attempt n, then its line, cut after each byte: n attempts are there, and it goes on. */
static void
cut_at(int n, const char *items, size_t items_len, const char *frames, size_t frames_len)
{
	struct evidence *ev;

	spill(EVIDENCE_ITEMS, items, items_len);
	spill(EVIDENCE_FRAMES, frames, frames_len);
	compare_all(NULL, n); /* read without repairing it */
	ev = must_open(NULL);
	ck_assert_int_eq(cJSON_GetArraySize(evidence_results(ev)), n);
	evidence_free(ev);
	compare_all(NULL, n);
}

START_TEST(test_cut_anywhere) /* [J04] a run cut at every byte goes on */
{
	struct evidence *ev = must_open(NULL);
	size_t items_at[ATTEMPTS + 1] = { 0 }, frames_at[ATTEMPTS + 1] = { 0 };

	for (int n = 0; n < ATTEMPTS; n++) {
		append(ev, n);
		free(slurp(EVIDENCE_ITEMS, &items_at[n + 1]));
		free(slurp(EVIDENCE_FRAMES, &frames_at[n + 1]));
	}
	evidence_free(ev);
	_cleanup_free_ char *items = slurp(EVIDENCE_ITEMS, &items_at[ATTEMPTS]),
			    *frames = slurp(EVIDENCE_FRAMES, &frames_at[ATTEMPTS]);
	for (int n = 0; n < ATTEMPTS; n++) {
		for (size_t f = frames_at[n]; f <= frames_at[n + 1]; f++)
			cut_at(n, items, items_at[n], frames, f);
		for (size_t i = items_at[n]; i < items_at[n + 1]; i++)
			cut_at(n, items, i, frames, frames_at[n + 1]);
	}
	/* gone on with, the same bytes come out */
	ev = must_open(NULL);
	append(ev, 2);
	evidence_free(ev);
	size_t len;
	_cleanup_free_ char *again = slurp(EVIDENCE_ITEMS, &len);
	ck_assert_uint_eq(len, items_at[ATTEMPTS]);
	ck_assert_mem_eq(again, items, len);
	_cleanup_free_ char *frames_again = slurp(EVIDENCE_FRAMES, &len);
	ck_assert_mem_eq(frames_again, frames, len);
	ck_assert_uint_eq(len, frames_at[ATTEMPTS]);
}
END_TEST

START_TEST(test_cut_begin) /* [I02] before there was a manifest */
{
	static const char *const left[] = { "", EVIDENCE_SCORING, EVIDENCE_ENV,
		"suite/suite.json" };

	for (size_t i = 0; i < ARRAY_LEN(left); i++) { /* before there was a manifest */
		_cleanup_free_ char *at = str_printf("%s/suite", dir);

		file_remove_tree(dir, NULL);
		ck_assert_int_eq(file_mkdirs(at, 0755, NULL), 0);
		if (*left[i] != '\0')
			spill(left[i], "{", 1);
		spill("manifest.json.77.tmp", "{", 1);
		struct evidence *ev = must_open(NULL);
		append(ev, 0);
		evidence_free(ev);
		compare_all(NULL, 1);
	}
}
END_TEST

START_TEST(test_cut_close)
{
	static const char *const order[] = { EVIDENCE_SIGNATURE, EVIDENCE_SUMS };
	_cleanup_json_ cJSON *end = cJSON_CreateObject();
	struct evidence *ev = must_open(NULL);
	struct error err = { 0 };

	append(ev, 0);
	json_add_str(end, "state", "finished");
	ck_assert_int_eq(evidence_close(ev, end, key, &err), 0);
	evidence_free(ev);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		_cleanup_free_ char *orphan = str_printf("%s/artifacts/%064d", dir, 7);

		for (size_t k = 0; k <= i; k++) {
			_cleanup_free_ char *path = str_printf("%s/%s", dir, order[k]);
			ck_assert_int_eq(unlink(path), 0);
		}
		ck_assert_int_eq(file_write(orphan, "x", 1, 0644, NULL), 0);
		ev = must_open(NULL);
		ck_assert(!evidence_finished(ev));
		ck_assert_msg(evidence_close(ev, end, key, &err) == 0, "%s", err.text);
		evidence_free(ev);
		ck_assert_int_lt(access(orphan, F_OK), 0); /* of an attempt without a line */
	}
}
END_TEST

START_TEST(test_refused) /* [J07] another seed, a suite that was changed, damage */
{
	struct evidence *ev = must_open(NULL);
	struct error err = { 0 };
	size_t len;

	append(ev, 0);
	append(ev, 1);
	evidence_free(ev);

	cJSON_ReplaceItemInObjectCaseSensitive(manifest, "seed", cJSON_CreateNumber(43));
	ck_assert_ptr_null(open_it(NULL, &err)); /* another run */
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "seed 42, not 43"));
	cJSON_ReplaceItemInObjectCaseSensitive(manifest, "seed", cJSON_CreateNumber(42));

	_cleanup_free_ char *items = slurp(EVIDENCE_ITEMS, &len),
			    *frames = slurp(EVIDENCE_FRAMES, &len);
	spill(EVIDENCE_FRAMES, frames, 10);
	ck_assert_ptr_null(open_it(NULL, &err)); /* what was written is gone */
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, EVIDENCE_FRAMES));
	spill(EVIDENCE_FRAMES, frames, len);

	items[3] = '!';
	spill(EVIDENCE_ITEMS, items, strlen(items));
	ck_assert_ptr_null(open_it(NULL, &err)); /* not the last line */
	ck_assert_ptr_nonnull(strstr(err.text, "items.jsonl: line 1"));

	file_remove_tree(dir, NULL);
	put("suite/suite.json", "{ }");
	ck_assert_ptr_null(open_it(NULL, &err)); /* changed since it was read */
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "it was changed"));

	file_remove_tree(dir, NULL);
	ck_assert_int_eq(file_mkdirs(dir, 0755, NULL), 0);
	spill("thesis.doc", "x", 1);
	ck_assert_ptr_null(open_it(NULL, &err)); /* somebody's directory */
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "thesis.doc"));
}
END_TEST

START_TEST(test_disk_full) /* [I03] evidence: a write that ends early, what was there stands */
{
	struct rlimit was, small;
	struct evidence *ev = must_open(NULL);
	struct error err = { 0 };
	struct attempt a;
	size_t before, after;

	append(ev, 0);
	free(slurp(EVIDENCE_ITEMS, &before));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ .rlim_cur = before + 100, .rlim_max = was.rlim_max };
	make_attempt(1, &a);
	setrlimit(RLIMIT_FSIZE, &small); /* no ck_ here: it writes, too */
	const cJSON *line = evidence_append(ev, &a, NULL, &err);
	setrlimit(RLIMIT_FSIZE, &was);
	ck_assert_ptr_null(line);
	ck_assert_msg(*err.text != '\0' && err.kind != ERROR_NONE, "%s", err.text);
	free(slurp(EVIDENCE_ITEMS, &after));
	ck_assert_uint_eq(before, after);
	compare_all(NULL, 1);
	attempt_done(&a);
	append(ev, 1); /* there is room again */
	evidence_free(ev);
	compare_all(NULL, 2);
}
END_TEST

START_TEST(test_sealed)
{
	static const char secret[] = "a key that is long";
	_cleanup_json_ cJSON *lines = NULL, *opened = NULL;
	_cleanup_tree_ struct tree t = { 0 };
	struct evidence *ev = must_open(secret);
	struct error err = { 0 };
	char name[ITEM_ID_MAX];
	bool settled;
	int n = 0;

	append(ev, 0);
	append(ev, 1);
	evidence_free(ev);
	ev = must_open(secret);
	ck_assert_int_eq(evidence_attempts(ev, "item-0", 0, &settled), 1);
	evidence_free(ev);
	ck_assert_int_eq(tree_list(dir, NULL, &t, NULL), 0);
	for (size_t i = 0; i < t.n; i++) { /* nothing of it in clear */
		size_t len;
		_cleanup_free_ char *text = slurp(t.names[i], &len);

		ck_assert_ptr_null(strstr(text, "item-0"));
		ck_assert_ptr_null(strstr(text, "file 0"));
		ck_assert_ptr_null(strstr(text, "HTTP/1.1"));
		ck_assert_ptr_null(strstr(text, "a.txt"));
	}
	ck_assert_int_eq(evidence_lines(dir, NULL, &lines, NULL), 0);
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(lines, 0), "executions"), "[sealed]");
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(lines, 0), "item"),
	    evidence_item_name(secret, "item-0", name));
	ck_assert_int_eq(evidence_lines(dir, secret, &opened, NULL), 0);
	ck_assert(cJSON_IsArray(json_get(cJSON_GetArrayItem(opened, 0), "executions")));
	compare_all(secret, 2);
	ck_assert_int_lt(evidence_each(dir, "another", compare_one, &n, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	ck_assert_int_lt(evidence_each(dir, NULL, compare_one, &n, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
}
END_TEST

static const struct {
	const char *what, *line, *says;
} bad[] = {
	{ "another object", "{\"object\":\"run\"}", "object" },
	{ "no id", "{\"object\":\"item\",\"item\":\"a\"}", "'id'" },
	{ "a half epoch", "{\"object\":\"item\",\"id\":\"i\",\"item\":\"a\",\"epoch\":0.5}",
	    "epoch" },
	{ "no such state",
	    "{\"object\":\"item\",\"id\":\"i\",\"item\":\"a\",\"epoch\":0,\"attempt\":1,\"state\":"
	    "\"x\"}",
	    "state" },
	{ "a file that leads out",
	    "{\"object\":\"item\",\"id\":\"i\",\"item\":\"a\",\"epoch\":0,\"attempt\":1,"
	    "\"state\":\"passed\",\"files\":[{\"sha256\":\"../../etc/passwd\",\"name\":\"\","
	    "\"size_bytes\":1,\"said_size_bytes\":-1}]}",
	    "files.0: 'sha256'" },
	{ "a cost of hugeness",
	    "{\"object\":\"item\",\"id\":\"i\",\"item\":\"a\",\"epoch\":0,\"attempt\":1,"
	    "\"state\":\"passed\",\"metered_cost_usd\":1e300}",
	    "metered_cost_usd" },
	{ "a time that is none",
	    "{\"object\":\"item\",\"id\":\"i\",\"item\":\"a\",\"epoch\":0,\"attempt\":1,"
	    "\"state\":\"passed\",\"started_at\":\"yesterday\"}",
	    "started_at" },
};

START_TEST(test_bad_line)
{
	_cleanup_json_ cJSON *line = NULL;
	struct error err = { 0 };
	struct attempt a;

	ck_assert_int_eq(json_parse(bad[_i].line, strlen(bad[_i].line), &line, &err), 0);
	ck_assert_int_lt(line_attempt(line, &a, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s: %s", bad[_i].what, err.text);
}
END_TEST

static const struct {
	const char *what, *text, *says;
} bad_frames[] = {
	{ "cut", "{\"attempt\":\"itm_0\"", "line 1: it is cut" },
	{ "of another attempt", "{\"attempt\":\"itm_1\"}\n", "another attempt" },
	{ "time goes back",
	    "{\"attempt\":\"itm_0\",\"turn\":0,\"t_ms\":5,\"kind\":\"body\",\"bytes\":\"\"}\n"
	    "{\"attempt\":\"itm_0\",\"turn\":0,\"t_ms\":4,\"kind\":\"body\",\"bytes\":\"\"}\n",
	    "line 2: it is before" },
	{ "both kinds of bytes",
	    "{\"attempt\":\"itm_0\",\"turn\":0,\"t_ms\":5,\"kind\":\"body\",\"bytes\":\"\","
	    "\"base64\":"
	    "\"\"}\n",
	    "or both" },
	{ "no time", "{\"attempt\":\"itm_0\",\"turn\":0,\"t_ms\":1e99,\"kind\":\"body\"}\n",
	    "t_ms" },
	{ "no kind", "{\"attempt\":\"itm_0\",\"turn\":0,\"t_ms\":1,\"kind\":\"soul\"}\n", "kind" },
};

START_TEST(test_bad_frames)
{
	struct attempt a = { .id = "itm_0" };
	struct error err = { 0 };

	ck_assert_int_lt(
	    frames_read(bad_frames[_i].text, strlen(bad_frames[_i].text), &a, &err), 0);
	ck_assert_msg(
	    strstr(err.text, bad_frames[_i].says) != NULL, "%s: %s", bad_frames[_i].what, err.text);
	attempt_done(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("evidence");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_cut_anywhere);
	tcase_add_test(tc, test_cut_begin);
	tcase_add_test(tc, test_cut_close);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_disk_full);
	tcase_add_test(tc, test_sealed);
	tcase_add_loop_test(tc, test_bad_line, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tc, test_bad_frames, 0, ARRAY_LEN(bad_frames));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
