/*
 * prices.c - read the table, look a model up.
 */
#include "controlplane/platform/prices.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define FILE_MAX_BYTES (4 << 20)
#define USD_MAX 1000000.0 /* a million tokens for a million: nobody asks that */
#define MILLION 1000000

EMBED(platform_prices, "controlplane/platform/prices.json");

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct price *)a)->model, ((const struct price *)b)->model);
}

static int
read_usd(const cJSON *item, const char *key, int64_t *out, struct error *err)
{
	const cJSON *value = json_get(item, key);

	if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= USD_MAX))
		return error_set(err, ERROR_INVALID, "%s is not a price in USD", key);
	*out = (int64_t)(value->valuedouble * MILLION + 0.5);
	return 0;
}

static int
read_model(const cJSON *item, struct price *out, struct error *err)
{
	static const char *const known[] = { "input", "output", NULL };
	const char *unknown = json_unknown_key(item, known);

	if (!cJSON_IsObject(item))
		return error_set(err, ERROR_INVALID, "it is not an object");
	if (unknown != NULL)
		return error_set(err, ERROR_INVALID, "it knows no '%.60s'", unknown);
	if (read_usd(item, "input", &out->input, err) < 0 ||
	    read_usd(item, "output", &out->output, err) < 0)
		return -1;
	out->model = str_dup(item->string);
	return 0;
}

int
prices_parse(struct prices *out, const char *text, size_t len, struct error *err)
{
	static const char *const known[] = { "version", "about", "models", NULL };
	_cleanup_json_ cJSON *json = NULL;
	struct prices p = { 0 };

	if (json_parse(text, len, &json, err) < 0)
		return -1;
	const char *unknown = json_unknown_key(json, known);
	const cJSON *models = json_get(json, "models"), *item;
	if (unknown != NULL)
		return error_set(err, ERROR_INVALID, "there is no setting '%.60s'", unknown);
	if (json_str(json, "version") == NULL || !cJSON_IsObject(models))
		return error_set(err, ERROR_INVALID, "'version' or 'models' is missing");
	p.at = mem_zalloc(((size_t)cJSON_GetArraySize(models) + 1) * sizeof(*p.at));
	json_for_each(item, models) {
		if (read_model(item, &p.at[p.len], err) < 0) {
			prices_done(&p);
			return error_add(err, "models.%.80s", item->string);
		}
		p.len++;
	}
	qsort(p.at, p.len, sizeof(*p.at), by_name);
	p.version = str_dup(json_str(json, "version"));
	*out = p;
	return 0;
}

int
prices_load(struct prices *out, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (path == NULL)
		return prices_parse(out, platform_prices, strlen(platform_prices), err);
	if (file_read(path, FILE_MAX_BYTES, &text, &len, err) < 0)
		return error_add(err, "prices");
	if (prices_parse(out, text, len, err) < 0)
		return error_add(err, "prices %s", path);
	return 0;
}

void
prices_done(struct prices *p)
{
	for (size_t i = 0; i < p->len; i++)
		free(p->at[i].model);
	free(p->at);
	free(p->version);
	*p = (struct prices){ 0 };
}

/* tokens * micro-USD a million, rounded up; stops at the largest number. */
static int64_t
cost_of(int64_t tokens, int64_t each)
{
	int64_t product;

	if (tokens <= 0)
		return 0;
	if (__builtin_mul_overflow(tokens, each, &product) || product > INT64_MAX / 2)
		return INT64_MAX / 2;
	return (product + MILLION - 1) / MILLION;
}

int64_t
prices_cost(
    const struct prices *p, const char *model, int64_t prompt_tokens, int64_t completion_tokens)
{
	const struct price wanted = { .model = (char *)(uintptr_t)model };
	const struct price *found =
	    p->len > 0 ? bsearch(&wanted, p->at, p->len, sizeof(*p->at), by_name) : NULL;

	if (found == NULL)
		return -1;
	return cost_of(prompt_tokens, found->input) + cost_of(completion_tokens, found->output);
}
