/*
 * sandboxes.c - ask for resources, again and again.
 */
#include "baseline/agent/sandboxes.h"

#include <stdlib.h>

#include "baseline/agent/config.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define ASK_EVERY_MS 30000
#define ASK_AGAIN_MS 5000 /* while there is none */
#define ASK_TIMEOUT_MS 5000

char *
baseline_sandboxes_why(int status, const char *body, size_t len)
{
	_cleanup_json_ cJSON *json = NULL;

	if (status != 200)
		return str_printf("The sandbox service answered with status %d.", status);
	/* Being full passes: a sandbox may be had by the time one is asked for. */
	if (json_parse(body, len, &json, NULL) < 0 || !cJSON_IsObject(json))
		return str_dup("The sandbox service does not say what it has.");
	return NULL;
}

static void
set_state(struct baseline_sandboxes *s, const char *why)
{
	if (s->ready != (why == NULL) || !str_eq(s->why, why))
		log_info("sandboxes.state", F_STR("to", why == NULL ? "ready" : "none"),
		    F_STR("reason", why));
	s->ready = why == NULL;
	str_replace(&s->why, why);
}

static void ask(struct timer *, void *);

static void
answered(int status, const char *body, size_t len, const struct error *err, void *arg)
{
	struct baseline_sandboxes *s = arg;
	_cleanup_free_ char *why = status == 0
	    ? str_printf("The sandbox service could not be reached: %s.", err->text)
	    : baseline_sandboxes_why(status, body, len);

	s->asking = NULL;
	timer_set(s->loop, &s->again, why == NULL ? ASK_EVERY_MS : ASK_AGAIN_MS, ask, s);
	set_state(s, why);
}

static void
ask(struct timer *t, void *arg)
{
	struct baseline_sandboxes *s = arg;

	(void)t;
	s->asking = provider_get(&s->service, "/api/resources", ASK_TIMEOUT_MS, answered, s);
}

int
baseline_sandboxes_init(struct baseline_sandboxes *s, struct loop *loop,
    const struct baseline_config *config, struct error *err)
{
	*s = (struct baseline_sandboxes){ .loop = loop };
	s->why = str_dup(config->sandy_url != NULL ? "The sandbox service has not answered yet."
						   : "No sandbox service is configured.");
	if (config->sandy_url == NULL)
		return 0;
	if (provider_init(&s->service, loop, config->sandy_url, config->sandy_key, err) < 0) {
		free(TAKE(s->why));
		return error_add(err, "SANDY_BASE_URL");
	}
	s->configured = true;
	ask(NULL, s);
	return 0;
}

void
baseline_sandboxes_done(struct baseline_sandboxes *s)
{
	timer_cancel(&s->again);
	provider_get_cancel(s->asking);
	if (s->configured)
		provider_done(&s->service);
	free(s->why);
	*s = (struct baseline_sandboxes){ 0 };
}
