/*
 * offers.c - each service says what is behind it.
 */
#include "controlplane/platform/offers.h"

#include "controlplane/platform/platform.h"
#include "controlplane/platform/sandboxes.h"
#include "controlplane/platform/search.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"

static const char *
offer_of(const struct platform *p, enum service service)
{
	switch (service) {
	case SERVICE_INFERENCE: return p->has_provider ? "provider" : "offline";
	case SERVICE_WEB: return policy_has_domains(&p->policy) ? "policy" : NULL;
	case SERVICE_SEARCH: return p->search != NULL ? search_source(p->search) : NULL;
	case SERVICE_VECTOR: return p->vectors != NULL ? "sqlite" : NULL;
	case SERVICE_SANDBOX:
		return p->sandboxes != NULL && sandboxes_have_key(p->sandboxes) ? "sandy" : NULL;
	case SERVICE_COUNT: break;
	}
	return NULL;
}

void
offers_packet(const struct platform *p, struct buf *out)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *services;

	json_add_str(json, "op", "services");
	services = json_add_obj(json, "services");
	for (int i = 0; i < SERVICE_COUNT; i++)
		json_add_str(services, service_word((enum service)i), offer_of(p, (enum service)i));
	if (p->sandboxes != NULL) /* janusd's doctor asks whether somebody is there */
		json_add_str(services, "sandbox_at", sandboxes_at(p->sandboxes));
	_cleanup_free_ char *text = json_print(json);
	buf_add_str(out, text);
}
