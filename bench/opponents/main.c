/*
 * main.c - janus-opponent: a target of the benchmark whose score is known before.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/opponents/opponent.h"
#include "bench/opponents/serve.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define SUITES_MAX 8
#define PORT_MAX 65535

struct arguments {
	enum opponent_mode mode;
	int64_t port;
	struct suite suites[SUITES_MAX];
	size_t nsuites;
};

static void
usage(FILE *f)
{
	fputs("janus-opponent " JANUS_VERSION
	      " - a target of the benchmark whose score is known before\n\n"
	      "usage: janus-opponent MODE [--port N] [--suite DIR]...\n\n",
	    f);
	for (int m = 0; m < OPPONENT_MODE_COUNT; m++)
		fprintf(f, "  %-10s %s\n", opponent_mode_name(m), opponent_mode_what(m));
	fputs("\n"
	      "  --port N     where to serve on 127.0.0.1; 0, the default: any, it is printed\n"
	      "  --suite DIR  a suite that it knows; stuff, leak and reference need one\n",
	    f);
}

static bool
needs_suite(enum opponent_mode m)
{
	return m == OPPONENT_STUFF || m == OPPONENT_LEAK || m == OPPONENT_REFERENCE;
}

static int
read_mode(struct arguments *a, const char *word, struct error *err)
{
	a->mode = opponent_mode_named(word);
	if (a->mode == OPPONENT_MODE_COUNT)
		return error_set(err, ERROR_INVALID, "there is no opponent '%.40s'", word);
	if (needs_suite(a->mode) && a->nsuites == 0)
		return error_set(err, ERROR_INVALID, "%s needs a suite: --suite DIR", word);
	return 0;
}

/* 0: go on; 1: help or version was asked for; -1 with err. */
static int
read_arguments(struct arguments *a, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "suite", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int each;

	while ((each = getopt_long(argc, argv, "hV", options, NULL)) != -1)
		switch (each) {
		case 'p':
			if (str_parse_int(optarg, 0, PORT_MAX, &a->port, err) < 0)
				return error_add(err, "--port");
			break;
		case 's':
			if (a->nsuites == SUITES_MAX)
				return error_set(
				    err, ERROR_INVALID, "more than %d suites", SUITES_MAX);
			if (suite_load(optarg, NULL, &a->suites[a->nsuites], err) < 0)
				return -1;
			a->nsuites++;
			break;
		case 'h': usage(stdout); return 1;
		case 'V': printf("janus-opponent %s\n", JANUS_VERSION); return 1;
		default: return error_set(err, ERROR_INVALID, "see --help");
		}
	if (optind + 1 != argc)
		return error_set(err, ERROR_INVALID, "one MODE is needed; see --help");
	return read_mode(a, argv[optind], err);
}

static void
on_signal(int signo, void *arg)
{
	(void)signo;
	loop_stop(arg);
}

static int
serve(const struct arguments *a, struct error *err)
{
	static const int signals[] = { SIGTERM, SIGINT, 0 };
	struct opponent opponent;
	struct opponent_server *s = NULL;
	struct loop *loop = loop_new(err);

	if (loop == NULL)
		return -1;
	opponent_init(&opponent, a->mode, a->suites, a->nsuites);
	if (loop_signals(loop, signals, on_signal, loop, err) == 0)
		s = opponent_serve(loop, &opponent, (int)a->port, err);
	if (s != NULL) {
		printf("http://127.0.0.1:%d\n", opponent_serve_port(s));
		fflush(stdout);
		loop_run(loop);
	}
	const int rc = s != NULL ? 0 : -1;
	opponent_serve_end(s);
	opponent_done(&opponent);
	loop_free(loop);
	return rc;
}

int
main(int argc, char **argv)
{
	static struct arguments a;
	struct error err = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	const int read = read_arguments(&a, argc, argv, &err);
	rc = read > 0 ? 0 : 2;
	if (read == 0)
		rc = serve(&a, &err) < 0 ? 1 : 0;
	if (err.kind != ERROR_NONE)
		fprintf(stderr, "janus-opponent: %s\n", err.text);
	for (size_t i = 0; i < a.nsuites; i++)
		suite_done(&a.suites[i]);
	return rc;
}
