import { expect, test } from "vitest";
import { fine, life, type Request } from "@/pages/ops/life";

const born = "2026-11-21T16:00:00.000Z";
const base = {
  id: "req_1", object: "request", created_at: born, duration_ms: 1000, code: null, timeline: null, platform_calls: [], artifacts: [],
} as unknown as Request;
type Entries = NonNullable<Request["timeline"]>;
const entry = (ms: number, what: Entries[number]["what"], attempt: number | null = null, detail: string | null = null) => ({ at: born, ms, what, attempt, detail });

test("a life is in the order of time, with the times between", () => {
  const moments = life({ ...base, timeline: [entry(0, "accepted"), entry(100, "picked", 1, "owl"), entry(400, "first_event"), entry(1000, "end")] });
  expect(moments.map(({ ms, sinceMs }) => [ms, sinceMs])).toEqual([[0, 0], [100, 100], [400, 300], [1000, 600]]);
  expect(moments.map(({ from, width }) => [from, width])).toEqual([[0, 0], [0, 10], [10, 30], [40, 60]]);
  expect(moments[1]).toMatchObject({ attempt: 1, detail: "owl", bad: false });
});

test("what failed is told as that", () => {
  const moments = life({ ...base, code: "upstream_died", timeline: [entry(1, "failed", 1, "upstream_died"), entry(2, "end")] });
  expect(moments.map(({ bad }) => bad)).toEqual([true, true]);
  expect(life({ ...base, timeline: [entry(2, "end")] })[0]?.bad).toBe(false);
});

test("calls at the platform and artifacts stand between, calls from where they began", () => {
  const moments = life({
    ...base,
    timeline: [entry(0, "accepted"), entry(1000, "end")],
    platform_calls: [
      { at: "2026-11-21T16:00:00.600Z", duration_ms: 500, service: "inference", operation: "chat", target: "m", decision: "allowed", code: null, calls: 1 },
      { at: "2026-11-21T16:00:00.700Z", duration_ms: 0, service: "web", operation: null, target: "x", decision: "denied", code: "egress_denied", calls: 3 },
    ] as unknown as NonNullable<Request["platform_calls"]>,
    artifacts: [{ created_at: "2026-11-21T16:00:00.800Z", display_name: "t.csv", size_bytes: 42 }] as unknown as NonNullable<Request["artifacts"]>,
  });
  expect(moments.map(({ kind, ms }) => [kind, ms])).toEqual([["gateway", 0], ["platform", 100], ["platform", 700], ["artifact", 800], ["gateway", 1000]]);
  expect(moments[1]).toMatchObject({ what: "inference chat", tookMs: 500, from: 10, width: 50, bad: false });
  expect(moments[2]).toMatchObject({ bad: true, detail: "x, denied: egress_denied, 3 times" });
  expect(moments[3]?.detail).toBe("t.csv, 42 B");
});

test("without a timeline, and of no length, nothing breaks", () => {
  expect(life(base)).toEqual([]);
  expect(life({ ...base, duration_ms: 0, timeline: [entry(0, "accepted")] })[0]).toMatchObject({ from: 0, width: 0 });
});

test("short times have digits", () => {
  expect([0, 0.084, 5.5, 466.9, 2400].map(fine)).toEqual(["0 ms", "0.08 ms", "5.50 ms", "467 ms", "2.4 s"]);
});
