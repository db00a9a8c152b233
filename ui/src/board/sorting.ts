/* What the columns of the leaderboard are sorted by, and which way first. */
import type { Ranked } from "@/board/rank";
import { type Dimension } from "@/board/types";

export type SortKey = "rank" | "competitor" | "composite" | Dimension | "arena" | "submitted";
export type Sortable = string | number | null;

/** Text, rank and dates begin ascending; scores descending. */
export const descendsFirst = (key: SortKey): boolean => !["rank", "competitor", "submitted"].includes(key);

export function sortValue(row: Ranked, key: SortKey): Sortable {
  const { entry } = row;
  switch (key) {
    case "rank":
      return row.place;
    case "competitor":
      return entry.competitor;
    case "composite":
      return row.value;
    case "arena":
      return entry.arena?.rating ?? null;
    case "submitted":
      return entry.submitted_at;
    default:
      return entry.scores[key]?.value ?? null;
  }
}

/** Ascending; what has no value is below all that has one. */
export function compare(a: Sortable, b: Sortable): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b));
  return a - b;
}
