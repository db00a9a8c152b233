/* What the gateway would say, in one line. */
import type { Submission } from "@/board/enter/story";
import type { Trial } from "@/board/enter/useTrial";
import { Button } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

export function TrialLine({ trial, underWay, onKey }: { trial: Trial; underWay: Submission | null; onKey: () => void }) {
  const noScope = trial.state === "refused" && ["missing_scope", "invalid_api_key", "expired_api_key"].includes(trial.error.code);
  return (
    <div role="status" className="grid gap-3 text-sm empty:hidden">
      {trial.state === "asking" && <p className="text-ink-3">Asking the gateway …</p>}
      {trial.state === "fine" && (
        <p className="flex items-center gap-2 text-moss">
          <Icon name="check" className="size-4" /> The gateway would take it.
        </p>
      )}
      {underWay !== null && <p className="text-ink-2">It is on its way: {underWay.state}.</p>}
      {(trial.state === "no-key" || noScope) && (
        <div className="flex flex-wrap items-center gap-3 rounded-xl border border-line-2 bg-surface p-4">
          <Icon name="key" className="size-5 text-mango-ink" />
          <p className="min-w-0 flex-1 basis-48 text-ink-2">
            {noScope ? "This key may not submit." : "Submitting needs an API key"} {noScope ? "Use one" : ""} with the scope{" "}
            <code>submit</code>. The operator makes one: <code className="break-words">janusctl create key NAME --kind mn</code>
          </p>
          <Button size="small" onClick={onKey}>
            {noScope ? "Use another key" : "Use a key"}
          </Button>
        </div>
      )}
    </div>
  );
}
