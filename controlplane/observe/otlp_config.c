/*
 * otlp_config.c - what the standard OTEL_ variables ask for, and which traces are sampled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/observe/otlp.h"
#include "controlplane/observe/requests.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

static const struct {
	const char *name;
	enum otlp_sampler sampler;
	bool parent_based;
} samplers[] = {
	{ "always_on", OTLP_ALWAYS_ON, false },
	{ "always_off", OTLP_ALWAYS_OFF, false },
	{ "traceidratio", OTLP_RATIO, false },
	{ "parentbased_always_on", OTLP_ALWAYS_ON, true },
	{ "parentbased_always_off", OTLP_ALWAYS_OFF, true },
	{ "parentbased_traceidratio", OTLP_RATIO, true },
};

static const char *
value_of(char *(*get)(const char *), const char *name)
{
	const char *value = get(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static void
trim(const char **from, size_t *len)
{
	while (*len > 0 && (**from == ' ' || **from == '\t'))
		(*from)++, (*len)--;
	while (*len > 0 && ((*from)[*len - 1] == ' ' || (*from)[*len - 1] == '\t'))
		(*len)--;
}

static int
add_pair(
    struct otlp_pair *pair, const char *key, size_t key_len, const char *value, size_t value_len)
{
	_cleanup_free_ char *decoded = NULL;

	trim(&key, &key_len);
	trim(&value, &value_len);
	if (key_len == 0 || key_len >= sizeof(pair->key) || memchr(key, '\r', key_len) != NULL ||
	    memchr(key, '\n', key_len) != NULL || url_decode(value, value_len, &decoded) < 0 ||
	    strlen(decoded) >= sizeof(pair->value) || strpbrk(decoded, "\r\n") != NULL)
		return -1;
	snprintf(pair->key, sizeof(pair->key), "%.*s", (int)key_len, key);
	snprintf(pair->value, sizeof(pair->value), "%s", decoded);
	return 0;
}

/* "key=value,key2=value2", values percent-encoded. The text is not quoted: it may hold a secret. */
static int
read_pairs(
    const char *name, const char *text, struct otlp_pair *pairs, size_t *n, struct error *err)
{
	for (; text != NULL && *text != '\0'; text += strcspn(text, ","), text += *text == ',') {
		const size_t len = strcspn(text, ","), key = strcspn(text, "=,");

		if (len == 0)
			continue;
		if (*n == OTLP_PAIRS_MAX)
			return error_set(
			    err, ERROR_INVALID, "%s has more than %d pairs", name, OTLP_PAIRS_MAX);
		if (key == len ||
		    add_pair(&pairs[*n], text, key, text + key + 1, len - key - 1) < 0)
			return error_set(
			    err, ERROR_INVALID, "%s: pair %zu is not KEY=VALUE", name, *n + 1);
		(*n)++;
	}
	return 0;
}

static int
read_sampler(struct otlp_config *c, const char *name, const char *arg, struct error *err)
{
	char *end = NULL;

	c->sampler = OTLP_ALWAYS_ON;
	c->parent_based = true;
	c->ratio = 1;
	for (size_t i = 0; name != NULL && i <= ARRAY_LEN(samplers); i++) {
		if (i == ARRAY_LEN(samplers))
			return error_set(err, ERROR_INVALID,
			    "OTEL_TRACES_SAMPLER: there is no sampler '%.60s'", name);
		if (str_eq(samplers[i].name, name)) {
			c->sampler = samplers[i].sampler;
			c->parent_based = samplers[i].parent_based;
			break;
		}
	}
	if (arg == NULL || c->sampler != OTLP_RATIO)
		return 0;
	c->ratio = strtod(arg, &end);
	if (end == arg || *end != '\0' || !(c->ratio >= 0 && c->ratio <= 1))
		return error_set(err, ERROR_INVALID,
		    "OTEL_TRACES_SAMPLER_ARG is a number from 0 to 1, not '%.40s'", arg);
	return 0;
}

#define ENDPOINT "OTEL_EXPORTER_OTLP_ENDPOINT"

/* A variable of its own is taken as it is, the common one gets the path. *on tells whether there is
 * any, and the exporter was not turned off. */
