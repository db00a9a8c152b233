/*
 * test_parse.c - command lines, by the table.
 */
#include "controlplane/ctl/parse.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/help.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ARGS_MAX 12

static int
parse(char *const *argv, struct ctl_invocation *out, struct error *err)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return ctl_parse(argc, argv, out, err);
}

static const struct {
	char *argv[ARGS_MAX];
	const char *verb, *noun, *word;
} good[] = {
	{ { "janusctl", "list", "competitors" }, "list", "competitor", NULL },
	{ { "janusctl", "list", "competitor" }, "list", "competitor", NULL },
	{ { "janusctl", "-o", "json", "ps", "-n", "3" }, "ps", NULL, NULL },
	{ { "janusctl", "submit", "--name", "owl", "image", "a/b:1" }, "submit", "image", "a/b:1" },
	{ { "janusctl", "submit", "url", "http://x", "--name=o", "--wait" }, "submit", "url",
	    "http://x" },
	{ { "janusctl", "start", "owl" }, "start", "competitor", "owl" },
	{ { "janusctl", "start", "competitor", "owl" }, "start", "competitor", "owl" },
	{ { "janusctl", "cancel", "sub_abcdef" }, "cancel", "submission", "sub_abcdef" },
	{ { "janusctl", "show", "ins_abcdef" }, "show", "instance", "ins_abcdef" },
	{ { "janusctl", "backup", "create" }, "create", "backup", NULL },
	{ { "janusctl", "-q", "backups", "list" }, "list", "backup", NULL },
	{ { "janusctl", "backup", "restore", "bkp_abcdef", "--yes" }, "restore", "backup",
	    "bkp_abcdef" },
	{ { "janusctl", "db", "check" }, "check", "db", NULL },
	{ { "janusctl", "competitor", "show", "owl" }, "show", "competitor", "owl" },
	{ { "janusctl", "logs", "-f", "owl", "-n", "5" }, "logs", NULL, "owl" },
	{ { "janusctl", "chat", "--", "--why" }, "chat", NULL, "--why" },
	{ { "janusctl", "help", "submit", "image" }, "help", NULL, "submit" },
	{ { "janusctl", "submit", "image", "-h" }, "submit", "image", NULL },
	{ { "janusctl", "__complete", "show", "--output", "" }, "__complete", NULL, "show" },
};

START_TEST(test_good)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct ctl_invocation in;
		struct error err = { 0 };

		ck_assert_msg(parse(good[i].argv, &in, &err) == 0, "%zu: %s", i, err.text);
		ck_assert_msg(in.command != NULL && str_eq(in.verb, good[i].verb), "%zu", i);
		ck_assert_msg(
		    str_eq(in.command->noun, good[i].noun), "%zu: %s", i, in.command->noun);
		ck_assert_msg(
		    str_eq(in.words_len > 0 ? in.words[0] : NULL, good[i].word), "%zu", i);
	}
}
END_TEST

static const struct {
	char *argv[ARGS_MAX];
	const char *text;
} bad[] = {
	{ { "janusctl" }, "no verb" },
	{ { "janusctl", "lst" }, "unknown verb 'lst'; did you mean 'list'?" },
	{ { "janusctl", "__complet" }, "unknown verb" },
	{ { "janusctl", "backup" }, "unknown verb 'backup'" },
	{ { "janusctl", "db", "submit" }, "unknown verb 'db'" },
	{ { "janusctl", "backup", "check" }, "check backup needs ID" },
	{ { "janusctl", "list" }, "list what? competitors, submissions" },
	{ { "janusctl", "list", "compettors" },
	    "'compettors' is nothing to list; did you mean 'competitors'?" },
	{ { "janusctl", "show", "owl" }, "'owl' is nothing to show; it takes competitor," },
	{ { "janusctl", "start" }, "start what? competitor" },
	{ { "janusctl", "start", "competitor" }, "start competitor needs NAME" },
	{ { "janusctl", "start", "competitr", "owl" },
	    "'competitr' is nothing to start; did you mean" },
	{ { "janusctl", "stop", "competitor", "a", "b" },
	    "stop competitor: 'b' is one word too many" },
	{ { "janusctl", "submit", "image", "a" }, "submit image needs --name SLUG" },
	{ { "janusctl", "ps", "--follow" }, "unknown option --follow" },
	{ { "janusctl", "status", "--out", "json" }, "unknown option --out" },
	{ { "janusctl", "--filter", "a=b", "ps" }, "unknown option --filter" },
	{ { "janusctl", "status", "-o", "yaml" },
	    "--output takes table|wide|json|jsonl|csv|id, not 'yaml'" },
};

