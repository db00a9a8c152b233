import { expect, test } from "vitest";
import { sorted, turned } from "@/lib/sorting";

test("rows are sorted by numbers and words, what is not known comes last", () => {
  const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];
  expect(sorted(rows, ({ n }) => n, false).map(({ n }) => n)).toEqual([1, 2, 10, null]);
  expect(sorted(rows, ({ n }) => n, true).map(({ n }) => n)).toEqual([10, 2, 1, null]);
  expect(sorted(["b10", "a", "b9"], (word) => word, false)).toEqual(["a", "b9", "b10"]);
});

test("without a column the order stays, and equal rows keep theirs", () => {
  const rows = [{ k: 1, at: 0 }, { k: 0, at: 1 }, { k: 1, at: 2 }];
  expect(sorted(rows, undefined, true)).toBe(rows);
  expect(sorted(rows, ({ k }) => k, true).map(({ at }) => at)).toEqual([0, 2, 1]);
});

test("a head turns its own order round, another begins with the largest", () => {
  expect(turned(null, "a")).toEqual({ key: "a", down: true });
  expect(turned({ key: "a", down: true }, "a")).toEqual({ key: "a", down: false });
  expect(turned({ key: "a", down: false }, "b")).toEqual({ key: "b", down: true });
});
