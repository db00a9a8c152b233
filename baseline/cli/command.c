/*
 * command.c - fork, read, end.
 */
#include "baseline/cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"

#define READ_BYTES 16384
#define LOOK_MS 100

static void
become(const struct command *c, int out)
{
	const int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execvp(c->argv[0], (char *const *)(uintptr_t)c->argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The first half of what may be kept stays; behind it the last that came. */
static void
keep(struct command *c, const char *bytes, size_t len)
{
	static const char gap[] = "\n[...]\n";
	const size_t half = c->output_max / 2;

	c->written += len;
	if (c->on_output != NULL)
		c->on_output(bytes, len, c->arg);
	buf_add(&c->output, bytes, len);
	if (c->output.len <= c->output_max)
		return;
	char *at = c->output.data + half;
	const size_t drop = c->output.len - c->output_max;
	memmove(at, at + drop, c->output.len - half - drop);
	c->output.len -= drop;
	c->output.data[c->output.len] = '\0';
	memcpy(at, gap, sizeof(gap) - 1);
}

static int
exit_code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Until it has ended: what it began may hold the pipe open, and ends with it. */
static void
follow(struct command *c, pid_t pid, int in)
{
	const int64_t due_ms = clock_now_ms() + c->timeout_ms;
	struct pollfd p = { .fd = in, .events = POLLIN };
	bool over = false, open_end = true;
	char bytes[READ_BYTES];
	int status = 0;

	while (!over || open_end) {
		const int ready =
		    open_end ? poll(&p, 1, over ? 0 : LOOK_MS) : poll(NULL, 0, LOOK_MS);
		ssize_t n = -1;

		if (ready > 0) {
			n = read(in, bytes, sizeof(bytes));
			if (n > 0)
				keep(c, bytes, (size_t)n);
			else if (n == 0 || errno != EINTR)
				open_end = false;
		}
		if (over && ready <= 0)
			break; /* nothing is left in the pipe */
		if (!over && waitpid(pid, &status, WNOHANG) == pid) {
			over = true;
			kill(-pid, SIGKILL);
		}
		if (!over && clock_now_ms() >= due_ms) {
			c->timed_out = true;
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			over = true;
		}
	}
	c->exit_code = c->timed_out ? 124 : exit_code_of(status);
}

int
command_run(struct command *c, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	const pid_t pid = fork();
	if (pid == 0)
		become(c, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_errno(err, "fork");
	}
	setpgid(pid, pid); /* whoever of the two comes first */
	follow(c, pid, ends[0]);
	close(ends[0]);
	return 0;
}
