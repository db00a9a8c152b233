/*
 * answer.c - one right answer: on the last line, ANSWER: ..., or as the whole reply.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/score/scorers.h"
#include "bench/score/text.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ACCEPT_MAX_BYTES 400
#define TRIMMED "*_\"'`$" /* emphasis and quotes around an answer */

static const char *
skip_blank(const char *p, const char *end)
{
	size_t n;

	while (p < end && (n = text_blank_len(p, (size_t)(end - p))) > 0)
		p += n;
	return p;
}

/* The blank characters at the end are ASCII, or zero width that nobody types. */
static const char *
trim_end(const char *from, const char *end)
{
	while (
	    end > from && ((unsigned char)end[-1] <= ' ' || strchr("." TRIMMED, end[-1]) != NULL))
		end--;
	return end;
}

/* Behind "ANSWER:" at the beginning of a line, whatever emphasis it has; NULL. */
static const char *
after_label(const char *line, const char *end)
{
	const char *p = skip_blank(line, end);

	while (p < end && strchr("*_#>`- ", *p) != NULL)
		p++;
	if (end - p < 7 || strncasecmp(p, "answer", 6) != 0)
		return NULL;
	for (p += 6; p < end && strchr("*_` ", *p) != NULL;)
		p++;
	if (p == end || *p != ':')
		return NULL;
	return p + 1;
}

/* A line with nothing in it, or the end of a fence. */
static bool
is_empty(const char *line, const char *end)
{
	line = skip_blank(line, end);
	while (line < end && (*line == '`' || *line == '~'))
		line++;
	return skip_blank(line, end) == end;
}

/* The one answer: its span, or NULL and why there is none. */
static const char *
find_answer(const char *text, struct span *out)
{
	size_t found = 0;
	bool last = false;

	for (const char *line = text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n"), *value = after_label(line, end);

		if (value != NULL) {
			value = skip_blank(value, end);
			while (value < end && strchr(TRIMMED " ", *value) != NULL)
				value++;
			*out = (struct span){ value, (size_t)(trim_end(value, end) - value) };
			found++;
			last = true;
		} else if (!is_empty(line, end)) {
			last = false;
		}
		line = end + (*end != '\0');
	}
	return found == 0   ? "no line ANSWER:"
	    : found > 1     ? "more than one line ANSWER:"
	    : !last         ? "something after the line ANSWER:"
	    : out->len == 0 ? "nothing after ANSWER:"
			    : NULL;
}

