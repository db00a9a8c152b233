/*
 * pack.c - the files of pack/ and of a task, as one archive.
 */
#include "baseline/agent/pack.h"

#include <openssl/evp.h>
#include <string.h>

#include "baseline/agent/task.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"

#define CODE_BYTES 49152 /* a multiple of three */

EMBED(pack_version, "baseline/agent/pack/VERSION");
EMBED(pack_bootstrap, "baseline/agent/pack/bootstrap.sh");
EMBED(pack_system_text, "baseline/agent/pack/system.md");
EMBED(pack_opencode, "baseline/agent/pack/opencode.json");
EMBED(pack_search, "baseline/agent/pack/bin/janus-search");
EMBED(pack_fetch, "baseline/agent/pack/bin/janus-fetch");

static const struct {
	const char *name, *text;
	bool is_executable;
} files[] = {
	{ PACK_NAME "/VERSION", pack_version, false },
	{ PACK_NAME "/bootstrap.sh", pack_bootstrap, true },
	{ PACK_NAME "/system.md", pack_system_text, false },
	{ PACK_NAME "/opencode.json", pack_opencode, false },
	{ PACK_NAME "/bin/janus-search", pack_search, true },
	{ PACK_NAME "/bin/janus-fetch", pack_fetch, true },
};

const char *
pack_system(void)
{
	return pack_system_text;
}

const char *
pack_unpack_line(void)
{
	return "base64 -d " PACK_FILE " | tar xz -C " PACK_WORKSPACE " && rm " PACK_FILE
	       " && sh " PACK_DIR "/bootstrap.sh " PACK_DIR;
}

static int
add_to_buf(const void *bytes, size_t len, void *arg, struct error *err)
{
	(void)err;
	buf_add(arg, bytes, len);
	return 0;
}

static int
add_text(struct bundle_writer *w, const char *name, const char *text, bool exe, struct error *err)
{
	const struct bundle_file file = {
		.name = name, .size = (int64_t)strlen(text), .is_executable = exe
	};

	if (bundle_add(w, &file, err) < 0)
		return -1;
	return bundle_write(w, text, strlen(text), err);
}

static void
add_base64(struct buf *out, const struct buf *bytes)
{
	for (size_t at = 0; at < bytes->len; at += CODE_BYTES) {
		const size_t left = bytes->len - at, n = left < CODE_BYTES ? left : CODE_BYTES;
		char *to = buf_reserve(out, CODE_BYTES / 3 * 4 + 4);

		out->len += (size_t)EVP_EncodeBlock(
		    (unsigned char *)to, (const unsigned char *)bytes->data + at, (int)n);
	}
}

int
pack_make(const struct task *t, struct buf *out, struct error *err)
{
	_cleanup_buf_ struct buf archive = { 0 };
	_cleanup_bundle_writer_ struct bundle_writer *w =
	    bundle_writer_new(BUNDLE_TAR_GZ, add_to_buf, &archive);

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (add_text(w, files[i].name, files[i].text, files[i].is_executable, err) < 0)
			return -1;
	if (add_text(w, PACK_NAME "/conversation.json", t->messages, false, err) < 0)
		return -1;
	for (size_t i = 0; i < t->nfiles; i++) {
		_cleanup_free_ char *name =
		    str_printf("%s%s", t->files[i].path, t->files[i].is_base64 ? ".b64" : "");

		if (add_text(w, name, t->files[i].content, false, err) < 0)
			return -1;
	}
	if (bundle_end(w, err) < 0)
		return -1;
	add_base64(out, &archive);
	return 0;
}
