/*
 * test_verify.c - evidence that was signed, changed, forged; and judged again.
 */
#include "bench/report/verify.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/record/sealed.h"
#include "bench/record/suite.h"
#include "runtime/base/tree.h"
#include "bench/report/report.h"
#include "bench/report/result.h"
#include "bench/score/score.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"
#include "tests/run.h"

static char top[64], dir[96], suite_dir[96], key[96];
static struct suite suite;
static struct scoring scoring;
static const char *seal_key; /* NULL: a public suite */

static void
put(const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", top, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, NULL), 0);
}

static void
set_up(void)
{
	struct error err = { 0 };
	const char *text = scoring_builtin(NULL);

	seal_key = NULL;
	snprintf(top, sizeof(top), "%s/janus_verify_XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/run", top);
	snprintf(suite_dir, sizeof(suite_dir), "%s/suite", top);
	snprintf(key, sizeof(key), "%s/bench.key", top);
	ck_assert_int_eq(file_mkdirs(suite_dir, 0755, NULL), 0);
	put("suite/suite.json",
	    "{\"name\":\"public/dev\",\"version\":\"1\",\"title\":\"t\",\"description\":\"d\","
	    "\"scoring\":\"2026-11\",\"counts\":{\"chat\":3}}");
	put("suite/chat.jsonl",
	    "{\"id\":\"river\",\"task_type\":\"chat\",\"prompt\":\"River?\",\"scorer\":{\"kind\":"
	    "\"answer\",\"accept\":[\"Vltava\"]},\"reference\":{\"text\":\"ANSWER: Vltava\"}}\n"
	    "{\"id\":\"sum\",\"task_type\":\"chat\",\"prompt\":\"Sum?\",\"scorer\":{\"kind\":"
	    "\"answer\",\"accept\":[\"42\"]},\"reference\":{\"text\":\"ANSWER: 42\"}}\n"
	    "{\"id\":\"tower\",\"task_type\":\"chat\",\"prompt\":\"Tower?\",\"scorer\":{\"kind\":"
	    "\"answer\",\"accept\":[\"Eiffel\"]},\"reference\":{\"text\":\"ANSWER: Eiffel\"}}\n");
	ck_assert_msg(suite_load(suite_dir, NULL, &suite, &err) == 0, "%s", err.text);
	ck_assert_msg(scoring_parse(text, strlen(text), &scoring, &err) == 0, "%s", err.text);
}

static void
tear_down(void)
{
	suite_done(&suite);
	file_remove_tree(top, NULL);
}

/* ---- a run, small and whole ---- */

static void
add_frame(struct attempt *a, enum frame_kind kind, int64_t t_us, const char *text)
{
	a->frames = realloc(a->frames, (a->nframes + 1) * sizeof(*a->frames));
	struct frame *f = &a->frames[a->nframes++];
	*f = (struct frame){ .kind = kind, .t_us = t_us };
	buf_add_str(&f->bytes, text);
}

static void
make_attempt(const struct item *item, int n, const char *answer, struct attempt *a)
{
	_cleanup_free_ char *event =
	    str_printf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ANSWER: %s\"},"
		       "\"finish_reason\":null}]}\n\n",
		answer);

	*a = (struct attempt){
		.attempt = 1, .started_at_ms = 1700000000000 + n, .metered_micro_usd = -1
	};
	snprintf(a->id, sizeof(a->id), "itm_%d", n);
	str_copy(a->item, sizeof(a->item), item->id);
	add_frame(a, FRAME_REQUEST, 0, "{\"model\":\"m\",\"messages\":[],\"stream\":true}");
	add_frame(
	    a, FRAME_HEAD, 211111, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
	add_frame(a, FRAME_BODY, 333333 + n, event);
	add_frame(a, FRAME_BODY, 1777777 + n,
	    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	    "data: [DONE]\n\n");
	add_frame(a, FRAME_END, 1777799 + n, "complete");
	a->files = mem_zalloc(sizeof(*a->files));
	a->nfiles = 1;
	buf_printf(&a->files[0].bytes, "file %d", n);
	hash_sha256_hex(a->files[0].bytes.data, a->files[0].bytes.len, a->files[0].sha256);
	a->files[0].size = a->files[0].said_size = (int64_t)a->files[0].bytes.len;
}