/* Lower case, single spaces. */
static void
make_plain(struct buf *out, const char *text, size_t len)
{
	bool space = false;

	for (size_t i = 0; i < len;) {
		const size_t blank = text_blank_len(text + i, len - i);

		if (blank > 0) {
			space = out->len > 0;
			i += blank;
			continue;
		}
		if (space)
			buf_add_char(out, ' ');
		space = false;
		const char c = text[i++];
		buf_add_char(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
	}
}

static bool
is_text(const struct span *value, const char *accepted)
{
	_cleanup_buf_ struct buf a = { 0 }, b = { 0 };
	double x, y;

	if (text_decimal(value->at, value->len, &x) && text_decimal(accepted, strlen(accepted), &y))
		return text_close(x, y, 0);
	accepted += strspn(accepted, TRIMMED);
	make_plain(&a, value->at, value->len);
	make_plain(
	    &b, accepted, (size_t)(trim_end(accepted, accepted + strlen(accepted)) - accepted));
	return a.len > 0 && strcmp(buf_str(&a), buf_str(&b)) == 0;
}

static bool
is_number(const struct span *value, const cJSON *number)
{
	_cleanup_buf_ struct buf plain = { 0 };
	const double wanted = json_num(number, "value", 0),
		     tolerance = json_num(number, "tolerance", 0);
	const cJSON *unit;
	double got;

	make_plain(&plain, value->at, value->len);
	const char *text = buf_str(&plain);
	if (text_decimal(text, plain.len, &got))
		return text_close(got, wanted, tolerance);
	json_for_each(unit, json_get(number, "units")) {
		_cleanup_buf_ struct buf u = { 0 };

		make_plain(&u, unit->valuestring, strlen(unit->valuestring));
		const char *from = text;
		size_t len = plain.len;
		if (str_starts(from, buf_str(&u))) {
			from += u.len + (from[u.len] == ' ');
			len = strlen(from);
		} else if (str_ends(from, buf_str(&u))) {
			len -= u.len;
			len -= len > 0 && from[len - 1] == ' ';
		}
		if (len < plain.len && text_decimal(from, len, &got))
			return text_close(got, wanted, tolerance);
	}
	return false;
}

static bool
is_right(const cJSON *spec, const struct span *value)
{
	const cJSON *number = json_get(spec, "number"), *accepted;

	if (number != NULL && is_number(value, number))
		return true;
	json_for_each(accepted, json_get(spec, "accept")) {
		if (is_text(value, accepted->valuestring))
			return true;
	}
	return false;
}

/* The whole reply, without white space, emphasis and fences around it. */
static const char *
take_whole(const char *text, struct span *out)
{
	const char *from = skip_blank(text, text + strlen(text)), *end;

	while (*from != '\0' && strchr(TRIMMED " \n", *from) != NULL)
		from++;
	end = trim_end(from, from + strlen(from));
	*out = (struct span){ from, (size_t)(end - from) };
	return out->len == 0 ? "nothing was said" : NULL;
}

double
score_answer(struct judging *j, const cJSON *spec)
{
	const char *text = j->measured->text;
	const size_t len = strlen(text);
	const int64_t most = json_int(spec, "max_words", 0);
	struct span value = { "", 0 };

	if (len > SCORER_TEXT_MAX)
		return judge_note(j, "answer", false, 1, "more than 1 MiB");
	const char *missing = str_eq(json_str(spec, "where"), "whole") ? take_whole(text, &value)
								       : find_answer(text, &value);
	if (missing != NULL)
		return judge_note(j, "answer", false, 1, missing);
	if (most > 0) {
		_cleanup_buf_ struct buf words = { 0 };
		char seen[40];
		const size_t n = text_words(&words, text, len);

		snprintf(seen, sizeof(seen), "%zu words", n);
		if (!judge_note(j, "max_words", n <= (size_t)most, 1, seen))
			return 0;
	}
	const char *bad = forbidden(spec, text);
	if (bad != NULL)
		return judge_note(j, "forbid", false, 1, bad);
	_cleanup_free_ char *seen = str_ndup(value.at, value.len);
	return judge_note(j, "answer", is_right(spec, &value), 1, seen);
}

double
score_brief(struct judging *j, const cJSON *spec)
{
	const int64_t most = json_int(spec, "max_completion_tokens", 0),
		      made = j->measured->completion_tokens;
	char seen[40];

	if (score_answer(j, spec) < 1)
		return 0;
	snprintf(seen, sizeof(seen), "%lld", (long long)made);
	return judge_note(j, "max_completion_tokens", made <= most, 1, seen);
}

static int
check_accept(const cJSON *spec, struct error *err)
{
	const cJSON *accept = json_get(spec, "accept"), *a;

	if (accept != NULL && (!cJSON_IsArray(accept) || cJSON_GetArraySize(accept) == 0))
		return spec_wrong(err, "accept", "an array of texts");
	json_for_each(a, accept) {
		const char *text = cJSON_GetStringValue(a);

		if (text == NULL || strlen(text) > ACCEPT_MAX_BYTES || strchr(text, '\n') != NULL ||
		    !text_visible(text, strlen(text)) ||
		    skip_blank(text, text + strlen(text)) != text)
			return spec_wrong(
			    err, "accept", "each is a text of one line and up to 400 bytes");
	}
	return 0;
}

static int
check_number(const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "value", "tolerance", "units", NULL };
	const cJSON *n = json_get(spec, "number"), *u, *units = json_get(n, "units");

	if (n == NULL)
		return 0;
	if (!cJSON_IsObject(n) || json_unknown_key(n, known) != NULL ||
	    !cJSON_IsNumber(json_get(n, "value")))
		return spec_wrong(err, "number", "{\"value\",\"tolerance\",\"units\"}");
	if (units != NULL && !cJSON_IsArray(units))
		return spec_wrong(err, "number.units", "an array of texts");
	json_for_each(u, units) {
		if (!cJSON_IsString(u) || !text_visible(u->valuestring, strlen(u->valuestring)))
			return spec_wrong(err, "number.units", "an array of texts");
	}
	return spec_number(n, "tolerance", 0, 1e12, false, err);
}

static int
check_members(const cJSON *spec, const char *const *known, struct error *err)
{
	if (spec_known(spec, known, err) < 0 || check_accept(spec, err) < 0 ||
	    check_number(spec, err) < 0 || spec_terms(spec, "forbid", err) < 0)
		return -1;
	if (json_get(spec, "where") != NULL && !str_eq(json_str(spec, "where"), "whole") &&
	    !str_eq(json_str(spec, "where"), "last_line"))
		return spec_wrong(err, "where", "whole or last_line");
	if (json_get(spec, "accept") == NULL && json_get(spec, "number") == NULL)
		return spec_wrong(err, "accept", "this or number is needed");
	return spec_number(spec, "max_words", 1, 100000, true, err);
}

int
check_answer(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "accept", "number", "where", "max_words", "forbid",
		NULL };

	(void)item;
	return check_members(spec, known, err);
}

int
check_brief(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "accept", "number", "where", "max_words", "forbid",
		"max_completion_tokens", NULL };

	(void)item;
	if (json_get(spec, "max_completion_tokens") == NULL)
		return spec_wrong(err, "max_completion_tokens", "missing");
	if (spec_number(spec, "max_completion_tokens", 1, 1e6, true, err) < 0)
		return -1;
	return check_members(spec, known, err);
}
