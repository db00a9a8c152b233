/* What an answer did, step by step: one line until it is opened. */
import { useState } from "react";
import type { Answer, Step } from "@/chat/types";
import { duration, usd } from "@/lib/format";
import { Icon, type IconName } from "@/lib/kit/Icon";

const icons: Record<Step["kind"], IconName> = {
  tool: "tool",
  sandbox: "box",
  queued: "clock",
  pulling: "download",
  starting: "bolt",
  failover: "branch",
  progress: "info",
  other: "info",
};

const colours: Record<Step["state"], string> = { running: "text-info-ink", done: "text-moss", failed: "text-danger-ink" };

const FEW = 4; // so few steps are shown at once

export function Timeline({ answer, live }: { answer: Answer; live: boolean }) {
  const [open, setOpen] = useState<boolean | null>(null);
  const { steps } = answer;
  const last = steps.findLast((it) => it.state === "running") ?? steps.at(-1);
  const failed = steps.filter((it) => it.state === "failed").length;
  const isOpen = open ?? (live && steps.length <= FEW);
  return (
    <details
      open={isOpen}
      onToggle={(event) => event.currentTarget.open !== isOpen && setOpen(event.currentTarget.open)}
      className="group rounded-xl border border-line bg-card/60 text-sm"
      data-testid="timeline"
    >
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2.5 px-3.5 py-2 text-ink-2 hover:text-ink [&::-webkit-details-marker]:hidden">
        <Icon name={icons[last?.kind ?? "other"]} className={`size-4 ${colours[last?.state ?? "done"]}`} />
        <span className="font-semibold whitespace-nowrap">{steps.length === 1 ? "1 step" : `${steps.length} steps`}</span>
        <span className="min-w-0 flex-1 truncate text-ink-3">{last?.title}</span>
        {failed > 0 && <span className="text-danger-ink tabular-nums">{failed} failed</span>}
        <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
      </summary>
      {isOpen && (
        <ol className="grid gap-0 border-t border-line px-3.5 py-2">
          {steps.map((it, i) => (
            <Line key={i} step={it} />
          ))}
        </ol>
      )}
    </details>
  );
}

function Line({ step }: { step: Step }) {
  const body = (
    <>
      <Icon name={icons[step.kind]} className={`mt-0.5 size-4 ${colours[step.state]}`} />
      <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        {step.title}
        {step.state !== "done" && <span className={`ml-2 text-xs ${colours[step.state]}`}>{step.state}</span>}
      </span>
      {step.costUsd !== null && <span className="text-ink-3 tabular-nums">{usd(step.costUsd)}</span>}
      {step.ms !== null && step.ms > 0 && <span className="text-ink-2 tabular-nums">{duration(step.ms)}</span>}
      <span className="w-16 text-right text-ink-3 tabular-nums" title="After the request was sent">
        +{duration(step.at)}
      </span>
    </>
  );
  const row = "flex items-start gap-2.5 py-1.5";
  if (step.detail === "") return <li className={row}>{body}</li>;
  return (
    <li>
      <details>
        <summary className={`${row} cursor-pointer list-none hover:text-ink [&::-webkit-details-marker]:hidden`}>{body}</summary>
        <pre
          tabIndex={0}
          className="mb-2 ml-6 max-h-64 overflow-auto rounded-lg bg-deep p-3 font-mono text-xs whitespace-pre-wrap text-ink-2 [overflow-wrap:anywhere]"
        >
          {step.detail}
        </pre>
      </details>
    </li>
  );
}
