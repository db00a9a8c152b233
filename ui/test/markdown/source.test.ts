import { describe, expect, it } from "vitest";
import { firstLines } from "@/lib/markdown/CodeBlock";
import { cutAt } from "@/lib/markdown/pace";
import { definitionsOf, fenceOf, formulaOf, pictureAt, tableOf, usedBy, withFormulas, withoutPictures } from "@/lib/markdown/source";
import { rowsThatFit } from "@/lib/markdown/Table";

describe("formulas", () => {
  it.each([
    ["\\(a\\) and \\[b\\]", "$$a$$ and $$b$$"],
    ["$a^2$ and $b$", "$$a^2$$ and $$b$$"],
    ["$5 and $10", "$5 and $10"],
    ["$ a $", "$ a $"],
    ["`$a$` and $b$", "`$a$` and $$b$$"],
    ["``a `$b$` c``", "``a `$b$` c``"],
    ["\\$a\\$", "\\$a\\$"],
    ["$$a$$", "$$a$$"],
    ["$a\\$b$", "$$a\\$b$$"],
  ])("%j becomes %j", (text, wanted) => expect(withFormulas(text)).toBe(wanted));
  it("that stand alone are known", () => {
    expect(formulaOf("$$\na\n$$\n")).toBe("a");
    expect(formulaOf("$$ a $$")).toBe("a");
    expect(formulaOf("\\[\na\n\\]")).toBe("a");
    expect(formulaOf("$$a$$ and $$b$$")).toBeNull();
    expect(formulaOf("$$\na")).toBeNull();
  });
});

describe("code", () => {
  it("is taken out of its fence", () => {
    expect(fenceOf("```js x=y\na\n\nb\n```\n")).toEqual({ lang: "js", code: "a\n\nb", closed: true });
    expect(fenceOf("~~~\na\n")).toEqual({ lang: "", code: "a", closed: false });
    expect(fenceOf("  ```\n  a\n   b\n  ```")).toEqual({ lang: "", code: "a\n b", closed: true });
    expect(fenceOf("````\n```\n````")).toEqual({ lang: "", code: "```", closed: true });
    expect(fenceOf("```\n```")).toEqual({ lang: "", code: "", closed: true });
    expect(fenceOf("``` a`b\n")).toBeNull();
    expect(fenceOf("text")).toBeNull();
  });
  it("is cut after so many lines, or characters", () => {
    expect(firstLines("a\nb\nc", 400)).toEqual({ lines: ["a", "b", "c"], cut: false, total: 3 });
    const long = firstLines("x\n".repeat(1000), 400);
    expect([long.lines.length, long.cut, long.total]).toEqual([400, true, 1001]);
    const wide = firstLines("x".repeat(1_000_000), 400);
    expect([wide.lines.length, wide.lines[0]?.length, wide.cut]).toEqual([1, 60_000, true]);
  });
});

describe("tables", () => {
  it("are told by their second line, and their rows are text", () => {
    expect(tableOf("| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 |\n\n")).toEqual({ head: "| a | b |\n|---|:-:|\n", rows: ["| 1 | 2 |", "| 3 |"] });
    expect(tableOf("| a |\n|---|")?.rows).toEqual([]);
    expect(tableOf("a\nb")).toBeNull();
  });
  it("show as many rows as fit", () => {
    expect(rowsThatFit(Array(1000).fill("| 1 |"), 100)).toBe(100);
    expect(rowsThatFit(Array(1000).fill("x".repeat(1000)), 100)).toBe(24);
    expect(rowsThatFit([], 100)).toBe(0);
  });
});

describe("pictures of megabytes", () => {
  it("stand aside", () => {
    const url = `data:image/png;base64,${"A".repeat(100_000)}`;
    const { text, pictures } = withoutPictures(`a ![x](${url}) b`, false);
    expect(text).toBe("a ![x](janus-picture:0) b");
    expect(pictureAt("janus-picture:0", pictures)).toBe(url);
    expect(pictureAt("janus-picture:7", pictures)).toBe("");
    expect(pictureAt("https://x", pictures)).toBe("https://x");
  });
  it("that have not come whole are not shown as text", () => {
    expect(withoutPictures("a ![x](data:image/png;base64,AAAA", true).text).toBe("a …");
    expect(withoutPictures("a ![x](data:image/png;base64,AAAA", false).text).toContain("AAAA");
  });
});

describe("definitions of links", () => {
  const found = definitionsOf(["[One]: https://a.example\n[two]: <u>\n", "text", "[^1]: note"]);
  it("are found, footnotes not", () => expect([...found.keys()]).toEqual(["one", "two"]));
  it("go with the blocks that use them", () => {
    expect(usedBy("see [this][one]", found)).toBe("[One]: https://a.example");
    expect(usedBy("see [three]", found)).toBe("");
  });
});

describe("a text that is too long", () => {
  it("is cut at a line", () => {
    expect(cutAt("abc", 10)).toBe(3);
    expect(cutAt("aaa\nbbb\nccc", 9)).toBe(8);
    expect(cutAt("x".repeat(9000), 5000)).toBe(5000);
  });
});
