/*
 * help.c - help, from the command table.
 */
#include "controlplane/ctl/help.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/ctl.h"
#include "controlplane/ctl/failure.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static const struct {
	int code;
	const char *means;
} exit_codes[] = {
	{ CTL_OK, "success" },
	{ CTL_FAILED, "the operation failed, or the submission was not accepted" },
	{ CTL_USAGE, "the command line or a local file is wrong" },
	{ CTL_NOT_FOUND, "not found" },
	{ CTL_DENIED, "no key, or not allowed" },
	{ CTL_INVALID, "conflict, or an invalid request" },
	{ CTL_UNREACHABLE, "the daemon cannot be reached, or failed" },
	{ CTL_TIMED_OUT, "timed out waiting; work may continue" },
	{ CTL_LIMITED, "quota, budget or rate limit" },
	{ CTL_CHECK, "a check did not pass" },
	{ CTL_INTERRUPTED, "interrupted" },
};

static void
add_option(struct buf *out, const struct option *o)
{
	_cleanup_buf_ struct buf left = { 0 };

	if (o->letter != 0)
		buf_printf(&left, "-%c, ", o->letter);
	else
		buf_add_str(&left, "    ");
	buf_printf(&left, "--%s", o->name);
	if (o->arg != NULL)
		buf_printf(&left, " %s", o->arg);
	if (left.len > 28)
		buf_printf(out, "  %s\n  %-28s  %s\n", buf_str(&left), "", o->help);
	else
		buf_printf(out, "  %-28s  %s\n", buf_str(&left), o->help);
}

static void
add_options(struct buf *out, const char *title, uint64_t mask)
{
	if (mask == 0)
		return;
	buf_printf(out, "\n%s\n", title);
	for (size_t i = 0; i < ctl_option_table.len; i++)
		if ((mask >> i & 1) != 0)
			add_option(out, &ctl_option_table.at[i]);
}

void
ctl_help_overview(struct buf *out)
{
	buf_add_str(out, "Usage: janusctl [OPTIONS] VERB [NOUN] [NAME] [OPTIONS]\n\n");
	for (size_t i = 0; i < ctl_commands_len; i++) {
		const struct ctl_command *c = &ctl_commands[i];
		_cleanup_buf_ struct buf left = { 0 };
		char noun[32];

		if (c->help == NULL)
			continue;
		buf_printf(&left, "%s %s", c->verb, ctl_noun_shown(c, noun));
		buf_printf(&left, "%s%s", left.data[left.len - 1] == ' ' ? "" : " ", c->args);
		buf_printf(out, "  %-28s  %s\n", buf_str(&left), c->help);
	}
	buf_add_str(out,
	    "\nExamples:\n  janusctl submit image owl:dev --name swift-owl --wait\n"
	    "  janusctl chat --model janus/swift-owl \"hello\"\n\n"
	    "'janusctl help VERB NOUN' says more; janusctl(1) says all.\n");
}

static void
add_command(struct buf *out, const struct ctl_command *c, int full)
{
	buf_add_str(out, "Usage: ");
	ctl_command_usage(out, c);
	buf_printf(out, "\n  %s\n", c->help);
	add_options(out, "Options:", c->options);
	if (full)
		add_options(out, "With every verb:", CTL_GLOBAL);
	buf_printf(out, "\nExamples:\n  %s\n  %s\n", c->examples[0], c->examples[1]);
}

int
ctl_help_verb(struct buf *out, const char *verb, const char *noun, int full)
{
	const size_t before = out->len;

	for (size_t i = 0; i < ctl_commands_len; i++) {
		const struct ctl_command *c = &ctl_commands[i];

		if (!str_eq(c->verb, verb) || c->help == NULL ||
		    (noun != NULL && !ctl_noun_is(c, noun)))
			continue;
		if (out->len > before)
			buf_add_char(out, '\n');
		add_command(out, c, full);
	}
	return out->len > before ? 0 : -1;
}

void
ctl_help_all(struct buf *out)
{
	for (size_t i = 0; i < ctl_commands_len; i++) {
		if (ctl_commands[i].help == NULL)
			continue;
		ctl_command_usage(out, &ctl_commands[i]);
		buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < ctl_option_table.len; i++) {
		const struct option *o = &ctl_option_table.at[i];

		buf_add_str(out, "option ");
		if (o->letter != 0)
			buf_printf(out, "-%c, ", o->letter);
		buf_printf(out, "--%s%s%s\n", o->name, o->arg == NULL ? "" : " ",
		    o->arg == NULL ? "" : o->arg);
	}
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++)
		buf_printf(out, "exit %d %s\n", exit_codes[i].code, exit_codes[i].means);
}

int
ctl_help(struct ctl *ctl)
{
	const char *verb = ctl->words_len > 0 ? ctl->words[0] : NULL;
	const char *noun = ctl->words_len > 1 ? ctl->words[1] : NULL;
	_cleanup_buf_ struct buf out = { 0 };

	if (ctl->opt.all)
		ctl_help_all(&out);
	else if (verb == NULL)
		ctl_help_overview(&out);
	else if (ctl_help_verb(&out, verb, noun, true) < 0)
		return ctl_misuse(ctl, "no command '%.40s%s%.40s'; 'janusctl help' lists them",
		    verb, noun == NULL ? "" : " ", noun == NULL ? "" : noun);
	fputs(buf_str(&out), stdout);
	return CTL_OK;
}
