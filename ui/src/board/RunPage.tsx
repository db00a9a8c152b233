/* /competition/runs/:run: a measurement, while it is made and after. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import { EvidenceButton } from "@/board/Evidence";
import { runPath, useItems } from "@/board/data";
import { weightsOf } from "@/board/rank";
import { Progress } from "@/board/RecentRuns";
import { RunItems } from "@/board/run/RunItems";
import { RunLog } from "@/board/run/RunLog";
import { isOver, useLiveRun } from "@/board/run/useLiveRun";
import { IntervalBar, range } from "@/board/Score";
import { DIMENSIONS, NAMES, type Run, scoreOf } from "@/board/types";
import { call } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { ago, duration, number, score, shortDigest, when } from "@/lib/format";
import { useKey } from "@/lib/keys";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { Button, LinkButton } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Dialog } from "@/lib/kit/Dialog";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { useTitle } from "@/lib/title";

const WAITS: Record<string, string> = {
  next: "Its worker is about to take it.",
  worker_starting: "Its worker is about to take it.",
  queued_behind_run: "Another run of the same competitor is under way.",
  runners_busy: "As many runs as may be are under way.",
  competitor_not_ready: "Nothing of the competitor can be asked now.",
  jitter: "Its schedule has it begin a little later.",
  next_try: "Its worker was lost; a moment passes.",
  no_runner: "There is no janus-bench here: a worker from elsewhere may take it.",
};

function State({ run, live }: { run: Run; live: boolean }) {
  if (run.state === "queued")
    return (
      <p className="text-ink-2" role="status">
        {WAITS[run.state_reason ?? ""] ?? "It waits."} {run.eta_seconds !== null && `About ${duration(run.eta_seconds * 1000)}.`}
      </p>
    );
  if (run.state === "running")
    return (
      <div className="grid max-w-xl gap-2">
        <p className="flex flex-wrap justify-between gap-x-4 tabular-nums">
          <span>
            <strong>{run.progress.done}</strong> of {run.progress.total ?? "?"} items
            {run.progress.score !== null && (
              <>
                , <strong>{score(run.progress.score)}</strong> of 100 so far
              </>
            )}
          </span>
          <span className="text-ink-2">{run.cancelling ? "being cancelled" : run.eta_seconds !== null ? `about ${duration(run.eta_seconds * 1000)} more` : ""}</span>
        </p>
        <Progress run={run} />
        <p className="flex items-center gap-2 text-sm text-ink-3">
          <span className={`size-2 rounded-full ${live ? "animate-pulse bg-moss motion-reduce:animate-none" : "bg-mango"}`} aria-hidden="true" />
          {live ? (run.progress.item ? `Live; now ${run.progress.item}` : "Live") : "Connecting …"}
        </p>
      </div>
    );
  if (run.state === "finished") return null;
  return (
    <p className="text-ink-2" role="status">
      {run.state === "cancelled" ? "It was cancelled; what was measured is kept." : `It failed: ${(run.code ?? "no reason is known").replaceAll("_", " ")}`}
      {run.fault && run.state === "failed" && ` (whose fault: ${run.fault})`}
      {run.state_detail && `. ${run.state_detail}`}
    </p>
  );
}

function Scores({ run }: { run: Run }) {
  const weights = weightsOf(run);
  const all = scoreOf(run.scores, "composite");
  if (all === null)
    return isOver(run) ? <Empty icon="info" title="It came to no score" /> : <p className="text-ink-2">Scores come when it has finished; the items so far are below.</p>;
  return (
    <div className="grid gap-4 lg:grid-cols-[15rem_1fr]">
      <div className="glass grid content-center gap-1 p-6">
        <p className="text-sm text-ink-3">Score</p>
        <p className="font-display text-5xl font-semibold tabular-nums">{score(all.value)}</p>
        <p className="text-sm text-ink-2 tabular-nums">95 % interval {range(all)}</p>
        <IntervalBar of={all} className="mt-2" />
      </div>
      <dl className="grid gap-px overflow-hidden rounded-2xl border border-line bg-line/60">
        {DIMENSIONS.map((d) => {
          const of = scoreOf(run.scores, d);
          return (
            <div key={d} className="grid grid-cols-[6rem_1fr] items-center gap-x-5 gap-y-1 bg-card px-5 py-3 text-sm tabular-nums sm:grid-cols-[7rem_4rem_1fr_8rem_6rem]">
              <dt className="font-semibold">{NAMES[d]}</dt>
              <dd className="text-right text-base font-semibold sm:text-left">{score(of?.value)}</dd>
              <dd className="col-span-2 sm:col-span-1">{of ? <IntervalBar of={of} /> : <span className="text-ink-3">nothing was asked for it</span>}</dd>
              <dd className="text-ink-2">{of ? range(of) : ""}</dd>
              <dd className="text-right text-ink-3">{weights ? `weight ${number(weights[d])}` : ""}</dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}

function Facts({ run }: { run: Run }) {
  const count = (key: string) => (typeof run.items?.[key] === "number" ? (run.items[key] as number) : null);
  const facts: [string, React.ReactNode][] = [
    ["Suite", `${run.suite}, ${shortDigest(run.suite_digest)}`],
    ["Scoring", run.scoring ?? "–"],
    ["Items", run.items ? `${number(count("passed"))} passed, ${number(count("failed"))} failed, ${number(count("excluded"))} left out` : "–"],
    ["Sample", run.subset_percent === 100 ? "every item" : `${run.subset_percent} % of the items`],
    ["Times each", run.epochs],
    ["At once", run.concurrency],
    ["Seed", run.seed],
    ["Cost is", run.cost_from ?? "–"],
    ["Made by", run.reason],
    [
      "Image digest",
      run.digest ? (
        <span key="digest" className="inline-flex items-center gap-1 font-mono" title={run.digest}>
          {shortDigest(run.digest)}
          <CopyButton text={run.digest} label="Copy the digest" />
        </span>
      ) : (
        "runs elsewhere"
      ),
    ],
    ["Began", when(run.started_at)],
    ["Ended", run.finished_at && run.started_at ? `${when(run.finished_at)}, after ${duration(Date.parse(run.finished_at) - Date.parse(run.started_at))}` : "–"],
  ];
  return (
    <dl className="grid gap-x-10 text-sm sm:grid-cols-2 lg:grid-cols-3">
      {facts.map(([name, value]) => (
        <div key={name} className="flex min-h-10 items-center justify-between gap-4 border-b border-line/60 py-1">
          <dt className="shrink-0 text-ink-3">{name}</dt>
          <dd className="text-right tabular-nums [overflow-wrap:anywhere]">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Cancel({ run }: { run: Run }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const cancel = async () => {
    try {
      queries.setQueryData([runPath(run.id)], await call<Run>(`${runPath(run.id)}/cancel`, { method: "POST" }));
      setAsking(false);
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <>
      <Button look="danger" size="small" className="min-h-11 sm:min-h-9" disabled={run.cancelling} onClick={() => setAsking(true)}>
        {run.cancelling ? "Being cancelled" : "Cancel the run"}
      </Button>
      {asking && (
        <Dialog title="Cancel this run?" onClose={() => setAsking(false)}>
          <div className="grid gap-4">
            <p className="text-ink-2">What was measured is kept. It will count on no leaderboard.</p>
            {error !== null && <ErrorNotice error={error} />}
            <div className="flex flex-wrap gap-2">
              <Button look="danger" onClick={cancel}>
                Cancel it
              </Button>
              <Button onClick={() => setAsking(false)}>Let it go on</Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Found({ run, live }: { run: Run; live: boolean }) {
  const has = useKey((state) => state.key !== "");
  const over = isOver(run);
  const items = useItems(run.id);
  const { refetch } = items;
  useEffect(() => {
    if (run.progress.done > 0) void refetch();
    // asked again when another item was done, and when it is over
  }, [run.progress.done, over, refetch]);
  return (
    <div className="grid gap-10">
      <div className="grid gap-4">
        <div className="flex flex-wrap items-center gap-3">
          <StateBadge state={run.state} />
          {run.state === "finished" && (run.is_whole ? <Badge tone="good">whole: it counts</Badge> : <Badge tone="warn">a part: it counts on no leaderboard</Badge>)}
          <span className="text-sm text-ink-3" title={when(run.state_since)}>
            {ago(run.state_since)}
          </span>
          <span className="ml-auto flex flex-wrap items-start gap-2">
            {!over && has && <Cancel run={run} />}
            {over && <EvidenceButton path={`${runPath(run.id)}/evidence.tar.gz`} name={`${run.id}.tar.gz`} />}
          </span>
        </div>
        <State run={run} live={live} />
      </div>
      <section aria-label="Scores">
        <Scores run={run} />
      </section>
      <section aria-label="Facts">
        <Facts run={run} />
      </section>
      <section aria-labelledby="items">
        <h2 id="items" className="mb-4 font-display text-2xl font-semibold">
          Item by item
        </h2>
        {items.data === undefined ? (
          items.isError ? (
            <ErrorNotice error={items.error} onRetry={() => items.refetch()} title="The items could not be read" />
          ) : (
            <Loading what="the items" />
          )
        ) : items.data.length === 0 ? (
          <Empty icon="clock" title={over ? "No item was asked" : "No item has ended yet"} />
        ) : (
          <RunItems run={run.id} items={items.data} />
        )}
      </section>
      <RunLog run={run.id} />
    </div>
  );
}

export default function RunPage() {
  const id = useParams().run ?? "";
  const { data: run, error, isError, refetch, live } = useLiveRun(id);
  useTitle(run ? `${run.competitor}, ${run.suite}` : "Run");
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="shell grid gap-8 py-10 sm:py-14">
      <div>
        <p className="mb-3 text-sm">
          <Link to="/competition#runs" className="inline-flex min-h-9 items-center text-ink-2 underline-offset-4 hover:text-ink hover:underline">
            ← Competition
          </Link>
        </p>
        <h1 className="font-display text-3xl font-semibold tracking-tight [overflow-wrap:anywhere] sm:text-4xl">
          {run ? (
            <>
              {run.competitor} <span className="text-ink-3">measured by</span> {run.suite}
            </>
          ) : missing ? (
            "There is no such run."
          ) : (
            "Run"
          )}
        </h1>
        <p className="mt-1 font-mono text-sm break-all text-ink-3">{run?.id ?? id}</p>
      </div>
      {run ? (
        <Found run={run} live={live} />
      ) : missing ? (
        <LinkButton to="/competition#runs" className="justify-self-start">
          To all runs
        </LinkButton>
      ) : isError ? (
        <ErrorNotice error={error} onRetry={() => refetch()} title="The run could not be read" />
      ) : (
        <Loading what="the run" />
      )}
    </div>
  );
}
