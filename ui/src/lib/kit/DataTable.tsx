/*
 * The one table: sortable by its heads, in a box of its own that scrolls sideways on a phone while the
 * first column stays.  Rows may be opened: by their first cell's button, so that the keyboard can too.
 */
import { type ReactNode, useMemo, useState } from "react";
import { Icon } from "@/lib/kit/Icon";
import { type Sorting, sorted, turned } from "@/lib/sorting";

export interface Column<T> {
  key: string;
  label: string;
  cell: (row: T) => ReactNode;
  /** what it is sorted by; a column without it is not sorted */
  sort?: (row: T) => string | number | null | undefined;
  /** numbers stand on the right */
  right?: boolean;
  /** a long text that may break into lines */
  wraps?: boolean;
  /** actions: they stay in sight where there is room */
  stays?: boolean;
}

export function DataTable<T>({
  label,
  rows,
  columns,
  rowKey,
  initial = null,
  onOpen,
  openLabel = "Show",
  isOpen,
}: {
  /** what the table is of, for those who do not see it */
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  initial?: Sorting | null;
  onOpen?: (row: T) => void;
  openLabel?: string;
  isOpen?: (row: T) => boolean;
}) {
  const [sorting, setSorting] = useState<Sorting | null>(initial);
  const shown = useMemo(
    () => sorted(rows, columns.find(({ key }) => key === sorting?.key)?.sort, sorting?.down ?? false),
    [rows, columns, sorting],
  );
  const stuck = (column: Column<T>, at: number, first: string) =>
    at === 0 ? `sticky left-0 z-10 bg-card pl-4 ${first}` : column.stays ? "md:sticky md:right-0 md:z-10 md:bg-card" : "";

  return (
    // The box scrolls: it takes the focus so that arrow keys scroll it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll box must be reachable by keyboard
    <div role="region" aria-label={label} tabIndex={0} className="relative overflow-x-auto rounded-2xl border border-line bg-card">
      <table className="w-full border-collapse text-left text-sm tabular-nums">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b border-line-2">
            {columns.map((column, at) => {
              const by = sorting?.key === column.key ? sorting : null;
              return (
                <th
                  key={column.key}
                  scope="col"
                  aria-sort={column.sort ? (by ? (by.down ? "descending" : "ascending") : "none") : undefined}
                  className={`px-3 py-2 text-xs font-semibold whitespace-nowrap text-ink-3 ${column.right ? "text-right" : ""} ${stuck(column, at, "")}`}
                >
                  {column.sort ? (
                    <button
                      type="button"
                      onClick={() => setSorting(turned(sorting, column.key))}
                      className="inline-flex min-h-8 items-center gap-1 rounded hover:text-ink"
                    >
                      {column.label}
                      <Icon
                        name="chevron"
                        className={`size-3.5 transition-transform ${by ? "text-moss" : "opacity-40"} ${by && !by.down ? "rotate-180" : ""}`}
                      />
                    </button>
                  ) : (
                    column.label
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr
              key={rowKey(row)}
              className={`border-b border-line last:border-0 ${isOpen?.(row) ? "[&>*]:bg-raised/70" : onOpen ? "hover:[&>*]:bg-raised/40" : ""}`}
            >
              {columns.map((column, at) => (
                <td
                  key={column.key}
                  className={`px-3 py-2.5 align-middle ${column.wraps ? "min-w-48 [overflow-wrap:anywhere]" : "whitespace-nowrap"} ${column.right ? "text-right" : ""} ${stuck(column, at, "max-w-44 sm:max-w-none")}`}
                >
                  {at === 0 && onOpen ? (
                    <button
                      type="button"
                      onClick={() => onOpen(row)}
                      aria-label={`${openLabel} ${rowKey(row)}`}
                      className="block max-w-full truncate text-left font-semibold text-moss underline-offset-4 hover:underline"
                    >
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
