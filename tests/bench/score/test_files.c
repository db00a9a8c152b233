/*
 * test_files.c - files that come with an answer, and those that only seem to. [G12]
 */
#include "tests/bench/score/judged.h"

#define TABLE                                                                               \
	"{\"kind\":\"files\",\"files\":[{\"mime\":\"text/"                                  \
	"csv\",\"csv\":{\"header\":[\"city\",\"sum\"],"                                     \
	"\"rows\":2,\"columns\":2,\"sum\":{\"sum\":30.5},\"cells\":[{\"row\":2,\"column\":" \
	"\"city\","                                                                         \
	"\"value\":\"Brno\"}]}}]}"
#define REPORT                                                                                     \
	"{\"kind\":\"files\",\"files\":[{\"mime\":\"application/json\",\"json\":{\"a.count\":3}}," \
	"{\"mime\":\"text/plain\",\"name\":\"n.txt\",\"contains\":[\"total "                       \
	"42\"],\"max_bytes\":40}],"                                                                \
	"\"answer\":{\"accept\":[\"done\"]}}"
#define DIGEST                                                                                  \
	"{\"kind\":\"files\",\"files\":[{\"mime\":\"text/plain\",\"sha256\":\"0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef\"}]}"
#define GOOD "city,sum\r\nPrague,10\r\n\"Brno\",\"20.5\"\r\n"
#define JSON "application/json", "r.json", "{\"a\":{\"count\":3.0}}"
#define TEXT "text/plain", "n.txt", "the total 42"

static const struct {
	const char *scorer, *files[10], *text;
	double quality;
} cases[] = {
	{ TABLE, { "text/csv", "a.csv", GOOD }, "", 1 },
	{ TABLE, { "text/csv; charset=utf-8", "a.csv", GOOD }, "", 1 },
	{ TABLE, { "text/csv", "a.csv", "\xef\xbb\xbf" GOOD "\n\n" }, "", 1 },
	{ TABLE, { "text/csv", "a.csv", "city,sum\nPrague,10\nbrno,\"2,0.5\"\n" }, "", 0 },
	{ TABLE, { "text/plain", "a.csv", GOOD }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "city,sum\nPrague,10\nBrno,20\n" }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "sum,city\n10,Prague\n20.5,Brno\n" }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "city,sum\nPrague,10\nBrno,20.5,\n" }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "city,sum\nPrague,10\nBrno,\"20.5\n" }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "city,sum\nPrague,10\nBrno,10\nBrno,10.5\n" }, "", 0 },
	{ TABLE, { "text/csv", "a.csv", "" }, "", 0 },
	{ TABLE, { NULL }, "city,sum\nPrague,10\nBrno,20.5\n", 0 },
	{ TABLE, { "text/csv", "a.csv", GOOD, "text/csv", "b.csv", GOOD }, "", 0 }, /* a dump */
	{ REPORT, { JSON, TEXT }, "ANSWER: done", 1 },
	{ REPORT, { TEXT, JSON }, "ANSWER: done", 1 },
	{ REPORT, { JSON, TEXT }, "ANSWER: yes", 0 },
	{ REPORT, { JSON }, "ANSWER: done", 0 }, /* half is below the pass mark */
	{ REPORT, { "application/json", "r.json", "{\"a\":{\"count\":4}}", TEXT }, "ANSWER: done",
	    0 },
	{ REPORT, { "application/json", "r.json", "{\"a\":3", TEXT }, "ANSWER: done", 0 },
	{ REPORT, { JSON, "text/plain", "m.txt", "the total 42" }, "ANSWER: done", 0 },
	{ REPORT,
	    { JSON, "text/plain", "n.txt",
		"the total 42, and much more of it behind"
		"it" },
	    "ANSWER: done", 0 },
	{ DIGEST, { "text/plain", "a", "x" }, "", 1 },
};

static void
add_file(struct attempt *a, const char *type, const char *name, const char *bytes)
{
	a->files = realloc(a->files, (a->nfiles + 1) * sizeof(*a->files));
	struct attempt_file *f = &a->files[a->nfiles++];

	*f = (struct attempt_file){ .size = (int64_t)strlen(bytes), .said_size = -1 };
	str_copy(f->mime_type, sizeof(f->mime_type), type);
	str_copy(f->name, sizeof(f->name), name);
	str_copy(f->sha256, sizeof(f->sha256),
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	buf_add_str(&f->bytes, bytes);
}

START_TEST(test_files)
{
	struct judged j;

	judged_init(&j, "p", cases[_i].scorer, "");
	for (size_t i = 0; cases[_i].files[i] != NULL; i += 3)
		add_file(
		    &j.attempt, cases[_i].files[i], cases[_i].files[i + 1], cases[_i].files[i + 2]);
	const double got = judge_text(&j, cases[_i].text);
	ck_assert_msg(got == cases[_i].quality, "%d: %g %s", _i, got, j.result.why);
	if (got == 1) { /* a descriptor that lies about its size takes the file away */
		j.attempt.files[0].said_size = 1 << 20;
		ck_assert(judge(&j) < 1);
	}
	judged_done(&j);
}
END_TEST

#define ITEM(files)                                                                                \
	"{\"id\":\"a\",\"task_type\":\"agentic\",\"prompt\":\"p\",\"scorer\":{\"kind\":\"files\"," \
	"\"files\":" files "},\"reference\":{\"text\":\"\"}}"

static const struct checked checks[] = {
	{ ITEM("[{\"mime\":\"text/csv\",\"csv\":{\"sum\":{\"a\":1}}}]"), "" },
	{ ITEM("[]"), "files: an array" },
	{ ITEM("[{\"mime\":\"text/csv\"}]"), "what is in it" },
	{ ITEM("[{\"contains\":[\"x\"]}]"), "mime, name" },
	{ ITEM("[{\"mime\":\"a\",\"contains\":[\"\"]}]"), "contains: an array" },
	{ ITEM("[{\"mime\":\"a\",\"sha256\":\"00\"}]"), "64 hex" },
	{ ITEM("[{\"mime\":\"a\",\"json\":{}}]"), "json: values" },
	{ ITEM("[{\"mime\":\"a\",\"csv\":{\"header\":[\"a\"]}}]"), "csv: sum or cells" },
	{ ITEM("[{\"mime\":\"a\",\"csv\":{\"sum\":{\"a\":\"1\"}}}]"), "csv: sum: numbers" },
	{ ITEM("[{\"mime\":\"a\",\"csv\":{\"cells\":[{}]}}]"), "csv: cells: each" },
	{ ITEM("[{\"mime\":\"a\",\"png\":{\"height\":0}}]"), "png: height" },
	{ ITEM("[{\"mime\":\"a\",\"size\":1}]"), "size: not a member" },
};

START_TEST(test_checks)
{
	assert_checked(&checks[_i]);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_files, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, test_checks, 0, ARRAY_LEN(checks));
	return run_tests("files", t);
}
