/*
 * fuzz_history.c - any texts as a past: refused in words, or taken whole. Half of the inputs are signed, else
 * nothing would come beyond the signature.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/controlplane/supervise/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(const cJSON *json)
{
	struct histories all = { 0 };
	struct error err = { 0 };

	if (histories_read(json, IMAGE_DIGEST, &all, &err) < 0) {
		if (err.kind == ERROR_NONE || err.text[0] == '\0' || all.len != 0)
			abort();
		return;
	}
	if (all.len == 0 || all.len > HISTORIES_MAX)
		abort();
	for (size_t i = 0; i < all.len; i++)
		if (!ed25519_public_valid(all.at[i].signer) || all.at[i].exported_at_ms < 0)
			abort();
	histories_done(&all);
}

/* The first byte: as it is, or signed, with a second text after a byte 0x1e. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ed25519_key *key;
	_cleanup_json_ cJSON *json = NULL;

	if (key == NULL)
		key = key_new();
	if (size == 0)
		return 0;
	_cleanup_free_ char *text = str_ndup((const char *)data + 1, size - 1);
	if (data[0] % 2 == 0) {
		if (json_parse(text, strlen(text), &json, NULL) == 0)
			take(json);
		return 0;
	}
	char *second = strchr(text, 0x1e);
	if (second != NULL)
		*second++ = '\0';
	json = history_made(key, "competitor", text, second);
	take(json);
	return 0;
}
