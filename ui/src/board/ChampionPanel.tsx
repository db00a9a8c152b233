/* Who leads and why: the reign, its proof, its trial, and those before it. */
import { useChampion, useLeaderboard } from "@/board/data";
import { Fold } from "@/board/Fold";
import { IntervalBar, range, RunLink } from "@/board/Score";
import { Section } from "@/board/Section";
import type { Champion, Proof, Reign } from "@/board/types";
import { ago, duration, number, score, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";

function Side({ name, side }: { name: string; side: NonNullable<Proof["challenger"]> }) {
  return (
    <div className="min-w-0">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="[overflow-wrap:anywhere]">
          <span className="text-ink-3">{name} </span>
          <span className="font-semibold">{side.competitor}</span>
        </span>
        <span className="tabular-nums">
          <span className="font-semibold">{score(side.composite.value)}</span> <span className="text-ink-2">({range(side.composite)})</span>
        </span>
      </p>
      <IntervalBar of={side.composite} className="mt-1" />
      <p className="mt-0.5 flex flex-wrap gap-x-3 text-ink-3">
        {side.runs.length === 1 ? "run" : "runs"}
        {side.runs.map((run) => (
          <RunLink key={run} run={run} />
        ))}
      </p>
    </div>
  );
}

/** What the API recorded when it was decided. */
function ProofPanel({ proof }: { proof: Proof }) {
  const d = proof.difference;
  return (
    <div className="grid gap-4 text-sm">
      {proof.challenger && <Side name="this one" side={proof.challenger} />}
      {proof.incumbent && <Side name="before it" side={proof.incumbent} />}
      {d ? (
        <p className="text-ink-2">
          It is better by <span className="font-semibold text-ink tabular-nums">{score(d.value)}</span> points, at least {score(proof.margin)} as the
          rule asks; the 95 % interval of the difference is {score(d.low)} to {score(d.high)}
          {proof.significant === undefined ? "." : proof.significant ? ", which excludes 0: significant." : ", which does not exclude 0: not significant."}
        </p>
      ) : (
        <p className="text-ink-2">There was nobody to compare it with.</p>
      )}
    </div>
  );
}

function Live({ reign }: { reign: Reign }) {
  const { trial, before } = reign.live;
  const told: [string, typeof trial][] = [["on trial", trial], ["before it, at the same time", before], ...(reign.now ? [["now", reign.now] as [string, typeof trial]] : [])];
  const seen = told.filter(([, l]) => l.chats > 0);
  if (seen.length === 0) return <p className="text-ink-3">No live chats were counted yet: the benchmark's evidence was enough.</p>;
  return (
    <ul className="grid gap-1 tabular-nums">
      {seen.map(([what, l]) => (
        <li key={what} className="flex flex-wrap justify-between gap-x-4 border-b border-line/60 py-1.5">
          <span className="text-ink-3">{what}</span>
          <span>
            {l.chats === 1 ? "1 chat" : `${number(l.chats)} chats`}, {number(l.failed)} failed, first content {duration(l.ttft_p95_ms)} (p95)
          </span>
        </li>
      ))}
    </ul>
  );
}

function Reigns({ history }: { history: Champion["history"] }) {
  return (
    <Fold boxed title={`All reigns and trials (${history.length}${history.length === 50 ? ", the newest" : ""})`}>
      <ol className="grid gap-3 text-sm">
        {history.map((r) => (
          <li key={r.id} className="grid gap-x-4 gap-y-1 border-t border-line/60 pt-3 sm:grid-cols-[9rem_1fr_auto]">
            <span className="flex flex-wrap items-center gap-2 sm:block">
              <StateBadge state={r.state} />
            </span>
            <span className="min-w-0">
              <span className="font-semibold">{r.competitor}</span> <span className="text-ink-3">by {r.cause}</span>
              <span className="block text-ink-2 [overflow-wrap:anywhere]">
                {r.reason}
                {r.end_reason ? ` Ended: ${r.end_reason.replaceAll("_", " ")}.` : ""}
              </span>
              {r.proof?.challenger && r.proof.challenger.runs[0] && (
                <span className="text-ink-3">
                  evidence <RunLink run={r.proof.challenger.runs[0]} />
                </span>
              )}
            </span>
            <span className="text-ink-3">
              {when(r.created_at)}
              {r.ended_at ? ` – ${when(r.ended_at)}` : ""}
            </span>
          </li>
        ))}
      </ol>
    </Fold>
  );
}

function Reigning({ champion }: { champion: Champion }) {
  const reign = champion.champion;
  const entry = useLeaderboard(null).data?.data.find((e) => e.competitor === champion.competitor);
  const of = entry?.scores.composite;
  if (reign === null)
    return (
      <Empty icon="crown" title="There is no champion yet">
        <p>
          The best of those with a run over the whole suite {champion.suite} becomes it. Until then{" "}
          {champion.serving ? (
            <>
              <strong className="text-ink">{champion.serving}</strong> answers for <code className="font-mono">janus</code>, as the earliest that is ready.
            </>
          ) : (
            "nobody is ready to answer."
          )}
        </p>
      </Empty>
    );
  return (
    <div className="grid gap-4 lg:grid-cols-[1.1fr_1fr]">
      <div className="glass grid content-start gap-5 p-6">
        <div className="flex items-start gap-4">
          <span className="grid size-12 shrink-0 place-items-center rounded-2xl bg-moss/15 text-moss">
            <Icon name="crown" className="size-6" />
          </span>
          <div className="min-w-0">
            <h3 className="font-display text-2xl font-semibold [overflow-wrap:anywhere]">{reign.competitor}</h3>
            <p className="text-sm text-ink-2">
              since <time dateTime={reign.crowned_at ?? reign.created_at}>{when(reign.crowned_at ?? reign.created_at)}</time> (
              {ago(reign.crowned_at ?? reign.created_at)}), by {reign.cause === "rule" ? "the rule" : reign.cause === "manual" ? "hand" : "rollback"}
            </p>
          </div>
          {of && (
            <p className="ml-auto shrink-0 text-right tabular-nums">
              <span className="block font-display text-3xl font-semibold">{score(of.value)}</span>
              <span className="text-xs text-ink-3">{range(of)}</span>
            </p>
          )}
        </div>
        {reign.reason && <p className="text-ink-2 [overflow-wrap:anywhere]">{reign.reason}</p>}
        <div className="text-sm">
          <h4 className="mb-1 font-semibold">Its live chats</h4>
          <Live reign={reign} />
        </div>
        <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
          {(
            [
              ["janus", champion.serving],
              ["janus-fast", champion.fast],
              ["janus-cheap", champion.cheap],
            ] as const
          ).map(([model, who]) => (
            <div key={model}>
              <dt className="font-mono text-ink-3">{model}</dt>
              <dd className="font-semibold">{who ?? "nobody"}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="grid content-start gap-4">
        <div className="glass p-6">
          <h3 className="mb-4 font-semibold">The proof it was promoted on</h3>
          {reign.proof ? <ProofPanel proof={reign.proof} /> : <p className="text-sm text-ink-2">None: it was made champion {reign.cause === "manual" ? "by hand" : "again by a rollback"}.</p>}
        </div>
        {champion.canary && (
          <div className="glass p-6">
            <h3 className="mb-1 font-semibold">
              On trial: {champion.canary.competitor}, with {champion.canary.share} % of the chats
            </h3>
            {champion.canary.proof && (
              <div className="mt-3">
                <ProofPanel proof={champion.canary.proof} />
              </div>
            )}
          </div>
        )}
      </div>
    </div>
  );
}

export function ChampionPanel() {
  const query = useChampion();
  const champion = query.data;
  return (
    <Section id="champion" title="Who leads, and why" lead="Better by a margin, significantly, and borne out by live chats: only then a challenger takes the lead.">
      {champion ? (
        <div className="grid gap-4">
          <Reigning champion={champion} />
          {champion.history.length > 0 && <Reigns history={champion.history} />}
        </div>
      ) : query.isError ? (
        <ErrorNotice error={query.error} onRetry={() => query.refetch()} title="The champion could not be read" />
      ) : (
        <Loading what="the champion" />
      )}
    </Section>
  );
}
