/*
 * pack.h - what an agent finds in its sandbox: the directory pack/, which is embedded, the
 * conversation, and the files that came with it.
 */
#ifndef BASELINE_AGENT_PACK_H
#define BASELINE_AGENT_PACK_H
struct buf;
struct error;
struct task;

#define PACK_WORKSPACE "/workspace"
#define PACK_NAME ".janus"
#define PACK_DIR PACK_WORKSPACE "/" PACK_NAME
#define PACK_ARTIFACTS PACK_WORKSPACE "/artifacts"

/** pack_make - all of it as a tar.gz to unpack in the workspace, in base64, added to out. */
int pack_make(const struct task *, struct buf *out, struct error *);
/** pack_unpack_line - the shell line that unpacks what was written to the file, and prepares. */
const char *pack_unpack_line(void);
#define PACK_FILE PACK_WORKSPACE "/.janus.b64"
/** pack_system - the system prompt. */
const char *pack_system(void);
#endif
