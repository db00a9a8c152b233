/*
 * image.c - what is on a picture: its size, the colour of places, how much of it has one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/png.h"
#include "bench/score/scorers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define TOLERANCE 24
#define FILES_MAX 4 /* with what it was drawn by; more is a dump */
#define PICTURE_MAX (16U << 20)

struct tally { /* of the checks of one picture */
	struct judging *j;
	int held, all;
};

static void
tally(struct tally *t, const char *check, bool ok, const char *seen)
{
	t->held += judge_note(t->j, check, ok, 1, seen);
	t->all++;
}

static bool
colour_is(const unsigned char *rgb, const cJSON *check)
{
	const double tolerance = json_num(check, "tolerance", TOLERANCE);
	const cJSON *wanted;
	int i = 0;

	json_for_each(wanted, json_get(check, "rgb")) {
		const double apart = rgb[i++] - wanted->valuedouble;

		if (apart > tolerance || -apart > tolerance)
			return false;
	}
	return true;
}

static void
check_places(struct tally *t, const cJSON *spec, const struct png *p)
{
	const cJSON *place;

	json_for_each(place, json_get(spec, "colour_at")) {
		const int64_t x = json_int(place, "x", 0), y = json_int(place, "y", 0);
		const unsigned char *rgb = p->rgb + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
		char seen[60];

		snprintf(seen, sizeof(seen), "%d,%d,%d at %d,%d", rgb[0], rgb[1], rgb[2], (int)x,
		    (int)y);
		tally(t, "colour_at", colour_is(rgb, place), seen);
	}
}

static void
check_shares(struct tally *t, const cJSON *spec, const struct png *p)
{
	const size_t all = (size_t)p->width * (size_t)p->height;
	const cJSON *share;

	json_for_each(share, json_get(spec, "share")) {
		size_t n = 0;
		char seen[40];

		for (size_t i = 0; i < all; i++)
			n += colour_is(p->rgb + i * 3, share);
		const double part = (double)n / (double)all;
		snprintf(seen, sizeof(seen), "%.3f", part);
		tally(t, "share",
		    part >= json_num(share, "min", 0) && part <= json_num(share, "max", 1), seen);
	}
}

static int
by_colour(const void *a, const void *b)
{
	return memcmp(a, b, 3);
}

/* How many colours there are that at least one pixel in a hundred has. */
static int64_t
colours_of(const struct png *p)
{
	const size_t all = (size_t)p->width * (size_t)p->height;
	_cleanup_free_ unsigned char *sorted = mem_zalloc(all * 3);
	int64_t n = 0;

	memcpy(sorted, p->rgb, all * 3);
	qsort(sorted, all, 3, by_colour);
	for (size_t i = 0, from = 0; i < all; i++)
		if (i + 1 == all || memcmp(sorted + i * 3, sorted + (i + 1) * 3, 3) != 0) {
			n += (i + 1 - from) * 100 >= all;
			from = i + 1;
		}
	return n;
}

double
picture_quality(struct judging *j, const cJSON *spec, const struct attempt_file *f)
{
	struct tally t = { .j = j };
	struct png p = { 0 };
	struct error err = { 0 };
	char seen[40];

	if (f->bytes.len > PICTURE_MAX)
		return judge_note(j, "png", false, 1, "more than 16 MiB");
	if (png_read(buf_str(&f->bytes), f->bytes.len, &p, &err) < 0)
		return judge_note(j, "png", false, 1, err.text);
	snprintf(seen, sizeof(seen), "%d by %d", p.width, p.height);
	const bool size = json_int(spec, "width", p.width) == p.width &&
	    json_int(spec, "height", p.height) == p.height;
	tally(&t, "size", size, seen);
	if (size) {
		check_places(&t, spec, &p);
		check_shares(&t, spec, &p);
		const int64_t wanted = json_int(spec, "min_colours", 0);
		if (wanted > 0) {
			const int64_t got = colours_of(&p);

			snprintf(seen, sizeof(seen), "%lld colours", (long long)got);
			tally(&t, "min_colours", got >= wanted, seen);
		}
	}
	png_done(&p);
	return size ? (double)t.held / t.all : 0;
}

