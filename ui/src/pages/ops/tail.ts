/*
 * The end of a log that is followed: the newest lines, held back while it is paused.
 */
export interface LogLine {
  /** counts all lines that came */
  seq: number;
  ts: string;
  stream: string;
  text: string;
}

export const KEPT = 5_000;

export interface Tail {
  shown: readonly LogLine[];
  held: readonly LogLine[];
  seq: number;
}
export const noTail: Tail = { shown: [], held: [], seq: 0 };

const newest = (lines: readonly LogLine[]) => (lines.length > KEPT ? lines.slice(-KEPT) : lines);

/** A line of the API; what is no such object is a line all the same. */
export function lineOf(value: unknown, seq: number): LogLine {
  if (value !== null && typeof value === "object") {
    const { ts, stream, text } = value as Record<string, unknown>;
    if (typeof text === "string")
      return { seq, ts: typeof ts === "string" ? ts : "", stream: typeof stream === "string" ? stream : "", text };
  }
  return { seq, ts: "", stream: "", text: JSON.stringify(value) };
}

export function withLines(tail: Tail, raw: readonly unknown[], paused: boolean): Tail {
  if (raw.length === 0) return tail;
  const lines = raw.map((value, at) => lineOf(value, tail.seq + at));
  const seq = tail.seq + raw.length;
  return paused
    ? { ...tail, seq, held: newest([...tail.held, ...lines]) }
    : { seq, shown: newest([...tail.shown, ...tail.held, ...lines]), held: [] };
}

export const resumed = (tail: Tail): Tail => ({ ...tail, shown: newest([...tail.shown, ...tail.held]), held: [] });

export const matching = (lines: readonly LogLine[], words: string, stream: string): readonly LogLine[] => {
  const wanted = words.trim().toLowerCase();
  if (wanted === "" && stream === "") return lines;
  return lines.filter((line) => (stream === "" || line.stream === stream) && line.text.toLowerCase().includes(wanted));
};
