/*
 * attacks.c - what a competitor tries on other pods, on its own link, and on the host, and what
 * came of it as JSON in the answer's text.
 */
#include "tests/e2e/hostile/hostile.h"
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* The platform's, which the link holds. */
#define PLATFORM_PORT 8600
#define FLOOD_CONNECTIONS 3000
#define FLOOD_MS 2000

/* What one pod leaves about, and another looks for. */
#define MARK "janus-mark"
#define MARK_PORT 9999
#define MARK_KEY 0x4a4e4d4b
#define USER_KEYRING (-4)

static void
answer_attempts(
    struct hostile *h, int fd, const struct request *r, const struct attempt *table, size_t count)
{
	const size_t room = count * 512 + 256;
	char *text = malloc(room), *content = malloc(room * 2);
	size_t len = 0;
	unsigned escaped = 0;

	if (text == NULL || content == NULL) {
		free(text);
		free(content);
		return chat_500(h, fd, r);
	}
	len += (size_t)snprintf(text, room, "{\"attempts\":[");
	for (size_t i = 0; i < count; i++) {
		struct finding found;

		attempt_run(&table[i], &found);
		escaped += !found.contained;
		if (i > 0)
			text[len++] = ',';
		len += attempt_json(&table[i], &found, text + len, 512);
	}
	snprintf(text + len, room - len, "],\"contained\":%u,\"escaped\":%u}",
	    (unsigned)count - escaped, escaped);
	json_escape(content, room * 2, text);
	answer(fd, r, content);
	free(text);
	free(content);
}

/* Every attempt of the canary. */
void
chat_escape(struct hostile *h, int fd, const struct request *r)
{
	answer_attempts(h, fd, r, attempts, attempts_count);
}

/* --- sockets of our own --------------------------------------------------------- */

static int
bound(const char *where, int port, int option)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	const bool is_v4 = inet_pton(AF_INET, where, &v4.sin_addr) == 1;
	const int on = 1;
	int fd;

	if (!is_v4)
		inet_pton(AF_INET6, where, &v6.sin6_addr);
	fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on)) < 0 ||
	    bind(fd, is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
		is_v4 ? sizeof(v4) : sizeof(v6)) < 0 ||
	    listen(fd, 16) < 0)
		return -1;
	return fd;
}

static int
unix_socket(const char *name, bool is_abstract, bool is_ours)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const size_t len = (size_t)snprintf(
	    at.sun_path + is_abstract, sizeof(at.sun_path) - is_abstract, "%s", name);
	const socklen_t size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + is_abstract + len);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!is_ours)
		return connect(fd, (const struct sockaddr *)&at, size);
	return bind(fd, (const struct sockaddr *)&at, size) < 0 ? -1 : listen(fd, 16);
}

/* --- [G03] other pods ------------------------------------------------------------- */

/* A process with that name, and sockets of that name and number, for as long as the pod lives. */
static void
keep_marks(int ready)
{
	prctl(PR_SET_NAME, MARK);
	bound("0.0.0.0", MARK_PORT, SO_REUSEADDR);
	bound("::1", MARK_PORT, SO_REUSEADDR);
	unix_socket(MARK, true, true);
	unlink("/tmp/" MARK ".sock");
	unix_socket("/tmp/" MARK ".sock", false, true);
	close(ready);
	for (;;)
		pause();
}

