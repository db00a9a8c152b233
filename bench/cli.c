/*
 * cli.c - from arguments to a verb, and its help.
 */
#include "bench/cli.h"

#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/verbs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "runtime/openai/envelope.h"

_Static_assert(BENCH_OPTION_COUNT <= 64, "options are bits of a uint64_t");

static const struct option options[] = {
#define X(bit, long_, letter_, type_, arg_, field, help_)    \
	{ .name = long_,                                     \
		.letter = letter_,                           \
		.type = OPTION_##type_,                      \
		.arg = arg_,                                 \
		.at = offsetof(struct bench_options, field), \
		.help = help_ },
	BENCH_OPTIONS(X)
#undef X
};
static const struct option_table table = { options, ARRAY_LEN(options) };

static const struct {
	int code;
	const char *means;
} exits[] = {
	{ BENCH_OK, "success" },
	{ BENCH_FAILED, "the run did not come to its end" },
	{ BENCH_USAGE, "the command line or a local file is wrong" },
	{ BENCH_NOT_FOUND, "not found" },
	{ BENCH_DENIED, "the target does not take the key" },
	{ BENCH_INVALID, "a suite, a report or evidence is not what it should be" },
	{ BENCH_UNREACHABLE, "nobody answers at the target, or at the daemon" },
	{ BENCH_CHECK, "a gate, verify or replay did not hold" },
	{ BENCH_NO_PRIVATE, "the private suite is not configured here" },
	{ BENCH_INTERRUPTED, "interrupted" },
};

/* ---- saying ---- */

bool
bench_format_is(const struct bench_call *c, const char *format)
{
	return str_eq(c->opt.format, format);
}

static int
exit_of(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE: return BENCH_OK;
	case ERROR_INVALID:
	case ERROR_CONFLICT:
	case ERROR_TOO_BIG: return BENCH_INVALID;
	case ERROR_NOT_FOUND: return BENCH_NOT_FOUND;
	case ERROR_DENIED: return BENCH_DENIED;
	case ERROR_UNAVAILABLE: return BENCH_UNREACHABLE;
	case ERROR_CANCELLED: return BENCH_INTERRUPTED;
	default: return BENCH_FAILED;
	}
}

static void
complain(const struct bench_call *c, enum error_kind kind, const char *text)
{
	_cleanup_buf_ struct buf out = { 0 };

	if (bench_format_is(c, "json") || bench_format_is(c, "jsonl")) {
		envelope_add(&out, wire_code_of(kind), text, NULL, NULL, NULL);
	} else {
		buf_add_str(&out, "janus-bench: ");
		str_add_escaped(&out, text, strlen(text));
	}
	fprintf(stderr, "%s\n", buf_str(&out));
}

int
bench_complain(const struct bench_call *c, const struct error *err)
{
	complain(c, err->kind, err->text);
	return exit_of(err->kind);
}

void
bench_say(const struct bench_call *c, const char *fmt, ...)
{
	_cleanup_buf_ struct buf out = { 0 }, text = { 0 };
	va_list ap;

	if (c->opt.quiet)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	str_add_escaped(&out, buf_str(&text), text.len);
	fprintf(stderr, "%s\n", buf_str(&out));
}

static int
misuse(const struct bench_call *c, const struct error *err)
{
	complain(c, ERROR_INVALID, err->text);
	return BENCH_USAGE;
}

/* ---- help ---- */

static void
help_option(struct buf *out, const struct option *o)
{
	_cleanup_buf_ struct buf left = { 0 };

	if (o->letter != 0)
		buf_printf(&left, "-%c, ", o->letter);
	else
		buf_add_str(&left, "    ");
	buf_printf(
	    &left, "--%s%s%s", o->name, o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg);
	if (left.len > 28)
		buf_printf(out, "  %s\n  %-28s  %s\n", buf_str(&left), "", o->help);
	else
		buf_printf(out, "  %-28s  %s\n", buf_str(&left), o->help);
}

static void
help_options(struct buf *out, const char *title, uint64_t mask)
{
	buf_printf(out, "\n%s\n", title);
	for (size_t i = 0; i < table.len; i++)
		if ((mask >> i & 1) != 0)
			help_option(out, &table.at[i]);
}

static void
help_verb(struct buf *out, const struct bench_verb *v)
{
	buf_printf(out, "Usage: janus-bench %s%s%s%s\n  %s\n", v->name,
	    v->args[0] != '\0' ? " " : "", v->args, v->options != 0 ? " [OPTIONS]" : "", v->help);
	if (v->options != 0)
		help_options(out, "Options:", v->options);
	help_options(out, "With every verb:", BENCH_GLOBAL);
	buf_printf(out, "\nExamples:\n  %s\n  %s\n", v->examples[0], v->examples[1]);
}

static void
help_overview(struct buf *out)
{
	buf_add_str(out, "Usage: janus-bench VERB [ARGUMENTS] [OPTIONS]\n\n");
	for (size_t i = 0; i < bench_verbs_len; i++) {
		const struct bench_verb *v = &bench_verbs[i];
		_cleanup_free_ char *left = str_printf("%s %s", v->name, v->args);

		if (v->help != NULL)
			buf_printf(out, "  %-28s  %s\n", left, v->help);
	}
	buf_printf(out, "  %-28s  %s\n", "help [VERB]", "this, or what a verb takes");
	buf_add_str(out,
	    "\nExamples:\n  janus-bench run --target http://localhost:8000 --suite public/dev\n"
	    "  janus-bench compare a/ b/\n\n'janus-bench help VERB' says more; janus-bench(1) says "
	    "all.\n");
}

