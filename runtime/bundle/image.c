/*
 * image.c - read an image archive once, and know what is in it; write what was found anew.
 */
#include "runtime/bundle/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/image_files.h"
#include "runtime/bundle/inflow.h"
#include "runtime/bundle/name.h"

static int
blame(struct error *err, const char *entry, const char *why)
{
	char shown[NAME_SHOWN_MAX];

	return error_set(err, ERROR_INVALID, "entry '%s': %s", name_show(entry, shown), why);
}

/* ---- which entries it is made of ---- */

static const struct image_file *
need(const struct image_files *f, const char *name, const char *by, struct error *err)
{
	const struct image_file *file = name != NULL ? image_files_find(f, name) : NULL;
	char a[NAME_SHOWN_MAX], b[NAME_SHOWN_MAX];

	if (name == NULL)
		blame(err, by, "it does not name what it should");
	else if (file == NULL)
		error_set(err, ERROR_INVALID, "entry '%s': it names '%.80s', which is not there",
		    name_show(by, a), name_show(name, b));
	return file;
}

static int
parse(const struct image_file *file, cJSON **out, struct error *err)
{
	struct error why = { 0 };

	if (file->text == NULL)
		return blame(err, file->name, "too large, or not JSON");
	if (json_parse(file->text, (size_t)file->size, out, &why) < 0)
		return blame(err, file->name, why.text);
	return 0;
}

static bool
is_digest(const char *text)
{
	return text != NULL && str_starts(text, "sha256:") && strlen(text) == 71 &&
	    strspn(text + 7, "0123456789abcdef") == 64;
}

static int
add_layer(struct image_archive *out, const struct image_file *file, struct error *err)
{
	struct image_layer *l = &out->layers[out->nlayers];

	if (file->unpacked[0] == '\0')
		return blame(err, file->name, file->why);
	l->entry = str_dup(file->name);
	snprintf(l->digest, sizeof(l->digest), "sha256:%s", file->unpacked);
	l->size = file->unpacked_size;
	out->bytes += l->size;
	out->nlayers++;
	return 0;
}

static int
make_layers(struct image_archive *out, const cJSON *list, const char *by, struct error *err)
{
	const int n = cJSON_GetArraySize(list);

	if (!cJSON_IsArray(list) || n == 0)
		return blame(err, by, "it names no layers");
	if (n > IMAGE_LAYERS_MAX)
		return blame(err, by, "more than 127 layers");
	out->layers = mem_zalloc((size_t)n * sizeof(*out->layers));
	return 0;
}

/* ---- the configuration, which must agree with all of it ---- */

static int
check_config(struct image_archive *out, const struct image_file *file, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *diffs;

	if (parse(file, &json, err) < 0)
		return -1;
	diffs = json_path(json, "rootfs.diff_ids");
	if ((size_t)cJSON_GetArraySize(diffs) != out->nlayers)
		return blame(err, file->name, "it has another number of layers than the manifest");
	for (size_t i = 0; i < out->nlayers; i++) {
		const cJSON *diff = cJSON_GetArrayItem(diffs, (int)i);

		if (!str_eq(cJSON_GetStringValue(diff), out->layers[i].digest))
			return blame(err, out->layers[i].entry,
			    "its content has another digest than the configuration says");
	}
	const char *arch = json_str(json, "architecture"), *os = json_str(json, "os");
	if (arch == NULL || !str_eq(os, "linux"))
		return blame(err, file->name, "an image for linux names 'os' and 'architecture'");
	snprintf(out->arch, sizeof(out->arch), "%s", arch);
	snprintf(out->id, sizeof(out->id), "sha256:%s", file->digest);
	out->config_entry = str_dup(file->name);
	out->config = str_dup(file->text);
	return 0;
}

/* ---- "docker save" ---- */

/* Files there are named by their digest, with or without an ending. */
static int
check_name(const struct image_file *file, struct error *err)
{
	const char *base = strrchr(file->name, '/');

	base = base != NULL ? base + 1 : file->name;
	if (strspn(base, "0123456789abcdef") == 64 && (base[64] == '\0' || base[64] == '.') &&
	    strncmp(base, file->digest, 64) != 0)
		return blame(err, file->name, "its name is not its digest");
	return 0;
}