/* forge: the score that item 1 is given, whatever its answer was; below 0: what it has. */
static void
append(struct evidence *ev, int n, const char *answer, double forge, enum attempt_state state)
{
	const struct item *item = &suite.items[n];
	struct measured m = { 0 };
	struct result r = { 0 };
	struct error err = { 0 };
	struct attempt a;

	make_attempt(item, n, answer, &a);
	a.state = state;
	if (state == ATTEMPT_ERROR) {
		str_copy(a.fault, sizeof(a.fault), "platform");
		str_copy(a.id, sizeof(a.id), "itm_first");
	}
	measure(&a, &scoring, &m);
	score_attempt(item, &a, &m, &scoring, &r);
	if (forge >= 0)
		r.score[SCORE_SPEED] = forge;
	_cleanup_json_ cJSON *judged = result_line(item, &a, &m, &r);
	ck_assert_msg(evidence_append(ev, &a, judged, &err) != NULL, "%s", err.text);
	result_done(&r);
	measured_done(&m);
	attempt_done(&a);
}

static cJSON *
begin_manifest(void)
{
	cJSON *m = cJSON_CreateObject();

	json_add_str(m, "suite", suite.name);
	json_add_str(m, "suite_digest", suite.digest);
	json_add_str(m, "scoring", scoring.version);
	json_add_str(m, "scoring_digest", scoring.digest);
	json_add_int(m, "seed", 42);
	json_add_int(m, "subset_percent", 100);
	json_add_int(m, "epochs", 1);
	json_add_str(m, "target", "http://x");
	json_add_str(m, "model", "m");
	return m;
}

static void
make_run(double forge)
{
	_cleanup_json_ cJSON *manifest = begin_manifest(), *end = NULL;
	const struct item *items[] = { &suite.items[0], &suite.items[1], &suite.items[2] };
	const struct tally_of of = { .items = items,
		.nitems = 3,
		.epochs = 1,
		.seal_key = seal_key,
		.scoring = &scoring,
		.seed = 42,
		.whole_suite = true };
	struct error err = { 0 };
	struct evidence *ev = evidence_open(
	    &(struct evidence_setup){ dir, manifest, suite_dir, scoring_builtin(NULL), seal_key },
	    &err);

	ck_assert_msg(ev != NULL, "%s", err.text);
	append(ev, 0, "Vltava", -1, ATTEMPT_PASSED);
	append(ev, 1, "41", -1, ATTEMPT_ERROR); /* tried again */
	append(ev, 1, "42", forge, ATTEMPT_PASSED);
	append(ev, 2, "Big Ben", -1, ATTEMPT_PASSED);
	ck_assert_msg(tally(evidence_results(ev), &of, &end, &err) == 0, "%s", err.text);
	ck_assert_double_eq_tol(tally_composite(evidence_results(ev), &of),
	    json_num(json_path(end, "scores.composite"), "value", -1), 1e-9);
	json_add_str(end, "state", "finished");
	ck_assert_msg(evidence_close(ev, end, key, &err) == 0, "%s", err.text);
	evidence_free(ev);
}

static cJSON *
must_verify(const char *path, const char *signer)
{
	struct error err = { 0 };
	cJSON *out = NULL;

	ck_assert_msg(verify(path, NULL, signer, &out, &err) == 0, "%s", err.text);
	return out;
}

static void
assert_ok(cJSON *out)
{
	_cleanup_free_ char *text = json_print(out);

	ck_assert_msg(json_bool(out, "ok", false), "%s", text);
	cJSON_Delete(out);
}

