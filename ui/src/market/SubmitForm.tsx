/* A manifest, written or from a file, checked by the gateway as one writes, and submitted with a key. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { inputLook } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { KeyDialog } from "@/lib/kit/KeyDialog";
import { ErrorNotice } from "@/lib/kit/Notice";
import { type Component, PATH } from "@/market/data";
import { example, MANIFEST_MAX, parse } from "@/market/manifest";
import { submit } from "@/market/send";
import { type Trial, useTryOut } from "@/market/useTryOut";

export function SubmitForm() {
  const id = useId();
  const queries = useQueryClient();
  const key = useKey((state) => state.key);
  const [source, setSource] = useState("");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<Component | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asksKey, setAsksKey] = useState(false);
  const trial = useTryOut(source, busy);

  const change = (text: string) => {
    setSource(text);
    setSent(null);
    setError(null);
  };
  const takeFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > MANIFEST_MAX) setError(new Error(`${file.name} is larger than 512 KiB.`));
    else change(await file.text());
  };
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const parsed = parse(source);
    if (!parsed.ok) return;
    setBusy(true);
    setError(null);
    try {
      const component = await submit(parsed.manifest);
      setSource("");
      setSent(component);
      await queries.invalidateQueries({ queryKey: [PATH] });
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form onSubmit={send} className="grid gap-4" aria-label="Submit a component">
      <div className="grid gap-1.5">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <label htmlFor={id} className="text-sm font-semibold">
            Manifest (JSON)
          </label>
          <span className="flex gap-2">
            <Button size="small" look="quiet" onClick={() => change(example)}>
              Start from an example
            </Button>
            <label className="inline-flex min-h-9 cursor-pointer items-center gap-2 rounded-full border border-line-2 px-4 text-sm font-semibold focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-moss hover:border-ink-3 max-sm:min-h-11">
              <Icon name="file" className="size-4" /> Take a file
              <input
                type="file"
                accept="application/json,.json"
                className="sr-only"
                onChange={(event) => {
                  takeFile(event.target.files?.[0]);
                  event.target.value = "";
                }}
              />
            </label>
          </span>
        </div>
        <textarea
          id={id}
          className={`${inputLook} min-h-72 font-mono text-sm leading-relaxed`}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          dir="ltr"
          value={source}
          placeholder={'{"id": "cmp.your-team.name", "version": "1.0.0", …}'}
          aria-describedby={`${id}-trial`}
          aria-invalid={trial.state === "refused" || trial.state === "unreadable" ? true : undefined}
          onChange={(event) => change(event.target.value)}
        />
      </div>
      <div id={`${id}-trial`} role="status">
        <TrialLine trial={trial} />
      </div>
      {error !== null && <ErrorNotice error={error} title="It was not submitted." />}
      {sent && (
        <p role="status" className="flex items-center gap-2 rounded-xl border border-moss/40 bg-moss/10 px-4 py-3 text-sm">
          <Icon name="check" className="size-5 text-moss" />
          <span>
            <code>{sent.id}</code> {sent.version} is submitted. It is listed for everybody once an administrator has approved it.
          </span>
        </p>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" disabled={busy || trial.state !== "fine"}>
          {busy ? "Submitting …" : "Submit for review"}
        </Button>
        <Button look={key === "" ? "secondary" : "quiet"} onClick={() => setAsksKey(true)}>
          <Icon name="key" className="size-4" /> {key === "" ? "Use a key" : "Another key"}
        </Button>
      </div>
      {asksKey && <KeyDialog onClose={() => setAsksKey(false)} />}
    </form>
  );
}

function TrialLine({ trial }: { trial: Trial }) {
  const line = "flex gap-2 text-sm";
  switch (trial.state) {
    case "empty":
      return <p className="text-sm text-ink-3">It is checked as you write; nothing is kept before you submit it.</p>;
    case "no-key":
      return <p className="text-sm text-ink-2">It is JSON. To have it checked and submitted, use a key with the scope submit.</p>;
    case "asking":
      return <p className="text-sm text-ink-3">Checking …</p>;
    case "unreadable":
      return (
        <p className={`${line} text-danger-ink`}>
          <Icon name="warn" /> {trial.reason}
        </p>
      );
    case "refused":
      return (
        <p className={`${line} text-danger-ink`}>
          <Icon name="warn" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {trial.error.param && <code className="mr-2 rounded bg-danger/15 px-1.5 py-0.5 font-semibold">{trial.error.param}</code>}
            {trial.error.message}
          </span>
        </p>
      );
    case "fine":
      return (
        <p className={`${line} text-moss`}>
          <Icon name="check" />
          <span>
            {trial.component.name} {trial.component.version} can be submitted
            {trial.component.contract.tools !== null && `, with ${trial.component.contract.tools} tools`}
            {trial.component.contract.operations !== null && `, with ${trial.component.contract.operations} operations`}.
          </span>
        </p>
      );
  }
}
