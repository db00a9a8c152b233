/*
 * policy.c - JSON to rules, and what they say.
 */
#include "controlplane/platform/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define FILE_MAX_BYTES (4 << 20)
#define LIST_MAX 10000
#define NUMBER_MAX 9007199254740991.0

EMBED(platform_policy, "controlplane/platform/policy.json");

static const char *const service_words[SERVICE_COUNT] = {
#define X(name, text) [SERVICE_##name] = (text),
	SERVICES(X)
#undef X
};

const char *
service_word(enum service service)
{
	return service_words[service];
}

/* ---- reading ---- */

static char **
keep_list(struct policy *p, char **list)
{
	p->lists = mem_realloc(p->lists, (p->nlists + 1) * sizeof(*p->lists));
	p->lists[p->nlists++] = list;
	return list;
}

static int
read_list(struct policy *p, const cJSON *json, const char *key, char ***out, struct error *err)
{
	const cJSON *array = json_get(json, key), *item;
	size_t n = 0;

	if (array == NULL)
		return 0;
	if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) > LIST_MAX)
		return error_set(
		    err, ERROR_INVALID, "%s is not a list of at most %d", key, LIST_MAX);
	char **list =
	    keep_list(p, mem_zalloc(((size_t)cJSON_GetArraySize(array) + 1) * sizeof(*list)));
	json_for_each(item, array) {
		if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
			return error_set(err, ERROR_INVALID, "%s[%zu] is not a name", key, n);
		list[n++] = str_dup(item->valuestring);
	}
	*out = list;
	return 0;
}

/* A number that is not negative, as so many `scale`s; null is `unlimited`. */
static int
read_number(const cJSON *item, int64_t scale, int64_t unlimited, int64_t *out, struct error *err)
{
	if (cJSON_IsNull(item)) {
		*out = unlimited;
		return 0;
	}
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble * (double)scale > NUMBER_MAX)
		return error_set(
		    err, ERROR_INVALID, "'%.40s' is not a number from 0, or null", item->string);
	*out = (int64_t)llround(item->valuedouble * (double)scale);
	return 0;
}

static int
read_budget(const cJSON *json, const char *key, struct quota_amounts *out, struct error *err)
{
	const cJSON *budget = json_get(json, key), *item;

	if (budget == NULL)
		return 0;
	if (!cJSON_IsObject(budget))
		return error_set(err, ERROR_INVALID, "%s is not an object", key);
	json_for_each(item, budget) {
		int kind = 0;

		while (kind < QUOTA_COUNT &&
		    !str_eq(quota_kind_word((enum quota_kind)kind), item->string))
			kind++;
		if (kind == QUOTA_COUNT)
			return error_set(
			    err, ERROR_INVALID, "%s knows no '%.40s'", key, item->string);
		if (read_number(item, quota_kind_scale((enum quota_kind)kind), QUOTA_UNLIMITED,
			&out->of[kind], err) < 0)
			return error_add(err, "%s", key);
	}
	return 0;
}

static int
read_rates(const cJSON *json, int64_t out[SERVICE_COUNT], struct error *err)
{
	const cJSON *rates = json_get(json, "rates"), *item;

	if (rates == NULL)
		return 0;
	if (!cJSON_IsObject(rates))
		return error_set(err, ERROR_INVALID, "rates is not an object");
	json_for_each(item, rates) {
		int service = 0;

		while (service < SERVICE_COUNT && !str_eq(service_words[service], item->string))
			service++;
		if (service == SERVICE_COUNT)
			return error_set(
			    err, ERROR_INVALID, "rates knows no '%.40s'", item->string);
		if (read_number(item, 1, 0, &out[service], err) < 0)
			return error_add(err, "rates");
	}
	return 0;
}

static int
read_rules(struct policy *p, const cJSON *json, struct policy_rules *out, struct error *err)
{
	static const char *const known[] = { "models", "domains", "rates", "budget",
		"request_budget", NULL };

	if (!cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "the rules are not an object");
	const char *unknown = json_unknown_key(json, known);
	if (unknown != NULL)
		return error_set(err, ERROR_INVALID, "there is no rule '%.60s'", unknown);
	if (read_list(p, json, "models", &out->models, err) < 0 ||
	    read_list(p, json, "domains", &out->domains, err) < 0 ||
	    read_rates(json, out->rates, err) < 0 ||
	    read_budget(json, "budget", &out->day, err) < 0 ||
	    read_budget(json, "request_budget", &out->request, err) < 0)
		return -1;
	return 0;
}

