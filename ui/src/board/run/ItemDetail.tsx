/* One item of a run: what was checked, why it failed, and how the answer came. */
import { lazy, type ReactNode, Suspense } from "react";
import { useFrames } from "@/board/data";
import { Notice } from "@/board/run/Notice";
import { DIMENSIONS, type Item, NAMES } from "@/board/types";
import { ApiError } from "@/lib/errors";
import { bytes, duration, number, score, usd, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Dialog } from "@/lib/kit/Dialog";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

const FramesPicture = lazy(() => import("@/board/run/FramesPicture"));

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid gap-2">
      <h3 className="font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function Frames({ run, item }: { run: string; item: Item }) {
  const query = useFrames(run, item.id);
  if (query.isPending) return <Loading what="what came over the wire" />;
  if (query.isError)
    return query.error instanceof ApiError && (query.error.code === "invalid_state" || query.error.code === "resource_not_found") ? (
      <Notice>{query.error.message}</Notice>
    ) : (
      <ErrorNotice error={query.error} onRetry={() => query.refetch()} title="The frames could not be read" />
    );
  return (
    <Suspense fallback={<Loading what="the picture" />}>
      <FramesPicture frames={query.data} />
    </Suspense>
  );
}

/** What was measured at the socket, by the names of docs/evidence.md. */
function measured(item: Item): [string, string][] {
  const m = item.measured;
  const num = (key: string) => (typeof m[key] === "number" ? (m[key] as number) : null);
  const out: [string, string][] = [
    ["First content", duration(num("ttft_ms"))],
    ["Duration", duration(num("duration_ms"))],
    ["Longest silence", duration(num("max_gap_ms"))],
    ["Stalled", duration(num("stall_ms"))],
    ["Heartbeats", number(num("pings"))],
    ["Tokens, prompt", number(num("prompt_tokens"))],
    ["Tokens, answer", `${number(num("completion_tokens"))}${m.tokens_estimated === true ? " (estimated)" : ""}`],
    ["Cost", item.metered_cost_usd !== null ? `${usd(item.metered_cost_usd)} (metered)` : num("reported_cost_usd") !== null ? `${usd(num("reported_cost_usd"))} (reported)` : "by tokens"],
    ["Turns", number(num("turns"))],
    ["HTTP status", number(num("status"))],
    ["Finish reason", typeof m.finish_reason === "string" ? m.finish_reason : "–"],
  ];
  if (typeof m.odd === "string" && m.odd !== "") out.push(["Odd", m.odd]);
  return out;
}

const pre = "max-h-72 overflow-auto rounded-xl bg-deep px-4 py-3 font-mono text-sm whitespace-pre-wrap [overflow-wrap:anywhere]";

export function ItemDetail({ run, item, onClose }: { run: string; item: Item; onClose: () => void }) {
  const failed = item.checks.filter((c) => !c.ok);
  return (
    <Dialog title={item.item} onClose={onClose} wide>
      <div className="grid gap-6">
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm text-ink-2">
          <StateBadge state={item.state} />
          <span>{item.task_type}</span>
          <span>weight {number(item.weight)}</span>
          {item.epoch > 0 && <span>time {item.epoch + 1}</span>}
          {item.attempt > 1 && <span>attempt {item.attempt}</span>}
          {item.started_at && <span>{when(item.started_at)}</span>}
          <span className="font-mono text-xs break-all text-ink-3">{item.id}</span>
        </p>

        {(item.why || item.error) && (
          <div className="rounded-xl border border-danger/40 bg-danger/10 px-4 py-3 text-sm">
            <h3 className="font-semibold">{item.state === "error" || item.state === "skipped" ? "Why it does not count" : item.state === "passed" ? "What did not hold" : "Why it failed"}</h3>
            {item.why && <p className="mt-1 [overflow-wrap:anywhere]">{item.why}</p>}
            {item.error && (
              <p className="mt-1 [overflow-wrap:anywhere]">
                {item.error} <span className="text-ink-2">{[item.code, item.fault && `fault: ${item.fault}`].filter(Boolean).join(", ")}</span>
              </p>
            )}
          </div>
        )}

        <dl className="grid grid-cols-3 gap-3 text-center tabular-nums sm:grid-cols-5">
          {DIMENSIONS.map((d) => (
            <div key={d} className="rounded-xl border border-line px-2 py-2.5">
              <dt className="text-xs text-ink-3">{NAMES[d]}</dt>
              <dd className="font-display text-xl font-semibold">{score(item.scores[d])}</dd>
            </div>
          ))}
        </dl>

        <Part title="How the answer came">
          <Frames run={run} item={item} />
        </Part>

        {item.checks.length > 0 && (
          <Part title={failed.length === 0 ? "All checks held" : `${failed.length} of ${item.checks.length} checks did not hold`}>
            <ul className="grid gap-1.5 text-sm">
              {[...failed, ...item.checks.filter((c) => c.ok)].map((c, i) => (
                <li key={i} className="flex gap-2.5">
                  <Icon name={c.ok ? "check" : "close"} className={`mt-0.5 size-4 ${c.ok ? "text-moss" : "text-danger-ink"}`} />
                  <span className="min-w-0 [overflow-wrap:anywhere]">
                    <span className="sr-only">{c.ok ? "held: " : "did not hold: "}</span>
                    {c.check}
                    {c.seen && <span className="text-ink-3"> – seen: {c.seen}</span>}
                  </span>
                </li>
              ))}
            </ul>
          </Part>
        )}

        <Part title="Measured at the socket">
          <dl className="grid gap-x-8 text-sm tabular-nums sm:grid-cols-2">
            {measured(item).map(([name, value]) => (
              <div key={name} className="flex justify-between gap-4 border-b border-line/60 py-1.5">
                <dt className="text-ink-3">{name}</dt>
                <dd className="text-right [overflow-wrap:anywhere]">{value}</dd>
              </div>
            ))}
          </dl>
        </Part>

        {item.answer !== null && (
          <Part title="The answer, its beginning">
            <pre className={pre} tabIndex={0} aria-label="The answer">
              {item.answer}
            </pre>
          </Part>
        )}

        {item.executions.length > 0 && (
          <Part title="Its code, run in a sandbox">
            <ul className="grid gap-3 text-sm">
              {item.executions.map((x, i) => (
                <li key={i} className="grid gap-1">
                  <span className="text-ink-2">
                    {x.case || `case ${i + 1}`}: {x.timed_out ? "it took too long" : `exit ${x.exit ?? "–"}`}, {duration(x.ms)}
                  </span>
                  {(x.stdout || x.stderr) && (
                    <pre className={pre} tabIndex={0} aria-label={`Output of ${x.case || `case ${i + 1}`}`}>
                      {[x.stdout, x.stderr].filter(Boolean).join("\n")}
                    </pre>
                  )}
                </li>
              ))}
            </ul>
          </Part>
        )}

        {item.files.length > 0 && (
          <Part title="Files that came with it">
            <ul className="grid gap-1 text-sm">
              {item.files.map((f) => (
                <li key={f.sha256} className="flex flex-wrap justify-between gap-x-4 border-b border-line/60 py-1.5">
                  <span className="[overflow-wrap:anywhere]">
                    {f.name} <span className="text-ink-3">{f.mime_type}</span>
                  </span>
                  <span className="text-ink-3">
                    {bytes(f.size_bytes)}, <span className="font-mono">{f.sha256.slice(0, 12)}</span>
                  </span>
                </li>
              ))}
            </ul>
          </Part>
        )}
      </div>
    </Dialog>
  );
}
