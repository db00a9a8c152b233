/*
 * citations.c - points whose sentences carry [n], and a list that says which source n is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/score/cover.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define NUMBER_MAX 100
#define SOURCES_MAX 32
#define MARKS_A_SENTENCE 3

struct listing {
	const cJSON *sources; /* ids, texts */
	int source_of[NUMBER_MAX]; /* by number, from 1; -1: no entry */
	bool cited[SOURCES_MAX]; /* by a sentence that made a point */
	char invented[100]; /* what is none of the sources; "": nothing */
};

static bool
is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* Does the id stand there whole: not inside a longer one? */
static bool
names(const char *text, size_t len, const char *id)
{
	const size_t n = strlen(id);

	for (size_t i = 0; i + n <= len; i++) {
		const char before = i > 0 ? text[i - 1] : ' ',
			   after = i + n < len ? text[i + n] : ' ',
			   next = i + n + 1 < len ? text[i + n + 1] : ' ';

		if (memcmp(text + i, id, n) == 0 && !is_id_char(before) && before != '.' &&
		    !is_id_char(after) && !(strchr("/.?#", after) != NULL && is_id_char(next)))
			return true;
	}
	return false;
}

static int
source_in(const struct listing *l, const char *text, size_t len)
{
	const cJSON *id;
	int i = 0;

	json_for_each(id, l->sources) {
		if (names(text, len, id->valuestring))
			return i;
		i++;
	}
	return -1;
}

/* "[3] rest", "3. rest", "3: rest", "3) rest": the number, and where the rest is; 0: no entry. */
static int
entry(const char *line, const char *end, const char **rest, bool *bracket)
{
	const char *p = line;
	int number = 0;

	while (p < end && strchr(" \t*->#", *p) != NULL)
		p++;
	*bracket = p < end && *p == '[';
	p += *bracket;
	const char *digits = p;
	while (p < end && *p >= '0' && *p <= '9' && p - digits < 3)
		number = number * 10 + (*p++ - '0');
	if (p == digits || p == end || strchr(*bracket ? "]" : ".:)", *p) == NULL)
		return 0;
	p++;
	while (p < end && strchr(":*. \t", *p) != NULL)
		p++;
	*rest = p;
	return number < NUMBER_MAX ? number : 0;
}

/* Does a text begin with something that names a source somewhere: a path or an address? */
static bool
looks_like_source(const char *text, const char *end)
{
	const char *space = text;

	while (space < end && strchr(" \t\r,;", *space) == NULL)
		space++;
	return memchr(text, '/', (size_t)(space - text)) != NULL;
}

static void
invent(struct listing *l, const char *from, size_t len)
{
	if (l->invented[0] == '\0')
		snprintf(
		    l->invented, sizeof(l->invented), "%.*s", (int)(len < 60 ? len : 60), from);
}

static void
read_list(struct listing *l, const char *text)
{
	for (const char *line = text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n"), *rest = NULL;
		bool bracket;
		const int number = entry(line, end, &rest, &bracket);
		const int source = number > 0 ? source_in(l, rest, (size_t)(end - rest)) : -1;

		if (number > 0 && source >= 0) {
			if (l->source_of[number] >= 0 && l->source_of[number] != source)
				invent(l, line, (size_t)(end - line));
			l->source_of[number] = source;
		} else if (number > 0 && bracket && looks_like_source(rest, end)) {
			invent(l, line, (size_t)(end - line));
		}
		line = end + (*end != '\0');
	}
}

/* The numbers in a sentence's marks, [1], [1][2] or [1, 2]; more than there is room for: they are
 * counted. */
static size_t
marks_in(const struct span *s, int marks[MARKS_A_SENTENCE])
{
	const char *end = s->at + s->len;
	size_t n = 0;

	for (const char *p = s->at; p < end; p++) {
		if (*p != '[')
			continue;
		const char *q = p + 1;
		while (q < end && strchr("0123456789, ", *q) != NULL)
			q++;
		if (q == end || *q != ']' || q == p + 1)
			continue;
		for (p++; p < q; p++) {
			int number = 0;

			if (*p < '0' || *p > '9')
				continue;
			for (; p < q && *p >= '0' && *p <= '9'; p++)
				number = number < NUMBER_MAX ? number * 10 + (*p - '0') : number;
			if (n < MARKS_A_SENTENCE)
				marks[n] = number < NUMBER_MAX ? number : 0;
			n++;
		}
	}
	return n;
}

