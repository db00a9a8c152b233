/*
 * verify.h - is evidence what was written and signed, and do its scores follow from it?  BLOCKS; no network.
 */
#ifndef JANUS_BENCH_VERIFY_H
#define JANUS_BENCH_VERIFY_H
#include <cjson/cJSON.h>
struct error;

/**
 * verify - path is a directory of evidence, or a .tar.gz of one.
 *
 * seal_key  of a sealed run, to look into it; NULL: only what is outside is looked at
 * signer    the public key that must have signed it, with or without "ed25519:" before it; NULL: any
 *
 * *out, the caller's: {"object":"verification","ok","id","signer","files","attempts","recomputed","problems":
 * [{"file","line"|null,"what"},...]}.  Returns -1 only if there is nothing to look at.
 */
int verify(const char *path, const char *seal_key, const char *signer, cJSON **out, struct error *);

/**
 * replay - measure and score every attempt again from its frames, and the totals from that.
 *
 * *out, the caller's: {"object":"replay","ok","id","attempts","same_program","composite","differences":
 * [{"item","epoch","attempt","line","what","recorded","replayed"},...]}; what is a dotted member of the line, or
 * of the manifest (item null).  Equal is equal to the last bit.  -1: it cannot be read (DENIED: it is sealed).
 */
int replay(const char *path, const char *seal_key, cJSON **out, struct error *);
#endif
