/* Rows of versions that not everybody sees: what waits for review, what was submitted with this key. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ago } from "@/lib/format";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Standing } from "@/market/Card";
import { type Component, refOf, useOwn } from "@/market/data";

export function Own({ what, search, empty }: { what: "submitted" | "mine"; search: string; empty: ReactNode }) {
  const { data, error, isPending, refetch } = useOwn(what);
  if (isPending) return <Loading what="submissions" />;
  if (data === undefined) return <ErrorNotice error={error} onRetry={() => refetch()} />;
  if (data.data.length === 0) return <Empty title={what === "mine" ? "Nothing submitted with this key" : "Nothing waits"}>{empty}</Empty>;
  return (
    <ul className="grid gap-2">
      {data.data.map((component) => (
        <li key={component.id}>
          <OwnRow component={component} search={search} />
        </li>
      ))}
    </ul>
  );
}

function OwnRow({ component, search }: { component: Component; search: string }) {
  const { name, id, version, author, created_at, state_reason } = component;
  return (
    <Link
      to={{ pathname: `/marketplace/${refOf(component)}`, search }}
      preventScrollReset
      className="flex flex-wrap items-center gap-x-4 gap-y-1 rounded-xl border border-line-2 bg-card px-4 py-3 hover:border-ink-3"
    >
      <span className="grid min-w-0 flex-1 basis-56">
        <bdi className="truncate font-semibold">{name}</bdi>
        <span className="truncate font-mono text-xs text-ink-3">
          {id} {version}
        </span>
      </span>
      <Standing component={component} />
      <span className="text-sm text-ink-3">
        {author}, {ago(created_at)}
      </span>
      {state_reason && (
        <span className="basis-full text-sm text-ink-2" dir="auto">
          {state_reason}
        </span>
      )}
    </Link>
  );
}