static int
read_saved(const struct image_files *f, struct image_archive *out, struct error *err)
{
	static const char by[] = "manifest.json";
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *image, *name;
	const struct image_file *config;

	if (parse(image_files_find(f, by), &json, err) < 0)
		return -1;
	if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 1)
		return blame(err, by, "it must name exactly one image");
	image = cJSON_GetArrayItem(json, 0);
	config = need(f, json_str(image, "Config"), by, err);
	if (config == NULL || check_name(config, err) < 0 ||
	    make_layers(out, json_get(image, "Layers"), by, err) < 0)
		return -1;
	json_for_each(name, json_get(image, "Layers")) {
		const struct image_file *file = need(f, cJSON_GetStringValue(name), by, err);

		if (file == NULL || add_layer(out, file, err) < 0)
			return -1;
	}
	return check_config(out, config, err);
}

/* ---- an OCI layout ---- */

/* The blob that a descriptor means; it is what the descriptor says. */
static const struct image_file *
blob(const struct image_files *f, const cJSON *descriptor, const char *by, struct error *err)
{
	const char *digest = json_str(descriptor, "digest");
	char path[96];
	const struct image_file *file;

	if (!is_digest(digest)) {
		blame(err, by, "a descriptor without a sha256 digest");
		return NULL;
	}
	snprintf(path, sizeof(path), "blobs/sha256/%s", digest + 7);
	file = need(f, path, by, err);
	if (file == NULL)
		return NULL;
	if (strcmp(file->digest, digest + 7) != 0)
		blame(err, file->name, "its content has another digest than its name");
	else if (json_int(descriptor, "size", file->size) != file->size)
		blame(err, file->name, "it has another size than its descriptor says");
	else
		return file;
	return NULL;
}

/* What is about an image is none: signatures and statements of how it was built. */
static bool
is_image(const cJSON *descriptor)
{
	const char *type = json_str(descriptor, "mediaType");
	const char *arch = json_str(json_get(descriptor, "platform"), "architecture");

	if (str_eq(arch, "unknown") ||
	    json_get(json_get(descriptor, "annotations"), "vnd.docker.reference.type") != NULL)
		return false;
	return type == NULL || strstr(type, "image.manifest.") != NULL ||
	    strstr(type, "distribution.manifest.") != NULL || strstr(type, "index") != NULL ||
	    strstr(type, "manifest.list") != NULL;
}

/* The one image of an index, which may be in an index within it. */
static const struct image_file *
only_image(
    const struct image_files *f, const struct image_file *index, int depth, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *item, *found = NULL;
	const struct image_file *file;

	if (parse(index, &json, err) < 0)
		return NULL;
	json_for_each(item, json_get(json, "manifests")) {
		if (!is_image(item))
			continue;
		if (found != NULL) {
			blame(err, index->name, "it must name exactly one image, for one platform");
			return NULL;
		}
		found = item;
	}
	if (found == NULL) {
		blame(err, index->name, "it names no image");
		return NULL;
	}
	file = blob(f, found, index->name, err);
	const char *type = json_str(found, "mediaType");
	if (file == NULL || type == NULL ||
	    (strstr(type, "index") == NULL && strstr(type, "manifest.list") == NULL))
		return file;
	if (depth > 0) {
		blame(err, index->name, "an index within an index within an index");
		return NULL;
	}
	return only_image(f, file, depth + 1, err);
}

static int
read_layout(const struct image_files *f, struct image_archive *out, struct error *err)
{
	const struct image_file *manifest =
	    only_image(f, image_files_find(f, "index.json"), 0, err);
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *item;
	const struct image_file *config;

	if (manifest == NULL || parse(manifest, &json, err) < 0)
		return -1;
	config = blob(f, json_get(json, "config"), manifest->name, err);
	if (config == NULL || make_layers(out, json_get(json, "layers"), manifest->name, err) < 0)
		return -1;
	json_for_each(item, json_get(json, "layers")) {
		const struct image_file *file = blob(f, item, manifest->name, err);

		if (file == NULL || add_layer(out, file, err) < 0)
			return -1;
	}
	return check_config(out, config, err);
}

/* ---- all of it ---- */

static int
understand(const struct image_files *f, struct image_archive *out, struct error *err)
{
	if (image_files_find(f, "manifest.json") != NULL)
		return read_saved(f, out, err);
	if (image_files_find(f, "index.json") != NULL)
		return read_layout(f, out, err);
	return error_set(err, ERROR_INVALID,
	    "no image is in it: neither 'manifest.json' (docker save) nor 'index.json' (OCI "
	    "layout)");
}

int
image_archive_read(int fd, int64_t max_bytes, struct image_archive *out, struct error *err)
{
	struct image_files f = { .max_bytes = max_bytes };
	struct image_archive found = { 0 };
	int rc = image_files_read(&f, fd, err);

	if (rc == 0)
		rc = understand(&f, &found, err);
	image_files_done(&f);
	if (rc < 0)
		image_archive_done(&found);
	else
		*out = found;
	return rc;
}

