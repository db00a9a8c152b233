/* The leaderboard as a file for a spreadsheet (RFC 4180). */
import type { Ranked } from "@/board/rank";
import { DIMENSIONS } from "@/board/types";

type Cell = string | number | boolean | null | undefined;

/** A text that a spreadsheet would take for a formula is told that it is none. */
function quoted(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (rows: readonly (readonly Cell[])[]): string => rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");

/** own: with the score and place that the reader's weights make, beside the board's. */
export function boardCsv(rows: readonly Ranked[], own: boolean): string {
  const parts = ["composite", ...DIMENSIONS] as const;
  const head = [
    "rank",
    "competitor",
    ...parts.flatMap((p) => [p, `${p}_low`, `${p}_high`]),
    "arena_rating",
    "champion",
    "state",
    "cost_from",
    "runs",
    "attempts",
    "passed",
    "failures",
    "excluded",
    "digest",
    "submitted_at",
    "scored_at",
    "newest_run",
    ...(own ? ["own_place", "own_score"] : []),
  ];
  const line = ({ entry: e, place, value }: Ranked): Cell[] => [
    e.rank.range,
    e.competitor,
    ...parts.flatMap((p) => [e.scores[p]?.value, e.scores[p]?.low, e.scores[p]?.high]),
    e.arena?.rating,
    e.is_champion,
    e.state,
    e.cost_from,
    e.runs.length,
    e.attempts,
    e.passed,
    e.failures,
    e.excluded,
    e.digest,
    e.submitted_at,
    e.scored_at,
    e.runs[0],
    ...(own ? [place, value] : []),
  ];
  return csv([head, ...rows.map(line)]);
}
