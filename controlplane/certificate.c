/*
 * certificate.c - open, look at its dates once an hour, reload.
 */
#include "controlplane/certificate.h"

#include <stdlib.h>

#include "controlplane/config.h"
#include "controlplane/janus.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/secret.h"
#include "runtime/base/str.h"
#include "runtime/net/tls_certificate.h"

#define LOOK_MS INT64_C(3600000)
#define DAY_MS (24 * LOOK_MS)
#define SOON_DAYS 21 /* what renews itself does so a month before */

static void
look(struct janus *j)
{
	const int64_t now_ms = clock_wall_ms();
	const int64_t left_ms = tls_certificate_ends_ms(j->certificate) - now_ms;
	const char *file = j->config->tls_certificate;

	if (left_ms <= 0)
		log_warn("tls.certificate_expired", F_STR("file", file),
		    F_INT("days_ago", -left_ms / DAY_MS));
	else if (tls_certificate_begins_ms(j->certificate) > now_ms)
		log_warn("tls.certificate_not_yet_valid", F_STR("file", file));
	else if (left_ms < SOON_DAYS * DAY_MS)
		log_warn("tls.certificate_expires", F_STR("file", file),
		    F_INT("days_left", left_ms / DAY_MS));
}

static void
on_look(struct timer *t, void *arg)
{
	struct janus *j = arg;

	look(j);
	timer_set(j->control, t, LOOK_MS, on_look, j);
}

static const char *
environment(const char *name)
{
	return getenv(name);
}

char *
janus_secret_file(const char *name, const char *setting)
{
	char *file = secret_credential(name, environment);

	if (file == NULL && setting[0] != '\0')
		file = str_dup(setting);
	if (file != NULL && secret_is_loose(file))
		log_warn("secret.open_to_others", F_STR("file", file));
	return file;
}

int
certificate_open(struct janus *j, struct error *err)
{
	const struct config *c = j->config;

	if (c->tls_certificate[0] == '\0' && c->tls_key_file[0] == '\0')
		return 0;
	_cleanup_free_ char *key_file = janus_secret_file("JANUS_TLS_KEY", c->tls_key_file);
	if (c->tls_certificate[0] == '\0' || key_file == NULL)
		return error_set(err, ERROR_INVALID,
		    "tls.certificate and tls.key_file go together, and tls.%s is not set",
		    key_file == NULL ? "key_file" : "certificate");
	j->certificate = tls_certificate_open(c->tls_certificate, key_file, err);
	if (j->certificate == NULL)
		return -1;
	on_look(&j->certificate_look, j);
	return 0;
}

void
certificate_reload(struct janus *j)
{
	struct error err = { 0 };
	bool changed = false;

	if (j->certificate == NULL)
		return;
	if (tls_certificate_reload(j->certificate, &changed, &err) < 0) {
		log_error("tls.certificate_refused", F_STR("error", err.text));
		return;
	}
	if (changed)
		log_info("tls.certificate_changed", F_STR("file", j->config->tls_certificate));
	look(j);
}

void
certificate_metrics(const struct janus *j, struct buf *out)
{
	if (j->certificate == NULL)
		return;
	metrics_head(out, "janus_tls_certificate_expiry_timestamp_seconds", "gauge",
	    "When the certificate of the listeners expires.");
	metrics_value(out, "janus_tls_certificate_expiry_timestamp_seconds", "",
	    (double)tls_certificate_ends_ms(j->certificate) / 1e3);
}

void
certificate_close(struct janus *j)
{
	timer_cancel(&j->certificate_look);
	tls_certificate_free(j->certificate);
}