START_TEST(test_bad)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ctl_invocation in;
		struct error err = { 0 };

		ck_assert_msg(parse(bad[i].argv, &in, &err) == -1, "%zu", i);
		ck_assert_msg(str_starts(err.text, bad[i].text), "%zu: %s", i, err.text);
	}
}
END_TEST

START_TEST(test_table_is_whole)
{
	for (size_t i = 0; i < ctl_commands_len; i++) {
		const struct ctl_command *c = &ctl_commands[i];
		_cleanup_buf_ struct buf out = { 0 };

		ck_assert(c->run != NULL && c->args != NULL && c->min <= c->max);
		ck_assert_uint_eq(c->required & ~c->options, 0);
		ck_assert_uint_eq(c->options & CTL_GLOBAL, 0);
		ck_assert_ptr_eq(ctl_command_find(c->verb, c->noun), c);
		if (c->help == NULL)
			continue;
		ck_assert(c->examples[0] != NULL && c->examples[1] != NULL);
		ck_assert_int_eq(ctl_help_verb(&out, c->verb, c->noun, false), 0);
		ck_assert(strstr(buf_str(&out), c->examples[1]) != NULL);
	}
}
END_TEST

START_TEST(test_usage)
{
	_cleanup_buf_ struct buf out = { 0 };

	ctl_command_usage(&out, ctl_command_find("submit", "image"));
	ck_assert_str_eq(buf_str(&out),
	    "janusctl submit image REF --name SLUG [--manifest FILE|-] [--wait] [--dry-run]");
	ck_assert_int_eq(ctl_help_verb(&out, "submit", "nothing", false), -1);
	ck_assert_int_eq(ctl_help_verb(&out, "__complete", NULL, false), -1);
}
END_TEST

static const struct {
	const char *noun, *ref, *error; /* NULL: fine */
} refs[] = {
	{ "competitor", "swift-owl", NULL },
	{ "competitor", "cpt_01h9x2", NULL },
	{ "submission", "sub_01habcdefghijkmnpqrstvwxyz", NULL },
	{ "competitor", "cpt_01h", "cpt_01h is too short" },
	{ "competitor", "sub_01h9x2", "sub_01h9x2 is the id of a submission, not of a competitor" },
	{ "version", "ins_01h9x2", "ins_01h9x2 is the id of an instance, not of a version" },
	{ "competitor", "cpt_01H9X2", "'cpt_01H9X2' is not an id" },
	{ "competitor", "cpt_01habcdefghijkmnpqrstvwxyz0", "'cpt_01h" },
	{ "competitor", "Swift Owl", "'Swift Owl' is not a name" },
	{ "competitor", "../x", "'../x' is not a name" },
	{ "competitor", "", "'' is not a name" },
};

START_TEST(test_refs)
{
	for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
		struct error err = { 0 };
		const int result = ctl_ref_check(refs[i].noun, refs[i].ref, &err);

		ck_assert_msg(
		    result == (refs[i].error == NULL ? 0 : -1), "%s: %s", refs[i].ref, err.text);
		ck_assert_msg(str_starts(err.text, refs[i].error == NULL ? "" : refs[i].error),
		    "%s", err.text);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("parse");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_bad);
	tcase_add_test(tc, test_table_is_whole);
	tcase_add_test(tc, test_usage);
	tcase_add_test(tc, test_refs);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
