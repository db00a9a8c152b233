/*
 * stream.c - a long answer that must be what was asked: numbered lines in order, each with what its
 * number says, or the very lines that the item has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/scorers.h"
#include "bench/score/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINES_MAX 5000
#define NUMBER_MAX 999999
#define OTHER_LINES 3 /* that may stand around the numbered ones */
#define EXPECT_MIN 10

static void
spell_below_thousand(struct buf *out, int64_t n)
{
	static const char *const small[] = { "", "one", "two", "three", "four", "five", "six",
		"seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
		"fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };
	static const char *const tens[] = { "", "", "twenty", "thirty", "forty", "fifty", "sixty",
		"seventy", "eighty", "ninety" };

	if (n >= 100)
		buf_printf(out, " %s hundred", small[n / 100]);
	n %= 100;
	if (n >= 20) {
		buf_printf(out, " %s", tens[n / 10]);
		n %= 10;
	}
	if (n > 0)
		buf_printf(out, " %s", small[n]);
}

static bool
is_spelled(const char *text, size_t len, int64_t n)
{
	_cleanup_buf_ struct buf wanted = { 0 }, words = { 0 }, got = { 0 };

	if (n == 0)
		buf_add_str(&wanted, " zero");
	if (n >= 1000) {
		spell_below_thousand(&wanted, n / 1000);
		buf_add_str(&wanted, " thousand");
	}
	spell_below_thousand(&wanted, n % 1000);
	buf_add_char(&wanted, ' ');
	text_words(&words, text, len);
	for (const char *p = buf_str(&words); *p != '\0';) /* "and" is British */
		if (strncmp(p, " and ", 5) == 0) {
			p += 4;
		} else {
			buf_add_char(&got, *p++);
		}
	return strcmp(buf_str(&got), buf_str(&wanted)) == 0;
}

static bool
is_value(const char *text, size_t len, int64_t value)
{
	double got;

	while (len > 0 && strchr("* .\t\r", text[len - 1]) != NULL)
		len--;
	return text_decimal(text, len, &got) && got == (double)value;
}

static bool
rule_holds(const char *rule, const char *text, size_t len, int64_t n)
{
	if (strcmp(rule, "spelled") == 0)
		return is_spelled(text, len, n);
	return is_value(text, len,
	    strcmp(rule, "square") == 0       ? n * n
		: strcmp(rule, "cube") == 0   ? n * n * n
		: strcmp(rule, "double") == 0 ? n * 2
					      : n + 1 /* next */);
}

/* "17: rest", also with . ) or - and emphasis around: the number and where the rest is; -1: none. */
static int64_t
numbered(const char *line, const char *end, const char **rest)
{
	int64_t n = 0;
	const char *p = line;

	while (p < end && strchr(" *\t`", *p) != NULL)
		p++;
	const char *digits = p;
	for (; p < end && *p >= '0' && *p <= '9' && p - digits < 7; p++)
		n = n * 10 + (*p - '0');
	if (p == digits)
		return -1;
	while (p < end && strchr(" *", *p) != NULL)
		p++;
	if (p == end || strchr(":.)-", *p) == NULL)
		return -1;
	for (p++; p < end && strchr(" *\t", *p) != NULL;)
		p++;
	*rest = p;
	return n;
}

static double
lines_quality(struct judging *j, const cJSON *lines)
{
	const int64_t from = json_int(lines, "from", 1), to = json_int(lines, "to", 1);
	const char *rule = json_str(lines, "rule"), *first_wrong = NULL;
	int64_t next = from, others = 0;
	char seen[80];

	for (const char *line = j->measured->text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n"), *rest = end;
		const int64_t n = numbered(line, end, &rest);

		if (first_wrong == NULL && next <= to && n == next &&
		    rule_holds(rule, rest, (size_t)(end - rest), n))
			next++;
		else if (n >= 0 && first_wrong == NULL)
			first_wrong = line;
		else if (n < 0)
			others += text_visible(line, (size_t)(end - line));
		line = end + (*end != '\0');
	}
	snprintf(seen, sizeof(seen), "%lld other lines", (long long)others);
	if (!judge_note(j, "other lines", others <= OTHER_LINES, 1, seen))
		return 0;
	snprintf(seen, sizeof(seen), "%lld of %lld, then %.30s", (long long)(next - from),
	    (long long)(to - from + 1), first_wrong != NULL ? first_wrong : "the end");
	judge_note(j, "lines", next > to && first_wrong == NULL, 1, seen);
	return next > to && first_wrong != NULL ? 0
						: (double)(next - from) / (double)(to - from + 1);
}

/* The next line with something in it, without blanks at its ends and without a fence; NULL at the end. */
static bool
next_line(const char **at, struct span *out)
{
	while (**at != '\0') {
		const char *line = *at, *end = line + strcspn(line, "\n");

		*at = end + (*end != '\0');
		while (line < end && strchr(" \t\r", *line) != NULL)
			line++;
		while (end > line && strchr(" \t\r", end[-1]) != NULL)
			end--;
		if (line < end && strncmp(line, "```", 3) != 0) {
			*out = (struct span){ line, (size_t)(end - line) };
			return true;
		}
	}
	return false;
}

static bool
span_is(const struct span *s, const char *text)
{
	return s->len == strlen(text) && memcmp(s->at, text, s->len) == 0;
}

/* The lines as they stand in the item, in order, each once, and a few others before and behind. */
static double
expected_quality(struct judging *j, const cJSON *expect)
{
	const cJSON *wanted = expect->child;
	const char *at = j->measured->text;
	int64_t right = 0, others = 0;
	const double all = cJSON_GetArraySize(expect);
	struct span line;
	char seen[80];

	while (next_line(&at, &line)) {
		if (wanted != NULL && span_is(&line, wanted->valuestring)) {
			wanted = wanted->next;
			right++;
		} else if (right > 0 && wanted != NULL) {
			break; /* in the middle each line counts */
		} else {
			others++;
		}
	}
	snprintf(seen, sizeof(seen), "%lld other lines", (long long)others);
	if (!judge_note(j, "other lines", others <= OTHER_LINES, 1, seen))
		return 0;
	snprintf(seen, sizeof(seen), "%lld of %.0f, then not %.30s", (long long)right, all,
	    wanted != NULL ? wanted->valuestring : "the end");
	judge_note(j, "lines", wanted == NULL, 1, seen);
	return (double)right / all;
}

double
score_stream(struct judging *j, const cJSON *spec)
{
	const cJSON *lines = json_get(spec, "lines"), *expect = json_get(spec, "expect"),
		    *answer = json_get(spec, "answer"), *cover = json_get(spec, "cover");
	const size_t len = strlen(j->measured->text);
	double quality = 1;
	char seen[40];

	if (len > SCORER_TEXT_MAX)
		return judge_note(j, "stream", false, 1, "more than 1 MiB");
	snprintf(seen, sizeof(seen), "%zu bytes", len);
	if (!judge_note(j, "min_bytes", len >= (size_t)json_int(spec, "min_bytes", 0), 1, seen))
		return 0;
	if (lines != NULL)
		quality *= lines_quality(j, lines);
	if (expect != NULL)
		quality *= expected_quality(j, expect);
	if (answer != NULL)
		quality *= score_answer(j, answer);
	return cover != NULL ? quality * score_cover(j, cover) : quality;
}

static int
check_lines(const cJSON *lines, struct error *err)
{
	static const char *const known[] = { "from", "to", "rule", NULL };
	static const char *const rules[] = { "square", "cube", "double", "spelled", "next" };
	const int64_t from = json_int(lines, "from", -1), to = json_int(lines, "to", -1);
	size_t i = 0;

	if (spec_known(lines, known, err) < 0 ||
	    spec_number(lines, "from", 0, NUMBER_MAX, true, err) < 0 ||
	    spec_number(lines, "to", 0, NUMBER_MAX, true, err) < 0)
		return -1;
	if (from < 0 || to < from + 1 || to - from >= LINES_MAX)
		return spec_wrong(err, "to", "2 to 5000 lines, from and to");
	while (i < ARRAY_LEN(rules) && !str_eq(json_str(lines, "rule"), rules[i]))
		i++;
	return i < ARRAY_LEN(rules)
	    ? 0
	    : spec_wrong(err, "rule", "square, cube, double, spelled or next");
}

static int
check_expect(const cJSON *expect, struct error *err)
{
	const cJSON *line;

	if (!cJSON_IsArray(expect) || cJSON_GetArraySize(expect) < EXPECT_MIN ||
	    cJSON_GetArraySize(expect) > LINES_MAX)
		return spec_wrong(err, "expect", "10 to 5000 lines");
	json_for_each(line, expect) {
		const char *text = cJSON_GetStringValue(line);
		const char *at = text;
		struct span span;

		if (text == NULL || !next_line(&at, &span) || !span_is(&span, text) ||
		    (line->prev->next == line && span_is(&span, line->prev->valuestring)))
			return spec_wrong(err, "expect",
			    "each is one line without blanks around it, and not the one before");
	}
	return 0;
}

int
check_stream(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "lines", "expect", "min_bytes", "answer", "cover",
		NULL };
	const cJSON *lines = json_get(spec, "lines"), *expect = json_get(spec, "expect"),
		    *answer = json_get(spec, "answer"), *cover = json_get(spec, "cover");

	if (spec_known(spec, known, err) < 0 ||
	    spec_number(spec, "min_bytes", 1, SCORER_TEXT_MAX, true, err) < 0)
		return -1;
	if (lines == NULL && expect == NULL && answer == NULL && cover == NULL)
		return spec_wrong(err, "lines", "this, expect, answer or cover is needed");
	if (expect != NULL && check_expect(expect, err) < 0)
		return -1;
	if (lines != NULL && check_lines(lines, err) < 0)
		return error_add(err, "lines");
	if (answer != NULL && check_answer(item, answer, err) < 0)
		return error_add(err, "answer");
	return cover != NULL && check_cover(item, cover, err) < 0 ? error_add(err, "cover") : 0;
}
