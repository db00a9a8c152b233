/*
 * test_docker_json.c - a pod as JSON, what is read back, and what an engine lists.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "tests/run.h"

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *env[] = { "A=1", "OPENAI_API_KEY=secret-token" };
static char *volumes[] = { "/data/", "/tmp" };

static struct pod_spec
spec(void)
{
	return (struct pod_spec){ .instance = "ins_1",
		.competitor = "slug",
		.version = "v1",
		.node = "n1",
		.image_id = "sha256:" ID64,
		.port = 8080,
		.uid = 300001,
		.memory_bytes = INT64_C(4) << 30,
		.nano_cpus = 2000000000,
		.tmpfs_bytes = 256 << 20,
		.shm_bytes = 64 << 20,
		.log_bytes = 8 << 20,
		.pids = 512,
		.nofile = 4096,
		.env = env,
		.nenv = 2,
		.volumes = volumes,
		.nvolumes = 2,
		.hash = "h" };
}

static const struct pod_place place = { .seccomp = "{}",
	.link_image = "janus/link",
	.dir = "/run/x/pods/ins_1",
	.link_id = "abc",
	.uid = 5,
	.gid = 6 };

static cJSON *
parse(const char *text)
{
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_msg(json_parse(text, strlen(text), &json, &err) == 0, "%s: %s", text, err.text);
	return json;
}

START_TEST(test_bodies) /* [E11] volumes are sized tmpfs, the image's health check is off */
{
	struct pod_spec s = spec();
	_cleanup_json_ cJSON *link = link_json(&s, &place), *body = competitor_json(&s, &place);
	_cleanup_free_ char *l = json_print(link), *c = json_print(body);

	ck_assert_str_eq(l,
	    "{\"Image\":\"janus/link\",\"User\":\"5:6\",\"Hostname\":\"competitor\","
	    "\"Labels\":{\"rodeo.janus.managed\":\"1\",\"rodeo.janus.node\":\"n1\","
	    "\"rodeo.janus.competitor\":\"slug\",\"rodeo.janus.version\":\"v1\","
	    "\"rodeo.janus.instance\":\"ins_1\",\"rodeo.janus.spec-hash\":\"h\","
	    "\"rodeo.janus.role\":\"link\"},\"HostConfig\":{\"CapDrop\":[\"ALL\"],"
	    "\"SecurityOpt\":[\"no-new-privileges:true\",\"seccomp={}\"],\"ReadonlyRootfs\":true,"
	    "\"RestartPolicy\":{\"Name\":\"no\"},"
	    "\"Ulimits\":[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0},"
	    "{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":1024}],\"NetworkMode\":\"none\","
	    "\"Dns\":[\"127.0.0.1\"],\"DnsSearch\":[\".\"],\"ExtraHosts\":[\"platform:127.0.0.1\"],"
	    "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/run/x/pods/ins_1\","
	    "\"Target\":\"/run/janus\"}],\"IpcMode\":\"none\",\"Memory\":67108864,"
	    "\"MemorySwap\":67108864,\"PidsLimit\":16,\"OomScoreAdj\":0,\"LogConfig\":"
	    "{\"Type\":\"local\",\"Config\":{\"max-size\":\"1m\",\"max-file\":\"2\"}}},"
	    "\"Healthcheck\":{\"Test\":[\"NONE\"]},\"StopSignal\":\"SIGTERM\"}");
	ck_assert_str_eq(c,
	    "{\"Image\":\"sha256:" ID64 "\",\"User\":\"300001:300001\","
	    "\"Env\":[\"A=1\",\"OPENAI_API_KEY=secret-token\"],"
	    "\"Labels\":{\"rodeo.janus.managed\":\"1\",\"rodeo.janus.node\":\"n1\","
	    "\"rodeo.janus.competitor\":\"slug\",\"rodeo.janus.version\":\"v1\","
	    "\"rodeo.janus.instance\":\"ins_1\",\"rodeo.janus.spec-hash\":\"h\","
	    "\"rodeo.janus.role\":\"competitor\"},\"HostConfig\":{\"CapDrop\":[\"ALL\"],"
	    "\"SecurityOpt\":[\"no-new-privileges:true\",\"seccomp={}\"],\"ReadonlyRootfs\":true,"
	    "\"RestartPolicy\":{\"Name\":\"no\"},"
	    "\"Ulimits\":[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0},"
	    "{\"Name\":\"nofile\",\"Soft\":4096,\"Hard\":4096}],\"NetworkMode\":\"container:abc\","
	    "\"Tmpfs\":{\"/tmp\":\"rw,exec,nosuid,nodev,size=268435456,nr_inodes=65536,uid=300001,"
	    "gid=300001,mode=700\",\"/data\":\"rw,exec,nosuid,nodev,size=268435456,nr_inodes=65536,"
	    "uid=300001,gid=300001,mode=700\"},\"Memory\":4294967296,\"MemorySwap\":4294967296,"
	    "\"PidsLimit\":512,\"NanoCpus\":2000000000,\"CpuShares\":256,\"ShmSize\":67108864,"
	    "\"IpcMode\":"
	    "\"private\","
	    "\"Init\":true,\"OomScoreAdj\":500,\"LogConfig\":{\"Type\":\"local\",\"Config\":"
	    "{\"max-size\":\"4m\",\"max-file\":\"2\"}}},\"Healthcheck\":{\"Test\":[\"NONE\"]},"
	    "\"StopSignal\":\"SIGTERM\"}");
}
END_TEST

