/*
 * seal.c - AES-256-GCM of libcrypto; nonce, bytes and tag as hex digits.
 */
#include "runtime/base/seal.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"

#define NONCE_LEN 12
#define TAG_LEN 16
#define LEN_MAX (64 << 20)

static void
make_key(const char *password, unsigned char key[HASH_SHA256_LEN])
{
	_cleanup_free_ char *text = str_printf("janus seal\n%s", password);

	hash_sha256(text, strlen(text), key);
	explicit_bzero(text, strlen(text));
}

static void
cipherp(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

/* What libcrypto cannot do with sound arguments is out of memory. */
static void
must(int rc)
{
	if (rc != 1)
		mem_out();
}

static char *
to_hex(const unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *out = mem_zalloc(2 * len + 1);

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	return out;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL if it is not a whole number of bytes in hex. */
static unsigned char *
from_hex(const char *text, size_t *len)
{
	const size_t digits = strlen(text);
	_cleanup_free_ unsigned char *out = mem_zalloc(digits / 2 + 1);

	if (digits % 2 != 0)
		return NULL;
	for (size_t i = 0; i < digits / 2; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		out[i] = (unsigned char)(high << 4 | low);
	}
	*len = digits / 2;
	return TAKE(out);
}

char *
seal_text(const char *password, const void *bytes, size_t len)
{
	_cleanup_(cipherp) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	_cleanup_free_ unsigned char *out = NULL;
	unsigned char key[HASH_SHA256_LEN];
	int n = 0;

	if (len > LEN_MAX)
		abort();
	must(c != NULL);
	out = mem_zalloc(NONCE_LEN + len + TAG_LEN);
	make_key(password, key);
	hash_random(out, NONCE_LEN);
	must(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, out));
	must(EVP_EncryptUpdate(c, out + NONCE_LEN, &n, bytes, (int)len));
	must(EVP_EncryptFinal_ex(c, out + NONCE_LEN + n, &n));
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out + NONCE_LEN + len));
	explicit_bzero(key, sizeof(key));
	return to_hex(out, NONCE_LEN + len + TAG_LEN);
}

int
seal_open(const char *password, const char *sealed, struct buf *out)
{
	_cleanup_(cipherp) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	_cleanup_free_ unsigned char *in = NULL, *plain = NULL;
	unsigned char key[HASH_SHA256_LEN];
	size_t all = 0;
	int n = 0, rest = 0;

	must(c != NULL);
	in = from_hex(sealed, &all);
	if (in == NULL || all < NONCE_LEN + TAG_LEN || all > LEN_MAX)
		return -1;
	const size_t len = all - NONCE_LEN - TAG_LEN;
	plain = mem_zalloc(len + 1);
	make_key(password, key);
	must(EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, in));
	explicit_bzero(key, sizeof(key));
	must(EVP_DecryptUpdate(c, plain, &n, in + NONCE_LEN, (int)len));
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, in + NONCE_LEN + len));
	if (EVP_DecryptFinal_ex(c, plain + n, &rest) != 1)
		return -1;
	buf_add(out, plain, len);
	return 0;
}
