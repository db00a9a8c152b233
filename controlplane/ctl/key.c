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

/* 0 is none. */
static void
add_count(cJSON *limits, const char *key, int64_t n)
{
	if (n == 0)
		json_add_str(limits, key, NULL);
	else if (n > 0)
		json_add_int(limits, key, n);
}

static int
add_usd(cJSON *limits, const char *key, const char *text, struct error *err)
{
	char *end;

	if (text == NULL)
		return 0;
	const double usd = strtod(text, &end);
	if (end == text || *end != '\0' || !(usd >= 0 && usd <= 1e6))
		return error_set(err, ERROR_INVALID,
		    "'%.40s' is not a number of US dollars, or 0 for none", text);
	if (usd > 0)
		cJSON_AddNumberToObject(limits, key, usd);
	else
		json_add_str(limits, key, NULL);
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

/* What options say of a key, for a new one or a change. */
static int
add_fields(const struct ctl_options *o, cJSON *body, struct error *err)
{
	cJSON *limits = cJSON_CreateObject();

	if (o->scopes != NULL)
		add_words(json_add_arr(body, "scopes"), o->scopes);
	if (o->expires_ms > 0)
		add_span(body, "expires_in", o->expires_ms);
	else if (o->expires_ms == 0)
		json_add_str(body, "expires_in", NULL);
	add_count(limits, "requests_per_minute", o->requests_per_minute);
	add_count(limits, "concurrency", o->concurrency);
	add_count(limits, "tokens_per_minute", o->tokens_per_minute);
	const bool wrong = add_usd(limits, "usd_per_day", o->usd_per_day, err) < 0 ||
	    add_usd(limits, "usd_per_month", o->usd_per_month, err) < 0;
	if (limits->child != NULL)
		cJSON_AddItemToObject(body, "limits", limits);
	else
		cJSON_Delete(limits);
	return wrong ? -1 : 0;
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
	if (add_fields(o, body, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	const struct ctl_call call = { .method = "POST",
		.path = o->dry_run ? "/api/v1/keys?dry_run=true" : "/api/v1/keys",
		.body = body };
	if (ctl_ask(ctl, &call, &key, &f) < 0)
		return ctl_complain(ctl, &f);
	return o->dry_run ? ctl_show_trial(ctl, key) : show_secret(ctl, key);
}

static int
rotate(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *key = NULL;
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };

	if (ctl->opt.grace_ms >= 0)
		add_span(body, "grace", ctl->opt.grace_ms);
	ctl_ref_path(&path, "key", ctl->words[0], "rotate");
	if (ctl->opt.dry_run)
		buf_add_str(&path, "?dry_run=true");
	const struct ctl_call call = { .method = "POST", .path = buf_str(&path), .body = body };
	if (ctl_ask(ctl, &call, &key, &f) < 0)
		return ctl_complain(ctl, &f);
	return ctl->opt.dry_run ? ctl_show_trial(ctl, key) : show_secret(ctl, key);
}

static int
change(struct ctl *ctl, const cJSON *body)
{
	_cleanup_json_ cJSON *key = NULL;
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };

	ctl_ref_path(&path, "key", ctl->words[0], NULL);
	if (ctl_patch(ctl, buf_str(&path), body, &key, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		return ctl_show_trial(ctl, key);
	ctl_print_object(ctl, ctl_kind_of("key"), key, stdout);
	ctl_note(ctl, "%s is changed; its next request goes by it", json_str(key, "name"));
	ctl_note(ctl, "next: janusctl show key %s", json_str(key, "name"));
	return CTL_OK;
}

int
ctl_update_key(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	struct error err = { 0 };

	if (ctl_ref_check("key", ctl->words[0], &err) < 0 || add_fields(&ctl->opt, body, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl->opt.rename != NULL)
		json_add_str(body, "name", ctl->opt.rename);
	if ((body->child != NULL) == ctl->opt.rotate)
		return ctl_misuse(ctl,
		    ctl->opt.rotate
			? "--rotate goes alone: change the rest of the key by another update"
			: "update key needs what to change: --rotate, --rename, --scopes, "
			  "--expires or a limit");
	return ctl->opt.rotate ? rotate(ctl) : change(ctl, body);
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
