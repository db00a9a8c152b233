/* What the one who looks may do with a version: an administrator reviews, its owner deprecates or takes it back. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/lib/kit/Button";
import { Field, inputLook } from "@/lib/kit/Field";
import { ErrorNotice } from "@/lib/kit/Notice";
import { type Component, PATH, useIsAdmin } from "@/market/data";
import { type Act, retire, review } from "@/market/send";

export function Review({ component, onGone }: { component: Component; onGone: () => void }) {
  const { origin, state, mine } = component;
  const admin = useIsAdmin();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(false);
  if (origin === "platform" || state === "retired" || !(admin || mine)) return null;

  const run = async (work: () => Promise<unknown>, gone = false) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      setReason("");
      if (gone) onGone();
      await queries.invalidateQueries({ queryKey: [PATH] });
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
      setAsked(false);
    }
  };
  const act = (what: Act) => () => run(() => review(component, what, reason.trim()));
  const waits = admin && state === "submitted";
  const again = admin && state === "deprecated";

  return (
    <section aria-label="Review" className="grid gap-4 rounded-2xl border border-line-2 bg-page/40 p-5">
      <h3 className="font-display text-base font-semibold">{waits ? "Review this version" : "This version"}</h3>
      {state !== "rejected" && (
        <Field label="Reason" hint={waits ? "Shown to whoever sees the component; a rejection needs one." : "Shown to whoever sees the component."}>
          {(ids) => (
            <input {...ids} className={inputLook} maxLength={260} value={reason} disabled={busy} onChange={(event) => setReason(event.target.value)} />
          )}
        </Field>
      )}
      {error !== null && <ErrorNotice error={error} />}
      <div className="flex flex-wrap gap-2">
        {(waits || again) && (
          <Button look="primary" disabled={busy} onClick={act("approve")}>
            {again ? "Publish again" : "Approve"}
          </Button>
        )}
        {waits && (
          <Button look="danger" disabled={busy || reason.trim() === ""} onClick={act("reject")}>
            Reject
          </Button>
        )}
        {state === "published" && (
          <Button disabled={busy} onClick={act("deprecate")}>
            Deprecate
          </Button>
        )}
        {asked ? (
          <Button look="danger" disabled={busy} onClick={() => run(() => retire(component), true)}>
            Take {component.version} back for good
          </Button>
        ) : (
          <Button look="quiet" disabled={busy} onClick={() => setAsked(true)}>
            Take back …
          </Button>
        )}
      </div>
    </section>
  );
}
