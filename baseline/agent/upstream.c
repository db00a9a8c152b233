/*
 * upstream.c - ask for the models, again and again.
 */
#include "baseline/agent/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "baseline/agent/config.h"
#include "baseline/agent/vision.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/openai/responder.h"

#define ASK_EVERY_MS 30000
#define ASK_AGAIN_MS 2000 /* while nobody answers: a broker may still be starting */
#define ASK_TIMEOUT_MS 5000

char *
baseline_first_model(const char *json, size_t len)
{
	_cleanup_json_ cJSON *tree = NULL;

	if (json_parse(json, len, &tree, NULL) < 0)
		return NULL;
	return str_dup(json_str(cJSON_GetArrayItem(json_get(tree, "data"), 0), "id"));
}

static void
set_state(struct baseline_upstream *u, const char *model, const char *why)
{
	const bool ready = model != NULL;

	if (ready != u->ready || !str_eq(model, u->model))
		log_info("upstream.state", F_STR("to", ready ? "model" : "offline"),
		    F_STR("model", model), F_STR("reason", why));
	u->ready = ready;
	str_replace(&u->model, model);
	str_replace(&u->why, why);
}

static void ask(struct timer *, void *);

static void
answered(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct baseline_upstream *u = arg;
	_cleanup_free_ char *first = NULL, *why = NULL;

	u->asking = NULL;
	timer_set(u->loop, &u->again, status != 0 ? ASK_EVERY_MS : ASK_AGAIN_MS, ask, u);
	if (status == 200)
		first = baseline_first_model(body, len);
	if (str_eq(first, RESPONDER_MODEL)) { /* we have those fixed rules ourselves */
		set_state(u, NULL, "The model API has no model, only the offline responder.");
		return;
	}
	const char *model = u->config->model != NULL ? u->config->model : first;
	if (status == 200 && model != NULL) {
		_cleanup_json_ cJSON *list = NULL;

		json_parse(body, len, &list, NULL);
		str_replace(&u->vision, vision_choose(u->config->vision_model, model, list));
		set_state(u, model, NULL);
		return;
	}
	if (status == 0)
		why = str_printf("The model API could not be reached: %s.", err->text);
	else if (status == 200)
		why = str_dup("The model API lists no model.");
	else
		why = str_printf("The model API answered with status %d.", status);
	set_state(u, NULL, why);
}

static void
ask(struct timer *t, void *arg)
{
	struct baseline_upstream *u = arg;

	(void)t;
	u->asking = provider_get(&u->provider, "/models", ASK_TIMEOUT_MS, answered, u);
}

int
baseline_upstream_init(struct baseline_upstream *u, struct loop *loop,
    const struct baseline_config *config, struct error *err)
{
	*u = (struct baseline_upstream){ .loop = loop, .config = config };
	u->why = str_dup(config->base_url != NULL ? "The model API has not answered yet."
						  : "No model API is configured.");
	if (config->base_url == NULL)
		return 0;
	if (provider_init(&u->provider, loop, config->base_url, config->api_key, err) < 0) {
		free(TAKE(u->why));
		return -1;
	}
	u->configured = true;
	ask(NULL, u);
	return 0;
}

void
baseline_upstream_done(struct baseline_upstream *u)
{
	timer_cancel(&u->again);
	provider_get_cancel(u->asking);
	if (u->configured)
		provider_done(&u->provider);
	free(u->model);
	free(u->vision);
	free(u->why);
	*u = (struct baseline_upstream){ 0 };
}
