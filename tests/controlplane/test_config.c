/*
 * test_config.c - what counts more than what, and no wrong word goes unnoticed.
 */
#include "controlplane/config.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char dir[64], path[96];

static void
set_up(void)
{
	clearenv();
	snprintf(dir, sizeof(dir), "/tmp/janus_config_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/janus.conf", dir);
}

static void
tear_down(void)
{
	file_remove_tree(dir, NULL);
}

static void
put(const char *text)
{
	struct error err = { 0 };

	ck_assert_msg(file_write(path, text, strlen(text), 0644, &err) == 0, "%s", err.text);
}

static struct config
load(void)
{
	struct config c = { 0 };
	struct error err = { 0 };

	ck_assert_msg(config_load(&c, path, &err) == 0, "%s", err.text);
	return c;
}

static void
refused(const char *words)
{
	struct config c = { 0 };
	struct error err = { 0 };

	ck_assert_msg(config_load(&c, path, &err) == -1, "accepted: %s", words);
	ck_assert_msg(err.kind != ERROR_NONE, "without a kind: %s", words);
	ck_assert_msg(strstr(err.text, words) != NULL, "'%s' has no '%s'", err.text, words);
	config_done(&c);
}

/* ---- the table, as it prints itself ---- */

struct setting {
	char name[64], value[128], origin[96];
};

static size_t
printed(struct setting *out, size_t max)
{
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };
	size_t len, n = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_msg(config_print(f, path, &err) == 0, "%s", err.text);
	fclose(f);
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		ck_assert_uint_lt(n, max);
		ck_assert_msg(sscanf(line, "%63s %127s # %95[^:]:", out[n].name, out[n].value,
				  out[n].origin) == 3,
		    "%s", line);
		n++;
	}
	return n;
}

static const struct setting *
find(const struct setting *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	ck_abort_msg("there is no %s", name);
	return NULL;
}

static struct setting settings[128];

START_TEST(test_defaults)
{
	put("");
	struct config c = load();
	const size_t n = printed(settings, ARRAY_LEN(settings));

	ck_assert_uint_gt(n, 25);
	for (size_t i = 0; i < n; i++)
		ck_assert_str_eq(settings[i].origin, "default");
	ck_assert_str_eq(c.host, "127.0.0.1");
	ck_assert_int_eq(c.port, 8000);
	ck_assert_int_eq(c.ui_port, 0);
	ck_assert(c.anonymous);
	ck_assert_int_eq(c.memory_bytes, INT64_C(4) << 30);
	ck_assert_int_eq(c.milli_cpus, 2000);
	ck_assert_int_eq(c.start_timeout_ms, 30000);
	ck_assert_int_eq(c.concurrency, 1024);
	ck_assert_int_eq(c.queue_max, 256);
	ck_assert_int_eq(c.queue_wait_ms, 60000);
	ck_assert_int_eq(c.breaker_failures, 5);
	ck_assert_int_eq(c.total_ms, 300000);
	ck_assert_int_eq(c.body_bytes, 10 << 20);
	ck_assert_int_eq(c.disk_reserve, 16 << 20);
	ck_assert_int_eq(c.usage_kept_ms, INT64_C(400) * 86400000);
	ck_assert_int_eq(c.events_kept_ms, 0);
	ck_assert_str_eq(c.engine_socket, "");
	ck_assert(c.state_dir[0] == '/' && c.runtime_dir[0] == '/');
	config_done(&c);
	config_done(&c); /* done twice is done */
}
END_TEST

/* -T prints what a file may say: read back it changes nothing but where it came from. */
START_TEST(test_print_is_a_file)
{
	static struct setting again[128];
	_cleanup_buf_ struct buf file = { 0 };
	const char *open_name = "";
	int open_len = 0;
	size_t n;

	put("");
	setenv("JANUS_POLICY_CPUS", "0.5", 1);
	n = printed(settings, ARRAY_LEN(settings));
	unsetenv("JANUS_POLICY_CPUS");
	for (size_t i = 0; i < n; i++) { /* those of a section follow one another */
		const char *dot = strchr(settings[i].name, '.');
		const char *quote = settings[i].value[0] == '"' ? "" : "\"";
		const int len = dot != NULL ? (int)(dot - settings[i].name) : 0;

		if (len != open_len || strncmp(settings[i].name, open_name, (size_t)len) != 0) {
			buf_add_str(&file, open_len != 0 ? "}\n" : "");
			if (len != 0)
				buf_printf(&file, "%.*s {\n", len, settings[i].name);
			open_name = settings[i].name;
			open_len = len;
		}
		buf_printf(&file, "%s = %s%s%s\n", settings[i].name + len + (dot != NULL), quote,
		    settings[i].value, quote);
	}
	buf_add_str(&file, "}\n");
	put(buf_str(&file));
	ck_assert_uint_eq(printed(again, ARRAY_LEN(again)), n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(again[i].name, settings[i].name);
		ck_assert_str_eq(again[i].value, settings[i].value);
	}
	struct config c = load();
	ck_assert_int_eq(c.milli_cpus, 500);
	config_done(&c);
}
END_TEST

