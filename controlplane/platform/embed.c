/*
 * embed.c - POST /v1/embeddings.
 */
#include <openssl/evp.h>
#include <string.h>

#include "controlplane/platform/caller.h"
#include "controlplane/platform/inference.h"
#include "controlplane/platform/offline_embedding.h"
#include "controlplane/platform/platform.h"
#include "controlplane/platform/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

#define INPUTS_MAX 2048
#define BYTES_A_TOKEN 3
#define ANSWER_MAX_BYTES (64 << 20)
#define ANSWER_BYTES_EACH 32768 /* held for the answer to one input */
#define TIMEOUT_MS 120000

struct embed {
	struct call call; /* first */
	cJSON *json; /* of the request */
	struct provider_get *post;
};

/* ---- the request ---- */

/* Text, or a list of token numbers. */
static bool
is_input(const cJSON *item)
{
	const cJSON *token;

	if (cJSON_IsString(item))
		return item->valuestring[0] != '\0';
	if (!cJSON_IsArray(item) || item->child == NULL)
		return false;
	json_for_each(token, item)
		if (!cJSON_IsNumber(token) || token->valuedouble < 0 || token->valuedouble > 1e9)
			return false;
	return true;
}

/* How many inputs there are; 0 if it is none, or not of the form. */
static int
count_inputs(const cJSON *input)
{
	const cJSON *item;
	int n = 0;

	if (cJSON_IsArray(input) && cJSON_IsNumber(input->child))
		return is_input(input);
	if (!cJSON_IsArray(input))
		return is_input(input);
	json_for_each(item, input) {
		if (!is_input(item))
			return 0;
		n++;
	}
	return n;
}

static bool
prepare(struct call *call)
{
	struct embed *e = (struct embed *)call;
	const struct buf *body = &call->req->body;
	struct error err = { 0 };

	if (json_parse(buf_str(body), body->len, &e->json, &err) < 0) {
		call_refuse(
		    call, CODE_INVALID_JSON, NULL, "The body is not valid JSON: %s", err.text);
		return false;
	}
	const char *model = json_str(e->json, "model"),
		   *format = json_str(e->json, "encoding_format");
	if (model == NULL || model[0] == '\0') {
		call_refuse(call, CODE_MISSING_PARAMETER, "model", "'model' is missing.");
		return false;
	}
	const int inputs = count_inputs(json_get(e->json, "input"));
	if (inputs < 1 || inputs > INPUTS_MAX) {
		call_refuse(call, CODE_INVALID_VALUE, "input",
		    "'input' is a text, a list of at most %d texts, or tokens.", INPUTS_MAX);
		return false;
	}
	if (json_get(e->json, "encoding_format") != NULL && !str_eq(format, "float") &&
	    !str_eq(format, "base64")) {
		call_refuse(call, CODE_INVALID_VALUE, "encoding_format",
		    "'encoding_format' is 'float' or 'base64'.");
		return false;
	}
	call->bytes_out = (int64_t)body->len;
	call->wanted.of[QUOTA_BYTES] = (int64_t)body->len + (int64_t)inputs * ANSWER_BYTES_EACH;
	return inference_allow(call, model) &&
	    inference_want(call, (int64_t)body->len / BYTES_A_TOKEN + 1, 0);
}

/* ---- the provider's answer ---- */

struct usage {
	const char *text;
	int64_t prompt_tokens;
	bool has_data;
};

static int
on_value(const struct json_value *v, void *arg)
{
	struct usage *u = arg;
	char digits[24];

	if (v->depth == 1 && v->type == JSON_ARRAY && json_key_is(u->text, v, "data"))
		u->has_data = true;
	if (v->depth != 2 || v->type != JSON_NUMBER || v->len >= sizeof(digits) ||
	    !json_key_is(u->text, v->parent, "usage") || !json_key_is(u->text, v, "prompt_tokens"))
		return 0;
	memcpy(digits, u->text + v->at, v->len);
	digits[v->len] = '\0';
	str_parse_int(digits, 0, 1 << 30, &u->prompt_tokens, NULL);
	return 0;
}

