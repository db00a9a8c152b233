import { describe, expect, test } from "vitest";
import { slug } from "@/lib/markdown/slug";
import { headings, leadOf, outlined, plain, sections, titleOf } from "@/pages/docs/headings";
import { resolve, withoutDeadLinks } from "@/pages/docs/links";
import { entriesOf, find } from "@/pages/docs/search";
import { beside, docOf, groups } from "@/pages/docs/table";
import { textOf } from "@/pages/docs/texts";
import { pages } from "virtual:docs";

const known = (page: string) => ["api", "errors", "getting-started", "reference"].includes(page);

describe("links between pages", () => {
  test.each([
    ["api.md", "/docs/api"],
    ["./errors.md#upstream_died", "/docs/errors#upstream_died"],
    ["docs/getting-started.md", "/docs/getting-started"],
    ["openapi.json", "/docs/reference"],
    ["man/janus.conf.5", null],
    ["examples/owl/owl.py", null],
    ["../README.md", null],
    ["nobody.md", null],
    ["/etc/passwd", null],
    ["javascript:alert(1)", null],
  ])("%s", (href, wanted) => expect(resolve(href, known)).toBe(wanted));

  test("to files that are not served are left as their words, but in code they are code", () => {
    const text = "see [janus.conf(5)](man/janus.conf.5), [the API](api.md#keys), [`x`](#here), [web](https://a.example)\n```\n[a](b.c)\n```";
    expect(withoutDeadLinks(text, known)).toBe(
      "see janus.conf(5), [the API](api.md#keys), [`x`](#here), [web](https://a.example)\n```\n[a](b.c)\n```",
    );
  });
});

describe("headings", () => {
  const text = "# The `one` title\n\nIt is so. It goes on.\n\n## First: a.b\nbody `x` | y\n```sh\n# no heading\nmake up\n```\n### Deeper ###\nlast\n";
  test("with their ids, but none from code", () =>
    expect(headings(text)).toEqual([
      { level: 1, text: "The one title", id: "the-one-title" },
      { level: 2, text: "First: a.b", id: "first-ab" },
      { level: 3, text: "Deeper", id: "deeper" },
    ]));
  test("have what is below them, code too", () => expect(sections(text)[1]?.body).toBe("body x y # no heading make up"));
  test("go down step by step, whatever the text does", () =>
    expect(outlined("# a\n### b\n### c\n#### d\n## e\n```\n### code\n```\n### f")).toBe("# a\n## b\n## c\n### d\n## e\n```\n### code\n```\n### f"));
  test("title and first sentence", () => expect([titleOf(text), leadOf(text)]).toEqual(["The one title", "It is so."]));
  test("without their marks", () => expect(plain("**a** [`b`](c.md) *d*")).toBe("a b d"));
  test("ids are those of the page", () => expect(slug("upstream_timeout_first_byte")).toBe("upstream_timeout_first_byte"));
});

describe("search", () => {
  const index = [
    ...entriesOf("api", "The HTTP API", "# The HTTP API\nintro\n## Budgets\nWhat a key may spend, in dollars.\n## Errors\nbudget_exceeded is 429\n"),
    ...entriesOf("platform", "What a competitor can call", "# What a competitor can call\nno network\n## Models\nwithin a budget\n"),
  ];
  test("headings before text, whole words before beginnings", () =>
    expect(find(index, "budget").map(({ to }) => to)).toEqual(["/docs/api#budgets", "/docs/platform#models", "/docs/api#errors"]));
  test("every word must be there", () => expect([find(index, "dollars key").length, find(index, "dollars pounds").length]).toEqual([1, 0]));
  test("a title is the page itself", () => expect(find(index, "http api")[0]?.to).toBe("/docs/api"));
  test("nothing is asked, nothing is found", () => expect(find(index, "  ")).toEqual([]));
  test("what is not text does no harm", () => expect(find(index, "( [ \\ .* $")).toEqual([]));
});

describe("the docs as they are", () => {
  test("each page is in one group, once, and is titled", () => {
    const placed = groups.flatMap(({ docs }) => docs.map(({ page }) => page));
    expect([...placed].sort()).toEqual([...pages.map(({ page }) => page), "reference"].sort());
    for (const { docs } of groups) for (const { title, lead } of docs) expect([title, lead]).not.toContain("");
  });
  test("before and after lead through all of them", () => {
    let count = 1;
    let at = groups[0]?.docs[0]?.page ?? "";
    expect(beside(at).before).toBeNull();
    for (let next = beside(at).after; next !== null; next = beside(at).after, count++) {
      expect(beside(next.page).before?.page).toBe(at);
      at = next.page;
    }
    expect(count).toBe(pages.length + 1);
    expect(beside("nobody")).toEqual({ before: null, after: null });
    expect(docOf("nobody")).toBeNull();
  });
  test("every link of the other pages into the docs leads somewhere", async () => {
    const sources = import.meta.glob<string>("../../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
    const dead: string[] = [];
    for (const [file, source] of Object.entries(sources))
      for (const [, page = "", id] of source.matchAll(/["`(]\/docs\/([a-z-]+)(?:#([\w-]+))?["`)]/g)) {
        if (page === "reference") continue;
        const there = pages.some((one) => one.page === page) && (id === undefined || headings(await textOf(page)).some((one) => one.id === id));
        if (!there) dead.push(`${file}: /docs/${page}${id ? `#${id}` : ""}`);
      }
    expect(dead).toEqual([]);
  });
  test("no link between pages leads nowhere, and no page has two headings of one name", async () => {
    const texts = new Map(await Promise.all(pages.map(async ({ page }) => [page, await textOf(page)] as const)));
    const dead: string[] = [];
    for (const [page, text] of texts) {
      const ids = headings(text).map(({ id }) => id);
      dead.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `${page}.md has ${id} twice`));
      for (const [, href = ""] of withoutDeadLinks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(href)) continue;
        const to = href.startsWith("#") ? `/docs/${page}${href}` : resolve(href);
        const [, target = "", anchor] = /^\/docs\/([^#]+)(?:#(.*))?$/.exec(to ?? "") ?? [];
        if (target === "reference") continue;
        if (!texts.has(target) || (anchor && !headings(texts.get(target) ?? "").some(({ id }) => id === anchor))) dead.push(`${page}.md: ${href}`);
      }
    }
    expect(dead).toEqual([]);
  });
});
