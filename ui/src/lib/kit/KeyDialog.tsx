import { type FormEvent, useState } from "react";
import { call } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { TextField } from "@/lib/kit/Field";
import { ErrorNotice } from "@/lib/kit/Notice";

// The gateway takes what does not look like a key for no key at all, where it needs none.
const FORM = /^jns_(sk|mn|ad)_[0-9A-Za-z]{49}$/;

/** Which API key the pages call with: asked for, tried, kept. */
export function KeyDialog({ onClose }: { onClose: () => void }) {
  const { key, use } = useKey();
  const [text, setText] = useState(key);
  const [keep, setKeep] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted !== "" && !FORM.test(wanted)) {
      setError(new Error("That is not a key: one is jns_, its kind (sk, mn or ad), and 49 letters and digits."));
      return;
    }
    try {
      // what any key of its kind may read
      await call(wanted.startsWith("jns_mn_") ? "/api/v1/status" : "/v1/models", { headers: wanted === "" ? {} : { authorization: `Bearer ${wanted}` } });
      use(wanted, keep);
      onClose();
    } catch (reason) {
      if (reason instanceof ApiError && reason.code === "missing_scope") {
        use(wanted, keep); // a good key, for other things
        onClose();
        return;
      }
      setError(reason);
    }
  };

  return (
    <Dialog title="API key" onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <p className="text-ink-2">
          On this machine chatting and reading need no key. Submitting needs one with the scope <code>submit</code>,
          operations one with <code>admin</code>. An operator makes them with <code>janusctl create key</code>.
        </p>
        <TextField
          label="Key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="jns_…"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} className="size-5 accent-moss" />
          Keep it in this browser after the tab is closed
        </label>
        {error !== null && <ErrorNotice error={error} />}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary">
            Use this key
          </Button>
          {key !== "" && (
            <Button
              onClick={() => {
                use("", false);
                onClose();
              }}
            >
              Forget it
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