void
image_archive_done(struct image_archive *a)
{
	for (size_t i = 0; i < a->nlayers; i++)
		free(a->layers[i].entry);
	free(a->layers);
	free(a->config_entry);
	free(a->config);
	*a = (struct image_archive){ 0 };
}

/* ---- writing it anew ---- */

static int
write_front(
    struct bundle_writer *w, const struct image_archive *a, const char *name, struct error *err)
{
	_cleanup_json_ cJSON *list = cJSON_CreateArray();
	_cleanup_free_ char *text = NULL, *config = str_printf("%s.json", a->id + 7);
	cJSON *image = cJSON_CreateObject(), *tags, *layers;

	cJSON_AddItemToArray(list, image);
	json_add_str(image, "Config", config);
	tags = json_add_arr(image, "RepoTags");
	cJSON_AddItemToArray(tags, cJSON_CreateString(name));
	layers = json_add_arr(image, "Layers");
	for (size_t i = 0; i < a->nlayers; i++) {
		_cleanup_free_ char *file = str_printf("%s.tar", a->layers[i].digest + 7);

		cJSON_AddItemToArray(layers, cJSON_CreateString(file));
	}
	text = json_print(list);
	if (bundle_add_bytes(w, "manifest.json", text, strlen(text), err) < 0)
		return -1;
	return bundle_add_bytes(w, config, a->config, strlen(a->config), err);
}

struct copy {
	struct bundle_writer *to;
	struct hasher *hash;
};

static int
copy_bytes(const void *bytes, size_t len, void *arg, struct error *err)
{
	const struct copy *c = arg;

	hasher_add(c->hash, bytes, len);
	return bundle_write(c->to, bytes, len, err);
}

static ssize_t
from_entry(void *arg, void *out, size_t len, struct error *err)
{
	return bundle_read(arg, out, len, err);
}

static int
write_layer(struct bundle_writer *w, struct bundle_reader *r, const struct image_layer *l,
    const struct bundle_limits *limits, struct error *err)
{
	_cleanup_free_ char *name = str_printf("%s.tar", l->digest + 7);
	const struct bundle_file file = { .name = name, .size = l->size };
	struct copy c = { .to = w };
	char digest[HASH_HEX_MAX];

	if (bundle_add(w, &file, err) < 0)
		return -1;
	c.hash = hasher_new();
	const int rc = inflow_each(from_entry, r, limits, copy_bytes, &c, err);
	hasher_hex(c.hash, digest);
	hasher_free(c.hash);
	if (rc == 0 && strcmp(digest, l->digest + 7) != 0)
		return blame(err, l->entry, "it has changed meanwhile");
	return rc;
}

/* The layer whose bytes are that entry, if it has not been written under the same digest. */
static const struct image_layer *
layer_of(const struct image_archive *a, const char *entry, const bool *written)
{
	for (size_t i = 0; i < a->nlayers; i++) {
		if (strcmp(a->layers[i].entry, entry) != 0)
			continue;
		for (size_t k = 0; k < a->nlayers; k++)
			if (written[k] && strcmp(a->layers[k].digest, a->layers[i].digest) == 0)
				return NULL;
		return &a->layers[i];
	}
	return NULL;
}

static int
write_layers(struct bundle_writer *w, struct bundle_reader *r, const struct image_archive *a,
    const struct bundle_limits *limits, struct error *err)
{
	bool written[IMAGE_LAYERS_MAX] = { false };
	struct bundle_entry e;
	int rc;

	while ((rc = bundle_next(r, &e, err)) > 0) {
		const struct image_layer *l = layer_of(a, e.name, written);

		if (l == NULL)
			continue;
		if (write_layer(w, r, l, limits, err) < 0)
			return -1;
		written[l - a->layers] = true;
	}
	return rc < 0 ? -1 : bundle_end(w, err);
}

int
image_archive_write(int fd, const struct image_archive *a, const char *name, bundle_bytes_fn *fn,
    void *arg, struct error *err)
{
	const struct bundle_limits limits = image_limits(a->bytes);
	_cleanup_bundle_writer_ struct bundle_writer *w = bundle_writer_new(BUNDLE_TAR, fn, arg);
	_cleanup_bundle_ struct bundle_reader *r = NULL;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "the archive");
	r = bundle_open(fd, &limits, err);
	if (r == NULL || write_front(w, a, name, err) < 0)
		return -1;
	return write_layers(w, r, a, &limits, err);
}
