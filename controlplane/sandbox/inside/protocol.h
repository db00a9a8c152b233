/*
 * protocol.h - what janus-sandbox-agent is asked and what it answers.
 *
 * A byte stream from 127.0.0.1:8080 of the pod, one request a connection.  Everything is a frame:
 * a type, four bytes of length (big-endian), that many bytes.  The first frame of a connection is
 * the request; data may follow it; the last frame of the answer is INSIDE_END, after which the
 * agent closes.  Closing from outside ends what was asked for.
 *
 * A request's payload is a list of texts, each with its NUL.  Constants only, so that the agent,
 * which links no library of ours, can include it.
 */
#ifndef JANUS_SANDBOX_INSIDE_PROTOCOL_H
#define JANUS_SANDBOX_INSIDE_PROTOCOL_H

/* Requests. */
#define INSIDE_PING 'P'
#define INSIDE_EXEC \
	'X' /* cwd, timeout_ms, output_max, "stdin" or "", argc, arguments, environment */
#define INSIDE_READ 'R' /* path, max_bytes */
#define INSIDE_WRITE 'W' /* path; DATA and DONE follow */
#define INSIDE_LIST 'L' /* path, max_entries, depth */
#define INSIDE_REMOVE 'U' /* path */

/* Both ways. */
#define INSIDE_DATA 'D' /* bytes of a file or of standard input; or one entry of a list */

/* To the agent. */
#define INSIDE_DONE 'E' /* that was all the data */

/* From the agent. */
#define INSIDE_STDOUT 'O'
#define INSIDE_STDERR 'e'
#define INSIDE_END 'Z' /* INSIDE_END_BYTES, see below */

#define INSIDE_HEAD_BYTES 5
#define INSIDE_REQUEST_MAX_BYTES (512 * 1024)
#define INSIDE_FRAME_MAX_BYTES (64 * 1024) /* of every other frame */

/*
 * The end, all big-endian: errno (4; 0: it was done), exit code (4), signal (4), flags (4),
 * bytes written to standard output (8) and standard error (8), sent or not.
 */
#define INSIDE_END_BYTES 32
#define INSIDE_FLAG_TIMED_OUT 1
#define INSIDE_FLAG_CUT 2 /* a list has more entries than were asked for */

/* An entry: its kind (f d l o), size (8), time of change in ms (8), its name. */
#define INSIDE_ENTRY_HEAD_BYTES 17

#define INSIDE_PORT 8080
#define INSIDE_CONNECTIONS_MAX 96
#define INSIDE_ROOT "/workspace"
#define INSIDE_TMP "/tmp"

#endif
