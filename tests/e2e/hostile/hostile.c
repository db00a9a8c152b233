/*
 * hostile.c - a competitor that misbehaves on purpose.
 *
 *   hostile MODE [now]
 *
 * Speaks enough of the competitor contract to be taken in (GET /health, POST
 * /v1/chat/completions, streamed or not), then does what its mode says: see
 * modes[].  The hogs start when a chat names their mode, or a second after
 * start with "now".  Static, no library: the whole image is this program.
 *
 * One process serves, a child answers each connection, so that /health goes
 * on while the rest is evil.  Where no child can be had, it answers itself.
 */
#include "tests/e2e/hostile/hostile.h"
#include "controlplane/link/attempts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum order { ORDER_NONE, ORDER_EVIL, ORDER_CRASH };

/* --- good answers ------------------------------------------------------------ */

static void
order(struct hostile *h, enum order what)
{
	*h->orders = what; /* the serving process looks ten times a second */
}

static void
chat_ok(struct hostile *h, int fd, const struct request *r)
{
	const char *messages =
	    strstr(r->body, "\"messages\""); /* its model may name the mode, too */
	char content[160];

	if (h->mode->evil != NULL && messages != NULL && strstr(messages, h->mode->name) != NULL)
		order(h, ORDER_EVIL);
	snprintf(content, sizeof(content), "A test competitor in mode %s read %zu bytes.",
	    h->mode->name, strlen(r->body));
	answer(fd, r, content);
}

static void
health_ok(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)r;
	reply(fd, "200 OK", "application/json", "{\"status\":\"ok\"}");
}

/* --- bad answers ------------------------------------------------------------- */

static void
health_500(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)r;
	reply(fd, "500 Internal Server Error", "application/json",
	    "{\"status\":\"error\",\"reason\":\"the index could not be loaded\"}");
}

static void
health_garbage(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)r;
	reply(fd, "200 OK", "application/json", "<html>\x01\xff it works!");
}

static void
hang(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)fd;
	(void)r;
	sleep(3600);
}

static void
chat_html(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)r;
	reply(fd, "200 OK", "text/html", "<html><body><h1>Welcome</h1></body></html>\n");
}

/* Whatever was asked for, one whole answer. */
static void
chat_whole(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	answer_whole(fd, r, "no stream");
}

void
chat_500(struct hostile *h, int fd, const struct request *r)
{
	(void)h;
	(void)r;
	reply(fd, "500 Internal Server Error", "application/json",
	    "{\"error\":{\"message\":\"the model fell over\",\"type\":\"server_error\","
	    "\"param\":null,\"code\":\"internal\"}}");
}

static void
chat_crash(struct hostile *h, int fd, const struct request *r)
{
	(void)fd;
	(void)r;
	order(h, ORDER_CRASH);
	sleep(1); /* the connection dies with the rest */
}

/* Two hex digits a byte, until something else comes; returns how many bytes there were. */
static size_t
from_hex(const char *hex, char *out, size_t cap)
{
	unsigned byte;
	size_t n = 0;

	while (n < cap && sscanf(hex + n * 2, "%2x", &byte) == 1 && hex[n * 2 + 1] != '\0')
		out[n++] = (char)byte;
	return n;
}

/* Send bytes to the platform and read until it closes, or has been quiet for a while. */
static size_t
call_platform(const char *bytes, size_t len, char *out, size_t cap)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(8600),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		put(fd, bytes, len);
		while (n < cap && poll(&p, 1, n == 0 ? 20000 : 3000) > 0) {
			const ssize_t got = recv(fd, out + n, cap - n, 0);

			if (got <= 0)
				break;
			n += (size_t)got;
		}
	}
	close(fd);
	return n;
}

/* "call:HEX" anywhere in the prompt: those bytes go to the platform, one connection a word, and what
 * comes back is the answer, in hex.  "call:token" is the run token. */
