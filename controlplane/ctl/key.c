/*
 * key.c - make and rotate API keys, and see what was used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

/* A key with its new secret: -q prints the secret alone, for a file or a pipe. */
static int
show_secret(struct ctl *ctl, const cJSON *key)
{
	const char *secret = json_str(key, "secret"), *name = json_str(key, "name");
	struct ctl_failure f = { 0 };

	if (secret == NULL || name == NULL) {
		ctl_fail(&f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a key");
		return ctl_complain(ctl, &f);
	}
	if (ctl->format == CTL_ID)
		printf("%s\n", secret);
	else
		ctl_print_fields(ctl, ctl_kind_of("key"), key, stdout);
	ctl_note(ctl, "the secret of %s is shown this once; nobody can show it again", name);
	ctl_note(ctl, "next: keep it in a file, and use it with --api-key-file FILE");
	return CTL_OK;
}

static void
add_count(cJSON *limits, const char *key, int64_t n)
{
	if (n > 0)
		json_add_int(limits, key, n);
}

static int
add_usd(cJSON *limits, const char *key, const char *text, struct error *err)
{
	char *end;

	if (text == NULL)
		return 0;
	const double usd = strtod(text, &end);
	if (end == text || *end != '\0' || !(usd > 0 && usd <= 1e6))
		return error_set(
		    err, ERROR_INVALID, "'%.40s' is not a number of US dollars above 0", text);
	cJSON_AddNumberToObject(limits, key, usd);
	return 0;
}

static void
add_words(cJSON *list, const char *words)
{
	for (size_t len; *words != '\0'; words += len, words += *words == ',') {
		len = strcspn(words, ",");
		_cleanup_free_ char *word = str_ndup(words, len);
		cJSON_AddItemToArray(list, cJSON_CreateString(word));
	}
}

static void
add_span(cJSON *body, const char *key, int64_t ms)
{
	_cleanup_free_ char *text = str_printf("%lldms", (long long)ms);

	json_add_str(body, key, text);
}

int
ctl_create_key(struct ctl *ctl)
{
	const struct ctl_options *o = &ctl->opt;
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *key = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (!str_slug_valid(ctl->words[0]))
		return ctl_misuse(ctl,
		    "'%.60s' is not a name: lower-case letters, digits and hyphens, at most 40",
		    ctl->words[0]);
	json_add_str(body, "name", ctl->words[0]);
	if (o->kind != NULL)
		json_add_str(body, "kind", o->kind);
	if (o->scopes != NULL)
		add_words(json_add_arr(body, "scopes"), o->scopes);
	if (o->expires_ms != 0)
		add_span(body, "expires_in", o->expires_ms);
	cJSON *limits = json_add_obj(body, "limits");
	add_count(limits, "requests_per_minute", o->requests_per_minute);
	add_count(limits, "concurrency", o->concurrency);
	add_count(limits, "tokens_per_minute", o->tokens_per_minute);
	if (add_usd(limits, "usd_per_day", o->usd_per_day, &err) < 0 ||
	    add_usd(limits, "usd_per_month", o->usd_per_month, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	const struct ctl_call call = { .method = "POST", .path = "/api/v1/keys", .body = body };
	if (ctl_ask(ctl, &call, &key, &f) < 0)
		return ctl_complain(ctl, &f);
	return show_secret(ctl, key);
}

int
ctl_update_key(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *key = NULL;
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (!ctl->opt.rotate)
		return ctl_misuse(
		    ctl, "update key needs --rotate: nothing else of a key can be changed");
	if (ctl_ref_check("key", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl->opt.grace_ms >= 0)
		add_span(body, "grace", ctl->opt.grace_ms);
	ctl_ref_path(&path, "key", ctl->words[0], "rotate");
	const struct ctl_call call = { .method = "POST", .path = buf_str(&path), .body = body };
	if (ctl_ask(ctl, &call, &key, &f) < 0)
		return ctl_complain(ctl, &f);
	return show_secret(ctl, key);
}

int
ctl_list_usage(struct ctl *ctl)
{
	const struct ctl_kind *kind = ctl_kind_of("usage");
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *list = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	buf_printf(&path, "/api/v1/usage?by=%s", ctl->opt.by != NULL ? ctl->opt.by : "key");
	if (ctl->opt.since != NULL) {
		buf_add_str(&path, "&since=");
		url_encode(&path, ctl->opt.since);
	}
	if (ctl_get(ctl, buf_str(&path), &list, &f) < 0)
		return ctl_complain(ctl, &f);
	cJSON *data = cJSON_GetObjectItemCaseSensitive(list, "data");
	if (!cJSON_IsArray(data)) {
		ctl_fail(&f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a list");
		return ctl_complain(ctl, &f);
	}
	if (ctl_filter(data, kind, &ctl->opt.filter, &err) < 0 ||
	    (ctl->opt.sort != NULL && ctl_sort(data, kind, ctl->opt.sort, &err) < 0))
		return ctl_misuse(ctl, "%s", err.text);
	ctl_cut(data, (size_t)ctl->opt.limit);
	ctl_print_list(ctl, kind, list, stdout);
	return CTL_OK;
}
