/* The leaderboard as a table, and on phones as cards. */
import { type SortingState, useTable } from "@tanstack/react-table";
import { Fragment, useState } from "react";
import { columns, features, HEADERS } from "@/board/columns";
import { Evidence } from "@/board/Evidence";
import type { Ranked } from "@/board/rank";
import { History, IntervalBar, Marks, Part, range } from "@/board/Score";
import { descendsFirst, type SortKey } from "@/board/sorting";
import { DIMENSIONS, NAMES } from "@/board/types";
import { number, score, when } from "@/lib/format";
import { IconButton } from "@/lib/kit/Button";
import { inputLook } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { useMedia } from "@/lib/useMedia";

const day = (iso: string) => new Date(iso).toLocaleDateString("en", { month: "short", day: "numeric", year: "numeric" });

function Score({ row, own }: { row: Ranked; own: boolean }) {
  const of = row.entry.scores.composite;
  if (own || of === null)
    return <span className="text-base font-semibold">{score(row.value)}</span>;
  return (
    <span className="grid min-w-28 gap-0.5">
      <span className="flex items-baseline justify-between gap-2">
        <span className="text-base font-semibold">{score(of.value)}</span>
        <span className="text-xs text-ink-3">{range(of)}</span>
      </span>
      <IntervalBar of={of} />
    </span>
  );
}

const place = (row: Ranked, own: boolean) => (own ? `${row.place}` : row.entry.rank.range.replace("-", "–"));

function Cell({ row, of, own }: { row: Ranked; of: SortKey; own: boolean }) {
  const { entry } = row;
  switch (of) {
    case "rank":
      return <span className="font-display text-lg font-semibold">{place(row, own)}</span>;
    case "competitor":
      return (
        <span className="grid gap-1">
          <span className="font-semibold [overflow-wrap:anywhere]">{entry.competitor}</span>
          <span className="flex flex-wrap items-center gap-1.5">
            <Marks entry={entry} />
          </span>
        </span>
      );
    case "composite":
      return <Score row={row} own={own} />;
    case "arena":
      return entry.arena ? (
        <span title={`${entry.arena.battles} battles, 95 % interval ${number(entry.arena.low)} – ${number(entry.arena.high)}`}>{number(entry.arena.rating)}</span>
      ) : (
        <span className="text-ink-3">–</span>
      );
    case "submitted":
      return (
        <time dateTime={entry.submitted_at} title={when(entry.submitted_at)} className="whitespace-nowrap text-ink-2">
          {day(entry.submitted_at)}
        </time>
      );
    default:
      return <Part of={entry.scores[of]} />;
  }
}

const numeric = (id: string) => !["rank", "competitor", "composite"].includes(id);

