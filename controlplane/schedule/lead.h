/*
 * lead.h - the leaderboard, and who is to be champion: a rule over scores with intervals.
 *
 * Pure: no clock, no I/O, nothing but + - * / on doubles, and the order of what goes in does not
 * matter.  docs/champion.md has the formulas and a worked example.
 */
#ifndef JANUS_SCHEDULE_LEAD_H
#define JANUS_SCHEDULE_LEAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

#define LEAD_DIMENSIONS(X)        \
	X(COMPOSITE, "composite") \
	X(QUALITY, "quality")     \
	X(SPEED, "speed")         \
	X(COST, "cost")           \
	X(STREAMING, "streaming") \
	X(MODALITY, "modality")

enum lead_dimension {
#define X(name, word) LEAD_##name,
	LEAD_DIMENSIONS(X)
#undef X
	    LEAD_DIMENSION_COUNT
};
const char *lead_dimension_name(enum lead_dimension);

#define LEAD_POOL 5 /* runs of a version that its scores are the mean of: the newest */
#define LEAD_ID_MAX 40
#define LEAD_SUITE_MAX 80
#define LEAD_DIGEST_MAX 80

struct lead_score { /* 0 to 100, with its 95 % interval */
	double value, low, high;
	bool has; /* false: there were no items of that dimension */
};

/* A finished run: what it was of, and what its report says. */
struct lead_run {
	char id[LEAD_ID_MAX], competitor[LEAD_ID_MAX], version[LEAD_ID_MAX];
	char suite[LEAD_SUITE_MAX], suite_digest[LEAD_DIGEST_MAX], scoring[32];
	char image_digest[LEAD_DIGEST_MAX]; /* "" of a URL */
	char cost_from[16]; /* metered, reported, tokens, mixed */
	bool is_whole; /* it covers the whole suite */
	int64_t finished_at_ms;
	int64_t version_at_ms; /* when its version was submitted: the caller's to fill */
	bool is_void; /* of a version that was retired: the caller's to fill */
	struct lead_score score[LEAD_DIMENSION_COUNT];
	int64_t expected, counted, passed, failed, excluded; /* items */
};
/**
 * lead_run_parse - scores and items of a run's report (the manifest of its evidence, as JSON) into
 * *out, zeroed otherwise: what the run was of is the caller's to fill.  INVALID names what is no score.
 */
int lead_run_parse(const char *report, size_t len, struct lead_run *out, struct error *);

struct lead_entrant { /* a competitor */
	char id[LEAD_ID_MAX], slug[48];
	int64_t submitted_at_ms; /* ties go to the earlier */
	bool is_ready; /* may it lead now? (it is there, is wanted, and answers or can be woken) */
	int64_t barred_ms; /* evidence up to then does not count for a promotion; 0: all does */
};

struct lead_rules {
	double margin; /* points of composite by which a challenger must be better */
	double quality_percent; /* of the champion's quality that leaders of a dimension need */
};

struct lead_row {
	const struct lead_entrant *of;
	const struct lead_run *runs[LEAD_POOL]; /* what the scores are the mean of, newest first */
	size_t nruns;
	size_t nall; /* whole runs of that version there are */
	struct lead_score score[LEAD_DIMENSION_COUNT];
	int64_t expected, passed, failed, excluded; /* items, over those runs */
	size_t rank_low, rank_high; /* 1 is the best; a range where intervals overlap */
};
struct lead_board {
	char suite_digest[LEAD_DIGEST_MAX], scoring[32]; /* of the newest whole run */
	struct lead_row *rows; /* owned: best first */
	size_t len;
};
/**
 * lead_board_make - rank those who have a whole run of the suite's newest digest and scoring.
 *
 * Of each competitor its newest version with such runs counts, and of that the mean over its newest
 * LEAD_POOL runs.  Runs of competitors that are not among the entrants, void and partial ones are
 * passed over.  The board borrows entrants and runs.
 */
void lead_board_make(const struct lead_entrant *, size_t nentrants, const struct lead_run *,
    size_t nruns, struct lead_board *out);
void lead_board_done(struct lead_board *);
const struct lead_row *lead_board_find(const struct lead_board *, const char *competitor);

/* The difference of two composites, a - b, with its 95 % interval (MOVER: the two are taken as
 * independent, which is conservative where they answered the same items). */
struct lead_difference {
	double value, low, high;
	bool is_significant; /* 0 is outside */
};
struct lead_difference lead_difference(const struct lead_row *a, const struct lead_row *b);
/** lead_beats - is a better than b by the margin, and significantly? */
bool lead_beats(const struct lead_rules *, const struct lead_row *a, const struct lead_row *b);
/**
 * lead_challenger - who is to be champion instead of the incumbent; NULL: nobody.
 *
 * incumbent: id of a competitor; NULL: there is no champion.  Nobody replaces one who is not on the
 * board: there is nothing to compare with.
 */
const struct lead_row *lead_challenger(
    const struct lead_board *, const struct lead_rules *, const char *incumbent);
/** lead_leader - the best in a dimension of those who are ready and good enough: quality_percent of
 *  the champion's, or without one of the best quality there is.  NULL: nobody. */
const struct lead_row *lead_leader(const struct lead_board *, const struct lead_rules *,
    const char *champion, enum lead_dimension);
#endif
