/*
 * test_host_line.c - which lines are understood, and that the driver writes no others.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/host_line.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/sandy/pod.h"
#include "tests/run.h"

#define DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define LIMITS                                                                                    \
	" --publish 5173:8080 --memory 5 --memory-swap 5 --cpus 1.50 --pids-limit 7 --shm-size 8" \
	" --ulimit nofile=9:9 --log-opt max-size=2k"                                              \
	" --tmpfs '/tmp:rw,exec,nosuid,nodev,size=6,mode=1777'"
#define RUN "docker run -d --name it" LIMITS

START_TEST(test_run)
{
	static const char line[] =
	    RUN " --user 4:4 --read-only --cap-drop ALL --security-opt no-new-privileges:true"
		" --ipc private --init --restart no --no-healthcheck --log-driver local"
		" --log-opt max-file=2 --ulimit core=0:0"
		" --tmpfs '/data:rw,exec,nosuid,nodev,size=6,mode=1777'"
		" --env 'A=it'\\''s $HOME; `x` \"y\"' --env B= --entrypoint '/bin/a b' 'r/i@" DIGEST
		"' 'x  y' -z";
	_cleanup_host_command_ struct host_command c = { 0 };
	struct error err = { 0 };

	ck_assert_msg(host_command_parse(line, &c, &err) == 0, "%s", err.text);
	ck_assert_int_eq(c.verb, HOST_RUN);
	ck_assert_str_eq(c.name, "it");
	ck_assert_str_eq(c.image, "r/i@" DIGEST);
	ck_assert_int_eq(c.pod.port, 8080);
	ck_assert_int_eq(c.pod.memory_bytes, 5);
	ck_assert_int_eq(c.pod.nano_cpus, 1500000000);
	ck_assert_int_eq(c.pod.pids, 7);
	ck_assert_int_eq(c.pod.shm_bytes, 8);
	ck_assert_int_eq(c.pod.nofile, 9);
	ck_assert_int_eq(c.pod.log_bytes, 4096);
	ck_assert_int_eq(c.pod.tmpfs_bytes, 6);
	ck_assert_uint_eq(c.pod.nvolumes, 2);
	ck_assert_str_eq(c.pod.volumes[1], "/data");
	ck_assert_uint_eq(c.pod.nenv, 2);
	ck_assert_str_eq(c.pod.env[0], "A=it's $HOME; `x` \"y\"");
	ck_assert_str_eq(c.pod.env[1], "B=");
	ck_assert_uint_eq(c.pod.ncommand, 3);
	ck_assert_str_eq(c.pod.command[0], "/bin/a b");
	ck_assert_str_eq(c.pod.command[1], "x  y");
	ck_assert_str_eq(c.pod.command[2], "-z");
}
END_TEST

START_TEST(test_driver) /* what the other side writes is what is read here */
{
	char *env[] = { "JANUS_RUN_TOKEN=jns_rt_x", "ODD='\\ \n\"$(x)" };
	char *volumes[] = { "/data", "/tmp" }, *command[] = { "/main", "-x", "" };
	const struct pod_spec asked = {
		.instance = "ins_01",
		.image_ref = "127.0.0.1:5000/team/owl@" DIGEST,
		.port = 8081,
		.uid = 200001,
		.memory_bytes = 512 << 20,
		.nano_cpus = 750000000,
		.tmpfs_bytes = 64 << 20,
		.shm_bytes = 1 << 20,
		.log_bytes = 8 << 20,
		.pids = 64,
		.nofile = 1024,
		.env = env,
		.nenv = ARRAY_LEN(env),
		.volumes = volumes,
		.nvolumes = ARRAY_LEN(volumes),
		.command = command,
		.ncommand = ARRAY_LEN(command),
	};
	_cleanup_host_command_ struct host_command c = { 0 };
	_cleanup_buf_ struct buf line = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(HOST_PORT, SANDY_PORT);
	sandy_run_line(&line, &asked);
	ck_assert_msg(host_command_parse(buf_str(&line), &c, &err) == 0, "%s", err.text);
	ck_assert_str_eq(c.name, asked.instance);
	ck_assert_str_eq(c.image, asked.image_ref);
	ck_assert_int_eq(c.pod.port, asked.port);
	ck_assert_int_eq(c.pod.memory_bytes, asked.memory_bytes);
	ck_assert_int_eq(c.pod.nano_cpus, asked.nano_cpus);
	ck_assert_int_eq(c.pod.tmpfs_bytes, asked.tmpfs_bytes);
	ck_assert_int_eq(c.pod.shm_bytes, asked.shm_bytes);
	ck_assert_int_eq(c.pod.log_bytes, asked.log_bytes);
	ck_assert_int_eq(c.pod.pids, asked.pids);
	ck_assert_int_eq(c.pod.nofile, asked.nofile);
	ck_assert_uint_eq(c.pod.nenv, asked.nenv);
	for (size_t i = 0; i < c.pod.nenv; i++)
		ck_assert_str_eq(c.pod.env[i], env[i]);
	ck_assert_uint_eq(c.pod.ncommand, asked.ncommand);
	for (size_t i = 0; i < c.pod.ncommand; i++)
		ck_assert_str_eq(c.pod.command[i], command[i]);
}
END_TEST

