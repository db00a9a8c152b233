/*
 * The snapshots of /api/v1/top of the last minutes: kept while the page lives, also when another tab
 * of it is looked at; asked for only while somebody looks.
 */
import { create } from "zustand";
import { type Rates, rates, type Top } from "@/pages/ops/rates";

export const EVERY_MS = 2_000;
const KEPT = 150; // five minutes
const WINDOW = 5; // snapshots that a rate looks back
const GAP_MS = 5 * EVERY_MS; // longer without a snapshot is a gap in the line

export interface Point {
  atMs: number;
  /** requests a second, tokens a second, in flight; null after a pause */
  requests: number | null;
  tokens: number | null;
  inFlight: number;
}

interface History {
  snapshots: Top[];
  rows: Rates[];
  lines: Record<string, Point[]>;
}

/** History with one more snapshot; the same again changes nothing, an older clock begins anew. */
export function withSnapshot(history: History, now: Top): History {
  const last = history.snapshots.at(-1);
  if (last !== undefined && last.at_ms === now.at_ms) return history;
  const paused = last === undefined || now.at_ms < last.at_ms || now.at_ms - last.at_ms > GAP_MS;
  const snapshots = paused ? [now] : [...history.snapshots, now].slice(-WINDOW - 1);
  const rows = rates(snapshots.length > 1 ? (snapshots[0] ?? null) : null, now);
  const steps = new Map(rates(paused ? null : last, now).map((row) => [row.id, row]));
  const lines: Record<string, Point[]> = {};
  for (const row of rows) {
    const step = steps.get(row.id);
    const point = { atMs: now.at_ms, requests: step?.requests ?? null, tokens: step?.tokens ?? null, inFlight: row.inFlight };
    lines[row.id] = [...(history.lines[row.id] ?? []), point].slice(-KEPT);
  }
  return { snapshots, rows, lines };
}

export const noHistory: History = { snapshots: [], rows: [], lines: {} };

export const useTopHistory = create<History & { add: (now: Top) => void }>((set) => ({
  ...noHistory,
  add: (now) => set((history) => withSnapshot(history, now)),
}));