START_TEST(test_whole)
{
	_cleanup_json_ cJSON *report = NULL, *m = NULL;
	struct error err = { 0 };
	cJSON *out = NULL;

	make_run(-1);
	ck_assert_int_eq(replay(dir, "a key that is not needed", &out, &err), 0);
	assert_ok(out);
	out = must_verify(dir, NULL);
	ck_assert(json_bool(out, "recomputed", false));
	_cleanup_free_ char *signer = str_dup(json_str(out, "signer"));
	assert_ok(out);
	assert_ok(must_verify(dir, signer));
	assert_ok(must_verify(dir, strchr(signer, ':') + 1));
	ck_assert_msg(replay(dir, NULL, &out, &err) == 0, "%s", err.text);
	ck_assert_int_eq(json_int(out, "attempts", 0), 4);
	assert_ok(out);
	ck_assert_int_eq(evidence_read_json(dir, EVIDENCE_MANIFEST, &m, NULL), 0);
	ck_assert_int_eq(json_int(json_get(m, "items"), "passed", -1), 2);
	ck_assert_int_eq(json_int(json_get(m, "items"), "failed", -1), 1);
	ck_assert(json_bool(m, "is_whole", false));
	ck_assert_msg(report_open(dir, &report, &err) == 0, "%s", err.text);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(report, "traces")), 3);
	out = must_verify(dir, "ed25519:00");
	ck_assert(!json_bool(out, "ok", true));
	cJSON_Delete(out);
}
END_TEST

/* ---- changed ---- */

static bool
names(const cJSON *out, const char *file, size_t line)
{
	const cJSON *p;

	json_for_each(p, json_get(out, "problems")) {
		if (str_eq(json_str(p, "file"), file) &&
		    (line == 0 || json_int(p, "line", 0) == (int64_t)line))
			return true;
	}
	return false;
}

static void
flip(const char *path, off_t at)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	char c;

	ck_assert_int_eq(pread(fd, &c, 1, at), 1);
	c ^= 1;
	ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
}

static size_t
line_at(const char *path, off_t at)
{
	_cleanup_free_ char *text = NULL;
	size_t line = 1;

	ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL, NULL), 0);
	for (off_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

static void
change_at(const char *name, const char *path, off_t at)
{
	const size_t line = strcmp(name, EVIDENCE_ITEMS) == 0 ? line_at(path, at) : 0;

	flip(path, at);
	_cleanup_json_ cJSON *out = must_verify(dir, NULL);
	_cleanup_free_ char *text = json_print(out);
	ck_assert_msg(!json_bool(out, "ok", true), "%s byte %lld", name, (long long)at);
	if (strcmp(name, EVIDENCE_SUMS) == 0)
		name = EVIDENCE_SIGNATURE; /* it is not of these sums */
	ck_assert_msg(names(out, name, line), "%s byte %lld: %s", name, (long long)at, text);
	flip(path, at);
}

START_TEST(test_any_byte) /* every file, its first and last bytes and many between */
{
	_cleanup_tree_ struct tree t = { 0 };

	make_run(-1);
	ck_assert_int_eq(tree_list(dir, NULL, &t, NULL), 0);
	ck_assert_uint_ge(t.n, 12);
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, t.names[i]);
		struct stat st;

		ck_assert_int_eq(stat(path, &st), 0);
		const off_t step = st.st_size / 25 + 1;
		for (off_t at = 0; at < st.st_size; at += step)
			change_at(t.names[i], path, at);
		change_at(t.names[i], path, st.st_size - 1);
	}
	assert_ok(must_verify(dir, NULL));
}
END_TEST