void
chat_caller(struct hostile *h, int fd, const struct request *r)
{
	const size_t cap = PIECE_BYTES;
	char *sent = malloc(cap), *got = malloc(cap), *content = malloc(cap * 2 + 1);
	size_t out = 0;

	(void)h;
	if (sent == NULL || got == NULL || content == NULL)
		return chat_500(h, fd, r);
	for (const char *at = r->body; (at = strstr(at, "call:")) != NULL;) {
		const char *token = getenv("JANUS_RUN_TOKEN");
		size_t n;

		at += strlen("call:");
		if (strncmp(at, "token", 5) == 0 && token != NULL)
			n = (size_t)snprintf(got, cap, "%s", token);
		else
			n = call_platform(sent, from_hex(at, sent, cap), got, cap);
		if (out > 0 && out < cap * 2)
			content[out++] = ' ';
		for (size_t i = 0; i < n && out + 2 < cap * 2; i++)
			out += (size_t)snprintf(content + out, 3, "%02x", (unsigned char)got[i]);
	}
	content[out] = '\0';
	answer(fd, r, content);
	free(sent);
	free(got);
	free(content);
}

/* --- births ------------------------------------------------------------------ */

static void
birth_exit(struct hostile *h)
{
	fprintf(stderr, "hostile: leaving at once\n");
	exit(h->mode->name[4] - '0');
}

/* What the contract does not give: try it, and complain as programs do. */
static void
birth_needy(struct hostile *h)
{
	const struct sockaddr_in far = {
		.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x01010101)
	};
	const char *what = strchr(h->mode->name, '-') + 1;
	char *room;

	if (strcmp(what, "root") == 0 && setuid(0) == 0)
		return;
	if (strcmp(what, "disk") == 0 && open("/state", O_WRONLY | O_CREAT, 0600) >= 0)
		return;
	if (strcmp(what, "network") == 0 &&
	    connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&far, sizeof(far)) ==
		0)
		return;
	if (strcmp(what, "memory") == 0)
		for (int i = 0; i < 5120 && (room = malloc(1 << 20)) != NULL; i++)
			memset(room, i | 1, 1 << 20);
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
birth_segv(struct hostile *h)
{
	(void)h;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	exit(139); /* as pid 1 the signal is not delivered */
}

static void
birth_silent(struct hostile *h)
{
	(void)h;
	fprintf(stderr, "hostile: running, but not listening\n");
	for (;;)
		pause();
}

static void
birth_slow(struct hostile *h)
{
	sleep((unsigned)h->number);
}

