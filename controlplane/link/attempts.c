/*
 * attempts.c - run one attempt to leave a pod, and say what came of it.
 *
 * The table is attempts_table.c; here is what is the same for all.
 */
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char inherited[160]; /* the one global: what main was born with */

void
attempts_begin(void)
{
	size_t len = 0;

	for (int fd = 3; fd < 1024; fd++) {
		char path[32], target[80];
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		if (len < sizeof(inherited))
			len += (size_t)snprintf(inherited + len, sizeof(inherited) - len, "%s%d %s",
			    len ? ", " : "", fd, target);
	}
}

int
try_descriptors(const struct attempt *a, char *saw, size_t size)
{
	(void)a;
	snprintf(
	    saw, size, "%s", inherited[0] ? inherited : "only standard input, output and error");
	errno = ENOENT;
	return inherited[0] ? 0 : -1;
}

static void
child(const struct attempt *a, int out)
{
	struct finding f = { .contained = false };

	errno = 0;
	f.contained = a->go(a, f.saw, sizeof(f.saw)) < 0;
	if (f.saw[0] == '\0')
		snprintf(f.saw, sizeof(f.saw), "%s", f.contained ? strerror(errno) : "it worked");
	_exit(write(out, &f, sizeof(f)) == (ssize_t)sizeof(f) ? 0 : 1);
}

static long
ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* Wait for the child's word.  False: none came in time, or it died first. */
static bool
await(int in, struct finding *f)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	struct timespec start;
	long left = ATTEMPT_DEADLINE_MS;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((n = poll(&p, 1, (int)left)) < 0 && errno == EINTR) {
		left = ATTEMPT_DEADLINE_MS - ms_since(&start);
		if (left <= 0)
			return false;
	}
	return n > 0 && read(in, f, sizeof(*f)) == (ssize_t)sizeof(*f);
}

/* Killed for asking is contained; silence is not.  True: it was silence. */
static bool
judge(pid_t pid, struct finding *f)
{
	int status = 0;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
		f->contained = true;
		snprintf(f->saw, sizeof(f->saw), "killed: %s", strsignal(WTERMSIG(status)));
		return false;
	}
	f->contained = false;
	snprintf(f->saw, sizeof(f->saw), "no answer in %d ms", ATTEMPT_DEADLINE_MS);
	return true;
}

/* True: there was no answer. */
static bool
try_once(const struct attempt *a, struct finding *f)
{
	bool silent = false;
	int ends[2];
	pid_t pid;

	*f = (struct finding){ .contained = false, .saw = "could not be tried" };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		child(a, ends[1]);
	close(ends[1]);
	if (pid > 0) {
		if (await(ends[0], f)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		} else {
			silent = judge(pid, f);
		}
	}
	close(ends[0]);
	return silent;
}

void
attempt_run(const struct attempt *a, struct finding *f)
{
	for (int tries = 1; try_once(a, f) && tries < ATTEMPT_TRIES; tries++)
		;
}

size_t
json_escape(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 3 < size; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\' || c == '\n') {
			out[len++] = '\\';
			out[len++] = c == '\n' ? 'n' : (char)c;
		} else {
			out[len++] = c < 0x20 || c > 0x7e ? '?' : (char)c;
		}
	}
	out[len] = '\0';
	return len;
}

size_t
attempt_json(const struct attempt *a, const struct finding *f, char *out, size_t size)
{
	char saw[sizeof(f->saw) * 2 + 1];
	int n;

	json_escape(saw, sizeof(saw), f->saw);
	n = snprintf(out, size, "{\"check\":\"%s\",\"contained\":%s,\"saw\":\"%s\"}", a->check,
	    f->contained ? "true" : "false", saw);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
