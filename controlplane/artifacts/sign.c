/*
 * sign.c - HMAC-SHA256 over lines.
 */
#include "controlplane/artifacts/sign.h"

#include <string.h>

#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"

const char *
sign_text(const unsigned char key[SIGN_KEY_LEN], const char *id, const char *owner, int64_t exp_s,
    char out[SIGN_TEXT_MAX])
{
	_cleanup_buf_ struct buf text = { 0 }, seal = { 0 };
	unsigned char mac[HASH_SHA256_LEN];

	buf_printf(&text, "artifact\n%s\n%s\n%lld", id, owner, (long long)exp_s);
	hash_hmac_sha256(key, SIGN_KEY_LEN, text.data, text.len, mac);
	base64_add(&seal, mac, sizeof(mac));
	for (size_t i = 0; i < SIGN_TEXT_MAX - 1; i++)
		out[i] = seal.data[i] == '+' ? '-' : seal.data[i] == '/' ? '_' : seal.data[i];
	out[SIGN_TEXT_MAX - 1] = '\0';
	return out;
}

void
sign_url(struct buf *out, const unsigned char key[SIGN_KEY_LEN], const char *base, const char *id,
    const char *owner, int64_t exp_s)
{
	char sig[SIGN_TEXT_MAX];
	int base_len = (int)strlen(base);

	if (base_len > 0 && base[base_len - 1] == '/')
		base_len--;
	buf_printf(out, "%.*s" ARTIFACTS_PATH "/%s?sig=%s&exp=%lld", base_len, base, id,
	    sign_text(key, id, owner, exp_s, sig), (long long)exp_s);
}

enum sign_verdict
sign_check(const unsigned char key[SIGN_KEY_LEN], const char *id, const char *owner,
    const char *sig, const char *exp, int64_t now_s)
{
	char wanted[SIGN_TEXT_MAX];
	int64_t exp_s;

	if (sig == NULL || exp == NULL)
		return SIGN_MISSING;
	if (str_parse_int(exp, 0, INT64_MAX, &exp_s, NULL) < 0 || strlen(sig) != SIGN_TEXT_MAX - 1)
		return SIGN_WRONG;
	sign_text(key, id, owner, exp_s, wanted);
	if (!hash_equal(sig, wanted, SIGN_TEXT_MAX - 1))
		return SIGN_WRONG;
	return exp_s <= now_s ? SIGN_EXPIRED : SIGN_GOOD;
}
