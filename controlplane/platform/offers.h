/*
 * offers.h - which services are set up here, for janusd, which lists them.
 */
#ifndef JANUS_PLATFORM_OFFERS_H
#define JANUS_PLATFORM_OFFERS_H
struct buf;
struct platform;

/** offers_packet - {"op":"services","services":{"search":"local",...}}: what answers behind each word of
 *  a service, null where nothing does. */
void offers_packet(const struct platform *, struct buf *out);
#endif
