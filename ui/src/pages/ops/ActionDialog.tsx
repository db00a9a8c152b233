/*
 * One thing to be done: what it would do (asked with dry_run, against the object's etag), the command
 * that does the same, a confirmation, and what came of it.
 */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useMemo, useState } from "react";
import { call, withQuery } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { TextField } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice } from "@/lib/kit/Notice";
import { onceKey } from "@/lib/once";
import { type Change, changes } from "@/pages/ops/changes";
import { useTouch } from "@/pages/ops/data";
import { Command } from "@/pages/ops/parts";

export interface Act {
  /** "Stop owl" */
  title: string;
  button: string;
  method: "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  /** what it does, in words */
  explain: ReactNode;
  /** where the object is whose etag the change depends on */
  object?: string;
  /** the API can try it without doing it */
  trial?: boolean;
  /** what is otherwise then, where the trial's answer is the object as it is */
  would?: readonly Change[];
  /** to be typed before it is done: it cannot be taken back */
  confirm?: string;
  danger?: boolean;
  command?: string;
  /** what to look at again when it is done */
  touches: readonly string[];
  done: string;
}

export type Answer = Record<string, unknown>;

/** The trial's answer; asked again when what is wanted changes. */
function useTrial(act: Act, ready: boolean, over: boolean) {
  const now = useQuery({
    queryKey: ["as it is", act.object],
    queryFn: ({ signal }) => call<Answer>(act.object ?? "", { signal }),
    enabled: act.object !== undefined && !over,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const etag = typeof now.data?.etag === "string" ? now.data.etag : undefined;
  const trial = useQuery({
    queryKey: ["trial", act.path, act.method, act.body, etag],
    queryFn: ({ signal }) =>
      call<Answer>(withQuery(act.path, { dry_run: true }), {
        method: act.method,
        json: act.body,
        headers: act.object === undefined ? {} : { "if-match": "*" }, // as it is now: it is done by the etag
        signal,
      }),
    enabled: act.trial !== false && ready && !over && (act.object === undefined || now.data !== undefined),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    placeholderData: (before) => before,
  });
  return { now, trial, etag };
}

function Trial({ list }: { list: readonly Change[] }) {
  if (list.length === 0) return <p className="text-sm text-ink-2">The gateway has checked it: nothing speaks against it.</p>;
  return (
    <dl className="grid gap-1 text-sm tabular-nums">
      {list.map(({ what, from, to }) => (
        <div key={what} className="flex flex-wrap gap-x-2">
          <dt className="font-semibold">{what}</dt>
          <dd className="[overflow-wrap:anywhere] text-ink-2">
            {from} <span aria-label="becomes">→</span> <span className="text-ink">{to}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function ActionDialog({
  act,
  onClose,
  ready = true,
  children,
  preview,
  result,
}: {
  act: Act;
  onClose: () => void;
  /** what the children ask for is given */
  ready?: boolean;
  children?: ReactNode;
  /** what the trial says, where it is not what changes of an object */
  preview?: (trial: Answer) => ReactNode;
  /** what came of it, below act.done */
  result?: (answer: Answer) => ReactNode;
}) {
  const touch = useTouch();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const { now, trial, etag } = useTrial(act, ready, busy || answer !== null);
  const wanted = JSON.stringify(act.body) ?? "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: another thing to be done needs another key
  const once = useMemo(onceKey, [wanted, tries]);
  const heading = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const headers: Record<string, string> = etag ? { "if-match": etag } : {};
      if (act.method === "POST") headers["idempotency-key"] = once;
      setAnswer((await call<Answer>(act.path, { method: act.method, json: act.body, headers })) ?? {});
      await touch(act.touches);
    } catch (reason) {
      setError(reason);
      if (reason instanceof ApiError && reason.status >= 400 && reason.status < 500) setTries((n) => n + 1);
    } finally {
      setBusy(false);
    }
  };
  const lookAgain = () => {
    setError(null);
    now.refetch().then(() => trial.refetch());
  };

  if (answer !== null)
    return (
      <Dialog title={act.title} onClose={onClose}>
        <div className="grid gap-4">
          <p role="status" className="flex gap-2">
            <Icon name="check" className="mt-0.5 size-5 text-moss" /> {act.done}
          </p>
          {result?.(answer)}
          <div>
            <Button look="primary" onClick={onClose}>
              Close
            </Button>
          </div>
        </div>
      </Dialog>
    );

  const refusal = error ?? now.error ?? (ready ? trial.error : null);
  const stale = refusal instanceof ApiError && (refusal.status === 412 || refusal.status === 428);
  return (
    <Dialog title={act.title} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <div className="text-ink-2">{act.explain}</div>
        {children}
        {act.trial !== false && (
          <div aria-labelledby={heading} role="group" className="grid gap-2 rounded-xl border border-line bg-surface p-4">
            <h3 id={heading} className="text-sm font-semibold">
              What it would do
            </h3>
            {!ready ? (
              <p className="text-sm text-ink-2">Fill in what is missing.</p>
            ) : refusal !== null ? (
              <p className="text-sm text-ink-2">It would be refused.</p>
            ) : trial.data === undefined ? (
              <p className="text-sm text-ink-2">Asking …</p>
            ) : (
              (preview?.(trial.data) ?? <Trial list={[...(act.would ?? []), ...(act.object === undefined ? [] : changes(now.data, trial.data))]} />)
            )}
          </div>
        )}
        {act.command && <Command>{act.command}</Command>}
        {refusal !== null && <ErrorNotice error={refusal} onRetry={stale ? lookAgain : undefined} title={stale ? "It changed since it was looked at." : undefined} />}
        {act.confirm !== undefined && (
          <TextField
            label={`Type ${act.confirm} to confirm`}
            value={typed}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        <div className="flex flex-wrap gap-2">
          <Button
            type="submit"
            look={act.danger ? "danger" : "primary"}
            disabled={
              busy ||
              !ready ||
              (act.confirm !== undefined && typed !== act.confirm) ||
              (act.object !== undefined && etag === undefined && now.isPending) ||
              (act.trial !== false && (trial.data === undefined || trial.error !== null))
            }
          >
            {busy ? "Working …" : act.button}
          </Button>
          <Button onClick={onClose}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}
