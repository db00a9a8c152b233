/* One submission as it happens: where it is, what the checks say, what it logs, what became of it. */
import { useState } from "react";
import { Findings } from "@/board/enter/Findings";
import { InstanceLog } from "@/board/enter/InstanceLog";
import { Outcome } from "@/board/enter/Outcome";
import { Stepper } from "@/board/enter/Stepper";
import { evidenceOf, isFinal, type Story, stepsOf, type Submission } from "@/board/enter/story";
import { call } from "@/lib/api";
import { ago } from "@/lib/format";
import { Button, IconButton } from "@/lib/kit/Button";
import { StateBadge } from "@/lib/kit/Badge";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Icon } from "@/lib/kit/Icon";
import { KeyDialog } from "@/lib/kit/KeyDialog";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

interface Props {
  id: string;
  story: Story;
  saw: (submission: Submission) => void;
  onClose: () => void;
  onAgain: () => void;
}

export function Follow({ id, story, saw, onClose, onAgain }: Props) {
  const { submission, link, error } = story;
  const [refused, setRefused] = useState<unknown>(null);
  const [cancelling, setCancelling] = useState(false);
  const [askKey, setAskKey] = useState(false);

  const cancel = async () => {
    setCancelling(true);
    setRefused(null);
    try {
      saw(await call<Submission>(`/api/v1/submissions/${id}/cancel`, { method: "POST" }));
    } catch (reason) {
      setRefused(reason);
    } finally {
      setCancelling(false);
    }
  };

  return (
    <section aria-label="Submission under way" className="glass grid min-w-0 gap-5 p-5 sm:p-6">
      <header className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h3 className="flex flex-wrap items-center gap-x-3 gap-y-1 font-display text-xl font-semibold [overflow-wrap:anywhere]">
            {submission === null ? "Submission" : submission.name}
            {submission !== null && <StateBadge state={submission.state} />}
          </h3>
          <p className="mt-1 text-sm text-ink-2 [overflow-wrap:anywhere]">
            {submission !== null && (
              <>
                {submission.check_only && "Only checked: "}
                {submission.image ?? submission.url ?? "an archive"} · <span title={submission.created_at}>{ago(submission.created_at)}</span>
              </>
            )}
          </p>
          <p className="flex items-center gap-1 font-mono text-xs text-ink-3">
            <span className="min-w-0 break-all">{id}</span>
            <CopyButton text={id} label="Copy the id" />
          </p>
        </div>
        <IconButton label="Stop watching" onClick={onClose}>
          <Icon name="close" />
        </IconButton>
      </header>

      {submission === null && error === null && <Loading what="the submission" />}
      {error !== null && (
        <div className="grid gap-3">
          <ErrorNotice error={error} title="This submission cannot be shown." />
          <div className="flex gap-2">
            <Button size="small" onClick={() => setAskKey(true)}>
              Use another key
            </Button>
          </div>
        </div>
      )}
      {link === "lost" && (
        <p role="status" className="flex items-center gap-2 rounded-xl bg-mango/10 p-3 text-sm text-mango-ink">
          <Icon name="warn" className="size-4" /> The gateway does not answer. It goes on without us; this page asks again.
        </p>
      )}
      {submission !== null && (
        <>
          <p className="sr-only" role="status">
            {submission.name} is {submission.state}
          </p>
          <Stepper steps={stepsOf(story)} submission={submission} />
          {isFinal(submission.state) ? (
            <Outcome submission={submission} onAgain={onAgain} />
          ) : (
            <div className="flex flex-wrap items-center gap-3">
              <Button look="danger" size="small" disabled={cancelling} onClick={cancel}>
                <Icon name="stop" className="size-4" /> {cancelling ? "Cancelling …" : "Cancel it"}
              </Button>
            </div>
          )}
          {refused !== null && <ErrorNotice error={refused} title="It was not cancelled." />}
          <Findings findings={evidenceOf(submission).conformance ?? []} running={submission.state === "conforming"} />
          {submission.instance_id !== null && submission.kind !== "url" && (
            <InstanceLog instance={submission.instance_id} over={isFinal(submission.state) && submission.state !== "ready"} onKey={() => setAskKey(true)} />
          )}
        </>
      )}
      {askKey && <KeyDialog onClose={() => setAskKey(false)} />}
    </section>
  );
}
