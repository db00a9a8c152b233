/*
 * reason.h - why an artifact that was announced is not there: one list for answers, metrics and docs.
 */
#ifndef JANUS_ARTIFACTS_REASON_H
#define JANUS_ARTIFACTS_REASON_H

/* NAME, word, sentence */
#define ARTIFACT_REASONS(X)                                                                       \
	X(NONE, "", "")                                                                           \
	X(DESCRIPTOR, "invalid_descriptor",                                                       \
	    "its descriptor lacks a url, type, mime_type or size_bytes, or one of them makes no " \
	    "sense")                                                                              \
	X(SIZE_DECLARED, "too_large", "it is larger than an artifact may be")                     \
	X(TTL, "ttl_out_of_range", "its ttl_seconds is not in the range that is kept")            \
	X(DUPLICATE, "duplicate_id", "its id was used for something else in this answer")         \
	X(TOO_MANY, "too_many", "the answer has more artifacts than one may have")                \
	X(URL, "url_not_allowed", "its url is not at the competitor itself")                      \
	X(DATA, "invalid_data", "its data: url cannot be decoded")                                \
	X(UNREACHABLE, "unreachable", "nothing answers at its url")                               \
	X(TIMEOUT, "timeout", "it did not arrive in time")                                        \
	X(REDIRECT, "redirect", "its url redirects, which is not followed")                       \
	X(STATUS, "bad_status", "its url answers with another status than 200")                   \
	X(RESPONSE, "bad_response", "what answers at its url is not a whole HTTP response")       \
	X(TYPE, "type_mismatch", "it is served as another type than announced")                   \
	X(SIZE, "size_mismatch", "it has another size than announced")                            \
	X(HASH, "hash_mismatch", "it has another SHA-256 than announced")                         \
	X(QUOTA, "quota_exceeded", "the space for artifacts is used up")                          \
	X(STORE, "not_stored", "it could not be stored")

enum artifact_reason {
#define X(name, word, text) ARTIFACT_##name,
	ARTIFACT_REASONS(X)
#undef X
	    ARTIFACT_REASON_COUNT
};

const char *artifact_reason_word(enum artifact_reason);
const char *artifact_reason_text(enum artifact_reason);
#endif
