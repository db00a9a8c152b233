/*
 * export.c - a competitor as a signed bundle: its image, what it is, and how it came to be that.
 *
 * The image is saved and checked before the answer begins, so that what can fail has a status.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "controlplane/api/send_bundle.h"
#include "controlplane/store/histories.h"
#include "controlplane/supervise/history.h"
#include "controlplane/supervise/uploads.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/image.h"
#include "runtime/bundle/signed.h"
#include "runtime/bundle/signed_stream.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/loop.h"

#define EXPORTS_MAX 2
#define SAVE_STALL_MS 300000

struct export
{
	struct export *next;
	struct api *api;
	struct api_call *call; /* NULL: the client left */
	struct api_call *held;
	char image[DIGEST_MAX];
	char *name; /* of the image in the archive; owned */
	cJSON *manifest;
	char competitor_id[NOUN_ID_MAX];
	char *story; /* owned: competitor.json */
	cJSON *elsewhere; /* owned: what histories.json is to be */
	char *histories; /* owned: that, as text; NULL: it was never elsewhere */
	int saved, image_fd; /* as the engine has it; as it is given on */
	int64_t image_size;
	char image_sha256[HASH_HEX_MAX];
	struct error err;
	atomic_bool cancel;
};

static void
export_free(struct export *x)
{
	struct export **at = &x->api->exports;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	call_let_go(x->held);
	if (x->saved >= 0)
		close(x->saved);
	if (x->image_fd >= 0)
		close(x->image_fd);
	cJSON_Delete(x->manifest);
	free(x->name);
	free(x->story);
	cJSON_Delete(x->elsewhere);
	free(x->histories);
	free(x);
}

static void
client_gone(struct api_call *c, void *arg)
{
	struct export *x = arg;

	x->call = NULL;
	atomic_store(&x->cancel, true);
	reply_end(c);
}

/* ---- the image ---- */

static int
on_saved(const char *bytes, size_t len, void *arg)
{
	struct export *x = arg;

	return bundle_to_fd(bytes, len, &x->saved, &x->err);
}

struct hashing {
	int fd;
	int64_t size;
	struct hasher *hash;
};

static int
keep(const void *bytes, size_t len, void *arg, struct error *err)
{
	struct hashing *h = arg;

	hasher_add(h->hash, bytes, len);
	h->size += (int64_t)len;
	return bundle_to_fd(bytes, len, &h->fd, err);
}

/* The same image is the same archive, whatever engine saved it. */
static int
write_image(struct export *x, const struct image_archive *image, struct error *err)
{
	struct hashing h = { .fd = x->image_fd, .hash = hasher_new() };
	const int rc = image_archive_write(x->saved, image, x->name, keep, &h, err);

	hasher_hex(h.hash, x->image_sha256);
	hasher_free(h.hash);
	x->image_size = h.size;
	if (rc == 0 && lseek(x->image_fd, 0, SEEK_SET) < 0)
		return error_errno(err, "the image");
	return rc;
}

static int
save_image(struct export *x, struct error *err)
{
	struct engine *e = x->api->d.engine;
	struct image_archive image = { 0 };

	x->saved = uploads_scratch(x->api->d.state_dir, err);
	x->image_fd = uploads_scratch(x->api->d.state_dir, err);
	if (x->saved < 0 || x->image_fd < 0)
		return -1;
	if (e->driver->save(e, x->image, SAVE_STALL_MS, on_saved, x, &x->cancel, err) < 0)
		return -1;
	if (image_archive_read(x->saved, INT64_MAX / 2, &image, err) < 0)
		return error_add(err, "what the engine saved");
	const int rc = write_image(x, &image, err);
	image_archive_done(&image);
	return rc;
}

/* ---- what it did before it came here ---- */

static void
on_history(const struct history *h, void *arg)
{
	cJSON_AddItemToArray(arg, history_pack(h));
}

static int
read_histories(struct export *x, struct error *err)
{
	x->elsewhere = cJSON_CreateArray();
	if (store_histories(x->api->d.store, x->competitor_id, on_history, x->elsewhere, err) < 0)
		return error_add(err, "its history");
	if (x->elsewhere->child != NULL)
		x->histories = json_print(x->elsewhere);
	return 0;
}

static void
save_work(void *arg)
{
	struct export *x = arg;
	struct error err = { 0 };

	if ((read_histories(x, &err) < 0 || save_image(x, &err) < 0) && x->err.kind == ERROR_NONE)
		x->err = err;
}