static void
leave_marks(void)
{
	static const char *const files[] = { "/tmp/" MARK, "/dev/shm/" MARK };
	int ends[2];
	char byte;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		close(open(files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	(void)shmget(MARK_KEY, 4096, IPC_CREAT | 0666);
	(void)semget(MARK_KEY, 1, IPC_CREAT | 0666);
	(void)msgget(MARK_KEY, IPC_CREAT | 0666);
	(void)mq_open("/" MARK, O_CREAT | O_RDWR, 0666, NULL);
	syscall(SYS_add_key, "user", MARK, "x", (size_t)1, USER_KEYRING);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	if (fork() == 0)
		keep_marks(ends[1]);
	close(ends[1]);
	(void)!read(ends[0], &byte, 1); /* it ends when all is bound */
	close(ends[0]);
}

static int
find_abstract(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return unix_socket(a->where, true, false);
}

static int
find_shm(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return shmget((key_t)a->number, 0, 0) < 0 ? -1 : 0;
}

static int
find_sem(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return semget((key_t)a->number, 0, 0) < 0 ? -1 : 0;
}

static int
find_msg(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return msgget((key_t)a->number, 0) < 0 ? -1 : 0;
}

static int
find_mqueue(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return mq_open(a->where, O_RDONLY) == (mqd_t)-1 ? -1 : 0;
}

static int
find_key(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return syscall(SYS_request_key, "user", a->where, NULL, USER_KEYRING) < 0 ? -1 : 0;
}

/* 0 if a process has that name; or, without a name, another owner than we. */
static int
find_process(const struct attempt *a, char *saw, size_t size)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	int found = -1;

	while (proc != NULL && found < 0 && (e = readdir(proc)) != NULL) {
		char path[300], name[32] = "";
		struct stat st;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (atoi(e->d_name) <= 0 || (f = fopen(path, "re")) == NULL)
			continue;
		if (fgets(name, sizeof(name), f) != NULL)
			name[strcspn(name, "\n")] = '\0';
		if (a->where != NULL ? strcmp(name, a->where) == 0
				     : fstat(fileno(f), &st) == 0 && st.st_uid != getuid()) {
			snprintf(saw, size, "process %d, %s", atoi(e->d_name), name);
			found = 0;
		}
		fclose(f);
	}
	if (proc != NULL)
		closedir(proc);
	if (found < 0)
		snprintf(saw, size, "none");
	return found;
}

/* A port, in the kernel's list of this namespace's connections. */
static int
find_in_table(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	char line[300], port[8];
	int found = -1;

	snprintf(port, sizeof(port), ":%04lX ", (unsigned long)a->number);
	while (f != NULL && found < 0 && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, port) != NULL ? 0 : -1;
	if (f != NULL)
		fclose(f);
	snprintf(saw, size, "%s", found == 0 ? "it is listed" : "not listed");
	return found;
}

/* clang-format off */
static const struct attempt looks[] = {
	{ "its port on loopback",		try_loopback,	"127.0.0.1",	MARK_PORT },
	{ "its port on other loopback",		try_loopback,	"127.1.2.3",	MARK_PORT },
	{ "its port on 0.0.0.0",		try_loopback,	"0.0.0.0",	MARK_PORT },
	{ "its port on ipv6 loopback",		try_loopback,	"::1",		MARK_PORT },
	{ "its port in the kernel's list",	find_in_table,	0,		MARK_PORT },
	{ "its abstract socket",		find_abstract,	MARK,		0 },
	{ "its socket in /tmp",			try_unix,	"/tmp/" MARK ".sock", 0 },
	{ "its file in /tmp",			try_look,	"/tmp/" MARK,	0 },
	{ "its file in /dev/shm",		try_look,	"/dev/shm/" MARK, 0 },
	{ "its shared memory",			find_shm,	0,		MARK_KEY },
	{ "its semaphores",			find_sem,	0,		MARK_KEY },
	{ "its messages",			find_msg,	0,		MARK_KEY },
	{ "its message queue",			find_mqueue,	"/" MARK,	0 },
	{ "its process",			find_process,	MARK,		0 },
	{ "its key",				find_key,	MARK,		0 },
	{ "a process of another user",		find_process,	0,		0 },
	{ "it, by its name",			try_dns_name,	"spy",		0 },
	{ "first address of a bridge",		try_tcp,	"172.17.0.2",	MARK_PORT },
	{ "second address of a bridge",		try_tcp,	"172.17.0.3",	MARK_PORT },
	{ "third address of a bridge",		try_tcp,	"172.17.0.4",	MARK_PORT },
	{ "address of another bridge",		try_tcp,	"10.88.0.2",	MARK_PORT },
	{ "all on the link, by udp",		try_udp,	"224.0.0.1",	MARK_PORT },
	{ "all on the link, by ipv6",		try_udp,	"ff02::1",	MARK_PORT },
};
/* clang-format on */

/* --- [G04] the link ------------------------------------------------------------------- */

static int
take_port(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return bound(a->where, PLATFORM_PORT, (int)a->number) < 0 ? -1 : 0;
}

/* Every path that the namespace's unix sockets were bound to. */
static int
connect_listed(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[400];
	unsigned listed = 0;

	(void)a;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *name = strpbrk(line, "/@");

		if (name == NULL)
			continue;
		name[strcspn(name, "\n")] = '\0';
		listed++;
		const struct attempt one = { .where = name };
		if ((name[0] == '@' ? unix_socket(name + 1, true, false)
				    : try_unix(&one, saw, size)) == 0) {
			snprintf(saw, size, "%s", name);
			return 0;
		}
	}
	snprintf(saw, size, "%u listed, none lets us in", listed);
	return -1;
}

