/* An archive of docker save or an OCI layout: hashed here, sent to its digest, and known by it then. */
import { useEffect, useRef, useState } from "react";
import { digestOf, sendArchive } from "@/board/enter/send";
import { useKey } from "@/lib/keys";
import { bytes, shortDigest } from "@/lib/format";
import { Field, inputLook, TextField } from "@/lib/kit/Field";
import { ErrorNotice } from "@/lib/kit/Notice";

type Step = { at: "none" } | { at: "hashing"; share: number } | { at: "sending"; size: number } | { at: "there"; told: string } | { at: "failed"; error: unknown };

export function ArchiveField({
  digest,
  error,
  onDigest,
  onNoKey,
}: {
  digest: string;
  error: string | null;
  onDigest: (digest: string) => void;
  onNoKey: () => void;
}) {
  const key = useKey((state) => state.key);
  const [step, setStep] = useState<Step>({ at: "none" });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const take = async (file: File | undefined) => {
    stop.current?.abort();
    if (file === undefined) return;
    if (key === "") {
      onNoKey();
      return;
    }
    const { signal } = (stop.current = new AbortController());
    try {
      onDigest("");
      setStep({ at: "hashing", share: 0 });
      const wanted = await digestOf(file, (share) => setStep({ at: "hashing", share }), signal);
      setStep({ at: "sending", size: file.size });
      const { image } = await sendArchive(file, wanted, signal);
      setStep({ at: "there", told: `Image ${shortDigest(image.id)}, ${image.layers} layers, ${bytes(image.size_bytes)} unpacked, ${image.architecture}.` });
      onDigest(wanted);
    } catch (reason) {
      if (!signal.aborted) setStep({ at: "failed", error: reason });
    }
  };

  return (
    <div className="grid gap-4">
      <Field label="Archive" hint="Of docker save, or an OCI layout in a tar; also in gzip, zstd or xz.">
        {(ids) => (
          <input
            {...ids}
            type="file"
            accept=".tar,.gz,.tgz,.zst,.xz"
            disabled={step.at === "hashing" || step.at === "sending"}
            onChange={(event) => {
              take(event.target.files?.[0]);
              event.target.value = "";
            }}
            className={`${inputLook} file:mr-3 file:rounded-full file:border-0 file:bg-raised file:px-3 file:py-1 file:text-sm file:font-semibold file:text-ink`}
          />
        )}
      </Field>
      <div role="status" className="text-sm text-ink-2 empty:hidden">
        {step.at === "hashing" && (
          <progress aria-label="Reading the archive" value={step.share} className="h-2 w-full accent-moss" />
        )}
        {step.at === "sending" && `Sending ${bytes(step.size)}; the gateway checks every entry …`}
        {step.at === "there" && step.told}
      </div>
      {step.at === "failed" && <ErrorNotice error={step.error} title="The archive was not taken." />}
      <TextField
        label="Its digest"
        placeholder="sha256:…"
        value={digest}
        error={error}
        spellCheck={false}
        autoComplete="off"
        hint="Filled in when the archive is there. One that was sent within the last hour can be named, too."
        onChange={(event) => onDigest(event.target.value.trim())}
      />
    </div>
  );
}
