/*
 * link_protocol.h - what janus-link is asked and what it answers.
 *
 * Packets on a SOCK_SEQPACKET unix socket, one request, one reply, in order.
 * A request is exactly one byte, the op.  A good reply starts with LINK_OK,
 * then text or, with the packet, one descriptor (SCM_RIGHTS).  A bad one is
 * LINK_FAILED and an errno, four bytes, little-endian.  Constants only, so
 * that the link, which links no library, can include it.
 */
#ifndef JANUS_ENGINE_LINK_PROTOCOL_H
#define JANUS_ENGINE_LINK_PROTOCOL_H

#define LINK_OP_SOCKET 'S' /* fd: fresh TCP socket, unconnected */
#define LINK_OP_LISTENER 'L' /* fd: duplicate of the broker's listener */
#define LINK_OP_COUNTERS 'C' /* text: net/snmp, then net/snmp6 */
#define LINK_OP_TABLE 'T' /* text: net/tcp, then net/tcp6 */
#define LINK_OP_PING 'P' /* text: LINK_VERSION */

#define LINK_OK 0
#define LINK_FAILED 1

#define LINK_VERSION "janus-link 1"
#define LINK_SOCKET_PATH "/run/janus/link.sock"
#define LINK_BROKER_PORT 8600 /* on 127.0.0.1 of the pod */
#define LINK_BACKLOG 256
#define LINK_CLIENTS_MAX 64 /* one more is told EMFILE and closed */

#define LINK_REQUEST_BYTES 1
#define LINK_FAILURE_BYTES 5
#define LINK_COUNTERS_MAX_BYTES (8 * 1024)
#define LINK_TABLE_MAX_BYTES (32 * 1024)
#define LINK_REPLY_MAX_BYTES (1 + LINK_TABLE_MAX_BYTES)

#endif
