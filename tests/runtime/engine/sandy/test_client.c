/*
 * test_client.c - the conformance of a Sandy and of our client of it.
 *
 * What every Sandy must do is asked of SANDY_BASE_URL (with SANDY_API_KEY) if that is set, else of
 * the fake, tests/fake/sandy.py; what only an odd one does is asked of the fake alone.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/sandy.h"
#include "runtime/net/http_client.h"
#include "tests/run.h"

static struct sandy sandy;
static char fake_url[64];
static pid_t fake;

#define ok(call)                                                                          \
	do {                                                                              \
		struct error e_ = { 0 }, *err = &e_;                                      \
		ck_assert_msg(                                                            \
		    (call) == 0, "%s: %s: %s", #call, error_kind_name(e_.kind), e_.text); \
	} while (0)
#define fails(call, wanted, words)                                                                 \
	do {                                                                                       \
		struct error e_ = { 0 }, *err = &e_;                                               \
		ck_assert_msg((call) == -1, "%s worked", #call);                                   \
		ck_assert_msg(e_.kind == (wanted) && strstr(e_.text, words) != NULL, "%s: %s: %s", \
		    #call, error_kind_name(e_.kind), e_.text);                                     \
	} while (0)

static void
start_fake(void)
{
	int out[2], port = 0;
	FILE *f;

	ck_assert_int_eq(pipe(out), 0);
	fake = fork();
	if (fake == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execlp("python3", "python3", "tests/fake/sandy.py", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	ck_assert_msg(fscanf(f, "%d", &port) == 1, "the fake did not start");
	fclose(f);
	snprintf(fake_url, sizeof(fake_url), "http://127.0.0.1:%d", port);
}

static void
setup(void)
{
	const char *url = getenv("SANDY_BASE_URL");

	start_fake();
	sandy = (struct sandy){ .base_url = url != NULL ? url : fake_url,
		.key = url != NULL ? getenv("SANDY_API_KEY") : "fake-key",
		.retry_first_ms = 1 };
}

static void
setup_odd(void)
{
	start_fake();
	sandy = (struct sandy){ .base_url = fake_url, .key = "fake-key", .retry_first_ms = 1 };
}

static void
teardown(void)
{
	kill(fake, SIGKILL);
	waitpid(fake, NULL, 0);
}

/* ---- what every one does ---- */

static void
make(struct sandy_box *box)
{
	const struct sandy_wish wish = { .priority = 1, .timeout_minutes = 5 };

	ok(sandy_create(&sandy, &wish, NULL, box, err));
	ck_assert_str_eq(box->status, "running");
	ck_assert_int_gt(box->timeout_at_ms, clock_wall_ms());
}

START_TEST(test_life)
{
	struct sandy_box box = { 0 }, again = { 0 };
	struct sandy_about about = { 0 };

	ok(sandy_health(&sandy, &about, err));
	ck_assert(about.name[0] != '\0');
	ck_assert_str_eq(
	    about.enforced, ""); /* nobody promises more than the API without being asked to */
	make(&box);
	ck_assert(str_starts(box.url, "http"));
	ok(sandy_get(&sandy, box.id, &again, err));
	ck_assert_str_eq(box.id, again.id);
	ok(sandy_refresh(&sandy, box.id, err));
	ok(sandy_terminate(&sandy, box.id, err));
	ok(sandy_terminate(&sandy, box.id, err)); /* again: as good */
	fails(sandy_get(&sandy, box.id, &again, err), ERROR_NOT_FOUND, "404");
	fails(sandy_refresh(&sandy, box.id, err), ERROR_NOT_FOUND, "404");
}
END_TEST

