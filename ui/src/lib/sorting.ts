/** By which column, and whether the largest comes first. */
export interface Sorting {
  key: string;
  down: boolean;
}

/** Another column: the largest first; the same again: the other way round. */
export const turned = (now: Sorting | null, key: string): Sorting =>
  now?.key === key ? { key, down: !now.down } : { key, down: true };

/** A sorted copy; equal rows keep their order, and what is not known comes last either way. */
export function sorted<T>(
  rows: readonly T[],
  by: ((row: T) => string | number | null | undefined) | undefined,
  down: boolean,
): readonly T[] {
  if (by === undefined) return rows;
  return rows
    .map((row) => ({ row, value: by(row) }))
    .sort((a, b) => {
      if (a.value === null || a.value === undefined) return b.value === null || b.value === undefined ? 0 : 1;
      if (b.value === null || b.value === undefined) return -1;
      const order =
        typeof a.value === "string" || typeof b.value === "string"
          ? String(a.value).localeCompare(String(b.value), "en", { numeric: true })
          : a.value - b.value;
      return down ? -order : order;
    })
    .map(({ row }) => row);
}
