/*
 * The life of a request in the order of time: what the gateway noted, what the competitor called at
 * the platform meanwhile, and what its answer announced.
 */
import type { Api } from "@/lib/api";
import { bytes, duration } from "@/lib/format";

export type Request = Api<"Request">;

export interface Moment {
  /** ms from acceptance */
  ms: number;
  /** how long it took, where that is known */
  tookMs: number | null;
  /** ms since the moment before */
  sinceMs: number;
  kind: "gateway" | "platform" | "artifact";
  what: string;
  detail: string | null;
  attempt: number | null;
  bad: boolean;
  /** where it stands in a bar of the whole, in percent */
  from: number;
  width: number;
}

const words: Record<string, string> = {
  accepted: "accepted",
  queued: "waits for a free slot",
  picked: "a competitor is picked",
  connected: "connected",
  head: "the answer begins",
  failed: "the attempt failed",
  first_event: "first event",
  longest_gap: "longest gap ends",
  end: "end",
};

type Bare = Omit<Moment, "sinceMs" | "from" | "width">;

function found(request: Request): Bare[] {
  const born = Date.parse(request.created_at);
  const timeline = (request.timeline ?? []).map(
    ({ ms, what, detail, attempt }): Bare => ({
      ms,
      tookMs: null,
      kind: "gateway",
      what: words[what] ?? what,
      detail,
      attempt,
      bad: what === "failed" || (what === "end" && request.code !== null),
    }),
  );
  const calls = (request.platform_calls ?? []).map(
    (call): Bare => ({
      // A call is noted when it is over.
      ms: Math.max(0, Date.parse(call.at) - born - call.duration_ms),
      tookMs: call.duration_ms,
      kind: "platform",
      what: [call.service, call.operation].filter(Boolean).join(" "),
      detail: [call.target, call.decision === "allowed" ? null : `${call.decision}${call.code ? `: ${call.code}` : ""}`, call.calls > 1 ? `${call.calls} times` : null]
        .filter(Boolean)
        .join(", "),
      attempt: null,
      bad: call.decision !== "allowed",
    }),
  );
  const artifacts = (request.artifacts ?? []).map(
    (artifact): Bare => ({
      ms: Math.max(0, Date.parse(artifact.created_at) - born),
      tookMs: null,
      kind: "artifact",
      what: "artifact",
      detail: `${artifact.display_name}, ${bytes(artifact.size_bytes)}`,
      attempt: null,
      bad: false,
    }),
  );
  return [...timeline, ...calls, ...artifacts];
}

export function life(request: Request): Moment[] {
  const sorted = found(request)
    .map((moment, at) => ({ moment, at }))
    .sort((a, b) => a.moment.ms - b.moment.ms || a.at - b.at)
    .map(({ moment }) => moment);
  const whole = Math.max(request.duration_ms, ...sorted.map(({ ms, tookMs }) => ms + (tookMs ?? 0)), 1);
  return sorted.map((moment, at) => {
    const before = sorted[at - 1]?.ms ?? 0;
    const start = moment.tookMs === null ? before : moment.ms;
    const end = moment.tookMs === null ? moment.ms : moment.ms + moment.tookMs;
    return { ...moment, sinceMs: moment.ms - before, from: (start / whole) * 100, width: ((end - start) / whole) * 100 };
  });
}

/** ms with the digits that matter below a second. */
export const fine = (ms: number): string => (ms < 10 ? `${ms.toFixed(ms === 0 ? 0 : 2)} ms` : duration(ms));
