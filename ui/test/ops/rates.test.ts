import { expect, test } from "vitest";
import { grown, percentile, rates, type Top } from "@/pages/ops/rates";
import { noHistory, withSnapshot } from "@/pages/ops/topHistory";

const snapshot = (atMs: number, requests: number, errors = 0, tokens = 0, counts = [0, 0, 0]): Top => ({
  object: "top",
  at: "2026-11-21T16:00:00.000Z",
  at_ms: atMs,
  data: [
    {
      id: "cpt_1", name: "owl", state: "ready", in_flight: 2, requests, errors, prompt_tokens: 0, completion_tokens: tokens,
      failovers: 1, longest_gap_ms: 30, ttft: { le_ms: [10, 20], counts },
    },
  ],
});

test("rates are the difference of two snapshots over the difference of their times", () => {
  const [row] = rates(snapshot(1000, 10, 1, 100), snapshot(3000, 20, 2, 300));
  expect(row).toMatchObject({ requests: 5, errors: 0.5, tokens: 100, inFlight: 2, longestGap: 30, allRequests: 20, failovers: 1 });
});

test("one snapshot has no rates", () => {
  expect(rates(null, snapshot(1000, 10))[0]).toMatchObject({ requests: null, errors: null, tokens: null });
});

test("a janusd that was started anew counts from zero", () => {
  expect(grown(100, 4)).toBe(4);
  expect(rates(snapshot(1000, 100), snapshot(2000, 4))[0]?.requests).toBe(4);
});

test("who is new counts from zero, who is gone is left out", () => {
  const now = snapshot(2000, 6);
  const before = { ...snapshot(1000, 3), data: [{ ...snapshot(1000, 3).data[0]!, name: "bee", id: "cpt_2" }] };
  expect(rates(before, now)).toHaveLength(1);
  expect(rates(before, now)[0]?.requests).toBe(6);
});

test("percentiles are of what came between the snapshots, and within their bucket", () => {
  expect(percentile([10, 20], [0, 0, 0], 0.5)).toBeNull();
  expect(percentile([10, 20], [10, 0, 0], 0.5)).toBe(5);
  expect(percentile([10, 20], [5, 5, 0], 0.95)).toBe(19);
  expect(percentile([10, 20], [0, 0, 3], 0.5)).toBe(20); // beyond the last bound: at least that
  const [row] = rates(snapshot(1000, 1, 0, 0, [100, 0, 0]), snapshot(2000, 2, 0, 0, [100, 10, 0]));
  expect(row?.ttftP50).toBe(15);
  const [still] = rates(snapshot(1000, 1, 0, 0, [10, 0, 0]), snapshot(2000, 1, 0, 0, [10, 0, 0]));
  expect(still?.ttftP50).toBe(5); // nothing came: those since the start
});

test("the history keeps a line for each, with a gap where nobody looked", () => {
  let history = withSnapshot(noHistory, snapshot(1000, 0));
  history = withSnapshot(history, snapshot(3000, 4));
  expect(history.lines.cpt_1?.map(({ requests }) => requests)).toEqual([null, 2]);
  expect(withSnapshot(history, snapshot(3000, 4))).toBe(history);
  history = withSnapshot(history, snapshot(60_000, 100));
  expect(history.lines.cpt_1?.map(({ requests }) => requests)).toEqual([null, 2, null]);
  expect(history.rows[0]?.requests).toBeNull();
  history = withSnapshot(history, snapshot(62_000, 104));
  expect(history.rows[0]?.requests).toBe(2);
});

test("the history does not grow for ever", () => {
  let history = noHistory;
  for (let at = 1; at < 400; at++) history = withSnapshot(history, snapshot(at * 2000, at));
  expect(history.lines.cpt_1).toHaveLength(150);
  expect(history.snapshots.length).toBeLessThan(10);
});
