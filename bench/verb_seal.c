/*
 * verb_seal.c - janus-bench seal and reveal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cli.h"
#include "bench/output.h"
#include "bench/record/sealed.h"
#include "bench/suites.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define KEY_VARIABLE "JANUS_BENCH_PRIVATE_KEY_FILE"
#define REVEAL_MAX (64 << 10)

/* The key, which must not lie in dir. */
static int
read_key(const struct bench_call *c, const char *dir, char **out, struct error *err)
{
	const char *file =
	    c->opt.private_key_file != NULL ? c->opt.private_key_file : getenv(KEY_VARIABLE);

	if (file == NULL || *file == '\0')
		return error_set(
		    err, ERROR_INVALID, "a key is needed: --private-key-file or " KEY_VARIABLE);
	return sealed_key_read(file, dir, out, err);
}

static void
forget(char **key)
{
	if (*key != NULL)
		explicit_bzero(*key, strlen(*key));
	free(*key);
}

static int
read_json(const char *path, cJSON **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(path, REVEAL_MAX, &text, &len, err) < 0)
		return -1;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	return json_parse(text, len, out, err) < 0 ? error_add(err, "%.120s", path) : 0;
}

int
verb_seal(struct bench_call *c)
{
	_cleanup_(forget) char *key = NULL;
	_cleanup_json_ cJSON *commit = NULL;
	struct error err = { 0 };

	if (read_key(c, c->opt.output, &key, &err) < 0 ||
	    sealed_seal(c->words[0], key, c->opt.output, suites_check_item, &commit, &err) < 0)
		return bench_complain(c, &err);
	output_json(commit);
	bench_say(c, "Sealed in %s. Publish %s/" SEALED_COMMIT " now; keep the key elsewhere.",
	    c->opt.output, c->opt.output);
	return BENCH_OK;
}

/* Somebody else's reveal: does it fit what was committed to, and the suite that came with it? */
static int
check_reveal(const struct bench_call *c)
{
	_cleanup_free_ char *about = str_printf("%s/" SEALED_COMMIT, c->words[0]);
	_cleanup_json_ cJSON *commit = NULL, *reveal = NULL;
	_cleanup_(suite_done) struct suite plain = { 0 };
	const char *dir = c->opt.suite;
	struct error err = { 0 };

	if (read_json(about, &commit, &err) < 0 || read_json(c->words[1], &reveal, &err) < 0 ||
	    (dir != NULL && suite_load(dir, suites_check_item, &plain, &err) < 0))
		return bench_complain(c, &err);
	if (sealed_reveal_check(commit, reveal, dir != NULL ? plain.digest : NULL, &err) < 0) {
		bench_complain(c, &err);
		return BENCH_CHECK;
	}
	printf("%s holds: %s\n", c->words[1], json_str(commit, "digest"));
	return BENCH_OK;
}

int
verb_reveal(struct bench_call *c)
{
	_cleanup_(forget) char *key = NULL;
	_cleanup_json_ cJSON *reveal = NULL;
	struct error err = { 0 };

	if (c->len == 2)
		return check_reveal(c);
	if (read_key(c, c->words[0], &key, &err) < 0 ||
	    sealed_reveal(c->words[0], key, &reveal, &err) < 0)
		return bench_complain(c, &err);
	output_json(reveal);
	return BENCH_OK;
}
