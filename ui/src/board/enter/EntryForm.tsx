/* The form: what is typed is checked here at once, and by the gateway a moment later (a dry run). */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { ArchiveField } from "@/board/enter/ArchiveField";
import { CommandLine } from "@/board/enter/CommandLine";
import { blank, commandOf, type Fault, faultsOf, type Kind, requestOf, useDraft } from "@/board/enter/form";
import { ManifestFields } from "@/board/enter/ManifestFields";
import { submit } from "@/board/enter/send";
import type { Submission } from "@/board/enter/story";
import { TrialLine } from "@/board/enter/TrialLine";
import { usePolicy } from "@/board/enter/usePolicy";
import { fieldOf, useTrial } from "@/board/enter/useTrial";
import { type Api, call, type List } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { TextField } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { KeyDialog } from "@/lib/kit/KeyDialog";
import { ErrorNotice } from "@/lib/kit/Notice";

const kinds: [Kind, string, string][] = [
  ["image", "Image", "From a registry, or from the engine of the gateway's machine"],
  ["url", "Address", "A server that runs elsewhere, for trying things out"],
  ["bundle", "Archive", "An image as a file, if no registry has it"],
];

export function EntryForm({ underWay, onSent }: { underWay: Submission | null; onSent: (submission: Submission) => void }) {
  const { draft, sent, change, markSent } = useDraft();
  const key = useKey((state) => state.key);
  const limits = usePolicy().limits;
  const [asked, setAsked] = useState(false); // every fault is shown once it was to be sent
  const [askKey, setAskKey] = useState(false);
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState<{ error: unknown; draft: typeof draft } | null>(null);
  const [round, setRound] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const isOurs = underWay !== null && underWay.name === draft.name;
  const trial = useTrial(draft, limits, isOurs || sending || sent === JSON.stringify(draft), round);
  const competitors = useQuery({
    queryKey: ["/api/v1/competitors", "names", key],
    queryFn: ({ signal }) => call<List<Api<"Competitor">>>("/api/v1/competitors?limit=0", { signal }),
  });

  const faults = faultsOf(draft, limits);
  const last = refusal !== null && refusal.draft === draft ? refusal.error : null;
  const told = last ?? (trial.state === "refused" ? trial.error : null);
  const toldField = told instanceof ApiError ? fieldOf(told) : null;
  const wrong = (field: keyof Fault): string | null => {
    const text = field === "name" || field === "manifest" ? draft[field] : draft[draft.kind];
    if (faults[field] !== undefined && (asked || text !== "")) return faults[field];
    return told instanceof ApiError && toldField === field ? told.message : null;
  };
  const taken = competitors.data?.data.find(({ name }) => name === draft.name);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(faults).length > 0) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    if (key === "") {
      setAskKey(true);
      return;
    }
    setSending(true);
    try {
      const submission = await submit(requestOf(draft));
      markSent();
      onSent(submission);
      setAsked(false);
      setRefusal(null);
    } catch (error) {
      setRefusal({ error, draft });
    } finally {
      setSending(false);
    }
  };

  return (
    <>
      <form ref={form} onSubmit={send} noValidate aria-label="Submission" className="glass grid min-w-0 gap-5 p-5 sm:p-6">
        <fieldset className="grid gap-2">
          <legend className="mb-1.5 text-sm font-semibold">What to submit</legend>
          <div className="grid grid-cols-3 gap-1 rounded-xl border border-line-2 bg-page/60 p-1">
            {kinds.map(([kind, label]) => (
              <label
                key={kind}
                className="grid min-h-11 cursor-pointer place-items-center rounded-lg text-sm font-semibold text-ink-2 has-checked:bg-raised has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-moss"
              >
                <input type="radio" name="kind" className="sr-only" checked={draft.kind === kind} onChange={() => change({ kind })} />
                {label}
              </label>
            ))}
          </div>
          <p className="text-sm text-ink-3">{kinds.find(([kind]) => kind === draft.kind)?.[2]}.</p>
        </fieldset>

        {draft.kind === "image" && (
          <TextField
            label="Image reference"
            placeholder="host/team/owl:3"
            value={draft.image}
            error={wrong("image")}
            onChange={(event) => change({ image: event.target.value.trim() })}
            {...typed}
          />
        )}
        {draft.kind === "url" && (
          <TextField
            label="Address"
            placeholder="http://127.0.0.1:9001"
            inputMode="url"
            value={draft.url}
            error={wrong("url")}
            hint="Where /health and /v1/chat/completions are, as the gateway can reach them."
            onChange={(event) => change({ url: event.target.value.trim() })}
            {...typed}
          />
        )}
        {draft.kind === "bundle" && (
          <ArchiveField digest={draft.bundle} error={wrong("bundle")} onDigest={(bundle) => change({ bundle })} onNoKey={() => setAskKey(true)} />
        )}
        <TextField
          label={draft.checkOnly ? "Name (not needed for a check)" : "Name"}
          placeholder="swift-owl"
          value={draft.name}
          error={wrong("name")}
          hint={
            taken !== undefined && !draft.checkOnly
              ? `There is a competitor of this name: this will be its next version.`
              : "Chats ask for it as janus/name. The same name again is its next version."
          }
          onChange={(event) => change({ name: event.target.value.trim() })}
          {...typed}
        />
        <ManifestFields text={draft.manifest} limits={limits} error={wrong("manifest")} onText={(manifest) => change({ manifest })} />
        <label className="flex min-h-11 items-center gap-3 text-sm">
          <input type="checkbox" className="size-5 accent-moss" checked={draft.checkOnly} onChange={(event) => change({ checkOnly: event.target.checked })} />
          <span>
            <span className="font-semibold">Check only.</span> <span className="text-ink-2">Put it to every check; it serves nobody.</span>
          </span>
        </label>

        <TrialLine trial={trial} underWay={isOurs ? underWay : null} onKey={() => setAskKey(true)} />
        {told !== null && toldField === null && (
          <ErrorNotice error={told} onRetry={last === null ? () => setRound(round + 1) : undefined} />
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="primary" disabled={sending || isOurs}>
            <Icon name="upload" className="size-4" />
            {sending ? "Submitting …" : draft.checkOnly ? "Check it" : "Submit"}
          </Button>
          <Button
            look="quiet"
            onClick={() => {
              change(blank);
              setAsked(false);
            }}
          >
            Clear
          </Button>
        </div>
        <CommandLine text={commandOf(draft)} />
      </form>
      {askKey && <KeyDialog onClose={() => setAskKey(false)} />}
    </>
  );
}

const typed = { autoComplete: "off", autoCapitalize: "none", autoCorrect: "off", spellCheck: false } as const;
