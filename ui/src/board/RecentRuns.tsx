/* Runs, newest first, those under way with how far they are. */
import { useState } from "react";
import { Link } from "react-router";
import { useRuns } from "@/board/data";
import { runLink } from "@/board/Score";
import { Section } from "@/board/Section";
import { StartRun } from "@/board/StartRun";
import { type Run, scoreOf } from "@/board/types";
import { ago, number, score, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";

const STEP = 10;

export function Progress({ run, className = "" }: { run: Run; className?: string }) {
  const { done, total } = run.progress;
  return (
    <progress
      className={`block h-2 w-full appearance-none overflow-hidden rounded-full bg-raised [&::-moz-progress-bar]:bg-moss [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-moss ${className}`}
      max={total ?? 1}
      value={total === null ? undefined : done}
      aria-label={`${done} of ${total ?? "?"} items`}
    />
  );
}

function Row({ run }: { run: Run }) {
  const of = scoreOf(run.scores, "composite");
  const over = run.state !== "queued" && run.state !== "running";
  return (
    <li>
      <Link
        to={runLink(run.id)}
        className="grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-1 px-5 py-3.5 hover:bg-raised/40 sm:grid-cols-[7rem_1fr_10rem_5rem_8rem]"
      >
        <span>
          <StateBadge state={run.state} />
        </span>
        <span className="col-start-1 min-w-0 sm:col-start-auto">
          <span className="block truncate font-semibold">{run.competitor}</span>
          <span className="block truncate text-sm text-ink-3">
            {run.suite}
            {run.subset_percent < 100 && `, ${run.subset_percent} %`}
            {run.epochs > 1 && `, ${run.epochs} times`}
          </span>
        </span>
        <span className="col-span-2 text-sm text-ink-2 sm:col-span-1">
          {over ? (
            run.items ? (
              `${number(Number(run.items.passed ?? 0))} of ${number(Number(run.items.counted ?? 0))} passed`
            ) : (
              (run.code ?? "").replaceAll("_", " ")
            )
          ) : run.state === "running" ? (
            <>
              <span className="tabular-nums">
                {run.progress.done} of {run.progress.total ?? "?"}
              </span>
              <Progress run={run} className="mt-1" />
            </>
          ) : (
            (run.state_reason ?? "").replaceAll("_", " ")
          )}
        </span>
        <span className="col-start-2 row-start-1 text-right font-display text-lg font-semibold tabular-nums sm:col-start-auto sm:row-start-auto">
          {score(of?.value ?? (run.state === "running" ? run.progress.score : null))}
        </span>
        <time dateTime={run.created_at} title={when(run.created_at)} className="col-start-2 row-start-2 text-right text-sm text-ink-3 sm:col-start-auto sm:row-start-auto">
          {ago(run.finished_at ?? run.started_at ?? run.created_at)}
        </time>
      </Link>
    </li>
  );
}

export function RecentRuns() {
  const [limit, setLimit] = useState(STEP);
  const query = useRuns(limit);
  const runs = query.data?.data;
  return (
    <Section id="runs" title="Runs" lead="Every measurement there was, and those under way." aside={<StartRun />}>
      {runs === undefined ? (
        query.isError ? (
          <ErrorNotice error={query.error} onRetry={() => query.refetch()} title="The runs could not be read" />
        ) : (
          <Loading what="the runs" />
        )
      ) : runs.length === 0 ? (
        <Empty icon="clock" title="Nothing was measured yet">
          <p>What is submitted is measured by itself; or by hand:</p>
          <pre className="mt-4 overflow-x-auto rounded-xl bg-deep px-4 py-3 text-left font-mono text-sm text-ink" tabIndex={0} aria-label="The command that begins a run">
            janusctl run bench --competitor NAME
          </pre>
        </Empty>
      ) : (
        <>
          <ul className="divide-y divide-line/60 overflow-hidden rounded-2xl border border-line bg-card/50" aria-label="Runs, newest first">
            {runs.map((run) => (
              <Row key={run.id} run={run} />
            ))}
          </ul>
          {query.data?.has_more && limit < 200 && (
            <Button size="small" className="mt-4 min-h-11 sm:min-h-9" onClick={() => setLimit(limit + 2 * STEP)}>
              Show earlier ones
            </Button>
          )}
        </>
      )}
    </Section>
  );
}