static int
read_policy(struct policy *p, const cJSON *json, struct error *err)
{
	static const char *const known[] = { "version", "default", "competitors", NULL };
	const char *unknown = json_unknown_key(json, known);
	const cJSON *competitors = json_get(json, "competitors"), *item;

	if (!cJSON_IsObject(json) || json_str(json, "version") == NULL)
		return error_set(err, ERROR_INVALID, "'version' is missing");
	if (competitors != NULL && !cJSON_IsObject(competitors))
		return error_set(err, ERROR_INVALID, "competitors is not an object");
	if (unknown != NULL)
		return error_set(err, ERROR_INVALID, "there is no setting '%.60s'", unknown);
	str_replace(&p->version, json_str(json, "version"));
	if (json_get(json, "default") != NULL &&
	    read_rules(p, json_get(json, "default"), &p->rules, err) < 0)
		return error_add(err, "default");
	json_for_each(item, competitors) {
		struct policy_rules *rules = mem_zalloc(sizeof(*rules));

		*rules = p->rules;
		free(map_put(&p->competitors, item->string, rules));
		if (read_rules(p, item, rules, err) < 0)
			return error_add(err, "competitors.%.60s", item->string);
	}
	return 0;
}

static int
parse_over(struct policy *p, const char *text, size_t len, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	return json_parse(text, len, &json, err) < 0 ? -1 : read_policy(p, json, err);
}

int
policy_parse(struct policy *out, const char *text, size_t len, struct error *err)
{
	struct policy p = { 0 };

	for (int i = 0; i < QUOTA_COUNT; i++)
		p.rules.day.of[i] = p.rules.request.of[i] = QUOTA_UNLIMITED;
	/* What is built in names everything, so nothing is left open. */
	if (parse_over(&p, platform_policy, strlen(platform_policy), err) < 0 ||
	    (text != NULL && parse_over(&p, text, len, err) < 0)) {
		policy_done(&p);
		return -1;
	}
	*out = p;
	return 0;
}

int
policy_load(struct policy *out, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (path == NULL)
		return policy_parse(out, NULL, 0, err);
	if (file_read(path, FILE_MAX_BYTES, &text, &len, err) < 0)
		return error_add(err, "policy");
	if (policy_parse(out, text, len, err) < 0)
		return error_add(err, "policy %s", path);
	return 0;
}

void
policy_done(struct policy *p)
{
	size_t at = 0;
	const char *name;
	void *rules;

	for (size_t i = 0; i < p->nlists; i++) {
		for (char **text = p->lists[i]; *text != NULL; text++)
			free(*text);
		free(p->lists[i]);
	}
	free(p->lists);
	while (map_next(&p->competitors, &at, &name, &rules))
		free(rules);
	map_done(&p->competitors);
	free(p->version);
	*p = (struct policy){ 0 };
}

/* ---- asking ---- */

const struct policy_rules *
policy_of(const struct policy *p, const char *competitor)
{
	const struct policy_rules *rules = map_get(&p->competitors, competitor);

	return rules != NULL ? rules : &p->rules;
}

bool
policy_allows_model(const struct policy_rules *rules, const char *model)
{
	for (char **each = rules->models; each != NULL && *each != NULL; each++)
		if (str_glob(*each, model))
			return true;
	return false;
}

/* "*.example.org" or "example.org", without a port, against a host. */
static bool
domain_is(const char *domain, size_t len, const char *host)
{
	const size_t host_len = strlen(host);

	if (len == 1 && domain[0] == '*')
		return true;
	if (len > 2 && domain[0] == '*' && domain[1] == '.')
		return host_len > len - 1 &&
		    strncasecmp(host + host_len - (len - 1), domain + 1, len - 1) == 0;
	return host_len == len && strncasecmp(host, domain, len) == 0;
}

static bool
has_domains(const struct policy_rules *rules)
{
	return rules->domains != NULL && rules->domains[0] != NULL;
}

bool
policy_has_domains(const struct policy *policy)
{
	size_t at = 0;
	const char *name;
	void *rules;

	if (has_domains(&policy->rules))
		return true;
	while (map_next(&policy->competitors, &at, &name, &rules))
		if (has_domains(rules))
			return true;
	return false;
}

bool
policy_allows_host(const struct policy_rules *rules, const char *host, int port)
{
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%d", port);
	for (char **each = rules->domains; each != NULL && *each != NULL; each++) {
		/* IPv6 stands in brackets. */
		const char *colon = strrchr(*each, ':'), *bracket = strrchr(*each, ']');
		const bool has_port = colon != NULL && (bracket == NULL || colon > bracket);
		const char *name = *each;
		size_t len = has_port ? (size_t)(colon - *each) : strlen(*each);

		if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
			name++;
			len -= 2;
		}
		if (!domain_is(name, len, host))
			continue;
		if (has_port ? strcmp(colon + 1, wanted) == 0 : port == 80 || port == 443)
			return true;
	}
	return false;
}
