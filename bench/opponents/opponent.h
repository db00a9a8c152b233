/*
 * opponent.h - what the opponents that come with the benchmark answer: five that earn nothing, and one
 * that knows every answer.
 *
 * Pure.  A suite is published only if each of the five gets at most 2 of 100, and the reference at
 * least 98 in quality.
 */
#ifndef JANUS_BENCH_OPPONENT_H
#define JANUS_BENCH_OPPONENT_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "bench/record/suite.h"

#define OPPONENT_MODES(X)                                                                     \
	X(NULL, "null", "answers nothing")                                                    \
	X(ECHO, "echo", "gives the prompt back")                                              \
	X(STUFF, "stuff", "every word and number of the suites, and of the request")          \
	X(INJECT, "inject", "instructions to whoever judges, verdicts and scores of its own") \
	X(LEAK, "leak", "the answers of all items of the suites, whatever is asked")          \
	X(REFERENCE, "reference", "the reference of the item that is asked, which is right")

enum opponent_mode {
#define X(name, word, what) OPPONENT_##name,
	OPPONENT_MODES(X)
#undef X
	    OPPONENT_MODE_COUNT
};
const char *opponent_mode_name(enum opponent_mode);
const char *opponent_mode_what(enum opponent_mode);
/** opponent_mode_named - OPPONENT_MODE_COUNT: there is none of that name. */
enum opponent_mode opponent_mode_named(const char *word);

#define OPPONENT_FILES_MAX 64

struct opponent_file { /* borrowed from the suites */
	const cJSON *json; /* of the reference that it is in */
	const char *name, *mime_type, *bytes;
	size_t len;
	char sha256[72];
};
struct opponent {
	enum opponent_mode mode;
	const struct suite *suites; /* borrowed: what it knows */
	size_t nsuites;
	struct opponent_file *files; /* owned: of all references */
	size_t nfiles;
	char *dump; /* owned: what STUFF and LEAK say of the suites */
};
/** opponent_init - the suites are borrowed until opponent_done. */
void opponent_init(struct opponent *, enum opponent_mode, const struct suite *, size_t nsuites);
void opponent_done(struct opponent *);
/** opponent_file - of that digest, or NULL. */
const struct opponent_file *opponent_file(const struct opponent *, const char *sha256);

struct opponent_answer {
	char *text; /* owned */
	cJSON *calls; /* owned array of {"name","arguments":{...}}; NULL: none */
	const struct opponent_file *files[OPPONENT_FILES_MAX]; /* borrowed */
	size_t nfiles;
};
/** opponent_answer - to a chat request. *out is the caller's, opponent_answer_done. */
void opponent_answer(const struct opponent *, const cJSON *request, struct opponent_answer *out);
void opponent_answer_done(struct opponent_answer *);
/** opponent_of_item - the answer to an item's turn (from 0) with its reference alone; what REFERENCE
 *  says once it has found the item. */
void opponent_of_item(
    const struct opponent *, const struct item *, int turn, struct opponent_answer *out);
#endif
