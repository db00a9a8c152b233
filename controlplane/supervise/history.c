/*
 * history.c - texts of signed bundles become rows, or say why not.
 */
#include "controlplane/supervise/history.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/signed.h"

#define DEPTH_MAX 56 /* so that an answer which shows it can be read, too */

/* ---- its form ---- */

static const char *const keys[] = { "manifest", "signature", "competitor", "histories", NULL };
enum { FIRST_OPTIONAL = 3 };

/* An object of the first n texts, the optional one of which may be missing. */
static int
check_form(const cJSON *json, size_t n, size_t *bytes, struct error *err)
{
	const cJSON *item;

	if (!cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "it must be an object");
	json_for_each(item, json) {
		size_t i = 0;

		while (i < n && strcmp(item->string, keys[i]) != 0)
			i++;
		if (i == n)
			return error_set(err, ERROR_INVALID, "'%.40s' is not known", item->string);
		if (!cJSON_IsString(item))
			return error_set(err, ERROR_INVALID,
			    "'%s' must be a string: the text of a file", keys[i]);
		*bytes += strlen(item->valuestring);
	}
	for (size_t i = 0; i < FIRST_OPTIONAL; i++)
		if (json_str(json, keys[i]) == NULL)
			return error_set(err, ERROR_INVALID, "'%s' is missing", keys[i]);
	if (*bytes > SIGNED_TEXTS_MAX)
		return error_set(
		    err, ERROR_TOO_BIG, "its texts are larger than %d bytes", SIGNED_TEXTS_MAX);
	return 0;
}

static int
depth_of(const cJSON *json)
{
	const cJSON *item;
	int deepest = 0;

	json_for_each(item, json) {
		const int depth = depth_of(item);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

static bool
are_objects(const cJSON *list)
{
	const cJSON *item;

	json_for_each(item, list)
		if (!cJSON_IsObject(item))
			return false;
	return cJSON_IsArray(list);
}

/* ---- one of them ---- */

static int
check_story(const char *text, const cJSON *manifest, struct error *err)
{
	_cleanup_json_ cJSON *story = NULL;
	const char *name = json_str(manifest, "competitor");

	if (!signed_names(manifest, "competitor.json", text, strlen(text)))
		return error_set(
		    err, ERROR_CONFLICT, "competitor.json is not the one that was signed");
	if (json_parse(text, strlen(text), &story, err) < 0)
		return error_add(err, "competitor.json");
	if (!are_objects(json_get(story, "versions")) ||
	    !are_objects(json_get(story, "submissions")) || depth_of(story) > DEPTH_MAX)
		return error_set(
		    err, ERROR_INVALID, "competitor.json has no versions and submissions to read");
	if (name == NULL || !str_eq(json_str(json_get(story, "competitor"), "name"), name))
		return error_set(err, ERROR_CONFLICT,
		    "competitor.json is of another competitor than manifest.json");
	return 0;
}

static int
read_one(const cJSON *json, struct history *h, cJSON **manifest_out, struct error *err)
{
	const char *text = json_str(json, "manifest"), *seal = json_str(json, "signature");
	const char *story = json_str(json, "competitor");
	_cleanup_json_ cJSON *manifest = NULL;
	const char *made;

	if (signed_check(text, strlen(text), seal, strlen(seal), NULL, &manifest, h->signer, err) <
	    0)
		return -1;
	made = json_str(manifest, "created_at");
	h->exported_at_ms = made != NULL ? clock_parse(made) : -1;
	if (!str_eq(json_str(manifest, "kind"), "competitor") || h->exported_at_ms < 0)
		return error_set(err, ERROR_INVALID, "manifest.json is not of a competitor");
	if (check_story(story, manifest, err) < 0)
		return -1;
	h->manifest = str_dup(text);
	h->signature = str_dup(seal);
	h->story = str_dup(story);
	*manifest_out = TAKE(manifest);
	return 0;
}

/* ---- all of them ---- */

static int
read_earlier(const char *text, struct histories *all, struct error *err)
{
	_cleanup_json_ cJSON *list = NULL;
	const cJSON *item;
	size_t bytes = 0;

	if (json_parse(text, strlen(text), &list, err) < 0)
		return -1;
	if (!cJSON_IsArray(list))
		return error_set(err, ERROR_INVALID, "it must be an array");
	if (cJSON_GetArraySize(list) >= HISTORIES_MAX)
		return error_set(
		    err, ERROR_TOO_BIG, "it has more than %d entries", HISTORIES_MAX - 1);
	json_for_each(item, list) {
		_cleanup_json_ cJSON *manifest = NULL;

		if (check_form(item, FIRST_OPTIONAL, &bytes, err) < 0 ||
		    read_one(item, &all->at[all->len], &manifest, err) < 0)
			return error_add(err, "entry %zu", all->len);
		all->len++;
	}
	return 0;
}

static int
check_image(const cJSON *manifest, const char *image_digest, struct error *err)
{
	const char *hash = json_str(signed_file(manifest, "image.tar"), "sha256");

	if (hash != NULL && str_starts(image_digest, "sha256:") &&
	    strcmp(hash, image_digest + strlen("sha256:")) == 0)
		return 0;
	return error_set(err, ERROR_CONFLICT, "it is of another image than the bundle");
}

static int
read_all(const cJSON *json, const char *image_digest, struct histories *all, struct error *err)
{
	const char *earlier = json_str(json, "histories");
	_cleanup_json_ cJSON *manifest = NULL;
	struct history own = { 0 };

	if (read_one(json, &own, &manifest, err) < 0)
		return -1;
	int rc = check_image(manifest, image_digest, err);
	if (rc == 0 &&
	    (earlier != NULL ? !signed_names(manifest, HISTORY_FILE, earlier, strlen(earlier))
			     : signed_file(manifest, HISTORY_FILE) != NULL))
		rc = error_set(err, ERROR_CONFLICT, HISTORY_FILE " is not the one that was signed");
	if (rc == 0 && earlier != NULL && read_earlier(earlier, all, err) < 0)
		rc = error_add(err, HISTORY_FILE);
	if (rc < 0)
		history_done(&own);
	else
		all->at[all->len++] = own;
	return rc;
}

int
histories_read(
    const cJSON *json, const char *image_digest, struct histories *out, struct error *err)
{
	struct histories all = { 0 };
	size_t bytes = 0;

	if (check_form(json, FIRST_OPTIONAL + 1, &bytes, err) < 0)
		return -1;
	if (read_all(json, image_digest, &all, err) < 0) {
		histories_done(&all);
		return -1;
	}
	for (size_t i = 0; i < all.len; i++)
		all.at[i].place = (int64_t)i;
	*out = all;
	return 0;
}

void
histories_done(struct histories *all)
{
	for (size_t i = 0; i < all->len; i++)
		history_done(&all->at[i]);
	all->len = 0;
}

cJSON *
history_pack(const struct history *h)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "manifest", h->manifest);
	json_add_str(json, "signature", h->signature);
	json_add_str(json, "competitor", h->story);
	return json;
}
