/* Measure a competitor now. */
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { runPath, useCompetitors, useSuites } from "@/board/data";
import { runLink } from "@/board/Score";
import type { Run } from "@/board/types";
import { call } from "@/lib/api";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { Field, inputLook, TextField } from "@/lib/kit/Field";
import { KeyDialog } from "@/lib/kit/KeyDialog";
import { ErrorNotice } from "@/lib/kit/Notice";

export function StartRun() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Measure a competitor</Button>
      {open && <StartDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function StartDialog({ onClose }: { onClose: () => void }) {
  const key = useKey((state) => state.key);
  const competitors = useCompetitors();
  const suites = useSuites();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const run = await call<Run>("/api/v1/runs", {
        json: {
          competitor: form.get("competitor"),
          suite: form.get("suite"),
          subset_percent: Number(form.get("subset_percent")),
          epochs: Number(form.get("epochs")),
          concurrency: Number(form.get("concurrency")),
        },
      });
      queries.setQueryData([runPath(run.id)], run);
      navigate(runLink(run.id));
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };

  return (
    <Dialog title="Measure a competitor" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        {key === "" && (
          <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-mango/40 bg-mango/10 px-4 py-3 text-sm">
            <p>
              This needs an API key with the scope <code className="font-mono">bench</code>.
            </p>
            <Button size="small" onClick={() => setAsking(true)}>
              Use a key
            </Button>
          </div>
        )}
        <Field label="Competitor">
          {(ids) => (
            <select {...ids} name="competitor" required className={inputLook}>
              {competitors.data?.data.map((c) => (
                <option key={c.id} value={c.name}>
                  {c.name} ({c.state})
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Suite">
          {(ids) => (
            <select {...ids} name="suite" required className={inputLook} defaultValue={suites.data?.data.find((s) => s.is_default)?.name}>
              {suites.data?.data.map((s) => (
                <option key={s.id} value={s.name}>
                  {s.name}
                  {s.items === null ? "" : ` (${s.items} items)`}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField label="Percent of items" name="subset_percent" type="number" min={1} max={100} defaultValue={100} required />
          <TextField label="Times each" name="epochs" type="number" min={1} max={20} defaultValue={1} required />
          <TextField label="At once" name="concurrency" type="number" min={1} max={16} defaultValue={1} required />
        </div>
        <p className="text-sm text-ink-2">Only a run of all items counts on the leaderboard.</p>
        {error !== null && <ErrorNotice error={error} />}
        <Button type="submit" look="primary" disabled={busy || key === "" || !competitors.data?.data.length}>
          Start the run
        </Button>
      </form>
      {asking && <KeyDialog onClose={() => setAsking(false)} />}
    </Dialog>
  );
}
