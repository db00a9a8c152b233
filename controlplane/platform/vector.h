/*
 * vector.h - POST /vector/upsert, /vector/query, /vector/delete: a competitor's own vectors.
 */
#ifndef JANUS_PLATFORM_VECTOR_H
#define JANUS_PLATFORM_VECTOR_H
#include "controlplane/platform/call.h"
struct loop;
struct vector_service;

extern const struct call_kind vector_upsert, vector_query, vector_delete;

/** vector_service_new - kept in the file at path; opened by its worker when first asked.
 *  extension: as in vectors_open. */
struct vector_service *vector_service_new(struct loop *, const char *path, const char *extension);
/** vector_service_free - waits for what its worker does. */
void vector_service_free(struct vector_service *);
#endif
