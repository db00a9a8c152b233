import { describe, expect, it } from "vitest";
import { Splitter, splitBlocks } from "@/lib/markdown/blocks";
import { inAMoment } from "../moment";

/** A generator of the same numbers every time. */
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

const PIECES = [
  ..."a b c # > - + * 1. 2) ``` ~~~ $$ \\[ \\] | |-|-| --- === [x]: u".split(" "),
  ...["\n", "\n", "\n\n", "\n\n", "    ", "  ", "\t", "````", "- ```js", "| a | b |", "# h", "> q", "$$ x $$", " ", "<b>", "\r\n"],
];

function text(next: () => number): string {
  let out = "";
  for (let left = 1 + next() * 60; left > 0; left--) out += PIECES[Math.floor(next() * PIECES.length)] ?? "";
  return out;
}

describe("blocks of markdown", () => {
  it("joined are the text, whatever it is", () => {
    const next = random(7);
    for (let i = 0; i < 3000; i++) {
      const some = text(next);
      expect(splitBlocks(some).join("")).toBe(some);
    }
  });

  it("are the same however the text came", () => {
    const next = random(11);
    for (let i = 0; i < 500; i++) {
      const some = text(next);
      const splitter = new Splitter();
      for (let at = 0; at < some.length; at += 1 + Math.floor(next() * 7)) splitter.split(some.slice(0, at));
      expect(splitter.split(some)).toEqual(splitBlocks(some));
    }
  });

  it("keep those before the last while a text grows", () => {
    const splitter = new Splitter();
    const before = splitter.split("# one\n\ntwo\n\nthr");
    const after = splitter.split("# one\n\ntwo\n\nthree and more");
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(after).toHaveLength(3);
  });

  it("forget a text that was replaced", () => {
    const splitter = new Splitter();
    splitter.split("one\n\ntwo\n\nthree");
    expect(splitter.split("four\n\nfive")).toEqual(["four\n\n", "five"]);
  });

  const cases: [string, string, string[]][] = [
    ["paragraphs", "a\nb\n\nc", ["a\nb\n\n", "c"]],
    ["a heading ends a paragraph and is a block", "a\n# b\nc", ["a\n", "# b\n", "c"]],
    ["a heading under its line stays with it", "a\n---\n\nb", ["a\n---\n\n", "b"]],
    ["a fence holds blank lines", "```\na\n\nb\n```\nc", ["```\na\n\nb\n```\n", "c"]],
    ["a fence without an end goes on", "```\na\n\n# b", ["```\na\n\n# b"]],
    ["a longer fence holds a shorter one", "````\n```\n\n```\n````\nx", ["````\n```\n\n```\n````\n", "x"]],
    ["a list with paragraphs and code", "- a\n\n  b\n\n  ```\n  c\n\n  d\n  ```\n- e\n\nf", ["- a\n\n  b\n\n  ```\n  c\n\n  d\n  ```\n- e\n\n", "f"]],
    ["a table after a paragraph", "a\n| x | y |\n|---|---|\n| 1 | 2 |\n\nb", ["a\n", "| x | y |\n|---|---|\n| 1 | 2 |\n\n", "b"]],
    ["formulas that stand alone", "$$\na\n\nb\n$$\nc", ["$$\na\n\nb\n$$\n", "c"]],
    ["a formula on one line with text after it", "$$a$$ is b\nc", ["$$a$$ is b\nc"]],
    ["a quote", "> a\n> b\n\nc", ["> a\n> b\n\n", "c"]],
    ["indented code over a blank line", "    a\n\n    b\n\nc", ["    a\n\n    b\n\n", "c"]],
    ["nothing", "", []],
  ];
  it.each(cases)("%s", (_, whole, blocks) => expect(splitBlocks(whole)).toEqual(blocks));

  it("cut a long list between its items", () => {
    const list = Array.from({ length: 400 }, (_, i) => `- item number ${i} of this list\n`).join("");
    const blocks = splitBlocks(list);
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.every((block) => block.startsWith("- item"))).toBe(true);
  });

  it("take megabytes in a moment [L08]", () => {
    for (const [some, times] of [["> ", 500_000], ["a ", 1_000_000], ["- x\n", 300_000], ["|a", 500_000], ["`", 1_000_000], ["$", 1_000_000]] as const)
      inAMoment(some, times, (whole) => expect(splitBlocks(whole).join("")).toBe(whole));
  });
});
