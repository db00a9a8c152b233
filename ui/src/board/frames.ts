/*
 * An attempt's frames as what a reader saw of it: text that grows over time, and the silences in between,
 * as docs/scoring.md defines them: from a request to its first content, between two contents, to the end.
 */
import { createParser } from "eventsource-parser";
import type { Frame } from "@/board/types";

/** What a silence is longer than adds to the stall time (docs/scoring.md). */
export const STALL_MS = 2000;

export interface Moment {
  t_ms: number;
  /** characters of all content so far */
  total: number;
  kind: "content" | "reasoning" | "tool" | "artifact";
}
export interface Gap {
  from_ms: number;
  to_ms: number;
  ms: number;
  before: "first" | "next" | "end";
}
export interface Timeline {
  end_ms: number;
  first_ms: number | null;
  moments: Moment[];
  /** all silences, in order */
  gaps: Gap[];
  longest: Gap | null;
  turns: { from_ms: number; status: number | null; ended: string | null }[];
  pings: number;
  characters: number;
}

type Loose = Record<string, unknown>;
const object = (value: unknown): Loose => (value !== null && typeof value === "object" ? (value as Loose) : {});
const first = (value: unknown): Loose => object(Array.isArray(value) ? value[0] : undefined);
const says = (value: unknown): value is string => typeof value === "string" && /[\p{L}\p{N}\p{S}]/u.test(value);

/** What a chunk (or a whole answer) holds that somebody could learn something from. */
function contentOf(json: unknown): { kind: Moment["kind"]; characters: number }[] {
  const choice = first(object(json).choices);
  const delta = object(choice.delta ?? choice.message);
  const out: { kind: Moment["kind"]; characters: number }[] = [];
  for (const key of ["reasoning_content", "reasoning"])
    if (says(delta[key])) out.push({ kind: "reasoning", characters: (delta[key] as string).length });
  if (says(delta.content)) out.push({ kind: "content", characters: delta.content.length });
  if (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0)
    out.push({ kind: "tool", characters: JSON.stringify(delta.tool_calls).length });
  const janus = object(delta.janus);
  if (Array.isArray(delta.artifacts) || janus.event === "artifact" || janus.event === "artifacts")
    out.push({ kind: "artifact", characters: 0 });
  return out;
}

function bytesOf(frame: Frame): Uint8Array {
  if (frame.base64 !== undefined) return Uint8Array.from(atob(frame.base64), (c) => c.charCodeAt(0));
  return new TextEncoder().encode(frame.bytes ?? "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function timeline(frames: readonly Frame[]): Timeline {
  const out: Timeline = { end_ms: 0, first_ms: null, moments: [], gaps: [], longest: null, turns: [], pings: 0, characters: 0 };
  let now = 0;
  let quiet = 0;
  let heard = false; // anything in this turn
  let plain = ""; // the body of an answer that is no stream
  let stream = true;
  let decoder = new TextDecoder();

  const silence = (before: Gap["before"]) => {
    const gap: Gap = { from_ms: quiet, to_ms: now, ms: now - quiet, before };
    out.gaps.push(gap);
    if (out.longest === null || gap.ms > out.longest.ms) out.longest = gap;
    quiet = now;
  };
  const take = (json: unknown) => {
    for (const { kind, characters } of contentOf(json)) {
      silence(heard ? "next" : "first");
      heard = true;
      out.first_ms ??= now;
      out.characters += characters;
      out.moments.push({ t_ms: now, total: out.characters, kind });
    }
  };
  const events = createParser({
    onEvent: (event) => event.data !== "[DONE]" && take(parsed(event.data)),
    onComment: () => {
      out.pings++;
    },
  });

  for (const frame of frames) {
    now = frame.t_ms;
    out.end_ms = Math.max(out.end_ms, now);
    const turn = out.turns.at(-1);
    if (frame.kind === "request") {
      out.turns.push({ from_ms: now, status: null, ended: null });
      quiet = now;
      heard = false;
      plain = "";
      decoder = new TextDecoder();
      events.reset();
    } else if (frame.kind === "head") {
      const head = frame.bytes ?? "";
      const status = Number(/^\S+ (\d{3})/.exec(head)?.[1] ?? Number.NaN);
      if (turn && status >= 200) turn.status = status;
      stream = /^content-type:\s*text\/event-stream/im.test(head);
    } else if (frame.kind === "body") {
      const text = decoder.decode(bytesOf(frame), { stream: true });
      if (stream) events.feed(text);
      else plain += text;
    } else {
      if (!stream) take(parsed(plain));
      if (turn) {
        turn.ended = frame.bytes ?? null;
        silence("end");
      }
    }
  }
  return out;
}

/** At most so many moments that look like all of them: the last of each stretch of time. */
export function thinned(moments: readonly Moment[], most: number): Moment[] {
  if (moments.length <= most) return [...moments];
  const from = moments[0]?.t_ms ?? 0;
  const step = ((moments.at(-1)?.t_ms ?? 0) - from) / most || 1;
  const kept = new Map<number, Moment>();
  for (const moment of moments) kept.set(Math.floor((moment.t_ms - from) / step), moment);
  return [...kept.values()];
}