static int
read_endpoint(char *(*get)(const char *), const char *own, const char *exporter, const char *path,
    char out[512], bool *on, struct error *err)
{
	const char *endpoint = value_of(get, own), *common = value_of(get, ENDPOINT);
	const char *name = endpoint != NULL ? own : ENDPOINT, *wanted = value_of(get, exporter);
	size_t len = endpoint != NULL ? strlen(endpoint) : common != NULL ? strlen(common) : 0;
	struct url url;

	if (wanted != NULL && !str_eq(wanted, "otlp") && !str_eq(wanted, "none"))
		return error_set(
		    err, ERROR_INVALID, "%s is otlp or none, not '%.40s'", exporter, wanted);
	*on = len > 0 && !str_eq(wanted, "none");
	if (!*on)
		return 0;
	while (endpoint == NULL && len > 0 && common[len - 1] == '/')
		len--;
	if (len + strlen(path) + 1 > 512)
		return error_set(err, ERROR_INVALID, "%s is too long", name);
	snprintf(out, 512, "%.*s%s", (int)len, endpoint != NULL ? endpoint : common,
	    endpoint != NULL ? "" : path);
	if (url_parse(out, &url, err) < 0)
		return error_add(err, "%s", name);
	return 0;
}

static int
read_interval(struct otlp_config *c, const char *text, struct error *err)
{
	c->interval_ms = 60000;
	if (text != NULL && str_parse_int(text, 1, INT32_MAX, &c->interval_ms, err) < 0)
		return error_add(err, "OTEL_METRIC_EXPORT_INTERVAL");
	return 0;
}

/* service.name is said once: OTEL_SERVICE_NAME wins over the attribute. */
static void
settle_service(struct otlp_config *c, const char *service)
{
	snprintf(c->service, sizeof(c->service), "%s", service != NULL ? service : "janusd");
	for (size_t i = 0; i < c->nattributes; i++)
		if (str_eq(c->attributes[i].key, "service.name")) {
			if (service == NULL)
				snprintf(
				    c->service, sizeof(c->service), "%s", c->attributes[i].value);
			c->attributes[i--] = c->attributes[--c->nattributes];
		}
}

int
otlp_config_read(struct otlp_config *c, char *(*get)(const char *name), struct error *err)
{
	const char *disabled = value_of(get, "OTEL_SDK_DISABLED");

	*c = (struct otlp_config){ 0 };
	if (disabled != NULL && strcasecmp(disabled, "true") == 0)
		return 0;
	if (read_endpoint(get, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER",
		"/v1/traces", c->url, &c->on, err) < 0 ||
	    read_endpoint(get, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_METRICS_EXPORTER",
		"/v1/metrics", c->metrics_url, &c->metrics_on, err) < 0)
		return -1;
	if (!c->on && !c->metrics_on)
		return 0;
	if (read_interval(c, value_of(get, "OTEL_METRIC_EXPORT_INTERVAL"), err) < 0 ||
	    read_pairs("OTEL_EXPORTER_OTLP_HEADERS", get("OTEL_EXPORTER_OTLP_HEADERS"), c->headers,
		&c->nheaders, err) < 0 ||
	    read_pairs("OTEL_RESOURCE_ATTRIBUTES", get("OTEL_RESOURCE_ATTRIBUTES"), c->attributes,
		&c->nattributes, err) < 0 ||
	    read_sampler(c, value_of(get, "OTEL_TRACES_SAMPLER"),
		value_of(get, "OTEL_TRACES_SAMPLER_ARG"), err) < 0)
		return -1;
	settle_service(c, value_of(get, "OTEL_SERVICE_NAME"));
	return 0;
}

bool
otlp_work_sampled(const struct otlp_config *c, uint64_t trace_low)
{
	if (c->sampler != OTLP_RATIO)
		return c->sampler == OTLP_ALWAYS_ON;
	return c->ratio >= 1 || (double)(trace_low >> 1) < c->ratio * 9223372036854775808.0;
}

bool
otlp_sampled(const struct otlp_config *c, const struct request_record *q)
{
	char low[17] = "";

	if (q->span == 0)
		return false;
	if (c->parent_based && q->parent != 0)
		return (strtoul(q->traceparent + 53, NULL, 16) & 1) != 0;
	/* The low half of the trace id is random: all who sample by it decide alike. */
	memcpy(low, q->traceparent + 19, 16);
	return otlp_work_sampled(c, strtoull(low, NULL, 16));
}