START_TEST(test_no_secrets)
{
	static const char *const words[] = { "key", "secret", "token", "password" };

	put("");
	const size_t n = printed(settings, ARRAY_LEN(settings));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			ck_assert_msg(strstr(settings[i].name, words[k]) == NULL ||
				str_ends(settings[i].name, "_file") ||
				str_ends(settings[i].name, "_per_key"),
			    "%s", settings[i].name);
}
END_TEST

/* ---- precedence ---- */

START_TEST(test_precedence)
{
	static const struct {
		const char *file, *own, *other; /* log.level has two variables */
		const char *value, *origin;
	} cases[] = {
		{ "", NULL, NULL, "info", "default" },
		{ "log { level = warn }", NULL, NULL, "warn", NULL },
		{ "log { level = warn }", NULL, "error", "error", "JANUS_LOG" },
		{ "log { level = warn }", "debug", "error", "debug", "JANUS_LOG_LEVEL" },
		{ "log { level = warn }", "", "", "warn", NULL },
		{ "# log { level = warn }", NULL, NULL, "info", "default" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		clearenv();
		put(cases[i].file);
		if (cases[i].own != NULL)
			setenv("JANUS_LOG_LEVEL", cases[i].own, 1);
		if (cases[i].other != NULL)
			setenv("JANUS_LOG", cases[i].other, 1);
		struct config c = load();
		const size_t n = printed(settings, ARRAY_LEN(settings));

		ck_assert_msg(strcmp(c.log_level, cases[i].value) == 0, "%zu: %s", i, c.log_level);
		ck_assert_str_eq(find(settings, n, "log.level")->origin,
		    cases[i].origin != NULL ? cases[i].origin : path);
		config_done(&c);
	}
}
END_TEST

START_TEST(test_anonymous_follows_host)
{
	static const struct {
		const char *file;
		bool anonymous;
	} cases[] = {
		{ "", true },
		{ "host = 127.0.0.1", true },
		{ "host = \"::1\"", true },
		{ "host = 0.0.0.0", false },
		{ "host = \"::\"", false },
		{ "host = 192.168.0.1", false },
		{ "host = 0.0.0.0\nauth { anonymous = true }", true },
		{ "auth { anonymous = false }", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(cases[i].file);
		struct config c = load();

		ck_assert_msg(c.anonymous == cases[i].anonymous, "%s", cases[i].file);
		config_done(&c);
	}
}
END_TEST

/* ---- wrong words ---- */

static void
variable_of(const char *name, char out[80])
{
	snprintf(out, 80, "JANUS_%s", name);
	for (char *p = out; *p != '\0'; p++)
		*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
}

static void
put_setting(const char *name, const char *value)
{
	const char *dot = strchr(name, '.');
	_cleanup_free_ char *text = dot != NULL
	    ? str_printf("%.*s { %s = \"%s\" }", (int)(dot - name), name, dot + 1, value)
	    : str_printf("%s = \"%s\"", name, value);

	put(text);
}

static bool
is_text(const char *name)
{
	static const char *const texts[] = { "bench.suites_dir", "bench.private_dir",
		"bench.program", "host", "state_dir", "runtime_dir", "log.level", "engine.socket",
		"engine.link_image", "cors.origins", "capture.competitors", "capture.callers",
		"artifact.base_url", "sandy.url", "sandy.key_file", "sandy.upstream", "pull.disk",
		"public_hosts", "trusted_proxies", "tls.certificate", "tls.key_file" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(name, texts[i]) == 0)
			return true;
	return false;
}

/* Each setting of the table that is not free text, with each of these, in a file and outside. */
START_TEST(
    test_every_setting_wrong) /* [M07] every setting with every kind of wrong value, by file and line */
{
	static const char *const wrong[] = { "-1", "x", "1x", "1 s", "99999999999999999999", "0x10",
		"''", "1e3", "NaN", "5 GiB", "TRUE", "\xff" };
	size_t checked = 0;

	_cleanup_free_ char *line = str_printf("%s:1: ", path);

	put("");
	const size_t n = printed(settings, ARRAY_LEN(settings));
	for (size_t i = 0; i < n; i++) {
		const char *name = settings[i].name;
		char variable[80];

		if (is_text(name))
			continue;
		variable_of(name, variable);
		for (size_t k = 0; k < ARRAY_LEN(wrong); k++) {
			if (strcmp(name, "policy.cpus") == 0 &&
			    (wrong[k][0] == '0' || wrong[k][1] == 'e'))
				continue; /* processors are a real number, in any notation of C */
			put_setting(name, wrong[k]);
			refused(name);
			refused(line);
			put("");
			setenv(variable, wrong[k], 1);
			refused(name);
			refused(variable);
			unsetenv(variable);
			checked++;
		}
		put_setting(name, "");
		refused(name);
		refused(path);
	}
	ck_assert_uint_gt(checked, 200);
	put_setting("sandy.url", "a worker");
	refused("sandy.url");
	put_setting("public_hosts", "https://janus.example");
	refused("public_hosts");
	put_setting("trusted_proxies", "10.0.0.0/33");
	refused("trusted_proxies");
	put_setting("port", "0");
	refused("port");
	put_setting("port", "65536");
	refused("port");
	put_setting("ui.port", "65536");
	refused("ui.port");
	put_setting("policy.cpus", "0");
	refused("policy.cpus");
	put_setting("retention.usage", "31d"); /* a month's budget is added up from it */
	refused("retention.usage");
}
END_TEST

static const struct bad_file {
	const char *text, *where;
} bad_files[] = {
	{ "port = 1\nprot = 2\n", ":2: no such option 'prot'" },
	{ "\n\nlog {\n\tlevl = info\n}\n", ":4: no such option 'levl'" },
	{ "nolog { level = info }", ":1: no such option 'nolog'" },
	{ "level = info", ":1: no such option 'level'" },
	{ "log { level = info }\n\nlog {\n\tlevel = warn\n}\n",
	    ":5: section 'log' is there twice" },
	{ "\n\nport = eighty\n", ":3: port: " },
	{ "router {\n\n\tping = 5\n}\n", ":3: router.ping: " },
	{ "log { level = loud }", ":1: log.level: 'loud' is not" },
	{ "port { a = 1 }", ":1:" },
	{ "log = info", ":1:" },
	{ "port =\n", "" },
	{ "cors { origins = \"https://a.example/x\" }", ":1: cors.origins: 'https://a.example/x'" },
	{ "cors { origins = \"* app.example\" }", ":1: cors.origins: 'app.example'" },
	{ "port = {1, 2}\n", ":1:" },
	{ "port 8000\n", ":1:" },
	{ "= 8000\n", "" },
	{ "}\n", "" },
	{ "port = \"8000\n", "" },
	{ "include(\"janus.conf\")\n", ":1: include: " },
	{ "\ninclude(\"none.conf\")\n", ":2: include: " },
	{ "include(\"..\")\n", ":1: include: " },
	{ "include(\"a\", \"b\")\n", ":1: include takes the name of one file" },
	{ "include()\n", ":1: include takes the name of one file" },
	{ "log { include(\"janus.conf\") }\n", ":1: no such option 'include'" },
	{ "\x01\x02\xff\xfe", ":1:" },
};

START_TEST(
    test_bad_files) /* [M07] unknown keys, sections there twice, broken lines, includes: by file and line */
{
	_cleanup_free_ char *where = str_printf("%s%s", path, bad_files[_i].where);

	put(bad_files[_i].text);
	refused(where);
}
END_TEST

START_TEST(test_include) /* [M07] includes: what is wrong there is told by their own line */
{
	_cleanup_free_ char *sub = str_printf("%s/more", dir);
	_cleanup_free_ char *other = str_printf("%s/more/other.conf", dir);
	_cleanup_free_ char *third = str_printf("%s/more/third.conf", dir);
	static const char good[] = "port = 9\ninclude(\"third.conf\")\n";
	static const char bad[] = "port = 9\nlog {\n\tlevel = loud\n}\n";
	static const char section[] = "log { level = warn }\n";
	_cleanup_free_ char *where = str_printf("%s:3: log.level: 'loud'", other);
	struct config c;

	ck_assert_int_eq(mkdir(sub, 0755), 0);
	ck_assert_int_eq(file_write(other, good, sizeof(good) - 1, 0644, NULL), 0);
	ck_assert_int_eq(file_write(third, section, sizeof(section) - 1, 0644, NULL), 0);
	put("include(\"more/other.conf\")\n\nhost = \"::1\"\n");
	c = load();
	ck_assert_int_eq(c.port, 9);
	ck_assert_str_eq(c.log_level, "warn");
	ck_assert_str_eq(c.host, "::1");
	config_done(&c);
	ck_assert_int_eq(file_write(other, bad, sizeof(bad) - 1, 0644, NULL), 0);
	refused(where);
	put("log { level = info }\ninclude(\"more/third.conf\")\n");
	refused("section 'log' is there twice");
}
END_TEST

START_TEST(test_no_file) /* [M07] a file that is missing, or no file */
{
	refused(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	refused("is a directory");
}
END_TEST

START_TEST(test_large_file) /* [M07] a megabyte is read, ten are not */
{
	_cleanup_buf_ struct buf file = { 0 };

	for (int i = 0; file.len < 1 << 20; i++)
		buf_printf(
		    &file, "# comment %d \xff\n%s", i, i == 100 ? "log { level = warn }\n" : "");
	buf_add_str(&file, "port = 9\n");
	put(buf_str(&file));
	struct config c = load();
	ck_assert_int_eq(c.port, 9);
	ck_assert_str_eq(c.log_level, "warn");
	config_done(&c);

	/* One value of a mebibyte is a wrong one, told in one sentence. */
	memset(file.data, '7', file.len);
	memcpy(file.data, "port = ", 7);
	put(buf_str(&file));
	refused("port");

	while (file.len < 10 << 20)
		buf_add_str(&file, "# and another comment of the same kind as all of them\n");
	put(buf_str(&file));
	refused(":1: longer than 4194304 bytes");
}
END_TEST

/* ---- reading again ---- */

START_TEST(
    test_reload) /* [M07] what may change does, what may not is named, an error changes nothing */
{
	_cleanup_buf_ struct buf changed = { 0 }, waiting = { 0 };
	struct error err = { 0 };

	put("port = 9\nrouter { ping = 1s }\n");
	struct config c = load();
	ck_assert_int_eq(config_reload(&c, &changed, &waiting, &err), 0);
	ck_assert_str_eq(buf_str(&changed), "");
	ck_assert_str_eq(buf_str(&waiting), "");

	put("port = 10\nhost = 127.0.0.2\nrouter {\n ping = 2s\n gap_timeout = 9s }\nlog { level = "
	    "warn }");
	ck_assert_int_eq(config_reload(&c, &changed, &waiting, &err), 0);
	ck_assert_str_eq(buf_str(&changed), "log.level router.ping router.gap_timeout");
	ck_assert_str_eq(buf_str(&waiting), "host port");
	ck_assert_int_eq(c.ping_ms, 2000);
	ck_assert_int_eq(c.gap_ms, 9000);
	ck_assert_str_eq(c.log_level, "warn");
	ck_assert_int_eq(c.port, 9);
	ck_assert_str_eq(c.host, "127.0.0.1");

	buf_clear(&changed);
	put("router {\n ping = 3s\n gap_timeout = never\n}\n");
	ck_assert_int_eq(config_reload(&c, &changed, &waiting, &err), -1);
	ck_assert_msg(strstr(err.text, "janus.conf:3: router.gap_timeout") != NULL, "%s", err.text);
	ck_assert_int_eq(c.ping_ms, 2000);
	ck_assert_uint_eq(changed.len, 0);
	config_done(&c);
}
END_TEST

START_TEST(
    test_reload_knows_its_settings) /* [M07] each is live, or says that it waits for a restart */
{
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };
	size_t len, n = 0, waits = 0;
	FILE *f = open_memstream(&text, &len);

	put("");
	ck_assert_int_eq(config_print(f, path, &err), 0);
	fclose(f);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
		n++;
		waits += p - text > 10 && memcmp(p - 10, " (restart)", 10) == 0;
	}
	ck_assert_uint_eq(n - waits, 11);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_defaults);
	tcase_add_test(tc, test_print_is_a_file);
	tcase_add_test(tc, test_no_secrets);
	tcase_add_test(tc, test_precedence);
	tcase_add_test(tc, test_anonymous_follows_host);
	tcase_add_test(tc, test_every_setting_wrong);
	tcase_add_loop_test(tc, test_bad_files, 0, (int)ARRAY_LEN(bad_files));
	tcase_add_test(tc, test_include);
	tcase_add_test(tc, test_no_file);
	tcase_add_test(tc, test_large_file);
	tcase_add_test(tc, test_reload);
	tcase_add_test(tc, test_reload_knows_its_settings);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
