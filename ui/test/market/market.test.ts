import { describe, expect, it } from "vitest";
import { operationsOf, toolsOf } from "@/market/contract";
import { type Component, countsOf, filterOf, queryOf } from "@/market/data";
import { example, parse, placeOf } from "@/market/manifest";
import { resolve, rowsOf, typeOf } from "@/market/schema";

describe("filters in the URL", () => {
  it("come back as they went in", () => {
    for (const text of ["", "category=research", "q=a+b", "sort=name", "category=tools&q=%3Cb%3E&sort=newest"])
      expect(queryOf(filterOf(new URLSearchParams(text))).toString()).toBe(text);
  });
  it("are none where they are no filters", () => {
    const filter = filterOf(new URLSearchParams(`category=games&sort=-1&q=${"x".repeat(500)}`));
    expect(filter).toEqual({ category: "", sort: "popular", q: "x".repeat(100) });
  });
});

describe("counts", () => {
  const one = (more: Partial<Component>) => ({ origin: "submitted", available: null, usage: null, ...more }) as Component;
  it("are of what was counted, and of nothing else", () => {
    const usage = { calls: 10, competitors: 2, last_30_days: { calls: 3, competitors: 1 } };
    const data = [one({ origin: "platform", available: true, usage }), one({ origin: "platform", available: false }), one({})];
    expect(countsOf({ object: "list", data, first_id: null, last_id: null, has_more: true })).toEqual({
      components: 3,
      more: true,
      services: 2,
      available: 1,
      recent: 3,
      calls: 10,
    });
  });
});

describe("schemas", () => {
  const document = { defs: { a: { type: "string" }, b: { $ref: "#/defs/b" }, c: { $ref: "#/defs/a" }, "x/y": { type: "null" } } };
  it("are found in their document, or nowhere", () => {
    expect(resolve({ $ref: "#/defs/c" }, document)).toEqual({ type: "string" });
    expect(resolve({ $ref: "#/defs/x~1y" }, document)).toEqual({ type: "null" });
    for (const ref of ["#/defs/b", "#/nowhere/at", "https://evil.example/a", "#/constructor/prototype", "#/__proto__"])
      expect(resolve({ $ref: ref }, document), ref).toBeNull();
    for (const odd of [null, 7, "a", [], undefined]) expect(resolve(odd, document)).toBeNull();
  });
  it("have a type in words", () => {
    const types: [unknown, string][] = [
      [{ type: "integer", minimum: 1, maximum: 20 }, "integer 1–20"],
      [{ type: ["string", "null"] }, "string | null"],
      [{ type: "array", items: { $ref: "#/defs/a" } }, "string[]"],
      [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
      [{ anyOf: [{ type: "string" }, { type: "array" }] }, "string | any[]"],
      [{ properties: {} }, "object"],
      [{ type: 7 }, "any"],
      [{ enum: [1n] }, ""],
    ];
    for (const [schema, words] of types) expect(typeOf(schema, document)).toBe(words);
  });
  it("become rows, however deep, wide or round they are", () => {
    const round: Record<string, unknown> = { type: "object", properties: { again: { $ref: "#" }, name: { type: "string", description: "who" } }, required: ["name"] };
    const { rows, more } = rowsOf(round, round);
    expect(rows[1]).toEqual({ name: "name", depth: 0, type: "string", required: true, text: "who" });
    expect(more).toBe(true);
    const wide = { properties: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`m${i}`, {}])) };
    expect(rowsOf(wide, wide).rows).toHaveLength(150);
    let deep: object = { type: "string" };
    for (let i = 0; i < 50; i++) deep = { properties: { in: deep } };
    expect(rowsOf(deep, deep).rows).toHaveLength(6);
    expect(rowsOf({ type: "array", items: { properties: { a: {} } } }, null).rows.map(({ name }) => name)).toEqual(["a"]);
  });
});

describe("contracts", () => {
  it("are operations", () => {
    const [get, post] = operationsOf({
      paths: {
        "/a": {
          parameters: [{ $ref: "#/p" }],
          get: { summary: "Look", parameters: [{ name: "q", in: "query", required: true, schema: { type: "string" } }], responses: { 200: { description: "It." } } },
          post: { requestBody: { content: { "application/json": { schema: { properties: { x: {} } } } } }, responses: { default: { $ref: "#/e" } } },
          "x-more": { summary: "no operation" },
        },
      },
      p: { name: "id", in: "header", schema: {} },
      e: { description: "Failed", content: { a: { schema: { type: "string" } } } },
    });
    expect(get).toMatchObject({ method: "GET", path: "/a", summary: "Look", body: null });
    expect(get?.parameters.map(({ name, required }) => [name, required])).toEqual([["id", false], ["q", true]]);
    expect(post?.body?.rows[0]?.name).toBe("x");
    expect(post?.answers[0]).toMatchObject({ status: "default", text: "Failed", shape: { type: "string" } });
  });
  it("are tools", () => {
    expect(toolsOf({ tools: [{ name: "split", description: "d", inputSchema: { type: "object", properties: { url: {} } } }, null, { name: 7 }] })).toMatchObject([
      { name: "split", text: "d", input: { rows: [{ name: "url" }] }, output: null },
    ]);
  });
  it("are nothing where they are something else", () => {
    for (const odd of [null, 7, "x", [], {}, { paths: [] }, { paths: { "/": null } }, { paths: { "/": { get: [] } } }, { tools: {} }])
      expect([operationsOf(odd), toolsOf(odd)]).toEqual([[], []]);
  });
});

describe("a manifest's text", () => {
  it("is JSON, or it is said where it is not", () => {
    expect(parse(example)).toMatchObject({ ok: true });
    expect(parse("")).toMatchObject({ ok: false });
    expect(parse("[]")).toMatchObject({ ok: false, reason: "A manifest is one JSON object." });
    expect(parse(`{"a": 1,\n "b": }`)).toMatchObject({ ok: false });
    expect(parse(`"${"x".repeat(600_000)}"`)).toMatchObject({ ok: false, reason: expect.stringContaining("512 KiB") });
    expect(placeOf("ab\ncd", 4)).toBe("line 2, column 2");
  });
});