START_TEST(test_files)
{
	make_run(-1);
	put("run/artifacts/more", "x");
	cJSON *out = must_verify(dir, NULL);
	ck_assert(names(out, "artifacts/more", 0));
	cJSON_Delete(out);
	_cleanup_free_ char *more = str_printf("%s/artifacts/more", dir),
			    *scores = str_printf("%s/scoring.json", dir);
	unlink(more);
	unlink(scores);
	out = must_verify(dir, NULL);
	ck_assert(names(out, EVIDENCE_SCORING, 0));
	cJSON_Delete(out);
	struct error err = { 0 };
	file_remove_tree(dir, NULL);
	ck_assert_int_lt(verify(dir, NULL, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(file_mkdirs(dir, 0755, NULL), 0);
	ck_assert_int_lt(verify(dir, NULL, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

/* Signed by who has the key, but not what the frames say. */
START_TEST(test_forged)
{
	struct error err = { 0 };
	_cleanup_json_ cJSON *out = NULL;

	make_run(0.123);
	assert_ok(must_verify(dir, NULL));
	ck_assert_msg(replay(dir, NULL, &out, &err) == 0, "%s", err.text);
	ck_assert(!json_bool(out, "ok", true));
	const cJSON *d = json_path(out, "differences.0");
	ck_assert_str_eq(json_str(d, "item"), "sum");
	ck_assert_str_eq(json_str(d, "what"), "scores.speed");
	ck_assert_int_eq(json_int(d, "line", 0), 3);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(out, "differences")), 1);
}
END_TEST

/* Everything signed again after the manifest's score was changed. */
START_TEST(test_forged_manifest)
{
	static const char *const but[] = { EVIDENCE_SUMS, EVIDENCE_SIGNATURE, NULL };
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_MANIFEST, dir), *text = NULL;
	_cleanup_buf_ struct buf sums = { 0 };
	char public_key[ED25519_PUBLIC_MAX], signature[ED25519_SIGNATURE_MAX];
	struct error err = { 0 };

	make_run(-1);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL, NULL), 0);
	char *at = strstr(text, "\"composite\":{\"value\":");
	ck_assert_ptr_nonnull(at);
	at[strlen("\"composite\":{\"value\":")] = '9';
	put("run/" EVIDENCE_MANIFEST, text);
	ck_assert_int_eq(tree_sums(dir, NULL, but, &sums, NULL), 0);
	put("run/" EVIDENCE_SUMS, sums.data);
	struct ed25519_key *k = ed25519_open(key, NULL);
	_cleanup_free_ char *sealed = str_printf("%s\n%s\n", ed25519_public(k, public_key),
	    ed25519_sign(k, sums.data, sums.len, signature));
	ed25519_free(k);
	put("run/" EVIDENCE_SIGNATURE, sealed);
	_cleanup_json_ cJSON *out = must_verify(dir, NULL), *again = NULL;
	_cleanup_free_ char *said = json_print(out);
	ck_assert(names(out, EVIDENCE_MANIFEST, 0));
	ck_assert_ptr_nonnull(strstr(said, "scores.composite.value"));
	ck_assert_int_eq(replay(dir, NULL, &again, &err), 0);
	ck_assert_str_eq(
	    json_str(json_path(again, "differences.0"), "what"), "scores.composite.value");
}
END_TEST

/* ---- archives ---- */

static void
pack(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	_cleanup_bundle_writer_ struct bundle_writer *w =
	    bundle_writer_new(BUNDLE_TAR_GZ, bundle_to_fd, &out);
	struct error err = { 0 };

	ck_assert_msg(bundle_add_tree(w, in, &bundle_limits_default, &err) == 0, "%s", err.text);
	ck_assert_int_eq(bundle_end(w, &err), 0);
}