START_TEST(test_commands)
{
	struct sandy_box box = { 0 };
	struct sandy_result r = { 0 };
	struct buf line = { 0 };

	make(&box);
	buf_add_str(&line, "echo ");
	sandy_quote(&line, "it's $HOME; \"so\"");
	ok(sandy_exec(&sandy, box.id, buf_str(&line), 5000, NULL, &r, err));
	ck_assert_str_eq(buf_str(&r.out), "it's $HOME; \"so\"\n");
	ck_assert_int_eq(r.exit_code, 0);
	sandy_result_done(&r);
	ok(sandy_exec(&sandy, box.id, "exit 3", 5000, NULL, &r, err));
	ck_assert_int_eq(r.exit_code, 3);
	sandy_result_done(&r);
	ok(sandy_exec(
	    &sandy, box.id, "sleep 20", 300, NULL, &r, err)); /* milliseconds, not seconds */
	ck_assert_int_ne(r.exit_code, 0);
	sandy_result_done(&r);
	buf_done(&line);
	ok(sandy_terminate(&sandy, box.id, err));
	fails(sandy_exec(&sandy, box.id, "echo", 1000, NULL, &r, err), ERROR_NOT_FOUND, "404");
}
END_TEST

START_TEST(test_files)
{
	struct sandy_box box = { 0 };
	struct buf got = { 0 };

	make(&box);
	ok(sandy_write(&sandy, box.id, "a b.txt",
	    "Gr\xc3\xbc\xc3\x9f"
	    "e\n",
	    err));
	ok(sandy_read(&sandy, box.id, "/workspace/a b.txt", 100, &got, err));
	ck_assert_str_eq(buf_str(&got),
	    "Gr\xc3\xbc\xc3\x9f"
	    "e\n");
	buf_clear(&got);
	fails(sandy_read(&sandy, box.id, "a b.txt", 3, &got, err), ERROR_TOO_BIG, "over 3 bytes");
	fails(sandy_read(&sandy, box.id, "nothing", 100, &got, err), ERROR_NOT_FOUND, "404");
	fails(sandy_write(&sandy, box.id, "x", "\xff", err), ERROR_INVALID, "UTF-8");
	ok(sandy_list(&sandy, box.id, NULL, &got, err));
	ck_assert_ptr_nonnull(strstr(buf_str(&got), "a b.txt\n"));
	buf_done(&got);
	ok(sandy_terminate(&sandy, box.id, err));
}
END_TEST

START_TEST(test_who)
{
	const struct sandy stranger = {
		.base_url = sandy.base_url, .key = "another-key-of-nobody", .retry_first_ms = 1
	};
	const struct sandy_wish wish = { 0 };
	struct sandy_box box;

	fails(sandy_create(&stranger, &wish, NULL, &box, err), ERROR_DENIED, "401");
	fails(sandy_get(&sandy, "../stats", &box, err), ERROR_INVALID, "not the id");
	fails(sandy_get(&sandy, "sb_none", &box, err), ERROR_NOT_FOUND, "404");
}
END_TEST

/* ---- what an odd one does [H11] ---- */

static void
behave(const char *json)
{
	struct http_call call = { .method = "POST", .body = json, .body_len = strlen(json) };
	_cleanup_free_ char *url = str_printf("%s/fake", fake_url);

	call.url = url;
	ok(http_call(&call, err));
	buf_done(&call.reply);
}

static const struct odd_create {
	const char *mode;
	enum error_kind kind; /* NONE: it works */
	const char *words;
	bool has_url;
} creates[] = {
	{ "{\"create\":\"snake\"}", ERROR_NONE, "", false },
	{ "{\"create\":\"boots\"}", ERROR_NONE, "", true },
	{ "{\"create\":\"zoneless\"}", ERROR_NONE, "", true },
	{ "{\"create\":\"slow:2\"}", ERROR_NONE, "", true },
	{ "{\"create\":\"full\"}", ERROR_BUSY, "503: no room", false },
	{ "{\"create\":\"no_id\"}", ERROR_UPSTREAM, "without an id", false },
	{ "{\"create\":\"text\"}", ERROR_UPSTREAM, "no JSON", false },
};