static void
came(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct call *call = arg;
	struct usage usage = { .text = body, .prompt_tokens = -1 };

	((struct embed *)arg)->post = NULL;
	call->bytes_in = (int64_t)len;
	if (status != 200 || json_scan(body, len, on_value, &usage, NULL) < 0 || !usage.has_data) {
		inference_failed(call, status, body, err);
		return;
	}
	/* A provider that does not say how many is taken to have used what was held. */
	inference_used(call,
	    usage.prompt_tokens >= 0 ? usage.prompt_tokens : call->wanted.of[QUOTA_TOKENS], 0);
	http_reply(TAKE(call->req), 200, platform_json, body, len);
	call_end(call, 200, CODE_NONE);
}

/* ---- without a provider ---- */

static size_t
embed_one(const cJSON *item, float out[OFFLINE_EMBEDDING_DIMENSIONS])
{
	_cleanup_buf_ struct buf words = { 0 };
	const cJSON *token;

	if (cJSON_IsString(item))
		return offline_embedding(item->valuestring, strlen(item->valuestring), out);
	json_for_each(token, item)
		buf_printf(&words, "%.0f ", token->valuedouble);
	return offline_embedding(buf_str(&words), words.len, out);
}

static void
add_vector(struct buf *out, const float *v, bool base64)
{
	unsigned char text[OFFLINE_EMBEDDING_DIMENSIONS * sizeof(float) * 4 / 3 + 8];

	if (base64) { /* little-endian floats, as everybody's */
		EVP_EncodeBlock(
		    text, (const unsigned char *)v, OFFLINE_EMBEDDING_DIMENSIONS * (int)sizeof(*v));
		buf_printf(out, "\"%s\"", (const char *)text);
		return;
	}
	for (int i = 0; i < OFFLINE_EMBEDDING_DIMENSIONS; i++)
		buf_printf(out, "%c%.9g", i == 0 ? '[' : ',', (double)v[i]);
	buf_add_char(out, ']');
}

static void
answer_offline(struct embed *e)
{
	const cJSON *input = json_get(e->json, "input");
	const bool many = cJSON_IsArray(input) && !cJSON_IsNumber(input->child);
	const bool base64 = str_eq(json_str(e->json, "encoding_format"), "base64");
	_cleanup_buf_ struct buf out = { 0 };
	float v[OFFLINE_EMBEDDING_DIMENSIONS];
	int64_t words = 0;
	int n = 0;

	buf_add_str(&out, "{\"object\":\"list\",\"data\":[");
	for (const cJSON *item = many ? input->child : input; item != NULL;
	     item = many ? item->next : NULL) {
		words += (int64_t)embed_one(item, v);
		buf_printf(&out,
		    "%s{\"object\":\"embedding\",\"index\":%d,\"embedding\":", n > 0 ? "," : "", n);
		add_vector(&out, v, base64);
		buf_add_char(&out, '}');
		n++;
	}
	buf_printf(&out,
	    "],\"model\":\"" OFFLINE_EMBEDDING_MODEL
	    "\",\"usage\":{\"prompt_tokens\":%lld,\"total_tokens\":%lld}}",
	    (long long)words, (long long)words);
	inference_used(&e->call, words, 0);
	call_answer(&e->call, 200, platform_json, out.data, out.len);
}

static void
start(struct call *call)
{
	struct platform *p = call->caller->platform;
	struct embed *e = (struct embed *)call;
	const struct buf *body = &call->req->body;

	if (p->has_provider) {
		e->post = provider_post(&p->provider, "/embeddings", call->id, buf_str(body),
		    body->len, ANSWER_MAX_BYTES, TIMEOUT_MS, came, call);
		return;
	}
	if (json_get(e->json, "dimensions") != NULL &&
	    json_int(e->json, "dimensions", -1) != OFFLINE_EMBEDDING_DIMENSIONS) {
		call_refuse(call, CODE_INVALID_VALUE, "dimensions",
		    "No model is configured; the offline embedding has %d dimensions.",
		    OFFLINE_EMBEDDING_DIMENSIONS);
		return;
	}
	answer_offline(e);
}

static void
stop(struct call *call)
{
	provider_get_cancel(((struct embed *)call)->post);
}

static void
done(struct call *call)
{
	cJSON_Delete(((struct embed *)call)->json);
}

const struct call_kind inference_embeddings = {
	.service = SERVICE_INFERENCE,
	.operation = "embeddings",
	.size = sizeof(struct embed),
	.prepare = prepare,
	.start = start,
	.stop = stop,
	.done = done,
};
