/*
 * What would be otherwise: members of an object as it is and as it would be, side by side.
 */
export interface Change {
  what: string;
  from: string;
  to: string;
}

const OWN = new Set(["dry_run", "etag", "updated_at", "object"]); // how it is told, not what it is
const shown = (value: unknown): string =>
  value === null || value === undefined || value === "" ? "none" : Array.isArray(value) ? value.join(", ") || "none" : String(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Objects in it are compared member by member; lists and values as a whole. */
export function changes(now: unknown, then: unknown, prefix = ""): Change[] {
  if (!isObject(then)) return [];
  const was = isObject(now) ? now : {};
  return Object.keys(then).flatMap((key) => {
    if (prefix === "" && OWN.has(key)) return [];
    const [a, b] = [was[key], then[key]];
    if (isObject(b)) return changes(a, b, `${prefix}${key}.`);
    if (shown(a) === shown(b)) return [];
    return [{ what: `${prefix}${key}`.replaceAll("_", " "), from: shown(a), to: shown(b) }];
  });
}
