/*
 * A JSON Schema as rows to read: names, types, what they are for.  Schemas come from anybody: what is
 * not understood is shown as it is called, references go no further than the document, and neither
 * depth nor number of rows is the author's to choose.
 */
export interface Row {
  name: string;
  depth: number;
  type: string;
  required: boolean;
  text: string;
}

const DEPTH_MAX = 6;
const ROWS_MAX = 150;

type Dict = Record<string, unknown>;
export const dict = (value: unknown): Dict | null =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Dict) : null;
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What "#" or "#/a/b" names in the document; null for all else, and for what goes in circles. */
export function resolve(value: unknown, document: unknown): Dict | null {
  let at = dict(value);
  for (let hops = 0; at !== null && typeof at.$ref === "string"; hops++) {
    if (hops === 8 || (at.$ref !== "#" && !at.$ref.startsWith("#/"))) return null;
    let found: unknown = document;
    for (const step of at.$ref.split("/").slice(1)) {
      const inside = dict(found);
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      found = inside !== null && Object.hasOwn(inside, name) ? inside[name] : undefined;
    }
    at = dict(found);
  }
  return at;
}

const literal = (value: unknown): string => {
  try {
    return JSON.stringify(value)?.slice(0, 40) ?? "";
  } catch {
    return "";
  }
};

function limits(schema: Dict): string {
  const low = schema.minimum ?? schema.minLength ?? schema.minItems;
  const high = schema.maximum ?? schema.maxLength ?? schema.maxItems;
  if (typeof low !== "number" && typeof high !== "number") return "";
  return ` ${typeof low === "number" ? low : ""}–${typeof high === "number" ? high : ""}`;
}

/** "string", "integer 1–20", "string | null", "object[]", one of its values. */
export function typeOf(value: unknown, document: unknown, depth = 0): string {
  const schema = resolve(value, document);
  if (schema === null) return "any";
  if (Array.isArray(schema.enum)) {
    const shown = schema.enum.slice(0, 6).map(literal).join(" | ");
    return schema.enum.length > 6 ? `${shown} | …` : shown;
  }
  if ("const" in schema) return literal(schema.const);
  for (const key of ["anyOf", "oneOf"] as const) {
    const among = list(schema[key]);
    if (among.length > 0 && depth < 3) return [...new Set(among.slice(0, 6).map((each) => typeOf(each, document, depth + 1)))].join(" | ");
  }
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((each): each is string => typeof each === "string");
  if (types.length === 0) return dict(schema.properties) !== null ? "object" : "any";
  return types
    .map((type) => (type === "array" && depth < 3 ? `${typeOf(schema.items, document, depth + 1)}[]` : type))
    .join(" | ")
    .concat(limits(schema));
}

/** The members of an object, and theirs below them. */
export function rowsOf(value: unknown, document: unknown): { rows: Row[]; more: boolean } {
  const rows: Row[] = [];
  let more = false;

  const walk = (schemaValue: unknown, depth: number, seen: readonly Dict[]) => {
    const schema = resolve(schemaValue, document);
    const items = schema !== null && dict(schema.properties) === null ? resolve(schema.items, document) : null;
    const object = items ?? schema;
    const members = dict(object?.properties);
    if (object === null || members === null) return;
    if (depth >= DEPTH_MAX || seen.includes(object)) {
      more = true;
      return;
    }
    const required = new Set(list(object.required));
    for (const [name, member] of Object.entries(members)) {
      if (rows.length >= ROWS_MAX) {
        more = true;
        return;
      }
      rows.push({
        name: name.slice(0, 120),
        depth,
        type: typeOf(member, document),
        required: required.has(name),
        text: text(resolve(member, document)?.description) || text(dict(member)?.description),
      });
      walk(member, depth + 1, [...seen, object]);
    }
  };

  walk(value, 0, []);
  return { rows, more };
}