START_TEST(test_archive)
{
	_cleanup_free_ char *tar = str_printf("%s/a.tar.gz", top), *up = str_printf("%s/up", top),
			    *inner = str_printf("%s/up/evd_1", top);
	_cleanup_json_ cJSON *report = NULL;
	struct error err = { 0 };
	cJSON *out = NULL;

	make_run(-1);
	pack(dir, tar);
	assert_ok(must_verify(tar, NULL));
	ck_assert_int_eq(replay(tar, NULL, &out, &err), 0);
	assert_ok(out);
	ck_assert_int_eq(report_open(tar, &report, &err), 0);
	ck_assert_int_eq(mkdir(up, 0755), 0); /* below one directory, as tar makes it */
	ck_assert_int_eq(rename(dir, inner), 0);
	pack(up, tar);
	assert_ok(must_verify(tar, NULL));
	put("a.tar.gz", "no archive");
	ck_assert_int_lt(verify(tar, NULL, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(test_sealed)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	_cleanup_tree_ struct tree t = { 0 };
	struct error err = { 0 };
	cJSON *out = NULL;
	char to[96];

	snprintf(to, sizeof(to), "%s/private", top);
	ck_assert_int_eq(file_mkdirs(to, 0700, NULL), 0);
	ck_assert_msg(sealed_seal(suite_dir, secret, to, NULL, NULL, &err) == 0, "%s", err.text);
	suite_done(&suite);
	ck_assert_msg(sealed_load(to, secret, NULL, &suite, &err) == 0, "%s", err.text);
	str_copy(suite_dir, sizeof(suite_dir), to);
	seal_key = secret;
	make_run(-1);
	ck_assert_int_eq(tree_list(dir, NULL, &t, NULL), 0);
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, t.names[i]), *text = NULL;

		ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL, NULL), 0);
		ck_assert_msg(strstr(text, "Vltava") == NULL && strstr(text, "tower") == NULL &&
			strstr(text, "Tower") == NULL && strstr(text, "Big Ben") == NULL,
		    "%s tells", t.names[i]);
	}
	out = must_verify(dir, NULL); /* without the key: what is outside */
	ck_assert(!json_bool(out, "recomputed", true));
	assert_ok(out);
	ck_assert_int_eq(verify(dir, secret, NULL, &out, &err), 0);
	ck_assert(json_bool(out, "recomputed", false));
	assert_ok(out);
	ck_assert_msg(replay(dir, secret, &out, &err) == 0, "%s", err.text);
	assert_ok(out);
	ck_assert_int_lt(replay(dir, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	ck_assert_int_lt(replay(dir, "another key that is long enough...", &out, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	ck_assert_int_eq(report_open(dir, &out, &err), 0);
	ck_assert_int_eq(cJSON_GetArraySize(json_get(out, "traces")), 0);
	cJSON_Delete(out);
}
END_TEST

/* A run that was cut: its lines are shown with what they come to. */
START_TEST(test_unfinished)
{
	_cleanup_json_ cJSON *manifest = begin_manifest(), *report = NULL, *out = NULL;
	struct error err = { 0 };
	struct evidence *ev = evidence_open(
	    &(struct evidence_setup){ dir, manifest, suite_dir, scoring_builtin(NULL), seal_key },
	    &err);

	ck_assert_msg(ev != NULL, "%s", err.text);
	append(ev, 0, "Vltava", -1, ATTEMPT_PASSED);
	evidence_free(ev);
	ck_assert_msg(report_open(dir, &report, &err) == 0, "%s", err.text);
	ck_assert_int_eq(json_int(json_get(report, "items"), "excluded", -1), 2);
	ck_assert_str_eq(json_str(json_path(report, "excluded.0"), "code"), "not_asked");
	ck_assert(!json_bool(report, "is_whole", true));
	out = must_verify(dir, NULL);
	ck_assert(!json_bool(out, "ok", true));
	ck_assert(names(out, EVIDENCE_SIGNATURE, 0));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_any_byte);
	tcase_add_test(tc, test_files);
	tcase_add_test(tc, test_forged);
	tcase_add_test(tc, test_forged_manifest);
	tcase_add_test(tc, test_archive);
	tcase_add_test(tc, test_sealed);
	tcase_add_test(tc, test_unfinished);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
