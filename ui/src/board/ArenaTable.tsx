/* What people's votes on blind battles say. */
import { useStandings } from "@/board/data";
import { Section } from "@/board/Section";
import type { Standings } from "@/board/types";
import { number } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { LinkButton } from "@/lib/kit/Button";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";

function Agreement({ of }: { of: Standings["agreement"] }) {
  if (of.n < 2 || of.kendall_tau_b === null)
    return <p className="text-sm text-ink-2">Too few competitors have both votes and a score to say how far the two orders agree.</p>;
  return (
    <p className="text-sm text-ink-2">
      How far this order is the benchmark's, over the {of.n} that have both: Kendall's tau-b{" "}
      <strong className="text-ink tabular-nums">{number(of.kendall_tau_b, 2)}</strong>
      {of.spearman !== null && (
        <>
          , Spearman's correlation <strong className="text-ink tabular-nums">{number(of.spearman, 2)}</strong>
        </>
      )}{" "}
      (1: the same order, −1: the reverse).
    </p>
  );
}

export function ArenaTable() {
  const query = useStandings();
  const rows = query.data?.data;
  const groups = new Set(rows?.map((r) => r.group)).size;
  return (
    <Section
      id="arena-leaderboard"
      title="The arena"
      lead="Two answers, side by side, without names: people say which is better. Their votes make an order of their own, which decides nothing."
      aside={
        <LinkButton to="/chat" look="secondary">
          Vote in a blind battle
        </LinkButton>
      }
    >
      {rows === undefined ? (
        query.isError ? (
          <ErrorNotice error={query.error} onRetry={() => query.refetch()} title="The arena could not be read" />
        ) : (
          <Loading what="the arena" />
        )
      ) : rows.length === 0 ? (
        <Empty icon="scales" title="Nobody has voted yet">
          <p>A battle needs two competitors that are ready. In the chat, or:</p>
          <pre className="mt-4 overflow-x-auto rounded-xl bg-deep px-4 py-3 text-left font-mono text-sm text-ink" tabIndex={0} aria-label="The command that begins a battle">
            {`curl ${location.origin}/v1/arena -H 'content-type: application/json' \\\n  -d '{"messages":[{"role":"user","content":"Which river flows through Prague?"}]}'`}
          </pre>
        </Empty>
      ) : (
        <div className="grid gap-4">
          <div className="overflow-x-auto rounded-2xl border border-line bg-card/50" tabIndex={0} role="region" aria-label="Arena standings">
            <table className="w-full text-left text-sm tabular-nums">
              <thead className="border-b border-line text-ink-2">
                <tr>
                  {["Rank", "Competitor", "Rating", "Battles", "Won", "Lost", "Tied", "Neither"].map((name, i) => (
                    <th key={name} scope="col" className={`px-3 py-3 font-semibold first:pl-5 ${i > 2 ? "text-right" : ""} ${i > 3 ? "hidden sm:table-cell" : ""}`}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((r) => (
                  <tr key={r.id} className="border-b border-line/60 last:border-0">
                    <td className="px-3 py-3 pl-5 font-display text-lg font-semibold">{r.rank.range.replace("-", "–")}</td>
                    <th scope="row" className="px-3 py-3 text-left font-semibold [overflow-wrap:anywhere]">
                      {r.competitor} {groups > 1 && <Badge>group {r.group}</Badge>}
                    </th>
                    <td className="px-3 py-3">
                      <span className="font-semibold">{number(r.rating)}</span>
                      <span className="block text-xs text-ink-3">
                        {number(r.low)} – {number(r.high)}
                      </span>
                    </td>
                    <td className="px-3 py-3 text-right">{number(r.battles)}</td>
                    {[r.wins, r.losses, r.ties, r.bad].map((n, i) => (
                      <td key={i} className="hidden px-3 py-3 text-right sm:table-cell">
                        {number(n)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {query.data && <Agreement of={query.data.agreement} />}
          {groups > 1 && <p className="text-sm text-ink-2">Who met nobody of the others is in a group of its own: ratings of two groups mean nothing to one another.</p>}
        </div>
      )}
    </Section>
  );
}
