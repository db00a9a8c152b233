/*
 * rating.c - strengths from wins, how sure they are, and what order that leaves open.
 */
#include "controlplane/schedule/rating.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define PRIOR 1.0 /* games against an average player, half of each won */
#define SCALE 400.0 /* for a factor of ten */
#define SWEEPS_MAX 20000
#define CLOSE 1e-12
#define Z95 1.959963984540054

struct model {
	const struct rating_pair *pairs;
	size_t npairs, n;
	double *strength; /* positive */
	double *wins; /* ties and the prior included */
	double *sum; /* of a sweep */
	size_t *group; /* the smallest player of those it is connected with */
};

static double
games_of(const struct rating_pair *p)
{
	return p->a == p->b ? 0 : (double)(p->a_wins + p->b_wins + p->ties);
}

/* ---- who can be compared ---- */

static size_t
root_of(size_t *group, size_t i)
{
	while (group[i] != i)
		i = group[i] = group[group[i]];
	return i;
}

static void
connect_players(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->group[i] = i;
	for (size_t k = 0; k < m->npairs; k++) {
		const size_t a = root_of(m->group, m->pairs[k].a);
		const size_t b = root_of(m->group, m->pairs[k].b);

		if (games_of(&m->pairs[k]) > 0)
			m->group[a > b ? a : b] = a > b ? b : a;
	}
	for (size_t i = 0; i < m->n; i++)
		m->group[i] = root_of(m->group, i);
}

/* ---- the maximum ---- */

/* All of a group stronger by the same factor is the same to the games; the prior alone knows better:
 * at the maximum the average player wins half of its games against them. */
static void
balance_group(struct model *m, size_t g)
{
	double low = -60, high = 60; /* of the factor's logarithm */

	while (high - low > CLOSE) {
		const double middle = (low + high) / 2, factor = exp(middle);
		double lost = 0;

		for (size_t i = 0; i < m->n; i++)
			if (m->group[i] == g) {
				const double s = m->strength[i] * factor;

				lost += 0.5 - s / (s + 1);
			}
		*(lost > 0 ? &low : &high) = middle;
		if (middle == low && middle == high)
			break;
	}
	const double factor = exp((low + high) / 2);
	for (size_t i = 0; i < m->n; i++)
		if (m->group[i] == g)
			m->strength[i] *= factor;
}

static void
balance(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->group[i] == i)
			balance_group(m, i);
}

/* One sweep of minorisation-maximisation: returns the largest change of a logarithm. */
static double
sweep(struct model *m)
{
	double most = 0;

	for (size_t i = 0; i < m->n; i++)
		m->sum[i] = PRIOR / (m->strength[i] + 1);
	for (size_t k = 0; k < m->npairs; k++) {
		const struct rating_pair *p = &m->pairs[k];
		const double each = games_of(p) / (m->strength[p->a] + m->strength[p->b]);

		m->sum[p->a] += each;
		m->sum[p->b] += each;
	}
	for (size_t i = 0; i < m->n; i++) {
		const double next = m->wins[i] / m->sum[i];
		const double change = fabs(log(next / m->strength[i]));

		most = change > most ? change : most;
		m->strength[i] = next;
	}
	return most;
}

static void
maximise(struct model *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->strength[i] = 1;
		m->wins[i] = PRIOR / 2;
	}
	for (size_t k = 0; k < m->npairs; k++) {
		const struct rating_pair *p = &m->pairs[k];

		if (p->a == p->b)
			continue;
		m->wins[p->a] += (double)p->a_wins + (double)p->ties / 2;
		m->wins[p->b] += (double)p->b_wins + (double)p->ties / 2;
	}
	for (int i = 0; i < SWEEPS_MAX; i++) {
		const double change = sweep(m);

		if (i % 16 == 0 || change < CLOSE * 100)
			balance(m);
		if (change < CLOSE * 100)
			break;
	}
}

/* ---- how sure ---- */

/* What was seen tells of the logarithms of strengths: minus the second derivatives. */
static void
fill_information(const struct model *m, double *h)
{
	const size_t n = m->n;

	for (size_t i = 0; i < n; i++) {
		const double s = m->strength[i];

		h[i * n + i] += PRIOR * s / ((s + 1) * (s + 1));
	}
	for (size_t k = 0; k < m->npairs; k++) {
		const struct rating_pair *p = &m->pairs[k];
		const double a = m->strength[p->a], b = m->strength[p->b];
		const double v = games_of(p) * a * b / ((a + b) * (a + b));

		if (p->a == p->b)
			continue;
		h[p->a * n + p->a] += v;
		h[p->b * n + p->b] += v;
		h[p->a * n + p->b] -= v;
		h[p->b * n + p->a] -= v;
	}
}

/* A symmetric, positive definite matrix becomes its inverse: Gauss and Jordan, in place. */
static void
invert(double *h, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const double pivot = h[k * n + k];

		h[k * n + k] = 1;
		for (size_t j = 0; j < n; j++)
			h[k * n + j] /= pivot;
		for (size_t i = 0; i < n; i++) {
			const double factor = h[i * n + k];

			if (i == k || factor == 0)
				continue;
			h[i * n + k] = 0;
			for (size_t j = 0; j < n; j++)
				h[i * n + j] -= factor * h[k * n + j];
		}
	}
}