enum { STORY, IMAGE, HISTORIES };
static const char *const files[] = {
	[STORY] = "competitor.json", [IMAGE] = "image.tar", [HISTORIES] = HISTORY_FILE
};

static int
open_file(size_t i, void *arg, struct error *err)
{
	struct export *x = arg;
	const char *text = i == STORY ? x->story : x->histories;

	if (i == IMAGE)
		return TAKE_FD(x->image_fd);
	_cleanup_close_ int fd = memfd_create(files[i], MFD_CLOEXEC);
	if (fd < 0 || bundle_to_fd(text, strlen(text), &fd, err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "%s", files[i]);
	return TAKE_FD(fd);
}

static void
add_text(struct export *x, const char *name, const char *text)
{
	char hash[HASH_HEX_MAX];

	signed_add(
	    x->manifest, name, (int64_t)strlen(text), hash_sha256_hex(text, strlen(text), hash));
}

static void
sent(void *arg)
{
	export_free(arg);
}

static void
saved(void *arg)
{
	struct export *x = arg;

	if (x->call != NULL && x->err.kind != ERROR_NONE)
		reply_error(x->call, &x->err);
	if (x->call == NULL || x->err.kind != ERROR_NONE) {
		export_free(x);
		return;
	}
	add_text(x, files[STORY], x->story);
	signed_add(x->manifest, files[IMAGE], x->image_size, x->image_sha256);
	if (x->histories != NULL)
		add_text(x, files[HISTORIES], x->histories);
	send_bundle(x->call, BUNDLE_TAR,
	    signed_stream_new(BUNDLE_TAR, TAKE(x->manifest), x->api->d.signing_key, open_file, x),
	    sent, x);
}

/* ---- what it is ---- */

static char *
story_of(const struct api_call *c, const struct competitor *k, const struct version *v)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *policy = NULL;

	cJSON_AddItemToObject(json, "competitor", render_competitor(DEPS(c), k));
	cJSON_AddItemToObject(json, "version", render_version(DEPS(c), v));
	if (k->policy[0] != '\0')
		json_parse(k->policy, strlen(k->policy), &policy, NULL);
	cJSON_AddItemToObject(json, "policy", policy != NULL ? policy : cJSON_CreateNull());
	history_here(c, k, json);
	return json_print(json);
}

static cJSON *
manifest_of(const struct competitor *k, const struct version *v)
{
	cJSON *json = signed_manifest("competitor", clock_wall_ms());

	json_add_str(json, "competitor", k->slug);
	json_add_str(json, "version_id", v->id);
	json_add_str(json, "image_id", v->image_id);
	json_add_str(json, "digest", v->digest);
	json_add_str(json, "reference", v->reference);
	json_add_str(json, "janus", JANUS_VERSION);
	return json;
}

void
competitor_export(struct api_call *c)
{
	const struct competitor *k = competitor_find(c);
	const struct version *v = k != NULL ? registry_version(REGISTRY(c), k->version_id) : NULL;
	struct export *x;
	int running = 0;

	if (k == NULL)
		return;
	for (x = c->api->exports; x != NULL; x = x->next)
		running++;
	if (v == NULL || v->is_url || v->image_id[0] == '\0') {
		reply_code(c, CODE_INVALID_STATE, NULL,
		    "Competitor '%s' has no image to export: no version of it was accepted, or it "
		    "runs "
		    "elsewhere.",
		    k->slug);
		return;
	}
	if (running >= EXPORTS_MAX) {
		reply_code(c, CODE_CONCURRENCY, NULL, "%d exports are at work already.", running);
		return;
	}
	x = mem_zalloc(sizeof(*x));
	x->api = c->api;
	x->call = x->held = c;
	call_hold(c);
	x->saved = x->image_fd = -1;
	str_copy(x->image, sizeof(x->image), v->image_id);
	str_copy(x->competitor_id, sizeof(x->competitor_id), k->id);
	x->name = str_printf("localhost/janus-export/%s:latest", k->slug);
	x->manifest = manifest_of(k, v);
	x->story = story_of(c, k, v);
	x->next = c->api->exports;
	c->api->exports = x;
	c->on_gone = client_gone;
	c->arg = x;
	worker_run(DEPS(c)->workers, DEPS(c)->control, save_work, saved, x);
}

void
exports_close(struct api *api)
{
	for (struct export *x = api->exports; x != NULL; x = x->next)
		atomic_store(&x->cancel, true);
}
