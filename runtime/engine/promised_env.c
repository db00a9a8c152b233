/*
 * promised_env.c - names and values of the promised environment.
 */
#include "runtime/engine/promised_env.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/engine/spec.h"

#define BROKER "http://127.0.0.1:8600"

enum source { FIXED, RUN_TOKEN, PORT, COMPETITOR };

static const struct promise {
	const char *name;
	enum source source;
	const char *value; /* of FIXED */
} promises[] = {
	{ "JANUS_PLATFORM_URL", FIXED, BROKER },
	{ "JANUS_RUN_TOKEN", RUN_TOKEN, NULL },
	{ "JANUS_COMPETITOR", COMPETITOR, NULL },
	{ "OPENAI_BASE_URL", FIXED, BROKER "/v1" },
	{ "OPENAI_API_KEY", RUN_TOKEN, NULL },
	{ "SANDY_BASE_URL", FIXED, BROKER },
	{ "HTTP_PROXY", FIXED, BROKER },
	{ "HTTPS_PROXY", FIXED, BROKER },
	{ "http_proxy", FIXED, BROKER },
	{ "https_proxy", FIXED, BROKER },
	{ "NO_PROXY", FIXED, "127.0.0.1,localhost" },
	{ "no_proxy", FIXED, "127.0.0.1,localhost" },
	{ "HOME", FIXED, "/tmp" },
	{ "TZ", FIXED, "UTC" },
	{ "PORT", PORT, NULL },
};

bool
promised_env_has(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(promises); i++)
		if (strcmp(promises[i].name, name) == 0)
			return true;
	return false;
}

bool
promised_env_is_secret(const char *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(promises); i++) {
		const size_t len = strlen(promises[i].name);

		if (promises[i].source == RUN_TOKEN && strncmp(entry, promises[i].name, len) == 0 &&
		    entry[len] == '=')
			return true;
	}
	return false;
}

size_t
promised_env_count(void)
{
	return ARRAY_LEN(promises);
}

char *
promised_env_entry(size_t i, const struct pod_identity *id, int port)
{
	const struct promise *p = &promises[i];

	switch (p->source) {
	case RUN_TOKEN:
		return str_printf("%s=%s", p->name, id->run_token != NULL ? id->run_token : "");
	case COMPETITOR: return str_printf("%s=%s", p->name, id->competitor);
	case PORT: return str_printf("%s=%d", p->name, port);
	case FIXED: break;
	}
	return str_printf("%s=%s", p->name, p->value);
}