double
score_image(struct judging *j, const cJSON *spec)
{
	const struct attempt_file *picture = NULL;
	int pictures = 0;
	char seen[40];

	for (size_t i = 0; i < j->attempt->nfiles; i++) {
		const struct attempt_file *f = &j->attempt->files[i];

		if (strncmp(f->mime_type, "image/", 6) != 0)
			continue;
		picture = f;
		pictures++;
	}
	snprintf(seen, sizeof(seen), "%d pictures", pictures);
	if (!judge_note(j, "one picture", pictures == 1, 1, seen) || picture == NULL)
		return 0;
	snprintf(seen, sizeof(seen), "%zu files", j->attempt->nfiles);
	if (!judge_note(j, "number of files", j->attempt->nfiles <= FILES_MAX, 1, seen))
		return 0;
	if (!judge_note(j, "as described", file_is_true(picture), 1, picture->name))
		return 0;
	const double quality = picture_quality(j, json_get(spec, "png"), picture);
	const cJSON *answer = json_get(spec, "answer");
	return answer != NULL ? quality * score_answer(j, answer) : quality;
}

static int
check_rgb(const cJSON *check, struct error *err)
{
	const cJSON *rgb = json_get(check, "rgb"), *c;

	if (!cJSON_IsArray(rgb) || cJSON_GetArraySize(rgb) != 3)
		return spec_wrong(err, "rgb", "three numbers from 0 to 255");
	json_for_each(c, rgb) {
		if (!cJSON_IsNumber(c) || !(c->valuedouble >= 0) || !(c->valuedouble <= 255))
			return spec_wrong(err, "rgb", "three numbers from 0 to 255");
	}
	return spec_number(check, "tolerance", 0, 255, false, err);
}

static int
check_place(const cJSON *png, const cJSON *place, struct error *err)
{
	static const char *const known[] = { "x", "y", "rgb", "tolerance", NULL };

	if (spec_known(place, known, err) < 0 || check_rgb(place, err) < 0)
		return -1;
	if (json_get(place, "x") == NULL || json_get(place, "y") == NULL)
		return spec_wrong(err, "colour_at", "each has x and y");
	if (json_get(png, "width") == NULL || json_get(png, "height") == NULL)
		return spec_wrong(err, "colour_at", "needs width and height");
	if (spec_number(place, "x", 0, json_num(png, "width", 1) - 1, true, err) < 0)
		return -1;
	return spec_number(place, "y", 0, json_num(png, "height", 1) - 1, true, err);
}

static int
check_share(const cJSON *share, struct error *err)
{
	static const char *const known[] = { "rgb", "tolerance", "min", "max", NULL };

	if (spec_known(share, known, err) < 0 || check_rgb(share, err) < 0 ||
	    spec_number(share, "min", 0, 1, false, err) < 0)
		return -1;
	return spec_number(share, "max", 0, 1, false, err);
}

int
check_picture(const cJSON *png, struct error *err)
{
	static const char *const known[] = { "width", "height", "colour_at", "share", "min_colours",
		NULL };
	const cJSON *places = json_get(png, "colour_at"), *shares = json_get(png, "share"), *c;

	if (spec_known(png, known, err) < 0 ||
	    spec_number(png, "width", 1, PNG_SIDE_MAX, true, err) < 0 ||
	    spec_number(png, "height", 1, PNG_SIDE_MAX, true, err) < 0 ||
	    spec_number(png, "min_colours", 1, 100, true, err) < 0)
		return -1;
	if ((places != NULL && !cJSON_IsArray(places)) ||
	    (shares != NULL && !cJSON_IsArray(shares)))
		return spec_wrong(err, "colour_at, share", "arrays");
	json_for_each(c, places) {
		if (check_place(png, c, err) < 0)
			return error_add(err, "colour_at");
	}
	json_for_each(c, shares) {
		if (check_share(c, err) < 0)
			return error_add(err, "share");
	}
	return 0;
}

int
check_image(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "png", "answer", NULL };
	const cJSON *png = json_get(spec, "png"), *answer = json_get(spec, "answer");

	if (spec_known(spec, known, err) < 0)
		return -1;
	if (check_picture(png, err) < 0)
		return error_add(err, "png");
	if (cJSON_GetArraySize(json_get(png, "colour_at")) +
		cJSON_GetArraySize(json_get(png, "share")) <
	    1)
		return spec_wrong(err, "png", "something must be on it: colour_at or share");
	return answer != NULL && check_answer(item, answer, err) < 0 ? error_add(err, "answer") : 0;
}