START_TEST(test_others)
{
	static const struct {
		const char *line;
		enum host_verb verb;
		int tail;
		int64_t grace_ms;
	} lines[] = {
		{ "docker pull -q r/i@" DIGEST, HOST_PULL, 0, 10000 },
		{ "docker pull '" DIGEST "'", HOST_PULL, 0, 10000 },
		{ "docker inspect 'it'", HOST_INSPECT, 0, 10000 },
		{ " docker  logs --timestamps 'it' ", HOST_LOGS, 0, 10000 },
		{ "docker logs --timestamps --tail 5 it", HOST_LOGS, 5, 10000 },
		{ "docker stop -t 3 it", HOST_STOP, 0, 3000 },
		{ "docker stop it", HOST_STOP, 0, 10000 },
		{ "docker pause it", HOST_PAUSE, 0, 10000 },
		{ "docker unpause it", HOST_UNPAUSE, 0, 10000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		_cleanup_host_command_ struct host_command c = { 0 };
		struct error err = { 0 };

		ck_assert_msg(host_command_parse(lines[i].line, &c, &err) == 0, "%s: %s",
		    lines[i].line, err.text);
		ck_assert_int_eq(c.verb, lines[i].verb);
		ck_assert_int_eq(c.tail, lines[i].tail);
		ck_assert_int_eq(c.grace_ms, lines[i].grace_ms);
		ck_assert_str_eq(c.name, c.verb == HOST_PULL ? "" : "it");
	}
}
END_TEST

/* Nothing that a shell would do, no option that opens a wall, no image but by digest. */
static const char *const refused[] = {
	"",
	"docker",
	"sh -c 'docker inspect it'",
	"docker exec it sh",
	"docker inspect it; id",
	"docker inspect $(id)",
	"docker inspect `id`",
	"docker inspect it > /etc/x",
	"docker inspect it && id",
	"docker inspect it\nid",
	"docker inspect \"it\"",
	"docker inspect it it",
	"docker inspect 'it",
	"docker inspect ../it",
	"docker inspect -f x it",
	"docker logs it",
	"docker logs --timestamps -f it",
	"docker pull r/i",
	"docker pull r/i:latest",
	"docker pull -a r/i@" DIGEST,
	"docker pull 'r/i@sha256:1'",
	"docker pull '/etc@" DIGEST "'",
	RUN,
	RUN " r/i:latest",
	RUN " r/i@" DIGEST " argument",
	RUN " --privileged r/i@" DIGEST,
	RUN " --privileged=true r/i@" DIGEST,
	RUN " -v /:/host r/i@" DIGEST,
	RUN " --mount type=bind,src=/,dst=/host r/i@" DIGEST,
	RUN " --network host r/i@" DIGEST,
	RUN " --pid host r/i@" DIGEST,
	RUN " --cap-add ALL r/i@" DIGEST,
	RUN " --cap-drop NONE r/i@" DIGEST,
	RUN " --device /dev/sda r/i@" DIGEST,
	RUN " --security-opt seccomp=unconfined r/i@" DIGEST,
	RUN " --ipc host r/i@" DIGEST,
	RUN " --restart always r/i@" DIGEST,
	RUN " --log-driver syslog r/i@" DIGEST,
	RUN " --user 0:0 r/i@" DIGEST,
	RUN " --user root r/i@" DIGEST,
	RUN " --memory-swap -1 r/i@" DIGEST,
	RUN " --memory-swap 6 r/i@" DIGEST,
	RUN " --memory 0 r/i@" DIGEST,
	RUN " --cpus 0.00 r/i@" DIGEST,
	RUN " --cpus 1e9 r/i@" DIGEST,
	RUN " --pids-limit -1 r/i@" DIGEST,
	RUN " --publish 80:8080 r/i@" DIGEST,
	RUN " --publish 0.0.0.0:5173:8080 r/i@" DIGEST,
	RUN " --ulimit nofile=9:10 r/i@" DIGEST,
	RUN " --tmpfs /tmp r/i@" DIGEST,
	RUN " --tmpfs '/x:rw,exec,nosuid,dev,size=6,mode=1777' r/i@" DIGEST,
	RUN " --tmpfs '/x:rw,exec,nosuid,nodev,size=7,mode=1777' r/i@" DIGEST,
	RUN " --env A r/i@" DIGEST,
	RUN " --env",
	"docker run --name it" LIMITS " r/i@" DIGEST,
	"docker run -d" LIMITS " r/i@" DIGEST,
	"docker run -d --name it r/i@" DIGEST,
};

START_TEST(test_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct host_command c = { 0 };
		struct error err = { 0 };

		ck_assert_msg(
		    host_command_parse(refused[i], &c, &err) == -1, "taken: %s", refused[i]);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_str_eq(c.name, "");
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("host line");
	TCase *t = tcase_create("lines");

	tcase_add_test(t, test_run);
	tcase_add_test(t, test_driver);
	tcase_add_test(t, test_others);
	tcase_add_test(t, test_refused);
	suite_add_tcase(s, t);
	return run_suite(s);
}
