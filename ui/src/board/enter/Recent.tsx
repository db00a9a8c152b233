/* What was submitted lately: from this browser, or by anybody. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { mine } from "@/board/enter/send";
import type { Submission } from "@/board/enter/story";
import { call, type List } from "@/lib/api";
import { ago, score } from "@/lib/format";
import { useKey } from "@/lib/keys";
import { StateBadge } from "@/lib/kit/Badge";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

const SHOWN = 8;

export function Recent({ shown, onShow }: { shown: string | null; onShow: (id: string) => void }) {
  const key = useKey((state) => state.key);
  const [onlyMine, setOnlyMine] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["/api/v1/submissions", "recent", key],
    queryFn: ({ signal }) => call<List<Submission>>("/api/v1/submissions?limit=100", { signal }),
    refetchInterval: 10_000,
  });
  const own = new Set(mine());
  const list = (data?.data ?? []).filter(({ id }) => !onlyMine || own.has(id)).slice(0, SHOWN);
  return (
    <section aria-labelledby="recent" className="glass grid min-w-0 gap-3 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 id="recent" className="font-display text-xl font-semibold">
          Recent submissions
        </h3>
        <label className="flex min-h-11 items-center gap-2 text-sm text-ink-2 sm:min-h-9">
          <input type="checkbox" className="size-5 accent-moss" checked={onlyMine} onChange={(event) => setOnlyMine(event.target.checked)} />
          From this browser
        </label>
      </div>
      {isPending ? (
        <Loading what="submissions" />
      ) : error !== null ? (
        <ErrorNotice error={error} title="Submissions cannot be read." onRetry={() => refetch()} />
      ) : list.length === 0 ? (
        <p className="text-sm text-ink-2">
          {onlyMine ? "Nothing was submitted from this browser yet." : "Nothing was submitted yet. The first one could be yours."}
        </p>
      ) : (
        <ul className="grid divide-y divide-line">
          {list.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                onClick={() => onShow(each.id)}
                aria-current={each.id === shown || undefined}
                className="flex min-h-11 w-full items-center gap-3 rounded-lg px-2 py-2 text-left text-sm hover:bg-raised/60 aria-[current]:bg-raised/60"
              >
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-semibold">{each.name}</span>
                  <span className="block truncate text-xs text-ink-3">
                    {ago(each.created_at)}
                    {each.state_reason !== null && each.state === "rejected" ? ` · ${each.state_reason}` : ""}
                  </span>
                </span>
                {each.score != null && <span className="tabular-nums">{score(each.score)}</span>}
                <StateBadge state={each.state} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
