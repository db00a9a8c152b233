/*
 * history.h - signed texts of a past, as a bundle has them.
 */
#ifndef JANUS_TEST_SUPERVISE_HISTORY_H
#define JANUS_TEST_SUPERVISE_HISTORY_H
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/history.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/signed.h"

#define IMAGE_HASH "1111111111111111111111111111111111111111111111111111111111111111"
#define IMAGE_DIGEST "sha256:" IMAGE_HASH
#define STORY                                                                                    \
	"{\"competitor\":{\"id\":\"cpt_1\",\"name\":\"owl\"},\"versions\":[{\"id\":\"ver_1\"}]," \
	"\"submissions\":[{\"id\":\"sub_1\"}]}"

static struct ed25519_key *
key_new(void)
{
	char place[] = "/tmp/history.XXXXXX";
	struct error err = { 0 };
	const int fd = mkstemp(place);

	if (fd < 0)
		abort();
	close(fd);
	unlink(place);
	struct ed25519_key *key = ed25519_open(place, &err);
	unlink(place);
	if (key == NULL)
		abort();
	return key;
}

/* What the body of a submission has as its history; earlier NULL: none. */
static cJSON *
history_made(
    const struct ed25519_key *key, const char *kind, const char *story, const char *earlier)
{
	_cleanup_json_ cJSON *manifest = signed_manifest(kind, 1800000000000), *seal = NULL;
	char hash[HASH_HEX_MAX], public_key[ED25519_PUBLIC_MAX], sig[ED25519_SIGNATURE_MAX];
	cJSON *json = cJSON_CreateObject();

	json_add_str(manifest, "competitor", "owl");
	signed_add(manifest, "competitor.json", (int64_t)strlen(story),
	    hash_sha256_hex(story, strlen(story), hash));
	signed_add(manifest, "image.tar", 5, IMAGE_HASH);
	if (earlier != NULL)
		signed_add(manifest, HISTORY_FILE, (int64_t)strlen(earlier),
		    hash_sha256_hex(earlier, strlen(earlier), hash));
	_cleanup_free_ char *text = json_print(manifest);
	seal = cJSON_CreateObject();
	json_add_str(seal, "algorithm", "ed25519");
	json_add_str(seal, "public_key", ed25519_public(key, public_key));
	json_add_str(seal, "signature", ed25519_sign(key, text, strlen(text), sig));
	_cleanup_free_ char *signature = json_print(seal);
	json_add_str(json, "manifest", text);
	json_add_str(json, "signature", signature);
	json_add_str(json, "competitor", story);
	if (earlier != NULL)
		json_add_str(json, "histories", earlier);
	return json;
}
#endif
