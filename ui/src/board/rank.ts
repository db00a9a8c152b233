/*
 * How parts make a score, and when two scores differ: docs/scoring.md and docs/champion.md, in the browser.
 */
import { DIMENSIONS, type Dimension, type Entry, type Interval, type Run, type Weights } from "@/board/types";

/** The weights that a run was scored by; null if its report has none. */
export function weightsOf(run: Pick<Run, "weights"> | null | undefined): Weights | null {
  const said = run?.weights as Record<string, unknown> | null | undefined;
  if (!said) return null;
  const weight = (d: Dimension) => (typeof said[d] === "number" ? (said[d] as number) : 0);
  const weights = Object.fromEntries(DIMENSIONS.map((d) => [d, weight(d)])) as Weights;
  return DIMENSIONS.some((d) => weights[d] > 0) ? weights : null;
}

/** The mean of the parts by their weights.  A part that is not there leaves its weight to the others. */
export function composite(parts: Partial<Record<Dimension, number | null | undefined>>, weights: Weights): number | null {
  let sum = 0;
  let used = 0;
  for (const d of DIMENSIONS) {
    const part = parts[d];
    if (part === null || part === undefined) continue;
    sum += weights[d] * part;
    used += weights[d];
  }
  return used > 0 ? sum / used : null;
}

export interface Ranked {
  entry: Entry;
  value: number | null;
  /** from 1; those with the same score share it */
  place: number;
}

/** The board as the gateway orders it. */
export const asRanked = (entries: readonly Entry[]): Ranked[] =>
  entries.map((entry, i) => ({ entry, value: entry.scores.composite?.value ?? null, place: i + 1 }));

/** The board by other weights: best first, of equal ones who was submitted earlier. */
export function rerank(entries: readonly Entry[], weights: Weights): Ranked[] {
  const valued = entries.map((entry) => ({
    entry,
    value: composite(Object.fromEntries(DIMENSIONS.map((d) => [d, entry.scores[d]?.value])), weights),
  }));
  valued.sort(
    (a, b) =>
      (b.value ?? -1) - (a.value ?? -1) ||
      a.entry.submitted_at.localeCompare(b.entry.submitted_at) ||
      a.entry.competitor.localeCompare(b.entry.competitor),
  );
  let place = 0;
  return valued.map((row, i) => {
    if (i === 0 || valued[i - 1]?.value !== row.value) place = i + 1;
    return { ...row, place };
  });
}

interface Difference {
  value: number;
  low: number;
  high: number;
  /** its 95 % interval excludes 0 */
  significant: boolean;
}

/**
 * a - b with a 95 % interval made of the sides of both intervals that face each other (MOVER), the two
 * taken as independent: part 2 of the rule of docs/champion.md.
 */
export function difference(a: Interval, b: Interval): Difference {
  const value = a.value - b.value;
  const low = value - Math.hypot(a.value - a.low, b.high - b.value);
  const high = value + Math.hypot(a.high - a.value, b.value - b.low);
  return { value, low, high, significant: low > 0 || high < 0 };
}

export const sameWeights = (a: Weights, b: Weights): boolean => DIMENSIONS.every((d) => a[d] === b[d]);
