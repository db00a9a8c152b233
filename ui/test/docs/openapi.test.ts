import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { curlOf } from "@/pages/docs/OperationView";
import { exampleOf, follow, matches, type OpenApi, operations, rulesOf, typeOf } from "@/pages/docs/openapi";

const served = JSON.parse(readFileSync(`${import.meta.dirname}/../../../docs/openapi.json`, "utf8")) as OpenApi;
const api: OpenApi = {
  info: { title: "t", version: "1" },
  tags: [{ name: "b" }, { name: "a", description: "first letter" }],
  paths: {
    "/x/{id}": {
      parameters: [{ name: "id", in: "path", required: true }],
      get: { operationId: "x_get", tags: ["a"], summary: "Read `x`", responses: { 200: { description: "It." }, default: { $ref: "#/components/responses/No" } } },
      put: {
        tags: ["b"],
        "x-janus-scope": "admin",
        parameters: [{ $ref: "#/components/parameters/Dry" }, { $ref: "#/components/parameters/None" }],
        requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/X" } } } },
        responses: { 204: { description: "Done." } },
      },
    },
  },
  components: {
    parameters: { Dry: { name: "dry_run", in: "query", schema: { type: "boolean" } } },
    responses: { No: { description: "Refused." } },
    schemas: { X: { type: "object", examples: [{ name: "it's" }] }, Loop: { $ref: "#/components/schemas/Loop" } },
  },
};

describe("operations", () => {
  const [put, get] = operations(api);
  test("are in the order of the tags", () => expect([put?.method, get?.method]).toEqual(["PUT", "GET"]));
  test("have what they refer to, and what the path has", () =>
    expect(put?.parameters.map(({ name, in: place }) => `${place} ${name}`)).toEqual(["path id", "query dry_run"]));
  test("one without an id gets one", () => expect(put?.id).toBe("put_x_id_"));
  test("the default answer is everything else, an error", () =>
    expect(get?.answers.map(({ status, isError }) => [status, isError])).toEqual([["200", false], ["else", true]]));
  test("an example comes from the schema", () => expect(put?.body?.bodies[0]?.example).toEqual({ name: "it's" }));
  test("as a call for a shell", () =>
    expect(put && curlOf(put, "http://h:1")).toBe(
      `curl -X PUT 'http://h:1/x/{id}' \\\n  -H "authorization: Bearer $JANUS_KEY" \\\n  -H 'content-type: application/json' \\\n  -d '{"name":"it'\\''s"}'`,
    ));
  test("filters look at all words", () => {
    expect(get && matches(get, "GET x")).toBe(true);
    expect(get && matches(get, "get nothing")).toBe(false);
    expect(put && matches(put, "dry_run admin")).toBe(true);
  });
});

describe("references", () => {
  test("that go round in circles end", () => expect(follow(api, { $ref: "#/components/schemas/Loop" })).toBeUndefined());
  test("that name nothing are nothing", () => expect(follow(api, { $ref: "#/components/schemas/Nobody/x" })).toBeUndefined());
  test("no example is no example", () => expect(exampleOf(api, { $ref: "#/components/schemas/Nobody" })).toBeUndefined());
});

describe("schemas in words", () => {
  test.each([
    [{ type: "string" }, "string"],
    [{ type: ["string", "null"] }, "string or null"],
    [{ type: "array", items: { $ref: "#/components/schemas/X" } }, "list of X"],
    [{ oneOf: [{ $ref: "#/components/schemas/X" }, { type: "null" }] }, "X or null"],
    [{ const: "list" }, '"list"'],
    [{ enum: ["a", "b"] }, "one of"],
    [{}, "anything"],
  ])("%j", (schema, words) => expect(typeOf(schema)).toBe(words));
  test("and what they must keep to", () =>
    expect(rulesOf({ minimum: 0, maximum: 5, default: 2, minLength: 1, format: "date-time" })).toEqual(["0 to 5", "at least 1 characters", "default 2", "date-time"]));
});

describe("the served document", () => {
  const all = operations(served);
  test("has each of its calls once, with an id of its own", () => {
    const wanted = Object.entries(served.paths).flatMap(([path, item]) =>
      ["get", "post", "put", "patch", "delete", "head", "options"].filter((m) => item[m]).map((m) => `${m.toUpperCase()} ${path}`),
    );
    expect(all.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(wanted.sort());
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });
  test("every reference leads somewhere", () => {
    const dead: string[] = [];
    JSON.stringify(served, (key, value: unknown) => {
      if (key === "$ref" && follow(served, { $ref: String(value) }) === undefined) dead.push(String(value));
      return value;
    });
    expect(dead).toEqual([]);
  });
});
