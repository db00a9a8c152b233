/*
 * fuzz_image_ref.c - what the grammar takes can be written back, and reads the same again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"
#include "runtime/engine/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_ref(const char *text)
{
	struct error err = { 0 };
	struct image_ref a, b;
	char repository[520], whole[800];

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	if (image_ref_parse(text, &a, &err) < 0) {
		assert(err.kind == ERROR_INVALID && err.text[0] != '\0');
		return;
	}
	image_ref_repository(&a, repository);
	snprintf(whole, sizeof(whole), "%s%s%s%s%s", repository, a.tag[0] != '\0' ? ":" : "", a.tag,
	    a.digest[0] != '\0' ? "@" : "", a.digest);
	/* The tag may have been implied; with it the text can pass the limit of length. */
	if (strlen(whole) > 512)
		return;
	assert(image_ref_parse(whole, &b, &err) == 0);
	assert(strcmp(a.host, b.host) == 0 && strcmp(a.path, b.path) == 0);
	assert(strcmp(a.tag, b.tag) == 0 && strcmp(a.digest, b.digest) == 0);
	assert(strpbrk(whole, "?&# %\\\n\"'") == NULL && strstr(whole, "/.") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = str_ndup((const char *)bytes, len);
	struct manifest m;

	check_ref(text);
	if (manifest_parse(text, &m, NULL) == 0)
		manifest_done(&m);
	free(text);
	return 0;
}
