/*
 * run.c - from the command line to the verb.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/ctl.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/help.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/parse.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"

static void
ctl_done(struct ctl *ctl)
{
	free(ctl->api_key);
}

void
ctl_note(const struct ctl *ctl, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = { 0 }, safe = { 0 };
	va_list ap;

	if (ctl->opt.quiet || ctl->format == CTL_JSON || ctl->format == CTL_JSONL)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	str_add_escaped(&safe, buf_str(&text), text.len);
	fprintf(stderr, "%s\n", buf_str(&safe));
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

static bool
wants_color(const char *said, bool terminal)
{
	const char *term = getenv("TERM");

	if (said != NULL && !str_eq(said, "auto"))
		return str_eq(said, "always");
	if (is_set("NO_COLOR"))
		return false;
	if (is_set("FORCE_COLOR"))
		return true;
	return terminal && term != NULL && !str_eq(term, "dumb");
}

/* Options and environment to what the verbs look at; -1 if JANUS_OUTPUT is no format. */
static int
settle(struct ctl *ctl, const struct ctl_invocation *in, struct error *err)
{
	const char *output = in->opt.output != NULL ? in->opt.output : getenv("JANUS_OUTPUT");
	int format = CTL_TABLE;

	ctl->opt = in->opt;
	ctl->command = in->command;
	memcpy(ctl->words, in->words, sizeof(ctl->words));
	ctl->words_len = in->words_len;
	ctl->out_is_terminal = isatty(STDOUT_FILENO) == 1;
	ctl->color = wants_color(in->opt.color, ctl->out_is_terminal);
	if (output != NULL && output[0] != '\0')
		format = ctl_format_named(output);
	if (format < 0)
		return error_set(err, ERROR_INVALID,
		    "JANUS_OUTPUT is table, wide, json, jsonl, csv or id, not '%.40s'", output);
	ctl->format = in->opt.quiet ? CTL_ID : (enum ctl_format)format;
	return 0;
}

static int
show_help(const struct ctl_invocation *in)
{
	_cleanup_buf_ struct buf out = { 0 };
	const char *noun = in->command == NULL ? NULL : in->command->noun;

	if (in->verb == NULL || ctl_help_verb(&out, in->verb, noun, false) < 0)
		ctl_help_overview(&out);
	fputs(buf_str(&out), stdout);
	return CTL_OK;
}

/* These need no daemon to be found; the others fail early when it cannot be. */
static bool
is_offline(const struct ctl_command *c)
{
	return c->run == ctl_create_context || c->run == ctl_list_contexts ||
	    c->run == ctl_show_context || c->run == ctl_remove_context || c->run == ctl_help ||
	    c->run == ctl_completion || c->run == ctl_complete;
}

static int
misused(struct ctl *ctl, const struct ctl_invocation *in, const struct error *err)
{
	struct ctl_failure f = { 0 };

	ctl_fail(&f, CTL_USAGE, "usage", "%s", err->text);
	if (in->verb != NULL)
		snprintf(f.next, sizeof(f.next), "'janusctl %s%s%s -h' shows how", in->verb,
		    in->command != NULL && in->command->noun != NULL ? " " : "",
		    in->command != NULL && in->command->noun != NULL ? in->command->noun : "");
	return ctl_complain(ctl, &f);
}

int
ctl_run(int argc, char **argv)
{
	_cleanup_(ctl_done) struct ctl ctl = { 0 };
	struct ctl_invocation in;
	struct ctl_failure f = { 0 };
	struct error err = { 0 }, env_err = { 0 };
	int result, env_result, exit_code;

	setlocale(LC_CTYPE, "");
	result = ctl_parse(argc, argv, &in, &err);
	env_result = settle(&ctl, &in, &env_err);
	if (in.opt.help && in.verb == NULL)
		return show_help(&in);
	if (result < 0)
		return misused(&ctl, &in, &err);
	if (in.opt.help)
		return show_help(&in);
	if (in.opt.version) {
		puts("janusctl " JANUS_VERSION);
		return CTL_OK;
	}
	if (env_result < 0)
		return misused(&ctl, &in, &env_err);
	http_client_setup();
	if (!is_offline(ctl.command) && ctl_connect(&ctl, &f) < 0)
		return ctl_complain(&ctl, &f);
	exit_code = ctl.command->run(&ctl);
	http_calls_free();
	/* A reader that has seen enough is fine; a full disk is not. */
	if (exit_code == CTL_OK && fflush(stdout) != 0 && errno != EPIPE) {
		ctl_fail(&f, CTL_FAILED, "io", "cannot write the output: %s", strerror(errno));
		return ctl_complain(&ctl, &f);
	}
	return exit_code;
}
