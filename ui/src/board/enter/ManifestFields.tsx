/* The manifest: its usual fields as fields, all of it as JSON.  The JSON is what there is; the rest are views of it. */
import { useEffect, useId, useState } from "react";
import { manifestField, withManifestField } from "@/board/enter/form";
import type { Limits } from "@/board/enter/validate";
import { Field, inputLook, TextField } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";

const capabilities: [string, string][] = [
  ["tools", "Tools"],
  ["vision", "Vision"],
  ["audio", "Audio"],
  ["artifacts", "Artifacts"],
  ["completions", "Completions"],
  ["responses", "Responses"],
  ["embeddings", "Embeddings"],
];
const numbers: [string, string, string][] = [
  ["port", "Port", "8080"],
  ["resources.cpus", "CPUs", ""],
  ["concurrency", "Chats at once", ""],
];
const texts: [string, string, string][] = [
  ["resources.memory", "Memory", "512MiB"],
  ["start_timeout", "Start timeout", "30s"],
  ["license", "Licence", "MIT"],
];

const isJson = (text: string): boolean => {
  try {
    const value: unknown = text.trim() === "" ? {} : JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

export function ManifestFields({ text, limits, error, onText }: { text: string; limits: Limits; error: string | null; onText: (text: string) => void }) {
  const group = useId();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (error !== null) setOpen(true);
  }, [error]);
  const usable = isJson(text);
  const show = (path: string): string => {
    const value = manifestField(text, path);
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const put = (path: string, value: unknown) => usable && onText(withManifestField(text, path, value));
  const chosen = manifestField(text, "capabilities");
  const words: unknown[] = Array.isArray(chosen) ? chosen : [];
  const most = (path: string, otherwise: string): string =>
    path === "resources.cpus" ? `at most ${limits.cpus ?? "–"}` : path === "resources.memory" ? `at most ${limits.memory ?? "–"}` : otherwise;

  return (
    <details className="group rounded-xl border border-line-2" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2 px-4 py-2 text-sm font-semibold">
        <Icon name="right" className="size-4 transition-transform group-open:rotate-90" />
        Manifest
        <span className="font-normal text-ink-3">{text.trim() === "" ? "the image's own" : "given here"}</span>
      </summary>
      <div className="grid gap-4 border-t border-line p-4">
        <p className="text-sm text-ink-2">
          All of it is optional. What is given here takes the place of the image label <code>rodeo.janus.manifest</code>.
        </p>
        <TextField
          label="Description"
          value={show("description")}
          disabled={!usable}
          onChange={(event) => put("description", event.target.value || undefined)}
        />
        <div className="grid gap-4 sm:grid-cols-3">
          {numbers.map(([path, label, placeholder]) => (
            <TextField
              key={path}
              label={label}
              inputMode="decimal"
              placeholder={most(path, placeholder)}
              value={show(path)}
              disabled={!usable}
              onChange={(event) => {
                const value = event.target.value.trim();
                put(path, value === "" ? undefined : Number.isFinite(Number(value)) && !value.endsWith(".") ? Number(value) : value);
              }}
            />
          ))}
          {texts.map(([path, label, placeholder]) => (
            <TextField
              key={path}
              label={label}
              placeholder={most(path, placeholder)}
              value={show(path)}
              disabled={!usable}
              onChange={(event) => put(path, event.target.value.trim() || undefined)}
            />
          ))}
        </div>
        <div role="group" aria-labelledby={group} className="grid gap-2">
          <p id={group} className="text-sm font-semibold">
            Capabilities, beside chat
          </p>
          <div className="flex flex-wrap gap-x-5">
            {capabilities.map(([word, label]) => (
              <label key={word} className="flex min-h-11 items-center gap-2 text-sm sm:min-h-9">
                <input
                  type="checkbox"
                  className="size-5 accent-moss"
                  disabled={!usable}
                  checked={words.includes(word)}
                  onChange={(event) => {
                    const next = event.target.checked ? [...words, word] : words.filter((each) => each !== word);
                    put("capabilities", next.length > 0 ? next : undefined);
                  }}
                />
                {label}
              </label>
            ))}
          </div>
        </div>
        <Field label="As JSON" error={error}>
          {(ids) => (
            <textarea
              {...ids}
              rows={6}
              value={text}
              spellCheck={false}
              autoCapitalize="none"
              placeholder={'{"port": 8080}'}
              onChange={(event) => onText(event.target.value)}
              className={`${inputLook} font-mono text-sm`}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
