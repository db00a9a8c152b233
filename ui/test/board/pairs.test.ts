import { describe, expect, it } from "vitest";
import { pairs } from "@/board/pairs";
import { item } from "./fixtures";

const weights = { quality: 45, speed: 20, cost: 15, streaming: 10, modality: 10 };

describe("pairs", () => {
  it("puts the same items side by side, what differs most first", () => {
    const found = pairs(
      [item("one", "passed", 100), item("two", "passed", 80), item("only-a", "failed", 0, { why: "no answer" })],
      [item("one", "passed", 95), item("two", "failed", 0)],
      weights,
    );
    expect(found.map((p) => [p.item, p.delta])).toEqual([["two", 80], ["one", 5], ["only-a", null]]);
    expect(found[2]).toMatchObject({ b: null, a: { why: "no answer", passed: 0, epochs: 1 } });
  });
  it("averages epochs, and takes the last attempt that counts", () => {
    const found = pairs(
      [
        item("one", "failed", 0, { epoch: 0 }),
        item("one", "passed", 90, { epoch: 0, attempt: 2 }),
        item("one", "error", 0, { epoch: 0, attempt: 3 }),
        item("one", "passed", 70, { epoch: 1 }),
      ],
      [item("one", "passed", 80)],
      weights,
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ delta: 0, a: { score: 80, epochs: 2, passed: 2 } });
  });
});
