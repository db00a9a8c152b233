/*
 * verbs.c - what janus-bench can do.
 */
#include "bench/verbs.h"

#include "runtime/base/cleanup.h"

#define B(name) BENCH_BIT(name)
#define ASKING                                                                                \
	(B(TARGET) | B(SUITE) | B(MODEL) | B(SEED) | B(SUBSET) | B(EPOCHS) | B(CONCURRENCY) | \
	    B(GATE) | B(OUTPUT) | B(EVIDENCE) | B(API_KEY_FILE) | B(SANDBOX_URL) |            \
	    B(SANDBOX_KEY_FILE) | B(PRIVATE_KEY_FILE) | B(SIGNING_KEY_FILE) | B(JUDGE_URL) |  \
	    B(JUDGE_MODEL) | B(JUDGE_KEY_FILE))

const struct bench_verb bench_verbs[] = {
	{ "run", "", 0, 0, ASKING, 0, verb_run, "ask a target all of a suite, and score it",
	    { "janus-bench run --target http://localhost:8000 --suite public/dev",
		"janus-bench run --subset 20 --concurrency 4 --gate score>=60 --output "
		"dev.html" } },
	{ "list", "suites|benchmarks", 1, 1, B(SUITE) | B(PRIVATE_KEY_FILE), 0, verb_list,
	    "which suites there are, or what is in one",
	    { "janus-bench list suites", "janus-bench list benchmarks --suite public/train" } },
	{ "show", "PATH", 1, 1, B(OUTPUT), 0, verb_show, "a report, or what evidence says",
	    { "janus-bench show bench_results/run_01k9/",
		"janus-bench show a.json --output a.html" } },
	{ "compare", "A B", 2, 2, 0, 0, verb_compare, "two runs, item by item",
	    { "janus-bench compare a/ b/", "janus-bench compare a.json b.tar.gz" } },
	{ "analyze", "PATH", 1, 1, 0, 0, verb_analyze, "where time, money and points went",
	    { "janus-bench analyze bench_results/run_01k9/",
		"janus-bench analyze a.json --output-format json" } },
	{ "verify", "PATH", 1, 1, B(SIGNER) | B(PRIVATE_KEY_FILE), 0, verb_verify,
	    "is evidence what was written and signed?",
	    { "janus-bench verify bench_results/run_01k9/", "janus-bench verify a.tar.gz" } },
	{ "replay", "PATH", 1, 1, B(PRIVATE_KEY_FILE), 0, verb_replay,
	    "measure and score it again from what was recorded",
	    { "janus-bench replay bench_results/run_01k9/", "janus-bench replay a.tar.gz" } },
	{ "check", "SUITE", 1, 1, B(PRIVATE_KEY_FILE), 0, verb_check,
	    "is a suite what suites must be?",
	    { "janus-bench check public/dev", "janus-bench check ./my-suite" } },
	{ "seal", "DIR", 1, 1, B(PRIVATE_KEY_FILE) | B(OUTPUT), B(OUTPUT), verb_seal,
	    "encrypt a suite, and commit to it",
	    { "janus-bench seal ./my-suite --private-key-file key --output private/",
		"JANUS_BENCH_PRIVATE_DIR=private janus-bench check private/test" } },
	{ "reveal", "DIR [FILE]", 1, 2, B(PRIVATE_KEY_FILE) | B(SUITE), 0, verb_reveal,
	    "show what was committed to, or check what was shown (FILE)",
	    { "janus-bench reveal private/ --private-key-file key > reveal.json",
		"janus-bench reveal private/ reveal.json --suite ./my-suite" } },
	{ "work", "", 0, 0,
	    B(SOCKET) | B(RUN) | B(STATE) | B(KEY_FILE) | B(SANDBOX_URL) | B(SANDBOX_KEY_FILE) |
		B(PRIVATE_KEY_FILE) | B(SIGNING_KEY_FILE),
	    B(SOCKET) | B(RUN) | B(STATE), verb_work, NULL, { "", "" } },
};
const size_t bench_verbs_len = ARRAY_LEN(bench_verbs);
