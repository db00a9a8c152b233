/* Looking into JSON of which nothing is known. */

export const record = (value: unknown): Record<string, unknown> | null =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;

export const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** A text that is not empty. */
export const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** A number that is finite and not negative. */
export const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
