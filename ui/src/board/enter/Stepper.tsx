/* The states a submission goes through, with their times, and what the present one waits for. */
import { useEffect, useState } from "react";
import { isFinal, type Step, type Submission } from "@/board/enter/story";
import { bytes, duration, when } from "@/lib/format";
import { Icon } from "@/lib/kit/Icon";

const words: Partial<Record<Step["state"], string>> = {
  received: "Received",
  resolving: "Resolving the tag",
  pulling: "Pulling the image",
  importing: "Checking the archive",
  scanning: "Inspecting the image",
  starting: "Starting a pod",
  conforming: "Conformance",
  ready: "Ready",
  retired: "Checked",
};
const said: Record<Step["status"], string> = {
  done: "done",
  now: "now",
  broke: "ended here",
  "passed-over": "not needed",
  "to-come": "to come",
};
const marks: Record<Step["status"], string> = {
  done: "bg-moss text-on-moss",
  now: "border-2 border-info text-info-ink",
  broke: "bg-danger/20 text-danger-ink",
  "passed-over": "bg-raised text-ink-3",
  "to-come": "border border-line-2 text-ink-3",
};

export function Stepper({ steps, submission }: { steps: Step[]; submission: Submission }) {
  return (
    <ol aria-label="Steps" className="grid">
      {steps.map((step, i) => (
        <li key={step.state} data-state={step.state} data-status={step.status} className="relative flex gap-4 pb-4 last:pb-0">
          {i < steps.length - 1 && (
            <span aria-hidden="true" className={`absolute top-7 bottom-0 left-3.5 w-px -translate-x-1/2 ${step.status === "done" ? "bg-moss/60" : "bg-line-2"}`} />
          )}
          <span aria-hidden="true" className={`grid size-7 shrink-0 place-items-center rounded-full text-xs font-semibold ${marks[step.status]}`}>
            {step.status === "done" ? (
              <Icon name="check" className="size-4" />
            ) : step.status === "broke" ? (
              <Icon name="close" className="size-4" />
            ) : step.status === "now" ? (
              <span className="size-2 animate-pulse rounded-full bg-info motion-reduce:animate-none" />
            ) : (
              <span className="size-1.5 rounded-full bg-current" />
            )}
          </span>
          <div className="min-w-0 flex-1 pt-0.5">
            <p className="flex flex-wrap items-baseline justify-between gap-x-3">
              <span className={`font-semibold ${step.status === "to-come" || step.status === "passed-over" ? "text-ink-3" : ""}`}>
                {words[step.state] ?? step.state} <span className="sr-only">{said[step.status]}</span>
              </span>
              <span className="text-xs text-ink-3 tabular-nums" title={step.at ? when(step.at) : undefined}>
                {step.status === "now" ? <Since at={step.at} /> : step.ms !== null ? duration(step.ms) : step.status === "passed-over" ? "not needed" : ""}
              </span>
            </p>
            {step.status === "now" && <Present submission={submission} />}
            {step.status === "broke" && (
              <p className="text-sm text-danger-ink [overflow-wrap:anywhere]">{submission.state_detail ?? submission.state_reason}</p>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

/* How long it lasts already. */
function Since({ at }: { at: string | null }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return at === null ? null : <>{duration(Math.max(0, now - Date.parse(at)))}</>;
}

function Present({ submission }: { submission: Submission }) {
  const { progress, state, state_detail, state_reason, retry_at } = submission;
  if (isFinal(state)) return null;
  return (
    <div className="mt-1 grid gap-1.5 text-sm text-ink-2">
      {progress !== null && progress.total_bytes > 0 && (
        <>
          <progress aria-label="Pulled" max={progress.total_bytes} value={progress.bytes} className="h-2 w-full accent-moss" />
          <p className="text-xs tabular-nums">
            {bytes(progress.bytes)} of {bytes(progress.total_bytes)}
          </p>
        </>
      )}
      <p className="[overflow-wrap:anywhere]">{state_detail ?? state_reason?.replaceAll("_", " ")}</p>
      {retry_at !== null && <p className="text-mango-ink">Tried again at {new Date(retry_at).toLocaleTimeString("en")}.</p>}
    </div>
  );
}
