/*
 * download.c - is the link whole, is it the caller's, is the thing still there?
 */
#include "controlplane/gateway/download.h"

#include <string.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/follow.h"
#include "controlplane/gateway/send_blob.h"
#include "runtime/base/cleanup.h"
#include "runtime/net/http_server.h"

static void
refuse(struct gateway *gw, struct http_request *req, enum wire_code code, const char *text)
{
	artifacts_served(gw->config.artifacts, wire_code_info(code)->status, 0);
	answer_error(gw, req, GATEWAY_ARTIFACT, code, NULL, NULL, "%s", text);
}

void
download_artifact(struct gateway *gw, struct http_request *req)
{
	const char *id = req->path + strlen(ARTIFACTS_PATH "/");
	_cleanup_free_ char *sig = http_query_get(req, "sig"), *exp = http_query_get(req, "exp");
	struct artifact row;

	if (gw->config.artifacts == NULL) {
		answer_error(gw, req, GATEWAY_ARTIFACT, CODE_RESOURCE_NOT_FOUND, NULL, NULL,
		    "This server keeps no artifacts.");
		return;
	}
	switch (artifacts_check(gw->config.artifacts, id, follow_owner(req), sig, exp)) {
	case SIGN_MISSING:
		refuse(gw, req, CODE_ARTIFACT_LINK,
		    "An artifact is had by the link in the answer that announced it, with all of "
		    "its query.");
		return;
	case SIGN_WRONG:
		refuse(gw, req, CODE_ARTIFACT_LINK,
		    "This link was altered, or made for another key; use it as it stood in the "
		    "answer, and with the key that the answer was asked for with.");
		return;
	case SIGN_EXPIRED: refuse(gw, req, CODE_ARTIFACT_EXPIRED, "This link has expired."); return;
	case SIGN_GOOD: break;
	}
	if (artifacts_get(gw->config.artifacts, id, &row))
		send_blob(gw, req, GATEWAY_ARTIFACT, &row);
	else
		refuse(gw, req, CODE_ARTIFACT_EXPIRED, "This artifact is not kept any more.");
}
