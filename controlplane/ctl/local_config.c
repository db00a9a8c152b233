/*
 * local_config.c - the settings that a janusd started from here would have.
 */
#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/ctl.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/local.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"

#define PRINT_MAX_BYTES ((size_t)1 << 20)

static int
read_all(int fd, struct buf *out)
{
	ssize_t n;

	while ((n = read(fd, buf_reserve(out, 4096), 4096)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && (out->len += (size_t)n) > PRINT_MAX_BYTES)
			return -1;
	return n < 0 ? -1 : 0;
}

int
local_run(const char *const *args, struct buf *out)
{
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0, rc;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	rc = posix_spawnp(&pid, args[0], &actions, NULL, (char *const *)(uintptr_t)args, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (rc == 0)
		rc = read_all(ends[0], out);
	close(ends[0]);
	if (rc != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
local_config_read(struct local_config *c, const char *file, struct error *err)
{
	static const char who[] = "janusd: ";
	const char *said;
	int code;

	c->program = program_find("janusd");
	if (c->program == NULL)
		return error_set(
		    err, ERROR_NOT_FOUND, "there is no janusd beside janusctl, nor in PATH");
	code = local_run(
	    (const char *const[]){ c->program, "-T", file != NULL ? "-c" : NULL, file, NULL },
	    &c->print);
	if (code == 0)
		return 0;
	said = c->print.len > 0 ? buf_str(&c->print) : "no answer";
	if (str_starts(said, who))
		said += sizeof(who) - 1;
	return error_set(err, ERROR_INVALID, "%.*s", (int)strcspn(said, "\n"), said);
}

void
local_config_done(struct local_config *c)
{
	free(c->program);
	buf_done(&c->print);
	*c = (struct local_config){ 0 };
}

/* "NAME   VALUE   # ORIGIN: help", a VALUE of "" being none. */
char *
local_setting(const struct local_config *c, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = buf_str(&c->print); *at != '\0';) {
		const char *value = at + len, *end;

		if (strncmp(at, name, len) == 0 && *value == ' ') {
			value += strspn(value, " ");
			end = strstr(value, " # ");
			while (end != NULL && end > value && end[-1] == ' ')
				end--;
			if (end == NULL || end == value || strncmp(value, "\"\"", 2) == 0)
				return NULL;
			return str_ndup(value, (size_t)(end - value));
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return NULL;
}

int
ctl_check_config(struct ctl *ctl)
{
	_cleanup_(local_config_done) struct local_config c = { 0 };
	const char *file = ctl->words_len > 0 ? ctl->words[0] : NULL;
	struct error err = { 0 };

	if (local_config_read(&c, file, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_note(ctl, "%s: they would be taken", file != NULL ? file : "settings");
	return CTL_OK;
}
