/* What stands behind a row of the board. */
import { useState } from "react";
import { Fold } from "@/board/Fold";
import { IntervalBar, range, RunLink } from "@/board/Score";
import { DIMENSIONS, type Entry, NAMES } from "@/board/types";
import { ago, number, score, shortDigest, when } from "@/lib/format";
import { Button } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice } from "@/lib/kit/Notice";
import { download } from "@/lib/download";

export function EvidenceButton({ path, name }: { path: string; name: string }) {
  const [state, setState] = useState<"idle" | "busy">("idle");
  const [error, setError] = useState<unknown>(null);
  const get = async () => {
    setState("busy");
    setError(null);
    try {
      await download(path, name);
    } catch (reason) {
      setError(reason);
    } finally {
      setState("idle");
    }
  };
  return (
    <div className="grid gap-2">
      <Button size="small" onClick={get} disabled={state === "busy"} className="justify-self-start">
        <Icon name="download" className="size-4" />
        {state === "busy" ? "Packing …" : "evidence.tar.gz"}
      </Button>
      {error !== null && <ErrorNotice error={error} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4 border-b border-line/60 py-1.5">
      <dt className="text-ink-3">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}

export function Evidence({ entry }: { entry: Entry }) {
  const newest = entry.history.toSorted((a, b) => (b.finished_at ?? "").localeCompare(a.finished_at ?? ""));
  return (
    <div className="grid gap-x-10 gap-y-6 text-sm lg:grid-cols-3">
      <div>
        <h3 className="mb-2 font-semibold">Parts, with 95 % intervals</h3>
        <dl className="grid gap-2.5">
          {(["composite", ...DIMENSIONS] as const).map((d) => {
            const of = entry.scores[d];
            return (
              <div key={d} className="grid grid-cols-[5.5rem_1fr] items-center gap-x-3">
                <dt className="text-ink-3">{NAMES[d]}</dt>
                <dd>
                  {of ? (
                    <>
                      <span className="flex justify-between tabular-nums">
                        <span className="font-semibold">{score(of.value)}</span>
                        <span className="text-ink-2">{range(of)}</span>
                      </span>
                      <IntervalBar of={of} />
                    </>
                  ) : (
                    <span className="text-ink-3">nothing asked for it</span>
                  )}
                </dd>
              </div>
            );
          })}
        </dl>
      </div>
      <dl>
        <Fact name="Answers that count">{number(entry.attempts)}</Fact>
        <Fact name="Passed">{number(entry.passed)}</Fact>
        <Fact name="Failed (0 points)">{number(entry.failures)}</Fact>
        <Fact name="Left out, not its fault">{number(entry.excluded)}</Fact>
        <Fact name="Cost is">{entry.cost_from ?? "–"}</Fact>
        <Fact name="Image digest">
          {entry.digest ? (
            <span className="inline-flex items-center gap-1 font-mono" title={entry.digest}>
              {shortDigest(entry.digest)}
              <CopyButton text={entry.digest} label="Copy the digest" />
            </span>
          ) : (
            "runs elsewhere"
          )}
        </Fact>
        <Fact name="Submitted">
          <time dateTime={entry.submitted_at}>{when(entry.submitted_at)}</time>
        </Fact>
      </dl>
      <div className="grid content-start gap-3">
        <div>
          <h3 className="mb-1 font-semibold">{entry.runs.length === 1 ? "The run that counts" : `The ${entry.runs.length} runs that count`}</h3>
          <ul className="flex flex-wrap gap-x-4">
            {entry.runs.map((run) => (
              <li key={run} className="flex min-h-9 items-center">
                <RunLink run={run} />
              </li>
            ))}
          </ul>
        </div>
        <EvidenceButton path={entry.evidence} name={`${entry.competitor}-evidence.tar.gz`} />
        <p className="text-ink-3">
          Signed; <code className="font-mono text-xs">janus-bench verify</code> and <code className="font-mono text-xs">replay</code> check it on any
          machine.
        </p>
        {newest.length > 1 && (
          <Fold title={`All ${newest.length} runs, newest first`}>
            <ul className="mt-1 grid max-h-48 gap-1 overflow-y-auto" tabIndex={0} aria-label="Runs">
              {newest.map((h) => (
                <li key={h.run} className="flex min-h-9 items-center justify-between gap-3 tabular-nums">
                  <RunLink run={h.run} />
                  <span className="font-semibold">{score(h.composite?.value)}</span>
                  <span className="text-ink-3">{ago(h.finished_at)}</span>
                </li>
              ))}
            </ul>
          </Fold>
        )}
      </div>
    </div>
  );
}
