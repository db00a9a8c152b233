/*
 * exec.c - run a command in a session of its own, and end all of it with its first process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/sandbox/inside/inside.h"
#include "controlplane/sandbox/inside/protocol.h"

#define ARGS_MAX 1024
#define ENV_MAX 1024
#define TIMEOUT_MAX_MS (24ULL * 3600 * 1000)
#define DRAIN_READS 16 /* of what is still in a pipe when the command is over */

struct command {
	const char *cwd;
	char *argv[ARGS_MAX + 1];
	char *env[ENV_MAX + 1];
	size_t nenv;
};

static bool
same_name(const char *a, const char *b)
{
	const size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static void
set_env(struct command *cmd, char *entry)
{
	for (size_t i = 0; i < cmd->nenv; i++)
		if (same_name(cmd->env[i], entry)) {
			cmd->env[i] = entry;
			return;
		}
	if (cmd->nenv < ENV_MAX)
		cmd->env[cmd->nenv++] = entry;
}

static bool
parse(struct conn *c, struct texts *t, struct command *cmd)
{
	static char home[] = "HOME=" INSIDE_ROOT;
	uint64_t timeout_ms, argc;
	const char *input;
	char *text;

	cmd->cwd = text_next(t);
	if (cmd->cwd == NULL || !number_next(t, TIMEOUT_MAX_MS, &timeout_ms) ||
	    !number_next(t, UINT64_MAX, &c->output_max) || (input = text_next(t)) == NULL ||
	    !number_next(t, ARGS_MAX, &argc) || argc == 0)
		return false;
	for (size_t i = 0; i < argc; i++)
		if ((cmd->argv[i] = text_next(t)) == NULL)
			return false;
	for (char **e = environ; *e != NULL; e++)
		set_env(cmd, *e);
	set_env(cmd, home);
	while ((text = text_next(t)) != NULL)
		if (strchr(text, '=') != NULL)
			set_env(cmd, text);
	c->due_ms = now_ms() + (int64_t)timeout_ms;
	c->has_input = *input != '\0';
	return true;
}

static void
close_pipes(struct conn *c)
{
	for (int i = 0; i < 3; i++) {
		if (c->pipe[i] >= 0)
			close(c->pipe[i]);
		c->pipe[i] = -1;
	}
}

/* In the child. Whatever the memory limit kills shall be this, not the agent. */
static void
become(const struct command *cmd, const int ends[3])
{
	FILE *adj = fopen("/proc/self/oom_score_adj", "we");
	sigset_t none;

	if (adj != NULL) {
		fputs("1000", adj);
		fclose(adj);
	}
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++)
		if (dup2(ends[i], i) < 0)
			_exit(126);
	if (chdir(cmd->cwd) < 0) {
		fprintf(stderr, "cannot enter %s: %s\n", cmd->cwd, strerror(errno));
		_exit(126);
	}
	execvpe(cmd->argv[0], cmd->argv, cmd->env);
	const int why = errno;
	fprintf(stderr, "cannot run %s: %s\n", cmd->argv[0], strerror(why));
	_exit(why == ENOENT ? 127 : 126);
}

/* ends: the child's ends of the three pipes. */
static int
make_pipes(struct conn *c, int ends[3])
{
	for (int i = 0; i < 3; i++) {
		int p[2];

		if (i == 0 && !c->has_input) {
			ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
			if (ends[0] < 0)
				return errno;
			continue;
		}
		if (pipe2(p, O_CLOEXEC) < 0)
			return errno;
		ends[i] = i == 0 ? p[0] : p[1];
		c->pipe[i] = i == 0 ? p[1] : p[0];
		if (fcntl(c->pipe[i], F_SETFL, O_NONBLOCK) < 0)
			return errno;
	}
	return 0;
}

void
exec_begin(struct conn *c, struct texts *t)
{
	static struct command cmd;
	int ends[3] = { -1, -1, -1 };
	struct stat st;
	int error;

	memset(&cmd, 0, sizeof(cmd));
	if (!parse(c, t, &cmd)) {
		answer_end(c, EPROTO, 0, 0, 0);
		return;
	}
	if (stat(cmd.cwd, &st) < 0 || !S_ISDIR(st.st_mode)) {
		answer_end(c, ENOTDIR, 0, 0, 0);
		return;
	}
	error = make_pipes(c, ends);
	if (error == 0) {
		c->pid = fork();
		if (c->pid == 0)
			become(&cmd, ends);
		if (c->pid < 0) {
			error = errno;
			c->pid = 0;
		}
	}
	for (int i = 0; i < 3; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (error != 0) {
		close_pipes(c);
		c->due_ms = 0;
		answer_end(c, error, 0, 0, 0);
	}
}

/* One read; false when there is nothing more now. */
static bool
pass_on(struct conn *c, int which)
{
	static char chunk[32768];
	const ssize_t n = read(c->pipe[which], chunk, sizeof(chunk));
	uint64_t *total = &c->total[which - 1];

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		close(c->pipe[which]);
		c->pipe[which] = -1;
		return false;
	}
	if (*total < c->output_max) {
		const uint64_t room = c->output_max - *total;

		answer(c, which == 1 ? INSIDE_STDOUT : INSIDE_STDERR, chunk,
		    room < (uint64_t)n ? (size_t)room : (size_t)n);
	}
	*total += (uint64_t)n;
	return true;
}

void
exec_output(struct conn *c, int which)
{
	if (c->pipe[which] >= 0)
		pass_on(c, which);
}

void
exec_input(struct conn *c)
{
	struct bytes *b = &c->input;

	while (c->pipe[0] >= 0 && b->at < b->len) {
		const ssize_t n = write(c->pipe[0], b->data + b->at, b->len - b->at);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* it does not want any */
			close(c->pipe[0]);
			c->pipe[0] = -1;
			break;
		}
		bytes_drop(b, (size_t)n);
	}
	if (c->pipe[0] < 0)
		b->at = b->len = 0;
	else if (c->input_done) {
		close(c->pipe[0]);
		c->pipe[0] = -1;
	}
}

void
exec_look(struct conn *c)
{
	siginfo_t info = { 0 };
	int status = 0;

	if (c->pid == 0 || waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != c->pid)
		return;
	/* Before its number is free again: the group has the same one. */
	kill(-c->pid, SIGKILL);
	waitpid(c->pid, &status, 0);
	c->pid = 0;
	c->due_ms = 0;
	if (c->fd >= 0) {
		for (int which = 1; which <= 2; which++)
			for (int i = 0; i < DRAIN_READS && c->pipe[which] >= 0; i++)
				if (!pass_on(c, which))
					break;
		answer_end(c, 0, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		    c->timed_out ? INSIDE_FLAG_TIMED_OUT : 0);
	}
	close_pipes(c);
}

void
exec_late(struct conn *c)
{
	c->timed_out = true;
	kill(-c->pid, SIGKILL);
}

void
exec_abandon(struct conn *c)
{
	close_pipes(c);
	if (c->pid != 0)
		kill(-c->pid, SIGKILL);
}
