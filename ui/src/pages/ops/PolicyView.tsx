/* What a competitor's instances may have and when they run, each value with its origin; and saying otherwise. */
import { useState } from "react";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { SelectField } from "@/lib/kit/SelectField";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { useObject } from "@/pages/ops/data";
import { type Draft, draftOf, fields, patchOf, type Policy, setOptions } from "@/pages/ops/policy";
import type { Competitor } from "@/pages/ops/steer";

interface Row {
  name: string;
  label: string;
  value: string;
  origin: string;
}

const columns: readonly Column<Row>[] = [
  { key: "label", label: "What", cell: (row) => row.label },
  { key: "value", label: "Value", cell: (row) => <span className="font-semibold">{row.value}</span> },
  { key: "origin", label: "Said by", cell: (row) => <Badge tone={row.origin === "competitor" ? "special" : "plain"}>{row.origin}</Badge> },
];

function Edit({ of, policy, onClose }: { of: Competitor; policy: Policy; onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(policy));
  const patch = patchOf(policy, draft);
  const path = `/api/v1/competitors/${of.id}/policy`;
  const set = (name: string, value: string) => setDraft((now) => ({ ...now, [name]: value }));
  return (
    <ActionDialog
      onClose={onClose}
      ready={Object.keys(patch).length > 0}
      act={{
        title: `Policy of ${of.name}`,
        button: "Save",
        method: "PATCH",
        path,
        body: { policy: patch },
        explain: "What is empty here is as the settings or its manifest say. What it runs with changes when its instances start anew.",
        object: path,
        command: `janusctl update competitor ${of.name}${setOptions(patch)}`,
        touches: [path, "/api/v1/competitors", "/api/v1/instances", "/api/v1/events"],
        done: `The policy of ${of.name} has changed.`,
      }}
    >
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {fields.map(({ name, label, hint, choices }) => {
          const now = policy.policy[name];
          const others = now?.origin === "competitor" ? "" : String(now?.value ?? "");
          return choices ? (
            <SelectField
              key={name}
              label={label}
              hint={hint}
              value={draft[name] ?? ""}
              onChange={(event) => set(name, event.target.value)}
              options={[{ value: "", label: others === "" ? "as the settings say" : `as the settings say: ${others}` }, ...choices.map((value) => ({ value, label: value }))]}
            />
          ) : (
            <TextField key={name} label={label} hint={hint} placeholder={others} value={draft[name] ?? ""} onChange={(event) => set(name, event.target.value)} />
          );
        })}
      </div>
    </ActionDialog>
  );
}

export function PolicyView({ of }: { of: Competitor }) {
  const { data, error, refetch } = useObject<Policy>(`/api/v1/competitors/${of.id}/policy`);
  const [editing, setEditing] = useState(false);
  const rows = data
    ? fields.flatMap(({ name, label }) => {
        const value = data.policy[name];
        return value === undefined ? [] : [{ name, label, value: String(value.value), origin: value.origin ?? "default" }];
      })
    : [];
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-display text-lg font-semibold">Policy</h3>
        <Button size="small" disabled={data === undefined} onClick={() => setEditing(true)}>
          Edit the policy
        </Button>
      </div>
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data === undefined ? error === null && <Loading what="the policy" /> : <DataTable label={`Policy of ${of.name}`} rows={rows} columns={columns} rowKey={(row) => row.name} />}
      {editing && data && <Edit of={of} policy={data} onClose={() => setEditing(false)} />}
    </>
  );
}
