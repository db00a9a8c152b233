/*
 * verb_show.c - janus-bench show, analyze, compare, verify and replay: no network.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/cli.h"
#include "bench/output.h"
#include "bench/report/verify.h"
#include "runtime/base/secret.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

typedef void show_fn(const cJSON *, size_t width, FILE *);

static void
print(const struct bench_call *c, const cJSON *json, show_fn *show)
{
	if (bench_format_is(c, "json") || bench_format_is(c, "jsonl"))
		output_json(json);
	else
		show(json, table_width(stdout), stdout);
}

int
verb_show(struct bench_call *c)
{
	_cleanup_json_ cJSON *report = NULL;
	struct error err = { 0 };

	if (c->opt.output != NULL && output_check(c->opt.output, &err) < 0) {
		bench_complain(c, &err);
		return BENCH_USAGE;
	}
	if (report_open(c->words[0], &report, &err) < 0)
		return bench_complain(c, &err);
	if (c->opt.output == NULL) {
		output_print(c, report);
		return BENCH_OK;
	}
	return output_write(c->opt.output, report, &err) < 0 ? bench_complain(c, &err) : BENCH_OK;
}

int
verb_analyze(struct bench_call *c)
{
	_cleanup_json_ cJSON *report = NULL, *analysis = NULL;
	struct error err = { 0 };

	if (report_open(c->words[0], &report, &err) < 0)
		return bench_complain(c, &err);
	analysis = analyze(report);
	print(c, analysis, show_analysis);
	return BENCH_OK;
}

int
verb_compare(struct bench_call *c)
{
	_cleanup_json_ cJSON *a = NULL, *b = NULL, *both = NULL;
	struct error err = { 0 };

	if (report_open(c->words[0], &a, &err) < 0 || report_open(c->words[1], &b, &err) < 0 ||
	    compare(a, b, &both, &err) < 0)
		return bench_complain(c, &err);
	print(c, both, show_comparison);
	return BENCH_OK;
}

/* The key of a sealed run, if there is one; -1 to go on. */
static int
read_seal_key(const struct bench_call *c, char **out)
{
	static const char *const names[] = { "JANUS_BENCH_PRIVATE_KEY", NULL };
	struct error err = { 0 };

	if (secret_read(c->opt.private_key_file, names, out, &err) == 0)
		return -1;
	bench_complain(c, &err);
	return BENCH_USAGE;
}

int
verb_verify(struct bench_call *c)
{
	_cleanup_json_ cJSON *found = NULL;
	_cleanup_free_ char *key = NULL;
	struct error err = { 0 };
	const int rc = read_seal_key(c, &key);

	if (rc >= 0)
		return rc;
	if (verify(c->words[0], key, c->opt.signer, &found, &err) < 0)
		return bench_complain(c, &err);
	print(c, found, show_verification);
	return json_bool(found, "ok", false) ? BENCH_OK : BENCH_CHECK;
}

int
verb_replay(struct bench_call *c)
{
	_cleanup_json_ cJSON *found = NULL;
	_cleanup_free_ char *key = NULL;
	struct error err = { 0 };
	const int rc = read_seal_key(c, &key);

	if (rc >= 0)
		return rc;
	if (replay(c->words[0], key, &found, &err) < 0)
		return bench_complain(c, &err);
	print(c, found, show_replay);
	return json_bool(found, "ok", false) ? BENCH_OK : BENCH_CHECK;
}
