/*
 * The bytes of an artifact, fetched with the caller's key and hashed as they come.  What is not what
 * was announced is not handed out.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Artifact } from "@/chat/types";
import { send } from "@/lib/api";
import { bytes as size } from "@/lib/format";
import { linkOf } from "@/lib/markdown/urls";

export interface Fetched {
  blob: Blob;
  /** of the bytes that came, in hex */
  sha256: string;
  /** against what: the descriptor, or where that names no hash, the gateway's answer; null for nothing */
  against: "descriptor" | "gateway" | null;
}

/** What came is not what was announced. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

/** Where its bytes are; null for an address that is not the gateway's (a session from a strange file). */
export const pathOf = (artifact: Artifact): string | null => {
  const link = artifact.url === null ? null : linkOf(artifact.url);
  return link?.kind === "artifact" ? link.href : null;
};

/** `repr-digest: sha-256=:base64:` as hex. */
export function digestIn(header: string | null): string | null {
  const coded = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):/.exec(header ?? "")?.[1];
  if (coded === undefined) return null;
  return bytesToHex(Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0)));
}

/** Fetch and check; rejects with an ApiError, a Mismatch, or AbortError. */
export async function fetchBytes(artifact: Artifact, told: (done: number) => void, signal: AbortSignal): Promise<Fetched> {
  const path = pathOf(artifact);
  if (path === null) throw new Error("Its link does not lead to the gateway.");
  const response = await send(path, { signal, timeout: 60_000 });
  const hash = sha256.create();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let done = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { value, done: over } = (await reader?.read()) ?? { value: undefined, done: true };
    if (over || value === undefined) break;
    hash.update(value);
    parts.push(value);
    done += value.length;
    if (artifact.bytes > 0 && done > artifact.bytes) {
      void reader?.cancel();
      throw new Mismatch(`More bytes came than the ${size(artifact.bytes)} that were announced.`);
    }
    told(done);
  }
  if (artifact.bytes > 0 && done !== artifact.bytes)
    throw new Mismatch(`${size(done)} came, ${size(artifact.bytes)} were announced.`);
  const is = bytesToHex(hash.digest());
  const stated = digestIn(response.headers.get("repr-digest"));
  const wanted = /^[0-9a-f]{64}$/i.test(artifact.sha256) ? artifact.sha256.toLowerCase() : stated;
  if (wanted !== null && wanted !== is) throw new Mismatch("Its SHA-256 is not the one that was announced.");
  return {
    blob: new Blob(parts),
    sha256: is,
    against: wanted === null ? null : wanted === artifact.sha256.toLowerCase() ? "descriptor" : "gateway",
  };
}

/* What was fetched is kept for a while: a card that scrolls out and in again does not fetch again. */
const KEEP = 64 << 20;
const kept = new Map<string, Fetched>();

export function recall(artifact: Artifact): Fetched | undefined {
  const path = pathOf(artifact) ?? "";
  const found = kept.get(path);
  if (found === undefined) return undefined;
  kept.delete(path);
  kept.set(path, found); // the youngest again
  return found;
}

export function keep(artifact: Artifact, fetched: Fetched): void {
  const path = pathOf(artifact);
  if (path === null || fetched.blob.size > KEEP / 4) return;
  kept.set(path, fetched);
  let total = [...kept.values()].reduce((sum, it) => sum + it.blob.size, 0);
  for (const [oldest, it] of kept) {
    if (total <= KEEP) break;
    kept.delete(oldest);
    total -= it.blob.size;
  }
}
