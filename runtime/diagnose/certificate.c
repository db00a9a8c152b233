/*
 * certificate.c - is the certificate that is served good, and for how long?
 *
 * Read as the server reads it: what that refuses is not good here, and a chain is as good as the
 * certificate in it that ends first.
 */
#include "runtime/diagnose/certificate.h"

#include "runtime/base/error.h"
#include "runtime/diagnose/finding.h"
#include "runtime/net/tls_certificate.h"

#define DAY_MS INT64_C(86400000)
#define SOON_MS (21 * DAY_MS)
#define RENEW                                                                       \
	"renew it (certbot renew, or as your authority says), put the files where " \
	"tls.certificate and tls.key_file say, then: systemctl reload janusd"

static void
judge_time(const struct tls_certificate *t, int64_t now_ms, struct findings *f)
{
	const int64_t left_ms = tls_certificate_ends_ms(t) - now_ms;
	const long long days = (long long)(left_ms / DAY_MS);
	const char *name = tls_certificate_name(t);

	if (left_ms <= 0)
		finding_add(f, CHECK_CERTIFICATE, FINDING_FAILED, RENEW,
		    "the chain of %s expired %lld days ago", name, -days);
	else if (tls_certificate_begins_ms(t) > now_ms)
		finding_add(f, CHECK_CERTIFICATE, FINDING_FAILED,
		    "set the clock right (timedatectl), or take a certificate that is good already",
		    "the chain of %s is not good yet", name);
	else
		finding_add(f, CHECK_CERTIFICATE,
		    left_ms < SOON_MS ? FINDING_WARNING : FINDING_FINE, RENEW,
		    "the chain of %s is good for %lld more days", name, days);
}

void
certificate_judge(const char *certificates, const char *key, int64_t now_ms, struct findings *f)
{
	struct error err = { 0 };
	struct tls_certificate *t = tls_certificate_open(certificates, key, &err);

	if (t != NULL)
		judge_time(t, now_ms, f);
	else
		finding_add(f, CHECK_CERTIFICATE, FINDING_FAILED,
		    err.kind == ERROR_INVALID
			? "give PEM files that belong together: in tls.certificate the chain, the "
			  "server's own first, in tls.key_file its key without a passphrase"
			: "let the daemon's user read the files that tls.certificate and "
			  "tls.key_file name",
		    "%s", err.text);
	tls_certificate_free(t);
}
