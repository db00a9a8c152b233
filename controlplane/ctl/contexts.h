/*
 * contexts.h - named daemons: where they are, and the file with the key for each.
 *
 * They are kept in $XDG_CONFIG_HOME/janus/contexts.json, which is its owner's alone.
 */
#ifndef JANUS_CTL_CONTEXTS_H
#define JANUS_CTL_CONTEXTS_H
#include <cjson/cJSON.h>
struct error;

/** contexts_load - the list object of all; empty where there is no file. NULL with err. The caller's. */
cJSON *contexts_load(struct error *);
/** contexts_save - write it, for the owner's eyes. */
int contexts_save(const cJSON *list, struct error *);
/** contexts_find - the context of that name in the list, borrowed; NULL. Pure. */
cJSON *contexts_find(const cJSON *list, const char *name);
/** contexts_put - make it, or give it that address and key file; NULL leaves what it had. Pure. */
void contexts_put(cJSON *list, const char *name, const char *url, const char *key_file);
/** contexts_key_path - where `login` keeps the key of a context; the caller's, NULL with err. */
char *contexts_key_path(const char *name, struct error *);
#endif
