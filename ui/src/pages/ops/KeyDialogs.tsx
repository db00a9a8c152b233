/*
 * Making, changing, rotating and revoking keys.  A secret is in the dialog's own state and nowhere
 * else: it is gone when the dialog is.
 */
import { useState } from "react";
import { CopyButton } from "@/lib/kit/CopyButton";
import { TextField } from "@/lib/kit/Field";
import { SelectField } from "@/lib/kit/SelectField";
import { ActionDialog, type Answer } from "@/pages/ops/ActionDialog";
import { bodyOf, draftOfKey, type Key, type KeyDraft, keyCommand, LIMITS, newKey, patchOfKey, SCOPES } from "@/pages/ops/keyDraft";

const TOUCHES = ["/api/v1/keys", "/api/v1/usage", "/api/v1/events"];

function Secret({ of }: { of: Answer }) {
  const secret = typeof of.secret === "string" ? of.secret : "";
  return (
    <div className="grid gap-2 rounded-xl border border-mango/50 bg-mango/10 p-4">
      <p className="font-semibold">Its secret is shown this once. Copy it now.</p>
      <p className="flex items-center gap-2">
        <code data-secret className="min-w-0 flex-1 font-mono text-sm break-all">
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </p>
    </div>
  );
}

function Fields({ draft, change, isNew }: { draft: KeyDraft; change: (part: Partial<KeyDraft>) => void; isNew: boolean }) {
  const scopes = draft.scopes ?? [];
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField label="Name" placeholder="app" autoComplete="off" autoCapitalize="off" spellCheck={false} value={draft.name} onChange={(event) => change({ name: event.target.value })} />
        {isNew && (
          <SelectField
            label="Kind"
            value={draft.kind}
            onChange={(event) => change({ kind: event.target.value as Key["kind"], scopes: null })}
            options={[
              { value: "sk", label: "sk: a client" },
              { value: "mn", label: "mn: a miner" },
              { value: "ad", label: "ad: an administrator" },
            ]}
          />
        )}
        <TextField label="Good for" placeholder={isNew ? "ever" : "as it is"} hint="As 90d" value={draft.expiresIn} onChange={(event) => change({ expiresIn: event.target.value })} />
      </div>
      {draft.kind !== "ad" && (
        <fieldset>
          <legend className="mb-1.5 text-sm font-semibold">Scopes</legend>
          <div className="flex flex-wrap gap-x-5">
            {isNew && (
              <label className="flex min-h-11 items-center gap-2 text-sm">
                <input type="checkbox" className="size-5 accent-moss" checked={draft.scopes === null} onChange={(event) => change({ scopes: event.target.checked ? null : [] })} />
                those of its kind
              </label>
            )}
            {(!isNew || draft.scopes !== null) &&
              SCOPES.map((scope) => (
                <label key={scope} className="flex min-h-11 items-center gap-2 text-sm">
                  <input
                    type="checkbox"
                    className="size-5 accent-moss"
                    checked={scopes.includes(scope)}
                    onChange={(event) => change({ scopes: event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope) })}
                  />
                  {scope}
                </label>
              ))}
          </div>
        </fieldset>
      )}
      <fieldset className="grid gap-3">
        <legend className="mb-1.5 text-sm font-semibold">Limits</legend>
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
          {LIMITS.map(({ name, label }) => (
            <TextField key={name} label={label} inputMode="decimal" placeholder="none" value={draft.limits[name]} onChange={(event) => change({ limits: { ...draft.limits, [name]: event.target.value } })} />
          ))}
        </div>
      </fieldset>
    </>
  );
}

export function CreateKey({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(newKey);
  const body = bodyOf(draft);
  return (
    <ActionDialog
      onClose={onClose}
      ready={draft.name.trim() !== ""}
      preview={(trial) => (
        <p className="text-sm text-ink-2">
          {String(trial.name)} would have {Array.isArray(trial.scopes) && trial.scopes.length > 0 ? `the scopes ${trial.scopes.join(", ")}` : "no scopes"}
          {typeof trial.expires_at === "string" ? ` until ${new Date(trial.expires_at).toLocaleString("en")}` : ", and would not expire"}.
        </p>
      )}
      result={(key) => <Secret of={key} />}
      act={{
        title: "New key",
        button: "Make the key",
        method: "POST",
        path: "/api/v1/keys",
        body,
        explain: "Its secret is shown once, when it is made.",
        command: keyCommand("create", draft.name.trim(), body),
        touches: TOUCHES,
        done: `The key ${draft.name.trim()} is made.`,
      }}
    >
      <Fields isNew draft={draft} change={(part) => setDraft((now) => ({ ...now, ...part }))} />
    </ActionDialog>
  );
}

export function EditKey({ of, onClose }: { of: Key; onClose: () => void }) {
  const [draft, setDraft] = useState(() => draftOfKey(of));
  const body = patchOfKey(of, draft);
  return (
    <ActionDialog
      onClose={onClose}
      ready={Object.keys(body).length > 0}
      act={{
        title: `Change ${of.name}`,
        button: "Save",
        method: "PATCH",
        path: `/api/v1/keys/${of.id}`,
        body,
        explain: "Running gateways go by it at once. An empty limit is none.",
        object: `/api/v1/keys/${of.id}`,
        command: keyCommand("update", of.name, body),
        touches: TOUCHES,
        done: `${of.name} has changed.`,
      }}
    >
      <Fields isNew={false} draft={draft} change={(part) => setDraft((now) => ({ ...now, ...part }))} />
    </ActionDialog>
  );
}

export function RotateKey({ of, onClose }: { of: Key; onClose: () => void }) {
  const [grace, setGrace] = useState("1h");
  const span = grace.trim();
  return (
    <ActionDialog
      onClose={onClose}
      result={(key) => <Secret of={key} />}
      act={{
        title: `Rotate ${of.name}`,
        button: "Give it a new secret",
        method: "POST",
        path: `/api/v1/keys/${of.id}/rotate`,
        body: span === "" ? {} : { grace: span },
        explain: "It gets a new secret. The old one is good for a while, so that who uses it can change over.",
        object: `/api/v1/keys/${of.id}`,
        command: `janusctl update key ${of.name} --rotate${span === "" ? "" : ` --grace ${span}`}`,
        touches: TOUCHES,
        done: `${of.name} has a new secret.`,
      }}
    >
      <TextField label="The old secret is good for" hint="As 30m; 0s: it ends at once" value={grace} onChange={(event) => setGrace(event.target.value)} />
    </ActionDialog>
  );
}

export const RevokeKey = ({ of, onClose }: { of: Key; onClose: () => void }) => (
  <ActionDialog
    onClose={onClose}
    act={{
      title: `Revoke ${of.name}`,
      button: "Revoke",
      method: "DELETE",
      path: `/api/v1/keys/${of.id}`,
      explain: "It is not accepted any more, and its running streams end at once. This cannot be taken back.",
      object: `/api/v1/keys/${of.id}`,
      confirm: of.name,
      danger: true,
      command: `janusctl remove key ${of.name}`,
      touches: TOUCHES,
      done: `${of.name} is revoked.`,
    }}
  />
);