/* What an engine would say of a container that does all that was asked. */
static cJSON *
faithful(const cJSON *body)
{
	cJSON *json = cJSON_CreateObject(), *config = cJSON_Duplicate(body, true);

	cJSON_AddItemToObject(
	    json, "HostConfig", cJSON_DetachItemFromObjectCaseSensitive(config, "HostConfig"));
	cJSON_AddItemToObject(json, "Config", config);
	json_add_arr(json, "Mounts");
	return json;
}

START_TEST(test_readback)
{
	/* One change of what is read back, as text at a path; NULL: the field is gone. */
	static const struct {
		const char *path, *value;
		bool same, same_podman;
	} cases[] = {
		{ "User", "\"0:0\"", false, false },
		{ "Env", "[\"OPENAI_API_KEY=secret-token\",\"PATH=/bin\",\"A=1\"]", true, true },
		{ "Env", "[\"A=2\"]", false, false },
		{ "HostConfig.Memory", "1", false, false },
		{ "HostConfig.Memory", NULL, false, false },
		{ "HostConfig.MemorySwap", "8589934592", false, false },
		{ "HostConfig.NanoCpus", "0", false, false },
		{ "HostConfig.CpuShares", "0", false, false },
		{ "HostConfig.PidsLimit", "null", false, false },
		{ "HostConfig.ReadonlyRootfs", "false", false, false },
		{ "HostConfig.NetworkMode", "\"bridge\"", false, false },
		{ "HostConfig.CapDrop", "null", false, false },
		{ "HostConfig.CapDrop",
		    "[\"CAP_A\",\"CAP_B\",\"CAP_C\",\"CAP_D\",\"CAP_E\",\"CAP_F\","
		    "\"CAP_G\",\"CAP_H\",\"CAP_I\",\"CAP_J\",\"CAP_K\"]",
		    false, true },
		{ "HostConfig.CapAdd", "[\"NET_ADMIN\"]", false, false },
		{ "HostConfig.CapAdd", "[]", true, true },
		{ "HostConfig.SecurityOpt", "[\"no-new-privileges\"]", false, true },
		{ "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp={}\"]", true, true },
		{ "HostConfig.SecurityOpt", "[\"seccomp={}\"]", false, false },
		{ "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp=unconfined\"]", false,
		    false },
		{ "HostConfig.RestartPolicy", "{\"Name\":\"no\",\"MaximumRetryCount\":0}", true,
		    true },
		{ "HostConfig.RestartPolicy", "{\"Name\":\"\"}", true, true },
		{ "HostConfig.RestartPolicy", "{\"Name\":\"always\"}", false, false },
		{ "HostConfig.Tmpfs", "{}", false, false },
		{ "HostConfig.Tmpfs",
		    "{\"/tmp\":\"mode=700,gid=300001,uid=300001,nr_inodes=65536,"
		    "size=268435456,nodev,nosuid,exec,rw,rprivate\",\"/"
		    "data\":\"rw,exec,nosuid,nodev,"
		    "size=268435456,nr_inodes=65536,uid=300001,gid=300001,mode=700\"}",
		    true, true },
		{ "HostConfig.Tmpfs",
		    "{\"/tmp\":\"rw,exec,nosuid,nodev,size=2684354560,nr_inodes=65536,"
		    "uid=300001,gid=300001,mode=700\",\"/data\":\"rw,exec,nosuid,nodev,"
		    "size=268435456,nr_inodes=65536,uid=300001,gid=300001,mode=700\"}",
		    false, false },
		{ "HostConfig.Ulimits",
		    "[{\"Name\":\"RLIMIT_NOFILE\",\"Soft\":4096,\"Hard\":4096},"
		    "{\"Name\":\"RLIMIT_CORE\",\"Soft\":0,\"Hard\":0}]",
		    true, true },
		{ "HostConfig.Ulimits", "[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0}]", false,
		    false },
		{ "HostConfig.LogConfig", "{\"Type\":\"json-file\",\"Config\":{}}", false, true },
		{ "HostConfig.IpcMode", "\"shareable\"", false, true },
		{ "HostConfig.IpcMode", "\"container:abc\"", false, false },
		{ "HostConfig.IpcMode", "\"host\"", false, false },
		{ "HostConfig.PidMode", "\"host\"", false, false },
		{ "HostConfig.PidMode", "\"private\"", true, true },
		{ "HostConfig.UsernsMode", "\"host\"", false, false },
		{ "HostConfig.Privileged", "true", false, false },
		{ "HostConfig.Devices", "[{\"PathOnHost\":\"/dev/kvm\"}]", false, false },
		{ "HostConfig.PortBindings", "{}", true, true },
		{ "HostConfig.Binds", "[\"/:/host\"]", false, true },
		{ "HostConfig.Init", "null", false, false },
		{ "HostConfig.ShmSize", "1", false, false },
		{ "Mounts", "[{\"Type\":\"tmpfs\",\"Destination\":\"/data\"}]", true, true },
		{ "Mounts", "[{\"Type\":\"volume\",\"Destination\":\"/data\"}]", false, false },
		{ "Mounts", "[{\"Type\":\"bind\",\"Source\":\"/\",\"Destination\":\"/host\"}]",
		    false, false },
	};
	struct pod_spec s = spec();
	_cleanup_json_ cJSON *body = competitor_json(&s, &place);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_json_ cJSON *got = faithful(body);
		const char *name = cases[i].path;
		const bool in_host = str_starts(name, "HostConfig.");
		cJSON *at =
		    cJSON_GetObjectItemCaseSensitive(got, in_host ? "HostConfig" : "Config");
		struct error err = { 0 };

		ck_assert_msg(readback_check(body, got, false, &err) == 0, "%s", err.text);
		if (in_host)
			name += strlen("HostConfig.");
		else if (strcmp(name, "Mounts") == 0)
			at = got;
		cJSON_DeleteItemFromObjectCaseSensitive(at, name);
		if (cases[i].value != NULL)
			cJSON_AddItemToObject(at, name, parse(cases[i].value));
		for (int podman = 0; podman <= 1; podman++) {
			const bool same = podman ? cases[i].same_podman : cases[i].same;
			const int status = readback_check(body, got, podman, &err);

			ck_assert_msg(status == (same ? 0 : -1), "%s %s podman %d: %s",
			    cases[i].path, cases[i].value != NULL ? cases[i].value : "-", podman,
			    err.text);
			if (!same) {
				ck_assert_int_eq(err.kind, ERROR_INTERNAL);
				ck_assert_msg(
				    strstr(err.text, cases[i].path) != NULL, "%s", err.text);
				ck_assert_ptr_null(strstr(err.text, "secret"));
			}
		}
	}
}
END_TEST

