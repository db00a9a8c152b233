/*
 * sealed.h - a suite that nobody reads before its time: encrypted at rest, and committed to beforehand.
 *
 * A directory holds `suite.sealed` (all files of the suite, AES-256-GCM) and `commit.json`, which is
 * published before the first run: {"object":"commit","name","version","scoring","digest","salt_sha256",
 * "items"}.  digest is that of the suite's files together with a random salt, so that nobody can try
 * out guesses, and whoever sealed it can change nothing.  Later sealed_reveal shows the salt, and with
 * it and the plain suite everybody can work out the digest again.
 *
 * The digest of a sealed suite that is open (struct suite) is the committed one.
 */
#ifndef JANUS_BENCH_SEALED_H
#define JANUS_BENCH_SEALED_H
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "bench/record/suite.h"
struct error;

#define SEALED_FILE "suite.sealed"
#define SEALED_COMMIT "commit.json"
#define SEALED_NAME "private/test" /* what runs are asked for it by */
#define SEALED_TEXT "[sealed]" /* what stands for prompts, answers and references in every output */
#define SEALED_EXIT_NOT_CONFIGURED 10
#define SEALED_KEY_MIN 32 /* characters of a key */

/* ---- where it is ---- */

struct sealed_place {
	const char *dir, *key_file; /* borrowed from the arguments or the environment */
};
/**
 * sealed_place - the directory and the key file, as given or, where NULL, from
 * JANUS_BENCH_PRIVATE_DIR and JANUS_BENCH_PRIVATE_KEY_FILE.
 *
 * NOT_FOUND: it is not configured, the text says what is missing; programs then end with
 * SEALED_EXIT_NOT_CONFIGURED.  BLOCKS.
 */
int sealed_place(const char *dir, const char *key_file, struct sealed_place *out, struct error *);
/** sealed_is - does the directory hold a sealed suite? BLOCKS. */
bool sealed_is(const char *dir);
/** sealed_key_read - the key in a file, the caller's: one line of at least SEALED_KEY_MIN characters.
 *  INVALID: too short; or the file lies below dir (NULL: not asked), where what is sealed is kept;
 *  DENIED: others may read it.  BLOCKS. */
int sealed_key_read(const char *key_file, const char *dir, char **out, struct error *);

/* ---- sealing and opening ---- */

/** sealed_seal - the suite in directory `from`, which must be sound, as `to`/suite.sealed and
 *  `to`/commit.json. commit (may be NULL) gets what was committed to.  CONFLICT: there is one. BLOCKS. */
int sealed_seal(const char *from, const char *key, const char *to, suite_check_fn *check,
    cJSON **commit, struct error *);
/** sealed_load - as suite_load. DENIED: another key, or changed; INVALID: not what was committed to;
 *  NOT_FOUND: nothing is sealed there.  Its ids are plain: evidence_item_name hides them. BLOCKS. */
int sealed_load(
    const char *dir, const char *key, suite_check_fn *check, struct suite *out, struct error *);

/* ---- the reveal ---- */

/** sealed_reveal - {"object":"reveal","name","digest","salt","suite_digest","items"}: what shows that
 *  commit.json was about this suite.  After it the digest hides nothing any more. BLOCKS. */
int sealed_reveal(const char *dir, const char *key, cJSON **out, struct error *);
/** sealed_reveal_check - does a reveal fit a commit, and the plain suite of that digest (NULL: not
 *  asked)?  INVALID says what does not. Pure. */
int sealed_reveal_check(
    const cJSON *commit, const cJSON *reveal, const char *suite_digest, struct error *);
#endif
