/* The served OpenAPI document, as far as it is shown: its operations, with what they refer to. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  description?: string;
  format?: string;
  pattern?: string;
  default?: unknown;
  examples?: unknown[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  contentMediaType?: string;
}

interface Ref {
  $ref?: string;
}
interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}
interface RawResponse {
  description?: string;
  headers?: Record<string, Ref & { description?: string }>;
  content?: Record<string, Media>;
}
interface RawOperation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  deprecated?: boolean;
  security?: unknown[];
  parameters?: (Ref & Partial<Parameter>)[];
  requestBody?: Ref & { required?: boolean; description?: string; content?: Record<string, Media> };
  responses?: Record<string, Ref & RawResponse>;
  "x-janus-scope"?: string;
}
export interface OpenApi {
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, unknown>>;
  components?: Record<string, Record<string, unknown>>;
}

export interface Body {
  type: string;
  schema: Schema | null;
  example: unknown;
}
export interface Answer {
  status: string;
  description: string;
  headers: { name: string; description: string }[];
  bodies: Body[];
  /** a refusal, in the one envelope that all have */
  isError: boolean;
}
export interface Operation {
  id: string;
  method: string;
  path: string;
  tag: string;
  summary: string;
  description: string;
  scope: string | null;
  deprecated: boolean;
  parameters: Parameter[];
  body: { required: boolean; description: string; bodies: Body[] } | null;
  answers: Answer[];
}

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

/** What a reference names, followed to its end; undefined if there is no such thing. */
export function follow<T extends object>(api: OpenApi, thing: T & Ref): T | undefined {
  let at: (T & Ref) | undefined = thing;
  for (let hops = 0; at?.$ref !== undefined && hops < 16; hops++) {
    const path: string[] = at.$ref.replace(/^#\//, "").split("/");
    let next: unknown = api;
    for (const step of path)
      next = next !== null && typeof next === "object" ? (next as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    at = next as (T & Ref) | undefined;
  }
  return at?.$ref === undefined ? at : undefined;
}

/** "#/components/schemas/Run" -> "Run" */
const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);

function bodiesOf(api: OpenApi, content: Record<string, Media> = {}): Body[] {
  return Object.entries(content).map(([type, media]) => ({
    type,
    schema: media.schema ?? null,
    example: media.example ?? Object.values(media.examples ?? {})[0]?.value ?? exampleOf(api, media.schema),
  }));
}

/** A schema's own example; of a list's or a union's, what can be had. */
export function exampleOf(api: OpenApi, schema: Schema | undefined): unknown {
  if (schema === undefined) return undefined;
  return follow(api, schema)?.examples?.[0];
}

/** All operations, in the order of the tags, and within a tag in that of the document. */
export function operations(api: OpenApi): Operation[] {
  const out: Operation[] = [];
  for (const [path, item] of Object.entries(api.paths))
    for (const method of METHODS) {
      const raw = item[method] as RawOperation | undefined;
      if (raw !== undefined) out.push(operationOf(api, path, method, item, raw));
    }
  const tags = [...(api.tags ?? []).map((tag) => tag.name)];
  const place = (tag: string) => (tags.includes(tag) ? tags.indexOf(tag) : tags.length);
  return out.map((op, i) => ({ op, i })).sort((a, b) => place(a.op.tag) - place(b.op.tag) || a.i - b.i).map(({ op }) => op);
}

function operationOf(api: OpenApi, path: string, method: string, item: Record<string, unknown>, raw: RawOperation): Operation {
  const shared = (item.parameters ?? []) as (Ref & Partial<Parameter>)[];
  const body = raw.requestBody === undefined ? undefined : follow(api, raw.requestBody);
  return {
    id: raw.operationId ?? `${method}${path.replace(/\W+/g, "_")}`,
    method: method.toUpperCase(),
    path,
    tag: raw.tags?.[0] ?? "other",
    summary: raw.summary ?? "",
    description: raw.description ?? "",
    scope: raw["x-janus-scope"] ?? null,
    deprecated: raw.deprecated === true,
    parameters: [...shared, ...(raw.parameters ?? [])].flatMap((parameter) => {
      const found = follow(api, parameter);
      return found?.name === undefined ? [] : [{ ...found, name: found.name, in: found.in ?? "query" }];
    }),
    body: body === undefined ? null : { required: body.required === true, description: body.description ?? "", bodies: bodiesOf(api, body.content) },
    answers: Object.entries(raw.responses ?? {}).flatMap(([status, response]) => {
      const found = follow(api, response);
      return found === undefined
        ? []
        : [
            {
              status: status === "default" ? "else" : status,
              description: found.description ?? "",
              headers: Object.entries(found.headers ?? {}).map(([name, header]) => ({ name, description: follow(api, header)?.description ?? "" })),
              bodies: bodiesOf(api, found.content),
              isError: status === "default" || /^[45]/.test(status),
            },
          ];
    }),
  };
}

/** Does an operation speak of all these words? */
export function matches(op: Operation, filter: string): boolean {
  const text = [op.method, op.path, op.summary, op.description, op.id, op.tag, op.scope ?? "", ...op.parameters.map((p) => p.name)].join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** A schema's type in a word or two: "string or null", "list of Run". */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const union = schema.oneOf ?? schema.anyOf;
  if (union !== undefined) return [...new Set(union.map(typeOf))].join(" or ");
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(" and ");
  if (schema.enum !== undefined) return "one of";
  const types = [schema.type ?? []].flat();
  if (types.includes("array") || schema.items !== undefined) {
    const list = schema.items ? `list of ${typeOf(schema.items)}` : "list";
    return types.includes("null") ? `${list} or null` : list;
  }
  if (types.length > 0) return types.join(" or ");
  return schema.properties ? "object" : "anything";
}

/** What a value must keep to, in words. */
export function rulesOf(schema: Schema): string[] {
  const { minimum: low, maximum: high, minLength, maxLength, minItems, maxItems, format, contentMediaType } = schema;
  const range = (from: number | undefined, to: number | undefined, what: string) =>
    from === undefined && to === undefined
      ? []
      : [`${from !== undefined && to !== undefined ? `${from} to ${to}` : from !== undefined ? `at least ${from}` : `at most ${to}`}${what}`];
  return [
    ...range(low, high, ""),
    ...range(minLength, maxLength, " characters"),
    ...range(minItems, maxItems, " members"),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
    ...(format === undefined ? [] : [format]),
    ...(contentMediaType === undefined ? [] : [contentMediaType]),
  ];
}

/** The schemas that are within one and have members of their own: what can be expanded. */
export function inner(schema: Schema): Schema[] {
  const parts = [schema.items, ...(schema.prefixItems ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  if (typeof schema.additionalProperties === "object") parts.push(schema.additionalProperties);
  return parts.filter((part): part is Schema => part !== undefined);
}
