/* Descriptors of what an answer made, wherever docs/api.md lets them stand. */
import { array, number, record, text } from "@/chat/answer/json";
import type { Artifact } from "@/chat/types";

const MAX = 200;
const types = ["image", "file", "dataset", "binary"] as const;

function descriptor(value: unknown): Artifact | null {
  const it = record(value);
  const id = text(it?.id);
  if (it === null || id === null) return null;
  const error = record(it.error);
  const url = text(it.url);
  const own = url?.startsWith("/v1/artifacts/") ? url : null;
  return {
    id,
    name: text(it.display_name) ?? id,
    mime: text(it.mime_type) ?? "application/octet-stream",
    type: types.find((type) => type === it.type) ?? "file",
    bytes: number(it.size_bytes) ?? 0,
    sha256: text(it.sha256) ?? "",
    url: error === null ? own : null,
    unavailable:
      error !== null
        ? { reason: text(error.reason) ?? "unknown", message: text(error.message) ?? "This artifact is not available." }
        : own === null
          ? { reason: "url_not_allowed", message: "Its link does not lead to the gateway, so it is not shown." }
          : null,
  };
}

/** All that a delta (or a whole message) announces. */
export function artifactsOf(delta: Record<string, unknown>): Artifact[] {
  const janus = record(delta.janus);
  const payload = record(janus?.payload);
  const found = [...array(delta.artifacts)];
  if (payload !== null) {
    if (janus?.event === "artifact") found.push(payload);
    if (janus?.event === "artifacts") found.push(...array(payload.items));
    found.push(payload.artifact, ...array(payload.artifacts));
  }
  return found.map(descriptor).filter((it) => it !== null);
}

/** The same id again replaces what was known of it. */
export function mergeArtifacts(known: Artifact[], made: Artifact[]): Artifact[] {
  const all = new Map(known.map((it) => [it.id, it]));
  for (const it of made) if (all.size < MAX || all.has(it.id)) all.set(it.id, it);
  return [...all.values()];
}
