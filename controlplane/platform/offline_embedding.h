/*
 * offline_embedding.h - a text as a vector without any model: its words and pairs of words, hashed.
 *
 * Deterministic and of unit length.  It knows nothing of meaning, and its name says so.  Pure.
 */
#ifndef JANUS_PLATFORM_OFFLINE_EMBEDDING_H
#define JANUS_PLATFORM_OFFLINE_EMBEDDING_H
#include <stddef.h>

#define OFFLINE_EMBEDDING_MODEL "janus-offline-embedding"
#define OFFLINE_EMBEDDING_DIMENSIONS 256

/** offline_embedding - returns how many words were seen. */
size_t offline_embedding(const char *text, size_t len, float out[OFFLINE_EMBEDDING_DIMENSIONS]);
#endif
