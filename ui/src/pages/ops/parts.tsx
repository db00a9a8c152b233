/* What the tabs are put together from. */
import type { ReactNode } from "react";
import { Button } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { SelectField } from "@/lib/kit/SelectField";
import { type Query, useCompetitors, usePages } from "@/pages/ops/data";

export function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section className="grid min-w-0 gap-4">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="font-display text-xl font-semibold">{title}</h2>
        {aside && <div className="flex flex-wrap items-center gap-2">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values of one thing; what has no value is left out. */
export function Facts({ of }: { of: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 xl:grid-cols-4">
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs font-semibold text-ink-3">{name}</dt>
            <dd className="[overflow-wrap:anywhere] tabular-nums">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export const Card = ({ children, className = "" }: { children: ReactNode; className?: string }) => (
  <div className={`min-w-0 rounded-2xl border border-line bg-card p-4 sm:p-5 ${className}`}>{children}</div>
);

/** Filters above a list. */
export const Filters = ({ children }: { children: ReactNode }) => (
  <div className="grid grid-cols-1 items-end gap-3 sm:grid-cols-[repeat(auto-fill,minmax(12rem,1fr))]">{children}</div>
);

/** An id, short enough for a table, whole for who copies it. */
export function Id({ id }: { id: string | null | undefined }) {
  if (!id) return <span className="text-ink-3">–</span>;
  return (
    <span className="inline-flex items-center gap-1">
      <code className="font-mono text-xs" title={id}>
        {id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-5)}` : id}
      </code>
      <CopyButton text={id} label={`Copy ${id}`} />
    </span>
  );
}

/** The same by the command line. */
export function Command({ children }: { children: string }) {
  return (
    <div className="flex min-w-0 items-center gap-2 rounded-xl border border-line bg-deep py-1 pr-1 pl-3">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <code className="min-w-0 flex-1 overflow-x-auto font-mono text-xs whitespace-nowrap" tabIndex={0} role="region" aria-label="Command">
        {children}
      </code>
      <CopyButton text={children} label="Copy the command" />
    </div>
  );
}

export function CompetitorSelect({ value, onChange, any = "All" }: { value: string; onChange: (name: string) => void; any?: string }) {
  const names = useCompetitors().data?.data.map(({ name }) => name) ?? [];
  const all = value !== "" && !names.includes(value) ? [value, ...names] : names; // one that is gone may still be asked for
  return (
    <SelectField
      label="Competitor"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      options={[{ value: "", label: any }, ...all.map((name) => ({ value: name, label: name }))]}
    />
  );
}

/** A list of the API as a table, page by page, with what to say when it is empty. */
export function ListView<T>({
  path,
  query,
  every,
  empty,
  ...table
}: {
  path: string;
  query?: Query;
  every?: number;
  empty: { title: string; text: ReactNode };
  label: string;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  openLabel?: string;
  isOpen?: (row: T) => boolean;
}) {
  const { rows, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = usePages<T>(path, query, every);
  if (rows === undefined) {
    return error ? <ErrorNotice error={error} onRetry={() => refetch()} /> : <Loading what={table.label.toLowerCase()} />;
  }
  return (
    <div className="grid min-w-0 gap-3">
      {error !== null && <ErrorNotice error={error} title="This is what was seen last." onRetry={() => refetch()} />}
      {rows.length === 0 ? <Empty title={empty.title}>{empty.text}</Empty> : <DataTable rows={rows} {...table} />}
      {hasNextPage && (
        <div>
          <Button size="small" disabled={isFetchingNextPage} onClick={() => fetchNextPage()}>
            <Icon name="chevron" className="size-4" /> Show more
          </Button>
        </div>
      )}
    </div>
  );
}
