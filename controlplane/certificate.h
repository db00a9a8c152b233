/*
 * certificate.h - the certificate of janusd's TCP listeners: opened, renewed, and told of in time.
 */
#ifndef JANUS_CERTIFICATE_H
#define JANUS_CERTIFICATE_H
struct buf;
struct error;
struct janus;

/** certificate_open - read it if the settings name one, and from then on say in the log when it has
 *  expired or will soon.  INVALID in words. */
int certificate_open(struct janus *, struct error *);
/** certificate_reload - take what the files hold now; a bad one is told of and not taken. */
void certificate_reload(struct janus *);
/** certificate_metrics - when it expires; nothing where there is none. */
void certificate_metrics(const struct janus *, struct buf *out);
/** certificate_close - after the servers that use it. */
void certificate_close(struct janus *);
#endif