/* What the man page is checked against. */
static void
help_all(struct buf *out)
{
	for (size_t i = 0; i < bench_verbs_len; i++)
		if (bench_verbs[i].help != NULL)
			buf_printf(out, "janus-bench %s%s%s\n", bench_verbs[i].name,
			    bench_verbs[i].args[0] != '\0' ? " " : "", bench_verbs[i].args);
	for (size_t i = 0; i < table.len; i++)
		buf_printf(out, "option --%s%s%s\n", table.at[i].name,
		    table.at[i].arg == NULL ? "" : " ",
		    table.at[i].arg == NULL ? "" : table.at[i].arg);
	for (size_t i = 0; i < ARRAY_LEN(exits); i++)
		buf_printf(out, "exit %d %s\n", exits[i].code, exits[i].means);
}

/* ---- parsing ---- */

static const struct bench_verb *
find_verb(const char *name, struct error *err)
{
	const char *names[32] = { 0 };
	const char *meant;
	size_t n = 0;

	for (size_t i = 0; i < bench_verbs_len; i++) {
		if (str_eq(bench_verbs[i].name, name))
			return &bench_verbs[i];
		if (bench_verbs[i].help != NULL && n + 1 < ARRAY_LEN(names))
			names[n++] = bench_verbs[i].name;
	}
	meant = options_nearest(name, names);
	if (meant != NULL)
		error_set(
		    err, ERROR_INVALID, "unknown verb '%.40s'; did you mean '%s'?", name, meant);
	else
		error_set(err, ERROR_INVALID, "unknown verb '%.40s'; 'janus-bench help' lists them",
		    name);
	return NULL;
}

static int
check(const struct bench_call *c, struct error *err)
{
	const struct bench_verb *v = c->verb;
	const uint64_t missing = v->required & ~c->given;

	if (c->len < v->min)
		return error_set(err, ERROR_INVALID, "%s needs %s", v->name, v->args);
	if (c->len > v->max)
		return error_set(err, ERROR_INVALID, "%s: '%.60s' is one word too many", v->name,
		    c->words[v->max]);
	for (size_t i = 0; i < table.len; i++)
		if ((missing >> i & 1) != 0)
			return error_set(err, ERROR_INVALID, "%s needs --%s %s", v->name,
			    table.at[i].name, table.at[i].arg);
	return 0;
}

static int
print(struct buf *text)
{
	fputs(buf_str(text), stdout);
	return BENCH_OK;
}

static int
answer_help(const struct bench_call *c, const char *verb)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct error err = { 0 };

	if (verb == NULL) {
		help_overview(&out);
		return print(&out);
	}
	if (str_eq(verb, "--all")) {
		help_all(&out);
		return print(&out);
	}
	const struct bench_verb *v = find_verb(verb, &err);
	if (v == NULL || v->help == NULL)
		return misuse(c, &err);
	help_verb(&out, v);
	return print(&out);
}

/* -1: go on; else the exit code. */
static int
parse(int argc, char **argv, struct bench_call *c)
{
	struct option_words words = { 0 };
	struct error err = { 0 };
	int next = 1;

	if (options_parse(&table, BENCH_GLOBAL, true, argc, argv, &next, &c->opt, &words, &err) < 0)
		return misuse(c, &err);
	if (c->opt.version) {
		puts("janus-bench " JANUS_VERSION);
		return BENCH_OK;
	}
	if (next == argc && !c->opt.help) {
		error_set(&err, ERROR_INVALID, "no verb; 'janus-bench help' lists them");
		return misuse(c, &err);
	}
	if (next == argc || str_eq(argv[next], "help"))
		return answer_help(c, next + 1 < argc ? argv[next + 1] : NULL);
	c->verb = find_verb(argv[next++], &err);
	if (c->verb == NULL ||
	    options_parse(&table, BENCH_GLOBAL | c->verb->options, false, argc, argv, &next,
		&c->opt, &words, &err) < 0)
		return misuse(c, &err);
	if (c->opt.help && c->verb->help != NULL)
		return answer_help(c, c->verb->name);
	c->given = words.given;
	c->len = words.len;
	memcpy(c->words, words.at, sizeof(c->words));
	return check(c, &err) < 0 ? misuse(c, &err) : -1;
}

int
bench_run(int argc, char **argv)
{
	const char *format = getenv("JANUS_OUTPUT");
	struct bench_call c = { .opt = { .format = "table",
				    .seed = 42,
				    .subset = 100,
				    .epochs = 1,
				    .concurrency = 1 } };

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers are data */
	signal(SIGPIPE, SIG_IGN);
	http_client_setup();
	if (str_eq(format, "json") || str_eq(format, "jsonl") || str_eq(format, "csv"))
		c.opt.format = format;
	const int early = parse(argc, argv, &c);
	if (early >= 0)
		return early;
	const int rc = c.verb->run(&c);
	http_calls_free();
	return fflush(stdout) != 0 && rc == BENCH_OK ? BENCH_FAILED : rc;
}
