/*
 * asking.c - options and environment to what a run needs.
 */
#include "bench/asking.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cli.h"
#include "runtime/base/secret.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

static char *
from_environment(const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *v = getenv(*names);

		if (v != NULL && v[0] != '\0')
			return str_dup(v);
	}
	return NULL;
}

/* Where Janus keeps its state when nobody says otherwise; NULL: nobody knows. */
static char *
state_dir(void)
{
	static const char *const names[] = { "JANUS_STATE_DIR", NULL };
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *said = from_environment(names);

	if (said != NULL)
		return said;
	if (geteuid() == 0)
		return str_dup("/var/lib/janus");
	if (xdg != NULL && xdg[0] == '/')
		return str_printf("%s/janus", xdg);
	return home != NULL && home[0] == '/' ? str_printf("%s/.local/state/janus", home) : NULL;
}

/* That of this machine's janus-sandboxd, for whoever may read its key. */
static int
find_local_sandbox(struct asking *a, struct error *err)
{
	static const char *const ports[] = { "JANUS_SANDBOX_PORT", NULL }, *const none[] = { NULL };
	_cleanup_free_ char *dir = state_dir(), *port = from_environment(ports);
	_cleanup_free_ char *key = dir != NULL ? str_printf("%s/sandbox.key", dir) : NULL;

	if (key == NULL || access(key, R_OK) != 0)
		return 0;
	a->sandbox_url = str_printf("http://127.0.0.1:%s", port != NULL ? port : "8601");
	return secret_read(key, none, &a->sandbox_key, err);
}

static int
find_sandbox(const struct bench_call *c, struct asking *a, struct error *err)
{
	static const char *const urls[] = { "JANUS_SANDY_BASE_URL", "SANDY_BASE_URL", NULL };
	static const char *const keys[] = { "JANUS_SANDY_API_KEY", "SANDY_API_KEY", NULL };

	a->sandbox_url =
	    c->opt.sandbox_url != NULL ? str_dup(c->opt.sandbox_url) : from_environment(urls);
	if (a->sandbox_url == NULL)
		return find_local_sandbox(a, err);
	return secret_read(c->opt.sandbox_key_file, keys, &a->sandbox_key, err);
}

/* A key of whoever runs it, made at the first use: not one that anybody else could know. */
static int
find_signing_key(const struct bench_call *c, struct asking *a, struct error *err)
{
	static const char *const names[] = { "JANUS_BENCH_SIGNING_KEY_FILE", NULL };
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *dir = NULL;

	a->signing_key = c->opt.signing_key_file != NULL ? str_dup(c->opt.signing_key_file)
							 : from_environment(names);
	if (a->signing_key != NULL)
		return 0;
	if (state != NULL && state[0] == '/')
		dir = str_printf("%s/janus", state);
	else if (home != NULL && home[0] == '/')
		dir = str_printf("%s/.local/state/janus", home);
	else
		return error_set(err, ERROR_INVALID,
		    "there is no HOME for the key that signs evidence: give --signing-key-file");
	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	a->signing_key = str_printf("%s/bench-signing.key", dir);
	return 0;
}

static int
find_judge(const struct bench_call *c, struct asking *a, struct error *err)
{
	static const char *const names[] = { "JANUS_BENCH_JUDGE_KEY", NULL };
	const struct bench_options *o = &c->opt;
	_cleanup_free_ char *key = NULL;

	if (o->judge_url == NULL && o->judge_model == NULL && o->judge_key_file == NULL)
		return 0;
	if (o->judge_url == NULL || o->judge_model == NULL)
		return error_set(err, ERROR_INVALID, "a judge needs --judge-url and --judge-model");
	if (a->suite.seal_key != NULL)
		return error_set(err, ERROR_INVALID,
		    "suite %s is sealed: no judge is shown its items", a->suite.suite.name);
	if (secret_read(o->judge_key_file, names, &key, err) < 0 ||
	    target_init(&a->judge, o->judge_url, key, err) < 0)
		return error_add(err, "the judge");
	str_copy(a->judge.model, sizeof(a->judge.model), o->judge_model);
	a->session.judge = &a->judge;
	return 0;
}

static int
find_scoring(struct asking *a, struct error *err)
{
	const char *version = a->suite.suite.scoring;

	a->scoring_text = scoring_builtin(version);
	if (a->scoring_text == NULL)
		return error_set(err, ERROR_INVALID,
		    "suite %s is scored by '%s', which this program does not know",
		    a->suite.suite.name, version);
	return scoring_parse(a->scoring_text, strlen(a->scoring_text), &a->scoring, err);
}

int
asking_open(const struct bench_call *c, const char *suite, const char *target, const char *key,
    struct asking *out)
{
	struct asking *a = out;
	struct error err = { 0 };

	memset(a, 0, sizeof(*a));
	const int rc = suites_open(c, suite, &a->suite);
	if (rc >= 0)
		return rc;
	if (find_scoring(a, &err) < 0)
		return bench_complain(c, &err);
	if (target_init(&a->target, target, key, &err) < 0 || find_sandbox(c, a, &err) < 0 ||
	    find_judge(c, a, &err) < 0 || find_signing_key(c, a, &err) < 0) {
		bench_complain(c, &err);
		return BENCH_USAGE;
	}
	a->session.target = &a->target;
	a->session.scoring = &a->scoring;
	a->session.sandbox_url = a->sandbox_url;
	a->session.sandbox_key = a->sandbox_key;
	return -1;
}

void
asking_setup(struct asking *a, struct run_setup *out)
{
	*out = (struct run_setup){ .session = &a->session,
		.suite = &a->suite.suite,
		.suite_dir = a->suite.dir,
		.seal_key = a->suite.seal_key,
		.scoring = &a->scoring,
		.scoring_text = a->scoring_text,
		.seed = 42,
		.percent = 100,
		.epochs = 1,
		.concurrency = 1,
		.key_path = a->signing_key };
}

void
asking_close(struct asking *a)
{
	suites_close(&a->suite);
	target_done(&a->target);
	target_done(&a->judge);
	free(a->sandbox_url);
	free(a->sandbox_key);
	free(a->signing_key);
}