static bool
is_entry(const struct listing *l, const struct span *s)
{
	const char *rest;
	bool bracket;

	return entry(s->at, s->at + s->len, &rest, &bracket) > 0 &&
	    source_in(l, rest, (size_t)(s->at + s->len - rest)) >= 0;
}

static bool
is_from(const struct listing *l, const cJSON *point, int source)
{
	const cJSON *from = json_get(point, "from"), *id;

	if (from == NULL)
		return true;
	json_for_each(id, from) {
		if (str_eq(id->valuestring, cJSON_GetArrayItem(l->sources, source)->valuestring))
			return true;
	}
	return false;
}

static bool
is_cited(const struct span *s, const cJSON *point, void *arg)
{
	struct listing *l = arg;
	int marks[MARKS_A_SENTENCE];
	const size_t n = marks_in(s, marks);
	bool right = false;

	if (n > MARKS_A_SENTENCE || is_entry(l, s))
		return false;
	for (size_t i = 0; i < n; i++) {
		const int source = l->source_of[marks[i]];

		if (source < 0 || !is_from(l, point, source))
			continue;
		l->cited[source] = true;
		right = true;
	}
	return right;
}

/* A mark without an entry is an invented source, too. */
static void
check_marks(struct listing *l, const char *text)
{
	_cleanup_free_ struct span *sentences = NULL;
	const size_t n = text_sentences(text, &sentences);

	for (size_t i = 0; i < n; i++) {
		int marks[MARKS_A_SENTENCE];
		const size_t found = marks_in(&sentences[i], marks);

		for (size_t k = 0; k < found && k < MARKS_A_SENTENCE; k++)
			if (l->source_of[marks[k]] < 0)
				invent(l, sentences[i].at, sentences[i].len);
	}
}

double
score_citations(struct judging *j, const cJSON *spec)
{
	const char *text = j->measured->text;
	struct listing l = { .sources = json_get(spec, "sources") };
	_cleanup_buf_ struct buf own = { 0 };
	struct cover c;
	char seen[40];
	int64_t cited = 0;

	if (strlen(text) > SCORER_TEXT_MAX)
		return judge_note(j, "citations", false, 1, "more than 1 MiB");
	for (int i = 0; i < NUMBER_MAX; i++)
		l.source_of[i] = -1;
	read_list(&l, text);
	check_marks(&l, text);
	if (!judge_note(j, "sources", l.invented[0] == '\0', 1, l.invented))
		return 0;
	prompt_words(j->item, false, &own);
	cover_read(spec, text, buf_str(&own), is_cited, &l, &c);
	for (int i = 0; i < SOURCES_MAX; i++)
		cited += l.cited[i];
	snprintf(seen, sizeof(seen), "%lld cited", (long long)cited);
	if (!judge_note(j, "min_sources", cited >= json_int(spec, "min_sources", 1), 1, seen))
		return 0;
	return cover_quality(j, spec, &c);
}

static bool
is_source(const cJSON *sources, const cJSON *id)
{
	const cJSON *s;

	json_for_each(s, sources) {
		if (str_eq(s->valuestring, cJSON_GetStringValue(id)))
			return true;
	}
	return false;
}

static int
check_sources(const cJSON *spec, struct error *err)
{
	const cJSON *sources = json_get(spec, "sources"), *point, *id;
	const int n = cJSON_GetArraySize(sources);

	if (!cJSON_IsArray(sources) || n < 2 || n > SOURCES_MAX)
		return spec_wrong(err, "sources", "an array of 2 to 32 ids");
	json_for_each(id, sources) {
		if (!cJSON_IsString(id) || strlen(id->valuestring) < 3 ||
		    strpbrk(id->valuestring, " \t\n[]") != NULL)
			return spec_wrong(
			    err, "sources", "each is an id without spaces and brackets");
	}
	json_for_each(point, json_get(spec, "points")) {
		const cJSON *from = json_get(point, "from");

		if (from != NULL && !cJSON_IsArray(from))
			return spec_wrong(err, "points.from", "an array of sources");
		json_for_each(id, from) {
			if (!is_source(sources, id))
				return spec_wrong(err, "points.from", "each is one of the sources");
		}
	}
	return spec_number(spec, "min_sources", 1, n, true, err);
}

int
check_citations(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "points", "at_least", "min_words", "max_words",
		"forbid", "sources", "min_sources", NULL };

	if (spec_known(spec, known, err) < 0 || check_sources(spec, err) < 0)
		return -1;
	return cover_check(item, spec, "from", err);
}
