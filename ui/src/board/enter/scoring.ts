/* The scoring that runs are scored by: the very files of bench/scoring, taken in when the UI is built. */

/** Points of a curve: what is measured, and its worth from 0 to 1. */
export type Curve = [number, number][];
export interface Scoring {
  version: string;
  weights: Record<string, number>;
  pass_mark: number;
  stall_from_ms: number;
  samples: number;
  curves: Record<string, Record<string, Curve>>;
}

const files = import.meta.glob<Scoring>("../../../../bench/scoring/*.json", { eager: true, import: "default" });
export const scorings: Scoring[] = Object.values(files).toSorted((a, b) => b.version.localeCompare(a.version));

/** That version, or the newest. */
export const scoringOf = (version: string | null | undefined): Scoring | null =>
  scorings.find((each) => each.version === version) ?? scorings[0] ?? null;