static int
find_mount(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/1/mountinfo", "re");
	char line[1024];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, a->where) != NULL) {
			snprintf(saw, size, "%.150s", line);
			return 0;
		}
	snprintf(saw, size, "not mounted here");
	return -1;
}

/* clang-format off */
static const struct attempt link_attempts[] = {
	{ "take the platform's port",		take_port,	"127.0.0.1",	SO_REUSEADDR },
	{ "share the platform's port",		take_port,	"127.0.0.1",	SO_REUSEPORT },
	{ "take it on every address",		take_port,	"0.0.0.0",	SO_REUSEADDR },
	{ "share it on every address",		take_port,	"0.0.0.0",	SO_REUSEPORT },
	{ "take it on every ipv6 address",	take_port,	"::",		SO_REUSEADDR },
	{ "see the link's process",		find_process,	"janus-link",	0 },
	{ "see a process that is not ours",	find_process,	0,		0 },
	{ "trace pid 1",			try_ptrace,	0,		0 },
	{ "read the memory of pid 1",		try_read_memory, 0,		0 },
	{ "take a descriptor of another",	try_call,	0,		438 },
	{ "its socket",				try_unix,	"/run/janus/link.sock", 0 },
	{ "its directory",			try_look,	"/run/janus",	0 },
	{ "its directory, by pid 1's root",	try_look,	"/proc/1/root/run/janus", 0 },
	{ "its directory, among the mounts",	find_mount,	"/run/janus",	0 },
	{ "sockets that the kernel lists",	connect_listed,	0,		0 },
};
/* clang-format on */

/* As many connections to the platform as can be had, half a request in each, held for a while. */
static void
flood(struct hostile *h, int fd, const struct request *r)
{
	char content[80];
	unsigned held = 0;

	(void)h;
	while (held < FLOOD_CONNECTIONS) {
		const struct sockaddr_in to = { .sin_family = AF_INET,
			.sin_port = htons(PLATFORM_PORT),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		const int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (one < 0)
			break;
		(void)connect(one, (const struct sockaddr *)&to, sizeof(to));
		send(one, "GET /us", 7, MSG_NOSIGNAL);
		held++;
	}
	poll(NULL, 0, FLOOD_MS);
	snprintf(content, sizeof(content), "held %u connections", held);
	answer(fd, r, content);
}

/* Does what the prompt says; and whatever else it holds goes to the platform. */
void
chat_spy(struct hostile *h, int fd, const struct request *r)
{
	if (strstr(r->body, "flood") != NULL) {
		flood(h, fd, r);
	} else if (strstr(r->body, "attack the link") != NULL) {
		answer_attempts(
		    h, fd, r, link_attempts, sizeof(link_attempts) / sizeof(link_attempts[0]));
	} else if (strstr(r->body, "look for marks") != NULL) {
		answer_attempts(h, fd, r, looks, sizeof(looks) / sizeof(looks[0]));
	} else if (strstr(r->body, "leave marks") != NULL) {
		leave_marks();
		answer(fd, r, "left");
	} else {
		chat_caller(h, fd, r);
	}
}
