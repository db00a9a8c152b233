/*
 * test_search.c - POST /search: the library of the machine, and services behind it.
 */
#include "controlplane/platform/library.h"
#include "controlplane/platform/words.h"
#include "tests/controlplane/platform/house.h"
#include "tests/run.h"

static void
put_file(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, NULL), 0);
}

struct hits {
	int n;
	char first[200], title[200], snippet[600];
};

static void
on_hit(const struct library_hit *hit, void *arg)
{
	struct hits *f = arg;

	if (f->n++ > 0)
		return;
	snprintf(f->first, sizeof(f->first), "%s", hit->path);
	snprintf(f->title, sizeof(f->title), "%s", hit->title);
	snprintf(f->snippet, sizeof(f->snippet), "%s", hit->snippet);
}

static struct hits
find(struct library *l, const char *query)
{
	struct error err = { 0 };
	struct hits f = { 0 };

	ck_assert_msg(library_find(l, query, strlen(query), 10, on_hit, &f, &err) >= 0, "%s: %s",
	    query, err.text);
	return f;
}

static char docs[] = "/tmp/janus-docs-XXXXXX";

START_TEST(test_library)
{
	char dir[] = "/tmp/janus-docs-XXXXXX";
	struct error err = { 0 };
	struct library l;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *index = str_printf("%s.db", dir);
	_cleanup_free_ char *below = str_printf("%s/deep/er", dir);
	_cleanup_free_ char *link = str_printf("%s/link.md", dir);
	ck_assert_int_eq(file_mkdirs(below, 0755, NULL), 0);
	put_file(dir, "fox.md", "# The red fox\n\nIt jumps over lazy dogs at night.\n");
	put_file(below, "whale.txt", "Whales sing. A caf\xc3\xa9 by the sea.\n");
	put_file(dir, ".hidden.md", "# fox fox fox");
	put_file(dir, "picture.png", "fox fox fox");
	put_file(dir, "broken.md", "fox \xff\xfe");
	put_file(dir, "empty.md", "");
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
	ck_assert_int_eq(library_open(&l, dir, index, &err), 0);
	ck_assert_msg(library_refresh(&l, &err) == 0, "%s", err.text);
	ck_assert_int_eq(l.documents, 4);
	struct hits f = find(&l, "FOX dogs");
	ck_assert_int_eq(f.n, 1);
	ck_assert_str_eq(f.first, "fox.md");
	ck_assert_str_eq(f.title, "The red fox");
	ck_assert_ptr_nonnull(strstr(f.snippet, "lazy dogs"));
	ck_assert_str_eq(find(&l, "cafe").first, "deep/er/whale.txt"); /* without its accent */
	ck_assert_int_eq(find(&l, "fox whales").n, 2); /* any, where none has all */
	ck_assert_int_eq(find(&l, "root").n, 0); /* no link is followed */
	ck_assert_int_eq(find(&l, "elephant").n, 0);
	ck_assert_int_eq(find(&l, "?!").n, 0);
	/* Changed, new, gone. */
	put_file(dir, "fox.md", "# The elephant\n\nIt never forgets what was written here.\n");
	put_file(dir, "new.md", "unicorn");
	_cleanup_free_ char *whale = str_printf("%s/whale.txt", below);
	ck_assert_int_eq(unlink(whale), 0);
	ck_assert_int_eq(library_refresh(&l, &err), 0);
	ck_assert_str_eq(find(&l, "elephant").first, "fox.md");
	ck_assert_int_eq(find(&l, "dogs").n, 0);
	ck_assert_int_eq(find(&l, "unicorn").n, 1);
	ck_assert_int_eq(find(&l, "whales").n, 0);
	library_close(&l);
	/* A cache that is damaged is made anew. */
	ck_assert_int_eq(file_write(index, "not a database at all", 21, 0600, NULL), 0);
	ck_assert_msg(library_open(&l, dir, index, &err) == 0, "%s", err.text);
	ck_assert_int_eq(library_refresh(&l, &err), 0);
	ck_assert_int_eq(find(&l, "unicorn").n, 1);
	library_close(&l);
	unlink(index);
	file_remove_tree(dir, NULL);
}
END_TEST

