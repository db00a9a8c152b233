/*
 * successor.c - fork twice, and be another.
 */
#include "controlplane/successor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"

#define SELF "/proc/self/exe"
#define TAKE_OVER "--take-over"
#define DELETED " (deleted)"

/* Where our program was; what is there now is another one after an upgrade.  The caller's. */
static char *
replaced_path(struct error *err)
{
	char *path = program_path();

	if (path == NULL)
		error_errno(err, SELF);
	else if (str_ends(path, DELETED))
		path[strlen(path) - strlen(DELETED)] = '\0';
	return path;
}

/* What is said to one process by its pid. */
static bool
is_personal(const char *variable)
{
	return str_starts(variable, "WATCHDOG_PID=") || str_starts(variable, "LISTEN_PID=") ||
	    str_starts(variable, "LISTEN_FDS=") || str_starts(variable, "LISTEN_FDNAMES=");
}

static char **
environment(void)
{
	size_t n = 0, kept = 0;

	while (environ[n] != NULL)
		n++;
	char **env = mem_zalloc((n + 1) * sizeof(*env));
	for (size_t i = 0; i < n; i++)
		if (!is_personal(environ[i]))
			env[kept++] = environ[i];
	return env;
}

static char **
arguments(char *const *argv)
{
	static char take_over[] = TAKE_OVER;
	size_t n = 0, kept = 0;

	while (argv[n] != NULL)
		n++;
	char **out = mem_zalloc((n + 2) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(argv[i], TAKE_OVER) != 0)
			out[kept++] = argv[i];
	out[kept] = take_over;
	return out;
}

/* In a child of a process with threads: nothing but system calls. */
static void
become(const char *path, char *const *argv, char *const *env)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* ours wait for the loop */
	setsid();
	execve(path, argv, env);
	_exit(127);
}

int
successor_start(char *const *argv, bool own, struct successor *out, struct error *err)
{
	_cleanup_free_ char *at = own ? str_dup(SELF) : replaced_path(err);
	_cleanup_free_ char **args = arguments(argv);
	_cleanup_free_ char **env = environment();
	int tell[2], status;
	pid_t pid = -1;

	if (at == NULL)
		return -1;
	if (!own && access(at, X_OK) < 0)
		return error_errno(err, "%s", at);
	if (pipe2(tell, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	const pid_t between = fork();
	if (between == 0) {
		const pid_t next = fork();

		if (next == 0)
			become(at, args, env);
		_exit(write(tell[1], &next, sizeof(next)) == sizeof(next) ? 0 : 1);
	}
	close(tell[1]);
	if (between > 0)
		while (waitpid(between, &status, 0) < 0 && errno == EINTR)
			;
	const ssize_t n = read(tell[0], &pid, sizeof(pid));
	close(tell[0]);
	if (between < 0 || n != sizeof(pid) || pid < 0)
		return error_set(err, ERROR_IO, "%s could not be started", at);
	*out = (struct successor){ pid, (int)syscall(SYS_pidfd_open, pid, 0) };
	return 0;
}
