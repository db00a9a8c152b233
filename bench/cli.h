/*
 * cli.h - the command line of janus-bench: verbs, options, exit codes.
 */
#ifndef JANUS_BENCH_CLI_H
#define JANUS_BENCH_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cli/options.h"
struct error;

/* Stable: they are in the man page. */
enum bench_exit {
	BENCH_OK = 0,
	BENCH_FAILED = 1, /* the run did not come to its end */
	BENCH_USAGE = 2, /* the command line or a local file is wrong */
	BENCH_NOT_FOUND = 3,
	BENCH_DENIED = 4, /* the target does not take the key */
	BENCH_INVALID = 5, /* a suite or evidence that is not what it should be */
	BENCH_UNREACHABLE = 6, /* nobody answers at the target, or at the daemon */
	BENCH_CHECK = 9, /* a gate, verify or replay did not hold */
	BENCH_NO_PRIVATE = 10, /* private/test is not configured here */
	BENCH_INTERRUPTED = 130,
};

/* name, long form, letter, type, what help calls the value, field, help */
#define BENCH_OPTIONS(X)                                                                           \
	X(HELP, "help", 'h', FLAG, NULL, help, "show help")                                        \
	X(VERSION, "version", 'V', FLAG, NULL, version, "show the version of janus-bench")         \
	X(VERBOSE, "verbose", 'v', COUNT, NULL, verbose, "say more on standard error")             \
	X(QUIET, "quiet", 'q', FLAG, NULL, quiet, "no messages, and no line for each item")        \
	X(NO_PROGRESS, "no-progress", 0, FLAG, NULL, no_progress, "do not draw progress")          \
	X(FORMAT, "output-format", 0, CHOICE, "table|json|jsonl|csv", format,                      \
	    "how to print; JANUS_OUTPUT sets the default")                                         \
	X(SUITES, "suites-dir", 0, STRING, "DIR", suites,                                          \
	    "where suites are; JANUS_BENCH_SUITES sets the default")                               \
	X(TARGET, "target", 't', STRING, "URL", target,                                            \
	    "what to ask: http://host:port[/v1], unix:///path; JANUS_BENCH_TARGET_URL")            \
	X(SUITE, "suite", 's', STRING, "NAME|DIR", suite, "what to ask it (public/dev)")           \
	X(MODEL, "model", 'm', STRING, "MODEL", model,                                             \
	    "which model to ask for (janus, or the first it lists)")                               \
	X(SEED, "seed", 0, NUMBER, "N", seed, "of the sample, the order and the intervals (42)")   \
	X(SUBSET, "subset", 0, NUMBER, "PERCENT", subset, "ask a sample of the items (100)")       \
	X(EPOCHS, "epochs", 0, NUMBER, "N", epochs, "ask each item so often (1)")                  \
	X(CONCURRENCY, "concurrency", 0, NUMBER, "N", concurrency, "items at once, up to 64 (1)")  \
	X(GATE, "gate", 0, LIST, "NAME>=X", gate,                                                  \
	    "exit 9 if it does not hold: score, quality, speed, cost, streaming, modality")        \
	X(OUTPUT, "output", 'o', STRING, "FILE", output,                                           \
	    "write the result there: .json, .html or .csv; repeat with show")                      \
	X(EVIDENCE, "evidence", 0, STRING, "DIR", evidence,                                        \
	    "record the run there, or go on with one that was begun (bench_results/ID)")           \
	X(API_KEY_FILE, "api-key-file", 0, STRING, "FILE", api_key_file,                           \
	    "file with the target's API key; else JANUS_API_KEY or JANUS_API_KEY_FILE")            \
	X(SANDBOX_URL, "sandbox-url", 0, STRING, "URL", sandbox_url,                               \
	    "service that runs the code of answers; SANDY_BASE_URL sets the default")              \
	X(SANDBOX_KEY_FILE, "sandbox-key-file", 0, STRING, "FILE", sandbox_key_file,               \
	    "file with its key; else SANDY_API_KEY")                                               \
	X(PRIVATE_KEY_FILE, "private-key-file", 0, STRING, "FILE", private_key_file,               \
	    "key of the sealed suite; JANUS_BENCH_PRIVATE_KEY_FILE sets the default")              \
	X(SIGNING_KEY_FILE, "signing-key-file", 0, STRING, "FILE", signing_key_file,               \
	    "key that signs the evidence, made if there is none")                                  \
	X(JUDGE_URL, "judge-url", 0, STRING, "URL", judge_url,                                     \
	    "ask a model what it thinks of each answer, too; it is recorded and changes no score") \
	X(JUDGE_MODEL, "judge-model", 0, STRING, "MODEL", judge_model, "which model that is")      \
	X(JUDGE_KEY_FILE, "judge-key-file", 0, STRING, "FILE", judge_key_file,                     \
	    "file with its API key; else JANUS_BENCH_JUDGE_KEY")                                   \
	X(SIGNER, "signer", 0, STRING, "KEY", signer,                                              \
	    "the public key that must have signed it (64 hex digits)")                             \
	X(SOCKET, "socket", 0, STRING, "PATH", socket, "the daemon's control socket")              \
	X(RUN, "run", 0, STRING, "ID", run, "the run to work on")                                  \
	X(STATE, "state", 0, STRING, "DIR", state, "where its evidence is")                        \
	X(KEY_FILE, "key-file", 0, STRING, "FILE", key_file, "file with the run's API key")

struct bench_options {
	bool help, version, quiet, no_progress;
	int verbose;
	const char *format, *suites, *target, *suite, *model, *output, *evidence, *api_key_file;
	const char *sandbox_url, *sandbox_key_file, *private_key_file, *signing_key_file;
	const char *judge_url, *judge_model, *judge_key_file;
	const char *signer;
	const char *socket, *run, *state, *key_file;
	int64_t seed, subset, epochs, concurrency;
	struct option_list gate;
};

struct bench_call {
	const struct bench_verb *verb;
	struct bench_options opt;
	uint64_t given;
	const char *words[OPTIONS_MAX_WORDS];
	size_t len;
};
typedef int bench_verb_fn(struct bench_call *); /* returns an exit code */
struct bench_verb {
	const char *name, *args; /* as help shows them; "" if none */
	size_t min, max; /* words */
	uint64_t options, required;
	bench_verb_fn *run;
	const char *help; /* NULL: not for people */
	const char *examples[2];
};

int bench_run(int argc, char **argv);

/** bench_complain - say err on standard error, as an envelope beside JSON; returns its exit code. */
int bench_complain(const struct bench_call *, const struct error *);
/** bench_say - a line on standard error, unless quiet. */
void bench_say(const struct bench_call *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/** bench_format_is - is that how to print? */
bool bench_format_is(const struct bench_call *, const char *format);

bench_verb_fn verb_seal, verb_reveal; /* verb_seal.c */
bench_verb_fn verb_run, verb_list, verb_check, verb_show, verb_analyze, verb_compare, verb_verify,
    verb_replay, verb_work;
#endif
