import { expect, test } from "vitest";
import { KEPT, matching, noTail, lineOf, resumed, withLines } from "@/pages/ops/tail";
import { visible } from "@/pages/ops/visible";

const line = (text: string, stream = "stdout") => ({ ts: "2026-11-21T16:00:00.000Z", stream, text });

test("what is no log line is shown as it came", () => {
  expect(lineOf({ text: 5 }, 1)).toEqual({ seq: 1, ts: "", stream: "", text: '{"text":5}' });
  expect(lineOf(null, 1).text).toBe("null");
  expect(lineOf({ text: "a", ts: 5, stream: null }, 1)).toEqual({ seq: 1, ts: "", stream: "", text: "a" });
});

test("what comes while it is paused is held, and none is lost", () => {
  let tail = withLines(noTail, [line("a")], false);
  tail = withLines(tail, [line("b"), line("c")], true);
  expect(tail.shown.map(({ text }) => text)).toEqual(["a"]);
  expect(tail.held).toHaveLength(2);
  tail = withLines(resumed(tail), [line("d")], false);
  expect(tail.shown.map(({ text, seq }) => `${seq}${text}`)).toEqual(["0a", "1b", "2c", "3d"]);
  expect(tail.held).toEqual([]);
});

test("the oldest lines go", () => {
  const tail = withLines(noTail, Array.from({ length: KEPT + 10 }, (_, at) => line(String(at))), false);
  expect(tail.shown).toHaveLength(KEPT);
  expect(tail.shown[0]?.text).toBe("10");
});

test("filters are by words and stream", () => {
  const { shown } = withLines(noTail, [line("Hello owl"), line("bad owl", "stderr"), line("bee")], false);
  expect(matching(shown, " OWL ", "").map(({ text }) => text)).toEqual(["Hello owl", "bad owl"]);
  expect(matching(shown, "owl", "stderr").map(({ text }) => text)).toEqual(["bad owl"]);
  expect(matching(shown, "", "")).toBe(shown);
});

test("[L06] what would colour, move or turn the text is written out", () => {
  expect(visible("\u001b[31mred\u001b[0m")).toBe("red");
  expect(visible("a\u202eb\u0000c\u2066d\u200be")).toBe("a\\u202eb\\u0000c\\u2066d\\u200be");
  expect(visible("a\tb\r\nc\rd")).toBe("a\tb\nc\nd");
  expect(visible("žluťoučký 🦉")).toBe("žluťoučký 🦉");
});
