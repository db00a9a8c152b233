/*
 * Sends a submission once, however often it is tried: the Idempotency-Key stays with the request until
 * the gateway has answered it, over reloads too.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, randomBytes } from "@noble/hashes/utils.js";
import { type Api, call } from "@/lib/api";
import { ApiError } from "@/lib/errors";

const PENDING = "janus.submission.pending";

interface Pending {
  body: string;
  key: string;
}

function pendingKey(body: string): string {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PENDING) ?? "null") as Pending | null;
    if (kept !== null && kept.body === body && typeof kept.key === "string") return kept.key;
  } catch {
    // nothing that could be used
  }
  const key = bytesToHex(randomBytes(16));
  try {
    sessionStorage.setItem(PENDING, JSON.stringify({ body, key } satisfies Pending));
  } catch {
    // a repetition after a reload would be a new request
  }
  return key;
}

function settled() {
  try {
    sessionStorage.removeItem(PENDING);
  } catch {
    // storage is refused: there was nothing in it
  }
}

/** Is it still open whether the gateway did it? */
const isOpen = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status >= 500 || error.code === "idempotency_in_progress");

export async function submit(request: Api<"SubmissionNew">): Promise<Api<"Submission">> {
  const key = pendingKey(JSON.stringify(request));
  try {
    const submission = await call<Api<"Submission">>("/api/v1/submissions", { json: request, headers: { "idempotency-key": key } });
    settled();
    return submission;
  } catch (error) {
    if (!isOpen(error)) settled();
    throw error;
  }
}

/** A file's digest, piece by piece; told: the share that is done. */
export async function digestOf(file: Blob, told: (share: number) => void, signal: AbortSignal): Promise<string> {
  const hash = sha256.create();
  const piece = 4 << 20;
  for (let at = 0; at < file.size; at += piece) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
    told(Math.min(1, (at + piece) / file.size));
  }
  return `sha256:${bytesToHex(hash.digest())}`;
}

export const sendArchive = (file: Blob, digest: string, signal: AbortSignal): Promise<Api<"Bundle">> =>
  call(`/api/v1/bundles/${digest}`, { method: "PUT", body: file, signal, timeout: 0, headers: { "content-type": "application/octet-stream" } });

/* ---- those that were sent from here ---- */

const MINE = "janus.submissions";

export function mine(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(MINE) ?? "[]");
    return Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

export function remember(id: string) {
  try {
    localStorage.setItem(MINE, JSON.stringify([id, ...mine().filter((each) => each !== id)].slice(0, 50)));
  } catch {
    // it is in the list of all the same
  }
}