static void
birth_ignore_term(struct hostile *h)
{
	(void)h;
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

static void
leave(int sig)
{
	_exit(sig == SIGALRM ? 3 : 0);
}

static void
birth_crash_after(struct hostile *h)
{
	signal(SIGALRM, leave);
	alarm((unsigned)h->number);
}

/* --- serving ----------------------------------------------------------------- */

#define ANSWERS health_ok, chat_ok
#define HOG(name, evil)                   \
	{                                 \
		name, NULL, ANSWERS, evil \
	}

/* clang-format off */
static const struct mode modes[] = {
	{ "ok",			NULL,			ANSWERS, NULL },
	{ "exit0",		birth_exit,		ANSWERS, NULL },
	{ "exit1",		birth_exit,		ANSWERS, NULL },
	{ "segv",		birth_segv,		ANSWERS, NULL },
	{ "needs-root",		birth_needy,		ANSWERS, NULL },
	{ "needs-disk",		birth_needy,		ANSWERS, NULL },
	{ "needs-network",	birth_needy,		ANSWERS, NULL },
	{ "needs-memory",	birth_needy,		ANSWERS, NULL },
	{ "never-listens",	birth_silent,		ANSWERS, NULL },
	{ "wrong-port",		NULL,			ANSWERS, NULL },
	{ "slow-start",		birth_slow,		ANSWERS, NULL },
	{ "never-healthy",	NULL,			health_500, chat_ok, NULL },
	{ "health-hang",	NULL,			hang, chat_ok, NULL },
	{ "health-garbage",	NULL,			health_garbage, chat_ok, NULL },
	{ "no-completion",	NULL,			health_ok, chat_html, NULL },
	{ "chat-hang",		NULL,			health_ok, hang, NULL },
	{ "chat-500",		NULL,			health_ok, chat_500, NULL },
	{ "no-stream",		NULL,			health_ok, chat_whole, NULL },
	{ "crash-loop",		NULL,			health_ok, chat_crash, NULL },
	{ "crash-after",	birth_crash_after,	ANSWERS, NULL },
	{ "ignore-term",	birth_ignore_term,	ANSWERS, NULL },
	{ "artifacts",		NULL,			health_ok, chat_artifacts, NULL },
	{ "undead",		birth_undead,		ANSWERS, NULL },
	{ "trickle",		NULL,			health_ok, chat_trickle, NULL },
	{ "dated",		NULL,			health_ok, chat_dated, NULL },
	{ "spy",		NULL,			health_ok, chat_spy, NULL },
	{ "caller",		NULL,			health_ok, chat_caller, NULL },
	{ "escape",		NULL,			health_ok, chat_escape, NULL },
	HOG("fork-bomb",	evil_fork),
	HOG("memory-hog",	evil_memory),		/* killed as a child: the server lives */
	HOG("memory-hog-main",	evil_memory),		/* killed as the server: the pod dies */
	HOG("disk-fill",	evil_disk),
	HOG("log-flood",	evil_log),
	HOG("fd-hog",		evil_descriptors),
	HOG("cpu-hog",		evil_cpu),
	HOG("platform-flood",	evil_flood),
};
/* clang-format on */

static void
serve_one(struct hostile *h, int fd)
{
	struct request r;

	if (!request_read(fd, &r))
		return;
	if (strncmp(r.head, "GET /health", 11) == 0)
		h->mode->health(h, fd, &r);
	else if (strncmp(r.head, "POST /v1/chat/completions", 25) == 0)
		h->mode->chat(h, fd, &r);
	else if (strncmp(r.head, "GET /artifacts/", 15) == 0 && h->mode->chat == chat_artifacts)
		send_artifact(h, fd, &r);
	else
		reply(fd, "404 Not Found", "application/json",
		    "{\"error\":{\"message\":"
		    "\"no such "
		    "route\",\"type\":\"not_found_error\",\"param\":null,\"code\":null}}");
	free(r.head);
}

static void
accept_one(struct hostile *h)
{
	const int fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid;

	if (fd < 0)
		return;
	pid = fork();
	if (pid == 0)
		signal(SIGCHLD, SIG_DFL); /* attempts look at how theirs died */
	if (pid <= 0)
		serve_one(h, fd); /* in the child, or here for want of one */
	if (pid == 0)
		_exit(0);
	close(fd);
}

static void
obey(struct hostile *h)
{
	const enum order what = (enum order) * h->orders;

	*h->orders = ORDER_NONE;
	if (what == ORDER_CRASH)
		_exit(3);
	if (what != ORDER_EVIL || h->mode->evil == NULL)
		return;
	if (strcmp(h->mode->name, "memory-hog-main") == 0 || fork() == 0) {
		h->mode->evil(h);
		_exit(0);
	}
}

static void
listen_on(struct hostile *h, int port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_ANY) };
	const int on = 1;

	h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(h->listener, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(h->listener, 512) < 0) {
		perror("hostile: listen");
		exit(1);
	}
	printf("hostile: mode %s, listening on %d\n", h->mode->name, port);
	fflush(stdout); /* or every child would print it again */
}

static bool
mode_parse(struct hostile *h, const char *word)
{
	const size_t len = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strlen(modes[i].name) == len && strncmp(modes[i].name, word, len) == 0) {
			h->mode = &modes[i];
			h->number = word[len] == '=' ? atol(word + len + 1) : 5;
			return true;
		}
	fprintf(stderr, "hostile: no mode %s; one of:", word);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, " %s", modes[i].name);
	fprintf(stderr, "\n");
	return false;
}

int
main(int argc, char **argv)
{
	const bool now = argc > 2 && strcmp(argv[2], "now") == 0;
	struct hostile h = { 0 };

	attempts_begin();
	if (!mode_parse(&h, argc > 1 ? argv[1] : "ok"))
		return 2;
	h.orders = mmap(
	    NULL, sizeof(*h.orders), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	signal(SIGCHLD, SIG_IGN);
	if (h.mode->birth != NULL)
		h.mode->birth(&h);
	listen_on(&h, strcmp(h.mode->name, "wrong-port") == 0 ? 9090 : 8080);
	if (now && h.mode->evil != NULL && fork() == 0) {
		sleep(1);
		order(&h, ORDER_EVIL);
		_exit(0);
	}
	for (;;) {
		struct pollfd p = { .fd = h.listener, .events = POLLIN };

		if (poll(&p, 1, 100) > 0)
			accept_one(&h);
		obey(&h);
	}
}