START_TEST(test_odd_create)
{
	const struct odd_create *o = &creates[_i];
	const struct sandy_wish wish = { .timeout_minutes = 5 };
	struct sandy_box box = { 0 };

	behave(o->mode);
	if (o->kind != ERROR_NONE) {
		fails(sandy_create(&sandy, &wish, NULL, &box, err), o->kind, o->words);
		return;
	}
	ok(sandy_create(&sandy, &wish, NULL, &box, err));
	ck_assert(box.id[0] != '\0');
	ck_assert_int_eq(box.url[0] != '\0', o->has_url);
	ck_assert_str_eq(box.status, "running");
	ck_assert_int_gt(box.timeout_at_ms, clock_wall_ms());
	ck_assert_int_lt(box.timeout_at_ms, clock_wall_ms() + 11 * 60000);
}
END_TEST

static const struct odd_exec {
	const char *mode;
	enum error_kind kind;
	const char *words;
} execs[] = {
	{ "{\"exec\":\"snake\"}", ERROR_NONE, "" },
	{ "{\"exec\":\"warming\"}", ERROR_NONE, "" },
	{ "{\"exec\":\"gateway\"}", ERROR_NONE, "" },
	{ "{\"exec\":\"never\"}", ERROR_UNAVAILABLE, "did not become ready" },
	{ "{\"exec\":\"no_code\"}", ERROR_UPSTREAM, "no exit code" },
	{ "{\"exec\":\"text\"}", ERROR_UPSTREAM, "no JSON" },
};

START_TEST(test_odd_exec)
{
	const struct odd_exec *o = &execs[_i];
	struct sandy_box box = { 0 };
	struct sandy_result r = { 0 };

	make(&box);
	behave(o->mode);
	if (o->kind != ERROR_NONE) {
		fails(sandy_exec(&sandy, box.id, "exit 7", 1000, NULL, &r, err), o->kind, o->words);
		return;
	}
	ok(sandy_exec(&sandy, box.id, "exit 7", 1000, NULL, &r, err));
	ck_assert_int_eq(r.exit_code, 7);
	sandy_result_done(&r);
}
END_TEST

START_TEST(test_odd_files)
{
	static const char *const good[] = { "{\"read\":\"json\"}", "{\"read\":\"base64\"}",
		"{\"read\":\"raw\"}" };
	struct sandy_box box = { 0 };
	struct buf got = { 0 };

	make(&box);
	ok(sandy_write(&sandy, box.id, "f", "four", err));
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		behave(good[i]);
		buf_clear(&got);
		ok(sandy_read(&sandy, box.id, "f", 4, &got, err));
		ck_assert_str_eq(buf_str(&got), "four");
	}
	behave("{\"read\":\"broken\"}");
	fails(sandy_read(&sandy, box.id, "f", 4, &got, err), ERROR_UPSTREAM, "base64");
	behave("{}");
	fails(sandy_read(&sandy, box.id, "g", 4, &got, err), ERROR_NOT_FOUND, "no such file");
	buf_done(&got);
}
END_TEST

START_TEST(test_odd_end)
{
	struct sandy_box box = { 0 };
	struct sandy_result r = { 0 };
	struct buf got = { 0 };

	make(&box);
	behave("{\"terminate\":\"missing\"}");
	ok(sandy_terminate(&sandy, box.id, err));
	behave("{\"terminate\":\"fails\"}");
	fails(sandy_terminate(&sandy, box.id, err), ERROR_UNAVAILABLE, "500: oops");
	behave("{\"ttl\":0}"); /* its time is over at once: 404 everywhere */
	ok(sandy_create(&sandy, &(struct sandy_wish){ .timeout_minutes = 5 }, NULL, &box, err));
	fails(sandy_get(&sandy, box.id, &box, err), ERROR_NOT_FOUND, "404");
	fails(sandy_exec(&sandy, box.id, "echo", 1000, NULL, &r, err), ERROR_NOT_FOUND, "404");
	fails(sandy_read(&sandy, box.id, "f", 4, &got, err), ERROR_NOT_FOUND, "404");
	fails(sandy_write(&sandy, box.id, "f", "x", err), ERROR_NOT_FOUND, "404");
	fails(sandy_list(&sandy, box.id, NULL, &got, err), ERROR_NOT_FOUND, "404");
	fails(sandy_refresh(&sandy, box.id, err), ERROR_NOT_FOUND, "404");
	ok(sandy_terminate(&sandy, box.id, err));
}
END_TEST

