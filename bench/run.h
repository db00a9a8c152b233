/*
 * run.h - a run from its first item to its manifest.
 *
 * Lives on the loop it is given; items are asked on threads.  Each attempt is in the directory of
 * evidence before anybody hears of it, and a run that finds its directory begun goes on there.
 */
#ifndef JANUS_BENCH_RUN_H
#define JANUS_BENCH_RUN_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;
struct loop;
struct scoring;
struct session;
struct suite;

#define RUN_CONCURRENCY_MAX 64
#define RUN_EPOCHS_MAX 100

struct run_progress {
	size_t done, total; /* items times epochs */
	size_t passed, failed, excluded;
	const char *item; /* begun last, as it may be shown; "" */
	double score; /* composite so far, 0 to 100 */
	int64_t elapsed_ms, eta_ms; /* of this process; eta -1: not known yet */
};
struct run_end {
	enum { RUN_FINISHED, RUN_CANCELLED, RUN_FAILED } state;
	char code[48], error[240]; /* "" unless it failed */
	const cJSON *manifest, *lines; /* borrowed; manifest NULL if it could not be written */
};
const char *run_state_name(int state);

struct run_setup { /* all borrowed until run_free */
	struct session *session;
	const struct suite *suite;
	const char *suite_dir;
	const char *seal_key; /* of a sealed suite; NULL */
	const struct scoring *scoring;
	const char *scoring_text;
	uint64_t seed;
	int percent, epochs, concurrency;
	const char *dir; /* of the evidence */
	const char *key_path; /* to sign it with */
	const cJSON
	    *about; /* further members of its manifest: run, competitor, version_id, ...; NULL */
	/* An attempt that ended; settled: no other one follows. Or NULL. */
	void (*on_line)(const cJSON *line, bool settled, void *arg);
	void (*on_progress)(const struct run_progress *, void *arg); /* or NULL */
	void (*on_end)(const struct run_end *, void *arg); /* once, last */
	void *arg;
};
struct run;
/** run_start - open the evidence and begin.  NULL with err as evidence_open's; no callback comes then,
 *  nor any from inside this call. */
struct run *run_start(struct loop *, const struct run_setup *, struct error *);
/** run_cancel - what is under way ends as it will, nothing else begins. */
void run_cancel(struct run *);
/** run_abort - what is under way is dropped; the run failed with code and text. With `keep` its
 *  directory is left as it is, to be gone on with. */
void run_abort(struct run *, const char *code, const char *text, bool keep);
/** run_lines - the lines of its attempts so far, those of earlier processes too; borrowed. */
const cJSON *run_lines(const struct run *);
/** run_progress_of - how far it is. */
void run_progress_of(const struct run *, struct run_progress *out);
void run_free(struct run *); /* after on_end, or before run_start's first callback */
#endif