START_TEST(test_readback_link)
{
	struct pod_spec s = spec();
	struct error err = { 0 };
	_cleanup_json_ cJSON *body = link_json(&s, &place), *got = faithful(body),
			     *none = parse("{}");

	ck_assert_int_eq(readback_check(body, none, false, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_UPSTREAM);
	ck_assert_int_eq(
	    readback_check(body, got, false, &err), -1); /* the directory is not mounted */
	cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(got, "Mounts"),
	    parse("{\"Type\":\"bind\","
		  "\"Source\":\"/run/x/pods/ins_1\",\"Destination\":\"/run/janus\"}"));
	ck_assert_msg(readback_check(body, got, false, &err) == 0, "%s", err.text);
}
END_TEST

#define OURS "\"rodeo.janus.managed\":\"1\",\"rodeo.janus.node\":\"n1\",\"rodeo.janus.instance\":"

START_TEST(test_containers)
{
	static const char text[] =
	    "["
	    "{\"Id\":\"aa\",\"State\":\"running\",\"Labels\":{" OURS
	    "\"ins_1\",\"rodeo.janus.role\":\"link\"}},"
	    "{\"Id\":\"bb\",\"State\":\"paused\",\"Labels\":{" OURS
	    "\"ins_1\",\"rodeo.janus.spec-hash\":\"h\"}},"
	    "{\"Id\":\"cc\",\"State\":\"exited\",\"Labels\":{" OURS "\"ins_2\"}},"
	    "{\"Id\":\"dd\",\"State\":\"running\",\"Labels\":{\"rodeo.janus.managed\":\"1\","
	    "\"rodeo.janus.node\":\"other\",\"rodeo.janus.instance\":\"ins_1\"}},"
	    "{\"Id\":\"ee\",\"State\":\"running\",\"Labels\":null},"
	    "{\"Id\":\"../x\",\"State\":\"running\",\"Labels\":{" OURS "\"ins_1\"}}]";
	_cleanup_json_ cJSON *json = parse(text), *object = parse("{\"message\":\"x\"}");
	_cleanup_free_ struct container *all = NULL, *one = NULL;
	size_t n = 0;

	ck_assert_int_eq(containers_parse(json, "n1", NULL, &all, &n, NULL), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert(all[0].is_link && !all[1].is_link);
	ck_assert_int_eq(all[1].phase, POD_PAUSED);
	ck_assert_str_eq(all[1].hash, "h");
	ck_assert_int_eq(all[2].phase, POD_EXITED);
	ck_assert_int_eq(containers_parse(json, "n1", "ins_2", &one, &n, NULL), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(containers_parse(object, "n1", NULL, &one, &n, NULL), -1);
}
END_TEST

START_TEST(test_list_of_other_things) /* [D08] a list with anything else in it is not believed */
{
	static const char *const lists[] = { "7", "null", "{\"a\":[]}", "[7]", "[null]", "[[]]",
		"[{}]", "[{\"Id\":7,\"Labels\":{}}]", "[{\"Id\":\"\",\"Labels\":{}}]",
		"[{\"Id\":\"abc\",\"Labels\":[]}]", "[{\"Id\":\"abc\",\"Labels\":{}},\"x\"]" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		_cleanup_json_ cJSON *json = parse(lists[i]);
		struct container *list = NULL;
		struct error err = { 0 };
		size_t n = 0;

		ck_assert_int_eq(containers_parse(json, "n1", NULL, &list, &n, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_UPSTREAM);
		ck_assert_ptr_null(list);
	}
}
END_TEST

START_TEST(test_state)
{
	static const struct {
		const char *text;
		enum pod_phase phase;
		int exit_code, signal;
		bool oom;
	} cases[] = {
		{ "{\"State\":{\"Status\":\"running\",\"ExitCode\":0}}", POD_RUNNING, 0, 0, false },
		{ "{\"State\":{\"Status\":\"exited\",\"ExitCode\":3}}", POD_EXITED, 3, 0, false },
		{ "{\"State\":{\"Status\":\"exited\",\"ExitCode\":137,\"OOMKilled\":true}}",
		    POD_EXITED, 137, 9, true },
		{ "{\"State\":{\"Status\":\"exited\",\"ExitCode\":255}}", POD_EXITED, 255, 0,
		    false },
		{ "{\"State\":{\"Status\":\"created\",\"ExitCode\":127,\"Error\":\"x\"}}",
		    POD_CREATED, 127, 0, false },
		{ "{\"State\":7}", POD_EXITED, 0, 0, false },
		{ "{}", POD_EXITED, 0, 0, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_json_ cJSON *json = parse(cases[i].text);
		struct pod_state s = { 0 };

		pod_state_parse(json, &s);
		ck_assert_int_eq(s.phase, cases[i].phase);
		ck_assert_int_eq(s.exit_code, cases[i].exit_code);
		ck_assert_int_eq(s.signal, cases[i].signal);
		ck_assert_int_eq(s.oom_killed, cases[i].oom);
	}
}
END_TEST

START_TEST(test_image) /* [E11] of an image is read what matters here, and the rest is not */
{
	_cleanup_json_ cJSON
	    *good = parse(
		"{\"Id\":\"sha256:" ID64 "\",\"RepoDigests\":[\"<none>@<none>\","
		"\"h/m@sha256:" ID64 "\"],\"Architecture\":\"amd64\",\"Os\":\"linux\",\"Size\":7,"
		"\"Config\":{\"Cmd\":[\"x\"],\"Env\":[\"A=1\",\"BC=\"],\"User\":\"app\","
		"\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\":(){ :|:& };:\"]},\"OnBuild\":[\"RUN "
		"x\"],"
		"\"StopSignal\":\"SIGKILL\",\"ExposedPorts\":{\"1/tcp\":{}},"
		"\"Volumes\":{\"/a\":{},\"/b\":{}},"
		"\"Labels\":{\"rodeo.janus.manifest\":\"{}\"}}}"),
	    *bare = parse("{\"Id\":\"" ID64 "\",\"Config\":null}"),
	    *bad = parse("{\"Id\":\"sha256:x\"}");
	struct image_info i = { 0 };

	ck_assert_int_eq(image_parse(good, &i, NULL), 0);
	ck_assert_str_eq(i.digest, "sha256:" ID64);
	ck_assert_str_eq(i.manifest, "{}");
	ck_assert(i.has_command && i.nvolumes == 2 && i.size_bytes == 7);
	ck_assert(i.nenv == 2 && i.env_bytes == 6);
	image_info_done(&i);
	ck_assert_int_eq(image_parse(bare, &i, NULL), 0);
	ck_assert_str_eq(i.id, "sha256:" ID64);
	ck_assert(!i.has_command && i.digest[0] == '\0' && i.manifest == NULL);
	image_info_done(&i);
	ck_assert_int_eq(image_parse(bad, &i, NULL), -1);
}
END_TEST

START_TEST(test_pod_use)
{
	_cleanup_json_ cJSON *v1 = parse(
				 "{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":300},"
				 "\"system_cpu_usage\":2000,\"online_cpus\":4},\"precpu_stats\":"
				 "{\"cpu_usage\":{\"total_usage\":100},\"system_cpu_usage\":1000},"
				 "\"memory_stats\":{\"usage\":900,\"limit\":4096,\"stats\":"
				 "{\"total_inactive_file\":100,\"inactive_file\":1}},"
				 "\"pids_stats\":{\"current\":7}}"),
			     *v2 = parse("{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":3}},"
					 "\"memory_stats\":{\"usage\":900,\"stats\":"
					 "{\"inactive_file\":900}}}"),
			     *ended = parse("{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":0}},"
					    "\"memory_stats\":{}}");
	struct pod_use u = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(pod_use_parse(v1, &u, &err), 0);
	ck_assert(u.memory_bytes == 800 && u.memory_limit_bytes == 4096 && u.pids == 7);
	ck_assert(u.cpu_ns == 300 && u.cpu_cores > 0.79 && u.cpu_cores < 0.81);
	ck_assert_int_eq(pod_use_parse(v2, &u, &err), 0);
	ck_assert(u.memory_bytes == 900 && u.cpu_cores == 0);
	ck_assert_int_eq(pod_use_parse(ended, &u, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("docker_json");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_bodies);
	tcase_add_test(tc, test_readback);
	tcase_add_test(tc, test_pod_use);
	tcase_add_test(tc, test_readback_link);
	tcase_add_test(tc, test_containers);
	tcase_add_test(tc, test_list_of_other_things);
	tcase_add_test(tc, test_state);
	tcase_add_test(tc, test_image);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
