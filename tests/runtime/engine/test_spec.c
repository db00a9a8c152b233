/*
 * test_spec.c - manifests, images and the pods that are asked for.
 */
#include "runtime/engine/spec.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/capability.h"
#include "runtime/engine/engine.h"
#include "tests/run.h"

START_TEST(test_manifest_good)
{
	static const char text[] =
	    "{\"name\":\"my-model\",\"description\":\"d\",\"port\":9000,"
	    "\"resources\":{\"memory\":\"512MiB\",\"cpus\":0.5},\"start_timeout\":\"20s\","
	    "\"concurrency\":100000,"
	    "\"env\":{\"MODE\":\"fast\",\"_X1\":\"\"},\"image\":\"x\",\"hotkey\":\"h\",\"source\":"
	    "\"s\","
	    "\"license\":\"l\",\"changelog\":\"c\",\"contact\":\"c\",\"version\":\"1\","
	    "\"capabilities\":[\"tools\",\"embeddings\",\"flying\",\"tools\"]}";
	struct error err = { 0 };
	struct manifest m;

	ck_assert_msg(manifest_parse(text, &m, &err) == 0, "%s", err.text);
	ck_assert_str_eq(m.name, "my-model");
	ck_assert_int_eq(m.port, 9000);
	ck_assert_int_eq(m.memory_bytes, 512 << 20);
	ck_assert_int_eq(m.nano_cpus, 500000000);
	ck_assert_int_eq(m.start_timeout_ms, 20000);
	ck_assert_int_eq(m.concurrency, 100000);
	ck_assert_uint_eq(m.nenv, 2);
	ck_assert_str_eq(m.env[0], "MODE=fast");
	ck_assert_str_eq(m.env[1], "_X1=");
	ck_assert_uint_eq(
	    m.capabilities, CAPABILITY(CHAT) | CAPABILITY(TOOLS) | CAPABILITY(EMBEDDINGS));
	manifest_done(&m);
	ck_assert_int_eq(manifest_parse(NULL, &m, &err), 0);
	ck_assert_int_eq(m.port, 8080);
	ck_assert_uint_eq(m.capabilities, CAPABILITY(CHAT));
	ck_assert_int_eq(manifest_parse("{}", &m, &err), 0);
	manifest_done(&m);
}
END_TEST

START_TEST(test_capabilities)
{
	_cleanup_buf_ struct buf out = { 0 };

	ck_assert_uint_eq(capability_named("embedding"), 0);
	ck_assert_uint_eq(capability_named(""), 0);
	capabilities_add(&out, 0);
	capabilities_add(&out, capability_named("artifacts") | capability_named("chat"));
	ck_assert_str_eq(buf_str(&out), "[][\"chat\",\"artifacts\"]");
}
END_TEST

START_TEST(test_manifest_bad)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{", "manifest" },
		{ "[]", "object" },
		{ "{\"port\":8080,\"port\":1}", "manifest" },
		{ "{\"prot\":1}", "did you mean 'port'" },
		{ "{\"privileged\":true}", "unknown field 'privileged'" },
		{ "{\"name\":\"Not A Slug\"}", "name" },
		{ "{\"name\":7}", "name" },
		{ "{\"port\":80}", "port" },
		{ "{\"port\":65536}", "port" },
		{ "{\"port\":8080.5}", "port" },
		{ "{\"port\":\"8080\"}", "port" },
		{ "{\"port\":8600}", "taken by the platform" },
		{ "{\"resources\":[]}", "resources" },
		{ "{\"resources\":{\"memory\":512}}", "resources.memory" },
		{ "{\"resources\":{\"memory\":\"much\"}}", "resources.memory" },
		{ "{\"resources\":{\"memory\":\"1MiB\"}}", "at least" },
		{ "{\"resources\":{\"cpus\":0}}", "resources.cpus" },
		{ "{\"resources\":{\"cpus\":\"1\"}}", "resources.cpus" },
		{ "{\"resources\":{\"gpus\":1}}", "resources.gpus" },
		{ "{\"concurrency\":0}", "concurrency" },
		{ "{\"concurrency\":100001}", "concurrency" },
		{ "{\"concurrency\":2.5}", "concurrency" },
		{ "{\"concurrency\":\"4\"}", "concurrency" },
		{ "{\"start_timeout\":30}", "start_timeout" },
		{ "{\"start_timeout\":\"10ms\"}", "start_timeout" },
		{ "{\"env\":{\"lower\":\"x\"}}", "[A-Z_]" },
		{ "{\"env\":{\"A=B\":\"x\"}}", "[A-Z_]" },
		{ "{\"env\":{\"OK\":\"x\",\"OPENAI_API_KEY\":\"x\"}}", "set by the platform" },
		{ "{\"env\":{\"PORT\":\"1\"}}", "set by the platform" },
		{ "{\"env\":{\"A\":1}}", "must be a string" },
		{ "{\"env\":[]}", "env" },
		{ "{\"capabilities\":[1]}", "capabilities" },
		{ "{\"license\":1}", "license" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct manifest m = { .port = -7 };

		ck_assert_msg(manifest_parse(cases[i].text, &m, &err) == -1, "%s", cases[i].text);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_msg(
		    strstr(err.text, cases[i].words) != NULL, "%s: %s", cases[i].text, err.text);
		ck_assert_int_eq(m.port, -7);
	}
}
END_TEST

