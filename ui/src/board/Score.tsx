/* A score with how sure it is, and a competitor's scores over time. */
import { Link } from "react-router";
import type { Entry, Interval } from "@/board/types";
import { score } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { Sparkline } from "@/lib/kit/Sparkline";

/** Where an interval lies between 0 and 100; its value is the mark. */
export function IntervalBar({ of, className = "" }: { of: Interval; className?: string }) {
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" className={`h-1.5 w-full ${className}`}>
      <rect x="0" y="2.25" width="100" height="1.5" rx="0.75" className="fill-line-2/70" />
      <rect x={of.low} y="1.25" width={Math.max(of.high - of.low, 0.8)} height="3.5" rx="1.5" className="fill-moss/45" />
      <rect x={of.value - 0.7} y="0" width="1.4" height="6" className="fill-moss" />
    </svg>
  );
}

export const range = (of: Interval): string => `${score(of.low)} – ${score(of.high)}`;

/** The value, and on hover or to a screen reader its interval. */
export function Part({ of }: { of: Interval | null }) {
  if (of === null) return <span className="text-ink-3">–</span>;
  return (
    <span title={`95 % interval ${range(of)}`}>
      {score(of.value)}
      <span className="sr-only"> (95 % interval {range(of)})</span>
    </span>
  );
}

/** Points of score from the bottom of a sparkline to its top, at least. */
const SPAN = 10;

export function History({ of, className = "w-24" }: { of: Entry["history"]; className?: string }) {
  const runs = of.filter((h) => h.composite !== null).toSorted((a, b) => (a.finished_at ?? "").localeCompare(b.finished_at ?? ""));
  const values = runs.map((h) => h.composite?.value ?? 0);
  if (values.length === 0) return <span className="text-ink-3">–</span>;
  return (
    <Sparkline
      values={values}
      least={SPAN}
      label={`Scores of ${values.length} ${values.length === 1 ? "run" : "runs"}, oldest first: ${values.map(score).join(", ")}`}
      className={`h-7 text-mountain-ink ${className}`}
    />
  );
}

/** Champion, on trial, fastest, cheapest, away. */
export function Marks({ entry }: { entry: Entry }) {
  return (
    <>
      {entry.is_champion && <Badge tone="good">Champion</Badge>}
      {entry.is_canary && <Badge tone="busy">On trial</Badge>}
      {entry.is_fast && <Badge tone="info">Fast</Badge>}
      {entry.is_cheap && <Badge tone="warn">Cheap</Badge>}
      {entry.state !== "ready" && <Badge>Not ready</Badge>}
    </>
  );
}

export const runLink = (run: string): string => `/competition/runs/${run}`;

/** A run by the end of its id, which is what differs. */
export function RunLink({ run, children }: { run: string; children?: React.ReactNode }) {
  return (
    <Link to={runLink(run)} title={run} className="font-mono text-sm text-moss underline decoration-moss/40 underline-offset-4 hover:decoration-moss">
      {children ?? `…${run.slice(-8)}`}
    </Link>
  );
}
