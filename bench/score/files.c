/*
 * files.c - the files that come with an answer: each wanted one must be there, and be what its
 * descriptor says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/score/scorers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define WANTED_MAX 16
#define CONTAINS_MAX_BYTES (64 << 10)

bool
file_is_true(const struct attempt_file *f)
{
	const char *said = f->said_sha256, *got = f->sha256;

	said += str_starts(said, "sha256:") ? 7 : 0;
	got += str_starts(got, "sha256:") ? 7 : 0;
	return (*said == '\0' || strcasecmp(said, got) == 0) &&
	    (f->said_size < 0 || f->said_size == f->size) && f->size == (int64_t)f->bytes.len;
}

bool
file_type_is(const struct attempt_file *f, const char *mime)
{
	size_t len = strcspn(f->mime_type, ";");

	while (len > 0 && f->mime_type[len - 1] == ' ')
		len--;
	return strlen(mime) == len && strncasecmp(f->mime_type, mime, len) == 0;
}

static bool
contains_all(const cJSON *wanted, const struct attempt_file *f, char *note, size_t cap)
{
	const int64_t most = json_int(wanted, "max_bytes", CONTAINS_MAX_BYTES);
	const cJSON *text;

	if ((int64_t)f->bytes.len > most) {
		snprintf(note, cap, "%zu bytes", f->bytes.len);
		return false;
	}
	json_for_each(text, json_get(wanted, "contains")) {
		if (memmem(buf_str(&f->bytes), f->bytes.len, text->valuestring,
			strlen(text->valuestring)) == NULL) {
			snprintf(note, cap, "without %.60s", text->valuestring);
			return false;
		}
	}
	return true;
}

static bool
json_is(const cJSON *wanted, const struct attempt_file *f, char *note, size_t cap)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *check;

	if (json_parse(buf_str(&f->bytes), f->bytes.len, &json, NULL) < 0) {
		snprintf(note, cap, "no JSON");
		return false;
	}
	json_for_each(check, wanted) {
		const cJSON *got = json_path(json, check->string);

		if (got == NULL || !same_value(check, got)) {
			snprintf(note, cap, "%.60s", check->string);
			return false;
		}
	}
	return true;
}

/* All that is wanted of a file; note says the first thing that it is not. */
static bool
file_fits(
    struct judging *j, const cJSON *wanted, const struct attempt_file *f, char *note, size_t cap)
{
	const char *name = json_str(wanted, "name"), *sha256 = json_str(wanted, "sha256");
	const cJSON *csv = json_get(wanted, "csv"), *json = json_get(wanted, "json"),
		    *png = json_get(wanted, "png");

	if (!file_type_is(f, json_str(wanted, "mime")) ||
	    (name != NULL && strcmp(name, f->name) != 0))
		return false;
	if (!file_is_true(f)) {
		snprintf(note, cap, "%.60s: not what its descriptor says", f->name);
		return false;
	}
	if (sha256 != NULL && strcasecmp(sha256, f->sha256) != 0) {
		snprintf(note, cap, "another digest");
		return false;
	}
	if (json_get(wanted, "contains") != NULL && !contains_all(wanted, f, note, cap))
		return false;
	if (csv != NULL && !table_right(csv, &f->bytes, note, cap))
		return false;
	if (json != NULL && !json_is(json, f, note, cap))
		return false;
	return png == NULL || picture_quality(j, png, f) == 1;
}

double
score_files(struct judging *j, const cJSON *spec)
{
	const cJSON *files = json_get(spec, "files"), *wanted, *answer = json_get(spec, "answer");
	const size_t all = (size_t)cJSON_GetArraySize(files), n = j->attempt->nfiles;
	bool used[WANTED_MAX] = { false };
	char seen[40];
	size_t right = 0;

	snprintf(seen, sizeof(seen), "%zu files", n);
	if (!judge_note(j, "number of files", n <= all, 1, seen))
		return 0;
	json_for_each(wanted, files) {
		char note[120] = "there is none";
		bool found = false;

		for (size_t i = 0; i < n && !found; i++)
			if (!used[i])
				found = used[i] =
				    file_fits(j, wanted, &j->attempt->files[i], note, sizeof(note));
		judge_note(j, "file", found, 1, found ? json_str(wanted, "mime") : note);
		right += found;
	}
	const double quality = (double)right / (double)all;
	return answer != NULL ? quality * score_answer(j, answer) : quality;
}

static int
check_contains(const cJSON *f, struct error *err)
{
	const cJSON *contains = json_get(f, "contains"), *c;

	if (contains != NULL && (!cJSON_IsArray(contains) || cJSON_GetArraySize(contains) == 0))
		return spec_wrong(err, "contains", "an array of texts");
	json_for_each(c, contains) {
		if (!cJSON_IsString(c) || *c->valuestring == '\0')
			return spec_wrong(err, "contains", "an array of texts");
	}
	return spec_number(f, "max_bytes", 1, 16 << 20, true, err);
}

static int
check_wanted(const cJSON *f, struct error *err)
{
	static const char *const known[] = { "mime", "name", "sha256", "contains", "max_bytes",
		"csv", "json", "png", NULL };
	static const char *const proofs[] = { "sha256", "contains", "csv", "json", "png" };
	const cJSON *csv = json_get(f, "csv"), *json = json_get(f, "json"),
		    *png = json_get(f, "png"), *name = json_get(f, "name"),
		    *sha256 = json_get(f, "sha256");
	size_t i = 0;

	if (spec_known(f, known, err) < 0 || check_contains(f, err) < 0)
		return -1;
	if (json_str(f, "mime") == NULL || (name != NULL && !cJSON_IsString(name)) ||
	    (sha256 != NULL && (!cJSON_IsString(sha256) || strlen(sha256->valuestring) != 64)))
		return spec_wrong(err, "mime, name, sha256", "texts; a digest is 64 hex digits");
	if (json != NULL && (!cJSON_IsObject(json) || json->child == NULL))
		return spec_wrong(err, "json", "values by path");
	if (csv != NULL && check_table(csv, err) < 0)
		return error_add(err, "csv");
	if (png != NULL && check_picture(png, err) < 0)
		return error_add(err, "png");
	while (i < ARRAY_LEN(proofs) && json_get(f, proofs[i]) == NULL)
		i++;
	return i < ARRAY_LEN(proofs) ? 0
				     : spec_wrong(err, "mime", "what is in it must be said, too");
}

int
check_files(const struct item *item, const cJSON *spec, struct error *err)
{
	static const char *const known[] = { "files", "answer", NULL };
	const cJSON *files = json_get(spec, "files"), *f, *answer = json_get(spec, "answer");

	if (spec_known(spec, known, err) < 0)
		return -1;
	if (!cJSON_IsArray(files) || cJSON_GetArraySize(files) < 1 ||
	    cJSON_GetArraySize(files) > WANTED_MAX)
		return spec_wrong(err, "files", "an array of 1 to 16");
	json_for_each(f, files) {
		if (check_wanted(f, err) < 0)
			return error_add(err, "files");
	}
	return answer != NULL && check_answer(item, answer, err) < 0 ? error_add(err, "answer") : 0;
}