START_TEST(test_manifest_check)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{\"resources\":{\"memory\":\"4GiB\",\"cpus\":2},\"start_timeout\":\"30s\"}",
		    NULL },
		{ "{\"resources\":{\"memory\":\"5GiB\"}}", "at most 4 GiB" },
		{ "{\"resources\":{\"cpus\":2.5}}", "asks for 2.5, at most 2" },
		{ "{\"start_timeout\":\"31s\"}", "at most 30s" },
		{ "{\"engine\":\"docker\"}", NULL },
		{ "{\"engine\":\"sandy\"}", "isolates less" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct manifest m;

		ck_assert_int_eq(manifest_parse(cases[i].text, &m, &err), 0);
		ck_assert_int_eq(
		    manifest_check(&m, &policy_defaults, &err), cases[i].words != NULL ? -1 : 0);
		if (cases[i].words != NULL)
			ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "%s", err.text);
		manifest_done(&m);
	}
}
END_TEST

START_TEST(test_engines)
{
	static const struct {
		int allowed;
		const char *manifest;
		bool second;
	} cases[] = {
		{ SECOND_NEVER, "{}", false },
		{ SECOND_NEVER, "{\"engine\":\"sandy\"}",
		    false }, /* accepted before it was forbidden */
		{ SECOND_ASKED, "{}", false },
		{ SECOND_ASKED, "{\"engine\":\"sandy\"}", true },
		{ SECOND_ASKED, "{\"engine\":\"docker\"}", false },
		{ SECOND_ALWAYS, "{}", true },
		{ SECOND_ALWAYS, "{\"engine\":\"sandy\"}", true },
		{ SECOND_ALWAYS, "{\"engine\":\"docker\"}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct policy p = policy_defaults;
		struct manifest m;

		p.second = cases[i].allowed;
		ck_assert_int_eq(manifest_parse(cases[i].manifest, &m, NULL), 0);
		ck_assert_int_eq(policy_is_second(&p, &m), cases[i].second);
		manifest_done(&m);
	}
}
END_TEST

static char *odd_volumes[] = { "/proc/x" }, *rel_volumes[] = { "data" },
	    *up_volumes[] = { "/a/../b" }, *root_volumes[] = { "/" },
	    *comma_volumes[] = { "/a,size=1g" }, *good_volumes[] = { "/data" };

START_TEST(test_image_check) /* [E08] [E10] [E11] what an image may not say, before it is started */
{
	static const struct {
		const char *what, *words;
		struct image_info image;
	} cases[] = {
#define IMAGE .arch = "amd64", .os = "linux", .has_command = true
		{ "plain", NULL, { IMAGE } },
		{ "named user", NULL, { IMAGE, .user = "app" } },
		{ "one volume", NULL, { IMAGE, .volumes = good_volumes, .nvolumes = 1 } },
		{ "work", NULL, { IMAGE, .working_dir = "/srv/app" } },
		{ "processes", NULL, { IMAGE, .working_dir = "/processes" } },
		{ "arm", "architecture arm64, this host is amd64",
		    { .arch = "arm64", .os = "linux", .has_command = true } },
		{ "windows", "not linux",
		    { .arch = "amd64", .os = "windows", .has_command = true } },
		{ "environment", NULL, { IMAGE, .nenv = 1024, .env_bytes = 128 << 10 } },
		{ "10,000 variables", "10000 environment variables", { IMAGE, .nenv = 10000 } },
		{ "1 MiB of them", "1048576 bytes", { IMAGE, .nenv = 3, .env_bytes = 1 << 20 } },
		{ "big", "50 GiB, at most 20 GiB", { IMAGE, .size_bytes = INT64_C(50) << 30 } },
		{ "no command", "no command", { .arch = "amd64", .os = "linux" } },
		{ "relative", "working directory", { IMAGE, .working_dir = "app" } },
		{ "proc", "working directory", { IMAGE, .working_dir = "/proc/self" } },
		{ "sys", "working directory", { IMAGE, .working_dir = "/sys" } },
		{ "dots", "working directory", { IMAGE, .working_dir = "/a/../proc" } },
		{ "17 volumes", "17 volumes", { IMAGE, .volumes = good_volumes, .nvolumes = 17 } },
		{ "proc volume", "'/proc/x'", { IMAGE, .volumes = odd_volumes, .nvolumes = 1 } },
		{ "relative volume", "'data'", { IMAGE, .volumes = rel_volumes, .nvolumes = 1 } },
		{ "up volume", "'/a/../b'", { IMAGE, .volumes = up_volumes, .nvolumes = 1 } },
		{ "root volume", "'/'", { IMAGE, .volumes = root_volumes, .nvolumes = 1 } },
		{ "comma volume", "'/a,size", { IMAGE, .volumes = comma_volumes, .nvolumes = 1 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		const int status = image_check(&cases[i].image, &policy_defaults, "amd64", &err);

		ck_assert_msg(
		    status == (cases[i].words != NULL ? -1 : 0), "%s: %s", cases[i].what, err.text);
		if (cases[i].words != NULL)
			ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "%s: %s",
			    cases[i].what, err.text);
	}
}
END_TEST

static void
build(const char *instance, unsigned uid, const char *token, const char *competitor,
    const char *manifest, struct pod_spec *out)
{
	const struct pod_identity id = { .instance = instance,
		.competitor = competitor,
		.version = "v1",
		.node = "n1",
		.uid = uid,
		.run_token = token };
	struct image_info image = { .id = "sha256:abc", .volumes = good_volumes, .nvolumes = 1 };
	struct manifest m;

	ck_assert_int_eq(manifest_parse(manifest, &m, NULL), 0);
	pod_spec_build(&policy_defaults, &m, &image, &id, out);
	manifest_done(&m);
}

static bool
has_env(const struct pod_spec *s, const char *entry)
{
	for (size_t i = 0; i < s->nenv; i++)
		if (strcmp(s->env[i], entry) == 0)
			return true;
	return false;
}

START_TEST(test_pod_spec)
{
	static const char *const promised[] = { "JANUS_PLATFORM_URL=http://127.0.0.1:8600",
		"OPENAI_BASE_URL=http://127.0.0.1:8600/v1", "OPENAI_API_KEY=tok",
		"JANUS_RUN_TOKEN=tok", "SANDY_BASE_URL=http://127.0.0.1:8600",
		"HTTP_PROXY=http://127.0.0.1:8600", "https_proxy=http://127.0.0.1:8600",
		"no_proxy=127.0.0.1,localhost", "HOME=/tmp", "TZ=UTC", "PORT=9000",
		"JANUS_COMPETITOR=slug", "MODE=fast" };
	static const char manifest[] = "{\"port\":9000,\"env\":{\"MODE\":\"fast\"},"
				       "\"resources\":{\"memory\":\"512MiB\",\"cpus\":64}}";
	struct pod_spec a, b;

	build("ins_1", 7, "tok", "slug", manifest, &a);
	for (size_t i = 0; i < ARRAY_LEN(promised); i++)
		ck_assert_msg(has_env(&a, promised[i]), "%s", promised[i]);
	ck_assert_int_eq(a.memory_bytes, 512 << 20);
	ck_assert_int_eq(a.nano_cpus, policy_defaults.nano_cpus);
	ck_assert_uint_eq(strlen(a.hash), 64);

	/* The hash is of what is run, not of who runs it. */
	build("ins_2", 8, "other", "slug", manifest, &b);
	ck_assert_str_eq(a.hash, b.hash);
	pod_spec_done(&b);
	build("ins_1", 7, "tok", "other", manifest, &b);
	ck_assert_str_ne(a.hash, b.hash);
	pod_spec_done(&b);
	build("ins_1", 7, "tok", "slug", "{\"port\":9000}", &b);
	ck_assert_str_ne(a.hash, b.hash);
	pod_spec_done(&b);
	pod_spec_done(&a);
}
END_TEST

START_TEST(test_explain)
{
	static const struct {
		struct pod_state state;
		const char *words;
	} cases[] = {
		{ { .phase = POD_EXITED, .exit_code = 137, .signal = 9, .oom_killed = true },
		    "killed: memory limit 512 MiB" },
		{ { .phase = POD_EXITED, .exit_code = 1, .oom_killed = true },
		    "ended with 1 after the memory limit 512 MiB killed a process of it" },
		{ { .phase = POD_EXITED, .exit_code = 3 }, "exited with 3" },
		{ { .phase = POD_EXITED }, "exited with 0" },
		{ { .phase = POD_EXITED, .exit_code = 126 }, "command is not executable" },
		{ { .phase = POD_CREATED, .exit_code = 127, .error = "long prose" },
		    "command not found" },
		{ { .phase = POD_EXITED, .exit_code = 137 }, "killed (signal 9)" },
		{ { .phase = POD_EXITED, .exit_code = 139, .signal = 11 },
		    "crashed: signal 11 (Segmentation fault)" },
		{ { .phase = POD_EXITED, .exit_code = 134 }, "crashed: signal 6 (Aborted)" },
		{ { .phase = POD_EXITED, .exit_code = 159 },
		    "crashed: signal 31 (System call not allowed)" },
		{ { .phase = POD_EXITED, .exit_code = 255 }, "exited with 255" },
		{ { .phase = POD_CREATED, .error = "bad" }, "could not be started: bad" },
		{ { .phase = POD_ABSENT }, "is gone from the engine" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[ENGINE_TEXT_MAX];

		ck_assert_str_eq(pod_explain(&cases[i].state, 512 << 20, out), cases[i].words);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spec");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_manifest_good);
	tcase_add_test(tc, test_capabilities);
	tcase_add_test(tc, test_manifest_bad);
	tcase_add_test(tc, test_manifest_check);
	tcase_add_test(tc, test_engines);
	tcase_add_test(tc, test_image_check);
	tcase_add_test(tc, test_pod_spec);
	tcase_add_test(tc, test_explain);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
