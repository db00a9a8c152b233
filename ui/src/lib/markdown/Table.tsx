/* A table, as many rows of it as are asked for: only those are parsed. */
import { useState } from "react";
import { number } from "@/lib/format";
import { Flow } from "@/lib/markdown/Flow";
import { BLOCK_MAX, ROWS_CHARS, ROWS_STEP } from "@/lib/markdown/limits";
import { More } from "@/lib/markdown/More";
import type { TableText } from "@/lib/markdown/source";

/** How many rows from the first on fit into one parse. */
export function rowsThatFit(rows: readonly string[], limit: number): number {
  let chars = 0;
  for (let count = 0; count < rows.length && count < limit; count++) {
    chars += rows[count]?.length ?? 0;
    if (chars > ROWS_CHARS * (limit / ROWS_STEP)) return count;
  }
  return Math.min(rows.length, limit);
}

export function Table({ table, definitions }: { table: TableText; definitions: string }) {
  const [limit, setLimit] = useState(ROWS_STEP);
  const { head, rows } = table;
  const shown = rowsThatFit(rows, limit);
  if (head.length > BLOCK_MAX || (shown === 0 && rows.length > 0))
    return (
      <div dir="auto" className="markdown-plain">
        {`${head}${rows.join("\n")}`.slice(0, ROWS_CHARS)}
      </div>
    );
  return (
    <>
      <Flow text={head + rows.slice(0, shown).join("\n")} definitions={definitions} />
      {shown < rows.length && (
        <More
          what={`${number(shown)} of ${number(rows.length)} rows`}
          onMore={() => setLimit(limit + ROWS_STEP * 4)}
          onAll={rows.length <= 2000 ? () => setLimit(rows.length) : undefined}
        />
      )}
    </>
  );
}