static const struct odd_agent {
	const char *mode;
	enum error_kind kind;
	const char *words; /* of the error; or what the events must say, in order */
	bool success;
} agents[] = {
#define WHOLE                                                                               \
	"status=boot output=hello stderr=warned agent-output= agent-output= agent-output= " \
	"stream_event= files-update= heartbeat= result= complete= "
	{ "{\"agent\":\"plain\"}", ERROR_NONE, WHOLE, true },
	{ "{\"agent\":\"bytes\"}", ERROR_NONE, WHOLE, true },
	{ "{\"agent\":\"bare\"}", ERROR_NONE, WHOLE, true },
	{ "{\"agent\":\"text\"}", ERROR_NONE,
	    "status=boot =this is no JSON =[1,2] ={broken output=hello ", true },
	{ "{\"agent\":\"error\"}", ERROR_NONE,
	    "status=boot output=hello error=model timed out complete= ", false },
	{ "{\"agent\":\"cut\"}", ERROR_UPSTREAM, "ended without its end", false },
	{ "{\"agent\":\"error_cut\"}", ERROR_UPSTREAM, "out of credit", false },
	{ "{\"agent\":\"missing\"}", ERROR_NOT_FOUND, "404", false },
	{ "{\"agent\":\"fails\"}", ERROR_UNAVAILABLE, "agent crashed", false },
	{ "{\"agent\":\"silent\"}", ERROR_TIMEOUT, "", false },
};

static int
note(const struct sandy_event *e, void *arg)
{
	buf_printf(arg, "%s=%s ", e->type, e->text);
	return 0;
}

START_TEST(test_odd_agent)
{
	const struct odd_agent *o = &agents[_i];
	const struct sandy_agent agent = {
		.agent = "codex", .model = "m", .prompt = "p", .silence_ms = 1000
	};
	struct sandy_outcome out = { 0 };
	struct sandy_box box = { 0 };
	struct buf seen = { 0 };

	make(&box);
	behave(o->mode);
	if (o->kind != ERROR_NONE) {
		fails(sandy_agent_run(&sandy, box.id, &agent, note, &seen, NULL, &out, err),
		    o->kind, o->words);
	} else {
		ok(sandy_agent_run(&sandy, box.id, &agent, note, &seen, NULL, &out, err));
		ck_assert_msg(str_starts(buf_str(&seen), o->words), "%s", buf_str(&seen));
		ck_assert_int_eq(out.success, o->success);
		ck_assert_int_eq(out.exit_code, o->success ? 0 : 1);
	}
	buf_done(&seen);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandy");
	TCase *every = tcase_create("every"), *odd = tcase_create("[H11] an odd service");

	http_client_setup();
	tcase_add_checked_fixture(every, setup, teardown);
	tcase_set_timeout(every, 60);
	tcase_add_test(every, test_life);
	tcase_add_test(every, test_commands);
	tcase_add_test(every, test_files);
	tcase_add_test(every, test_who);
	tcase_add_checked_fixture(odd, setup_odd, teardown);
	tcase_set_timeout(odd, 30);
	tcase_add_loop_test(odd, test_odd_create, 0, ARRAY_LEN(creates));
	tcase_add_loop_test(odd, test_odd_exec, 0, ARRAY_LEN(execs));
	tcase_add_test(odd, test_odd_files);
	tcase_add_test(odd, test_odd_end);
	tcase_add_loop_test(odd, test_odd_agent, 0, ARRAY_LEN(agents));
	suite_add_tcase(s, every);
	suite_add_tcase(s, odd);
	return run_suite(s);
}
