/*
 * rating.h - what votes between pairs say about an order of all: Bradley and Terry's model.
 *
 * Pure.  The likelihood is maximised by minorisation-maximisation, with one drawn game of each player
 * against an average one as a prior, so that who has only won has a rating too.  A tie is half a win
 * for both.  Ratings are on the scale that chess uses: ten times as strong is 400 more; the mean
 * of those that can be compared is 1500.  Nothing depends on the order of players or pairs, nor on
 * chance.
 */
#ifndef JANUS_SCHEDULE_RATING_H
#define JANUS_SCHEDULE_RATING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATING_MEAN 1500.0
#define RATING_PLAYERS_MAX 512 /* all of them at once are a matrix */

struct rating_pair { /* any number of rows may be about the same two */
	size_t a, b; /* which players; a row about one and the same counts for nothing */
	int64_t a_wins, b_wins, ties;
};
struct rating {
	double value, low, high; /* a 95 % interval, from the curvature at the maximum */
	size_t rank_first, rank_last; /* from 1, within its group; what the intervals leave open */
	size_t group; /* from 0, the largest first: ratings of two groups cannot be compared */
	size_t group_size; /* 1: nobody was compared with it */
	int64_t games;
};
/** rating_compute - of n players (at most RATING_PLAYERS_MAX) into out. */
void rating_compute(const struct rating_pair *, size_t npairs, struct rating *out, size_t n);

struct agreement { /* of two orders of the same n */
	size_t n;
	bool known; /* false: fewer than two, or one of them tells nobody from another */
	double tau_b, spearman; /* from -1 to 1 */
};
/** rating_agreement - how far two measures put the same things in the same order. */
void rating_agreement(const double *one, const double *other, size_t n, struct agreement *out);
#endif