/* Whatever is typed, the index takes it: no operator, no column, no quote comes through. */
START_TEST(test_any_query) /* [H10] FTS operators, quotes, control bytes: never an error */
{
	static const char *const hostile[] = { "\"", "fox\"", "fox AND", "NEAR(a b)", "title:fox",
		"*", "fox*", "^fox", "-fox", "(((", "a OR OR b", "'; DROP TABLE pages; --", "\\",
		"fox\x01\x02", "\xff\xfe\x80", "{fox}", "a+b", "NOT NOT NOT", "\xf0\x9f\xa6\x8a",
		"fox : : body" };
	char dir[] = "/tmp/janus-docs-XXXXXX";
	struct error err = { 0 };
	struct library l;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *index = str_printf("%s.db", dir);
	put_file(dir, "fox.md", "# The red fox\n\nand or not near title body drop table\n");
	ck_assert_int_eq(library_open(&l, dir, index, &err), 0);
	ck_assert_int_eq(library_refresh(&l, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		find(&l, hostile[i]);
	srandom(7);
	for (int round = 0; round < 3000; round++) {
		char query[200];
		const size_t len = (size_t)random() % sizeof(query);
		struct hits f = { 0 };

		for (size_t i = 0; i < len; i++)
			query[i] = random() % 3 == 0 ? "\"*^:()-+{}'ORNTD \x80\xc3"[random() % 20]
						     : (char)random();
		ck_assert_msg(
		    library_find(&l, query, len, 5, on_hit, &f, &err) >= 0, "%s", err.text);
	}
	ck_assert_int_eq(find(&l, "fox").n, 1);
	library_close(&l);
	unlink(index);
	file_remove_tree(dir, NULL);
}
END_TEST

START_TEST(test_words)
{
	static const struct {
		const char *text, *expression;
	} cases[] = { { "", "" }, { "a b", "\"a\" \"b\"" }, { "\"a\"b*", "\"a\" \"b\"" },
		{ "caf\xc3\xa9", "\"caf\xc3\xa9\"" }, { "--", "" } };
	static const struct {
		const char *text, *plain;
		size_t max;
	} plains[] = { { "a <strong>b</strong> &amp; c", "a b & c", 100 },
		{ "1 < 2 > 0", "1 < 2 > 0", 100 }, { "&unknown; &", "&unknown; &", 100 },
		{ "caf\xc3\xa9!", "caf", 4 }, { "<b", "<b", 9 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		words_match(&out, cases[i].text, strlen(cases[i].text), " ");
		ck_assert_str_eq(buf_str(&out), cases[i].expression);
	}
	for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		words_plain(&out, plains[i].text, plains[i].max);
		ck_assert_str_eq(buf_str(&out), plains[i].plain);
	}
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_free_ char *many = mem_zalloc(20001);
	for (int i = 0; i < 10000; i++)
		memcpy(many + i * 2, "x ", 2);
	ck_assert_uint_eq(words_match(&out, many, 20000, " "), WORDS_MAX);
	memset(many, 'x', 20000);
	buf_clear(&out);
	ck_assert_uint_eq(words_match(&out, many, 20000, " "), 1);
	ck_assert_uint_eq(out.len, WORD_MAX_BYTES + 2);
}
END_TEST

START_TEST(test_call_library)
{
	static const struct {
		const char *body;
		int status;
		const char *has;
	} cases[] = {
		{ "{\"query\":\"red fox\"}", 200, "\"url\":\"local:/fox.md\"" },
		{ "{\"query\":\"red fox\",\"num_results\":1}", 200, "\"source\":\"local\"" },
		{ "{\"query\":\"elephant\"}", 200, "\"results\":[]" },
		{ "{\"query\":\"\"}", 400, "invalid_value" },
		{ "{\"query\":\" \"}", 400, "invalid_value" },
		{ "{}", 400, "invalid_value" },
		{ "{\"query\":7}", 400, "invalid_value" },
		{ "{\"query\":\"a\",\"num_results\":0}", 400, "invalid_value" },
		{ "{\"query\":\"a\",\"num_results\":21}", 400, "invalid_value" },
		{ "{\"query\":\"a\",\"num_results\":\"5\"}", 400, "invalid_value" },
		{ "{\"query\":\"a\",\"x\":1}", 400, "unknown_parameter" },
		{ "[", 400, "invalid_json" },
	};

	ck_assert_ptr_nonnull(mkdtemp(docs));
	put_file(docs, "fox.md", "# The red fox\n");
	h.config.search_dir = docs;
	house_open(NULL, NULL, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *answer = pod_ask("POST", "/search", "", cases[i].body);

		ck_assert_msg(
		    status_of(answer) == cases[i].status, "%s: %s", cases[i].body, answer);
		check_has(answer, cases[i].has);
	}
	house_wait(&h.ncalls, 4);
	check_has(h.told.data, "\"service\":\"search\"");
	house_close();
	file_remove_tree(docs, NULL);
}
END_TEST

START_TEST(test_no_folder) /* said once in the log, and to whoever searches */
{
	h.config.search_dir = (char *)(uintptr_t) "/nonexistent/folder";
	house_open(NULL, NULL, false);
	_cleanup_free_ char *answer = pod_ask("POST", "/search", "", "{\"query\":\"a\"}");
	ck_assert_int_eq(status_of(answer), 502);
	check_has(answer, "\"fault\":\"upstream\"");
	check_lacks(answer, "/nonexistent");
	house_close();
}
END_TEST

#define OK_JSON "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"

START_TEST(test_services) /* [H08] both forms, and what each does wrong */
{
	static const struct {
		bool is_searxng;
		const char *answer;
		int status;
		const char *has, *asked;
	} cases[] = {
		{ true,
		    OK_JSON
		    "{\"query\":\"x\",\"results\":[{\"title\":\"<b>T</b>\",\"url\":\"https://e/"
		    "1\",\"content\":\"S &amp; S\",\"engine\":\"z\"},{\"title\":\"no url\"},"
		    "{\"url\":\"u2\"},{\"url\":\"u3\"}]}",
		    200,
		    "{\"results\":[{\"title\":\"T\",\"url\":\"https://e/1\",\"snippet\":\"S & S\"},"
		    "{\"title\":\"\",\"url\":\"u2\",\"snippet\":\"\"}],\"source\":\"searxng\"}",
		    "GET /search?format=json&q=a%26b%20%22c HTTP/1.1" },
		{ false,
		    OK_JSON "{\"web\":{\"results\":[{\"title\":\"T\",\"url\":\"https://e/1\","
			    "\"description\":\"D\"}]}}",
		    200, "\"snippet\":\"D\"", "GET /res/v1/web/search?q=a%26b%20%22c&count=2" },
		{ false, OK_JSON "{\"type\":\"search\"}", 200, "\"results\":[]",
		    "X-Subscription-Token: brave-secret" },
		{ true, OK_JSON "{\"error\":1}", 502, "upstream_bad_response", "" },
		{ true, OK_JSON "no JSON", 502, "upstream_bad_response", "" },
		{ true, "HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", 502,
		    "answered with status 429", "" },
		{ true,
		    "HTTP/1.1 302 Go\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
		    502, "answered with status 302", "" },
		{ true, "", 502, "upstream", "" },
	};

	h.config.search_url = (char *)(uintptr_t) "upstream";
	h.config.search_key = (char *)(uintptr_t) "brave-secret";
	h.config.is_searxng = cases[_i].is_searxng;
	house_open(NULL, NULL, false);
	h.answer = cases[_i].answer;
	_cleanup_free_ char *answer =
	    pod_ask("POST", "/search", "", "{\"query\":\"a&b \\\"c\",\"num_results\":2}");
	ck_assert_msg(status_of(answer) == cases[_i].status, "%s", answer);
	check_has(answer, cases[_i].has);
	check_has(h.asked.data, cases[_i].asked);
	check_lacks(answer, "brave-secret");
	house_close();
}
END_TEST

START_TEST(test_client_leaves) /* while the service thinks: it is not waited for */
{
	h.config.search_url = (char *)(uintptr_t) "upstream";
	h.config.is_searxng = true;
	house_open(NULL, NULL, false);
	h.answer = NULL;
	const int fd = pod_send("POST", "/search", "", "{\"query\":\"a\"}");
	house_wait(&h.nrequests, 1);
	close(fd);
	house_wait(&h.ncalls, 1);
	check_has(h.told.data, "client_disconnected");
	house_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("search");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_library);
	tcase_add_test(tc, test_any_query);
	tcase_add_test(tc, test_words);
	tcase_add_test(tc, test_call_library);
	tcase_add_test(tc, test_no_folder);
	tcase_add_loop_test(tc, test_services, 0, 8);
	tcase_add_test(tc, test_client_leaves);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
