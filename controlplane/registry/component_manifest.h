/*
 * component_manifest.h - what somebody says of a component they offer: is it well-formed?
 *
 * Pure: nothing is fetched, and nobody is asked.  The first member that is wrong is named by its
 * path, as contract.tools[3].name.
 */
#ifndef JANUS_REGISTRY_COMPONENT_MANIFEST_H
#define JANUS_REGISTRY_COMPONENT_MANIFEST_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "controlplane/store/components.h"

#define COMPONENT_MANIFEST_MAX 16384 /* bytes of it as JSON, without the contract's document */
#define COMPONENT_CONTRACT_MAX 262144 /* of that document */
#define COMPONENT_DEPTH_MAX 40 /* of that document: answers that quote it can be read, too */
#define COMPONENT_PREFIX "cmp."
#define COMPONENT_RESERVED "janus" /* the namespace of the platform's own services */

#define COMPONENT_CATEGORIES(X) \
	X(RESEARCH, "research") \
	X(CODING, "coding") X(MEMORY, "memory") X(TOOLS, "tools") X(MODELS, "models")
enum component_category {
#define X(name, text) COMPONENT_FOR_##name,
	COMPONENT_CATEGORIES(X)
#undef X
	    COMPONENT_CATEGORY_COUNT
};
const char *component_category_name(enum component_category);
enum component_category component_category_named(const char *); /* COMPONENT_CATEGORY_COUNT: none */

enum component_wrong {
	COMPONENT_FINE,
	COMPONENT_MISSING,
	COMPONENT_UNKNOWN,
	COMPONENT_INVALID,
	COMPONENT_TOO_BIG,
};
struct component_fault {
	enum component_wrong kind;
	char path[160]; /* of the member: "resources.cpu" */
	char text[240]; /* a sentence */
};
/** component_manifest_check - 0, or -1 with what is wrong.  It may come from anybody. */
int component_manifest_check(const cJSON *manifest, struct component_fault *);
/** component_manifest_split - of one that was checked: id and version into the row, and as texts, both
 *  the row's own, the manifest without its contract's document, and that. */
void component_manifest_split(const cJSON *manifest, struct component *);
/** component_namespace - of "cmp.acme.search": "acme". */
void component_namespace(const char *id, char out[NOUN_ID_MAX]);
/** component_id_valid - cmp.<slug>.<slug>, at most 39 bytes. */
bool component_id_valid(const char *id);

/* component_contract.c */
/** component_contract_check - the member "contract". */
int component_contract_check(const cJSON *contract, struct component_fault *);
/** component_operations - how many an OpenAPI document describes. */
int component_operations(const cJSON *document);

/* For both. */
int component_fault_set(struct component_fault *, enum component_wrong, const char *path,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/** component_text_check - of at most max bytes, without control characters and those that turn the
 *  direction of text; lines and tabs only where they may be. */
int component_text_check(
    struct component_fault *, const char *path, const char *text, size_t max, bool lines);
/** component_url_check - http or https, without user, query and fragment, of somebody's. */
int component_url_check(struct component_fault *, const char *path, const char *text);
/** component_words_unknown - names the first member that is not in the NULL-ended list. */
int component_words_unknown(
    struct component_fault *, const char *path, const cJSON *object, const char *const *known);
#endif