/* Of a player against the mean of its group: where all of them stand together nobody can know. */
static double
variance_of(const struct model *m, const double *cov, size_t i, double size, double all)
{
	double with_others = 0;

	for (size_t j = 0; j < m->n; j++)
		if (m->group[j] == m->group[i])
			with_others += cov[i * m->n + j];
	const double v = cov[i * m->n + i] - 2 * with_others / size + all / (size * size);
	return v > 0 ? v : 0;
}

static void
rate_group(const struct model *m, const double *cov, size_t g, struct rating *out)
{
	double size = 0, mean = 0, all = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->group[i] != g)
			continue;
		size++;
		mean += log(m->strength[i]);
		for (size_t j = 0; j < m->n; j++)
			all += m->group[j] == g ? cov[i * m->n + j] : 0;
	}
	mean /= size;
	for (size_t i = 0; i < m->n; i++) {
		if (m->group[i] != g)
			continue;
		const double unit = SCALE / log(10);
		/* Alone, only the prior speaks. */
		const double wide = Z95 * unit *
		    sqrt(size > 1 ? variance_of(m, cov, i, size, all) : cov[i * m->n + i]);

		out[i].value = RATING_MEAN + unit * (log(m->strength[i]) - mean);
		out[i].low = out[i].value - wide;
		out[i].high = out[i].value + wide;
		out[i].group_size = (size_t)size;
	}
}

/* ---- what order that leaves open ---- */

static void
rank(const struct model *m, struct rating *out)
{
	for (size_t i = 0; i < m->n; i++) {
		size_t above = 0, below = 0;

		for (size_t j = 0; j < m->n; j++) {
			if (m->group[j] != m->group[i])
				continue;
			above += out[j].low > out[i].high;
			below += out[j].high < out[i].low;
		}
		out[i].rank_first = above + 1;
		out[i].rank_last = out[i].group_size - below;
	}
}

/* Numbers for the groups: the largest is 0; of the same size, the one with the smallest player. */
static void
number_groups(const struct model *m, struct rating *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const size_t own = m->group[i];
		size_t before = 0;

		for (size_t j = 0; j < m->n; j++) {
			const bool leads = m->group[j] == j && j != own;
			const bool same = out[j].group_size == out[i].group_size;

			before +=
			    leads && (out[j].group_size > out[i].group_size || (same && own > j));
		}
		out[i].group = before;
	}
}

void
rating_compute(const struct rating_pair *pairs, size_t npairs, struct rating *out, size_t n)
{
	_cleanup_free_ double *numbers = mem_zalloc((3 * n + 1) * sizeof(*numbers));
	_cleanup_free_ double *h = mem_zalloc((n * n + 1) * sizeof(*h));
	_cleanup_free_ size_t *group = mem_zalloc((n + 1) * sizeof(*group));
	struct model m = { pairs, npairs, n, numbers, numbers + n, numbers + 2 * n, group };

	assert(n <= RATING_PLAYERS_MAX);
	if (n == 0)
		return;
	memset(out, 0, n * sizeof(*out));
	for (size_t k = 0; k < npairs; k++) {
		out[pairs[k].a].games += (int64_t)games_of(&pairs[k]);
		out[pairs[k].b].games += (int64_t)games_of(&pairs[k]);
	}
	connect_players(&m);
	maximise(&m);
	fill_information(&m, h);
	invert(h, n);
	for (size_t i = 0; i < n; i++)
		if (group[i] == i)
			rate_group(&m, h, i, out);
	rank(&m, out);
	number_groups(&m, out);
}

/* ---- two orders ---- */

static int
sign_of(double d)
{
	return (d > 0) - (d < 0);
}

/* From 1; equal ones share the mean of their places. */
static void
fill_ranks(const double *values, size_t n, double *ranks)
{
	for (size_t i = 0; i < n; i++) {
		double smaller = 0, equal = 0;

		for (size_t j = 0; j < n; j++) {
			smaller += values[j] < values[i];
			equal += values[j] == values[i];
		}
		ranks[i] = smaller + (equal + 1) / 2;
	}
}

/* Of ranks, whose mean is known. */
static double
correlation(const double *one, const double *other, size_t n)
{
	const double mean = ((double)n + 1) / 2;
	double both = 0, first = 0, second = 0;

	for (size_t i = 0; i < n; i++) {
		both += (one[i] - mean) * (other[i] - mean);
		first += (one[i] - mean) * (one[i] - mean);
		second += (other[i] - mean) * (other[i] - mean);
	}
	return both / sqrt(first * second);
}

void
rating_agreement(const double *one, const double *other, size_t n, struct agreement *out)
{
	_cleanup_free_ double *ranks = mem_zalloc((2 * n + 1) * sizeof(*ranks));
	double score = 0, first = 0, second = 0;

	*out = (struct agreement){ .n = n };
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			const int a = sign_of(one[i] - one[j]), b = sign_of(other[i] - other[j]);

			score += a * b;
			first += a != 0;
			second += b != 0;
		}
	if (first == 0 || second == 0)
		return;
	out->known = true;
	out->tau_b = score / sqrt(first * second);
	fill_ranks(one, n, ranks);
	fill_ranks(other, n, ranks + n);
	out->spearman = correlation(ranks, ranks + n, n);
}