export function BoardTable({ rows, own, caption }: { rows: Ranked[]; own: boolean; caption: string }) {
  const narrow = useMedia("(max-width: 1023px)");
  const [sorting, setSorting] = useState<SortingState>([{ id: "rank", desc: false }]);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const table = useTable({
    features,
    columns,
    data: rows,
    state: { sorting },
    onSortingChange: setSorting,
    enableSortingRemoval: false,
    enableMultiSort: false,
    getRowId: (row) => row.entry.id,
  });
  const toggle = (id: string) => setOpen((now) => (now.has(id) ? new Set([...now].filter((x) => x !== id)) : new Set([...now, id])));
  const shown = table.getRowModel().rows;

  if (narrow)
    return (
      <div className="grid gap-3">
        <label className="flex items-center gap-3 text-sm">
          <span className="shrink-0 font-semibold">Sorted by</span>
          <select
            className={inputLook}
            value={sorting[0]?.id}
            onChange={(event) => setSorting([{ id: event.target.value, desc: descendsFirst(event.target.value as SortKey) }])}
          >
            {HEADERS.map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <ol className="grid gap-3 md:grid-cols-2" aria-label={caption}>
          {shown.map(({ id, original: row }) => (
            <Card key={id} row={row} own={own} open={open.has(id)} onToggle={() => toggle(id)} />
          ))}
        </ol>
      </div>
    );

  return (
    <div className="overflow-x-auto rounded-2xl border border-line bg-card/50">
      <table className="w-full border-collapse text-left text-sm tabular-nums">
        <caption className="sr-only">{caption}</caption>
        <thead className="border-b border-line text-ink-2">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map(({ id, column }) => {
                const sorted = column.getIsSorted();
                return (
                  <th
                    key={id}
                    scope="col"
                    aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none"}
                    className={`px-3 py-1 font-semibold first:pl-5 ${numeric(id) ? "text-right" : ""}`}
                  >
                    <button
                      type="button"
                      onClick={column.getToggleSortingHandler()}
                      className={`inline-flex min-h-11 items-center gap-1 hover:text-ink ${numeric(id) ? "flex-row-reverse" : ""} ${sorted ? "text-ink" : ""}`}
                    >
                      {HEADERS.find(([key]) => key === id)?.[1]}
                      <Icon name="chevron" className={`size-3.5 ${sorted === false ? "opacity-0" : sorted === "asc" ? "rotate-180" : ""}`} />
                    </button>
                  </th>
                );
              })}
              <th scope="col" className="px-3 py-1 font-semibold">
                History
              </th>
              <th scope="col" className="sticky right-0 w-12 bg-card py-1 pr-3">
                <span className="sr-only">Evidence</span>
              </th>
            </tr>
          ))}
        </thead>
        <tbody>
          {shown.map(({ id, original: row }) => (
            <Fragment key={id}>
              <tr className={`border-b border-line/60 ${row.entry.is_champion ? "bg-moss/5" : ""}`}>
                {HEADERS.map(([key]) =>
                  key === "competitor" ? (
                    <th key={key} scope="row" className="min-w-48 px-3 py-3 text-left font-normal">
                      <Cell row={row} of={key} own={own} />
                    </th>
                  ) : (
                    <td key={key} className={`px-3 py-3 first:pl-5 ${numeric(key) ? "text-right" : ""}`}>
                      <Cell row={row} of={key} own={own} />
                    </td>
                  ),
                )}
                <td className="px-3 py-3">
                  <History of={row.entry.history} className="w-20" />
                </td>
                <td className="sticky right-0 bg-card pr-3">
                  <IconButton
                    label={`Evidence of ${row.entry.competitor}`}
                    aria-expanded={open.has(id)}
                    aria-controls={`evidence-${id}`}
                    onClick={() => toggle(id)}
                  >
                    <Icon name="chevron" className={`size-5 transition-transform ${open.has(id) ? "rotate-180" : ""}`} />
                  </IconButton>
                </td>
              </tr>
              <tr id={`evidence-${id}`} hidden={!open.has(id)} className="border-b border-line/60 bg-surface/50">
                <td colSpan={HEADERS.length + 2} className="px-5 py-5">
                  {open.has(id) && <Evidence entry={row.entry} />}
                </td>
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Card({ row, own, open, onToggle }: { row: Ranked; own: boolean; open: boolean; onToggle: () => void }) {
  const { entry } = row;
  return (
    <li className={`min-w-0 rounded-2xl border bg-card/60 p-4 ${entry.is_champion ? "border-moss/40" : "border-line"}`}>
      <div className="flex items-start gap-4">
        <p className="min-w-9 font-display text-xl font-semibold tabular-nums">
          <span className="sr-only">Rank </span>
          {place(row, own)}
        </p>
        <div className="grid min-w-0 flex-1 gap-1">
          <h3 className="font-semibold [overflow-wrap:anywhere]">{entry.competitor}</h3>
          <p className="flex flex-wrap gap-1.5">
            <Marks entry={entry} />
          </p>
        </div>
        <div className="w-28 shrink-0 tabular-nums">
          <Score row={row} own={own} />
        </div>
      </div>
      <dl className="mt-3 grid grid-cols-5 gap-1 border-t border-line/60 pt-3 text-center tabular-nums">
        {DIMENSIONS.map((d) => (
          <div key={d}>
            <dt className="text-[0.6875rem] text-ink-3">{NAMES[d]}</dt>
            <dd className="text-sm font-semibold">
              <Part of={entry.scores[d]} />
            </dd>
          </div>
        ))}
      </dl>
      <div className="mt-2 flex items-center justify-between gap-3">
        <History of={entry.history} />
        <button type="button" onClick={onToggle} aria-expanded={open} className="inline-flex min-h-11 items-center gap-1 text-sm font-semibold text-ink-2 hover:text-ink">
          Evidence<span className="sr-only"> of {entry.competitor}</span>
          <Icon name="chevron" className={`size-4 ${open ? "rotate-180" : ""}`} />
        </button>
      </div>
      {open && (
        <div className="mt-2 border-t border-line/60 pt-4">
          <Evidence entry={entry} />
        </div>
      )}
    </li>
  );
}
