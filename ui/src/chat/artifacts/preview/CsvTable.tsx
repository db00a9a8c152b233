/* The first rows of a CSV file. */
import { useMemo, useState } from "react";
import { parseCsv } from "@/chat/artifacts/csv";
import { number } from "@/lib/format";
import { clean, visibleTurns } from "@/lib/markdown/clean";
import { More } from "@/lib/markdown/More";

const ROWS = 200;
const COLUMNS = 50;
const CELL = 500;

const shown = (cell: string): string => visibleTurns(clean(cell.length > CELL ? `${cell.slice(0, CELL)}…` : cell));

export function CsvTable({ text, name }: { text: string; name: string }) {
  const [limit, setLimit] = useState(ROWS);
  const { rows, cut } = useMemo(() => parseCsv(text, limit + 1), [text, limit]);
  const [head = [], ...body] = rows;
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const wide = Math.min(columns, COLUMNS);
  const cells = Array.from({ length: wide }, (_, index) => index);
  if (rows.length === 0) return <p className="px-4 py-3 text-sm text-ink-2">It has no rows.</p>;
  return (
    <>
      {/* biome-ignore lint: what scrolls must be reached by the keyboard */}
      <div className="max-h-96 overflow-auto" tabIndex={0} role="group" aria-label={`Rows of ${name}`}>
        <table className="w-full text-left text-sm tabular-nums">
          <thead className="sticky top-0 bg-raised">
            <tr>
              {cells.map((index) => (
                <th key={index} scope="col" dir="auto" className="px-3 py-2 font-semibold whitespace-nowrap">
                  {shown(head[index] ?? "")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body.map((row, at) => (
              // biome-ignore lint: a row is what stands at its place
              <tr key={at} className="border-t border-line">
                {cells.map((index) => (
                  <td key={index} dir="auto" className="max-w-80 px-3 py-1.5 align-top whitespace-pre-wrap [overflow-wrap:anywhere]">
                    {shown(row[index] ?? "")}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="border-t border-line px-4 text-sm text-ink-2">
        {cut ? (
          <More what={`The first ${number(body.length)} rows${columns > wide ? `, ${wide} of ${columns} columns` : ""}`} onMore={() => setLimit(limit + ROWS)} />
        ) : (
          <p className="py-2">
            {number(body.length)} rows, {columns > wide ? `${wide} of ` : ""}
            {number(columns)} columns
          </p>
        )}
      </div>
    </>
  );
}
