/* API keys, and what was used. */
import { useState } from "react";
import type { Api, List } from "@/lib/api";
import { ago, compact, duration, number, usd, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { SelectField } from "@/lib/kit/SelectField";
import { useObject, useParam } from "@/pages/ops/data";
import { CreateKey, EditKey, RevokeKey, RotateKey } from "@/pages/ops/KeyDialogs";
import { type Key, LIMITS } from "@/pages/ops/keyDraft";
import { Filters, ListView, Section } from "@/pages/ops/parts";

type Usage = Api<"Usage">;

const usageColumns: readonly Column<Usage>[] = [
  { key: "of", label: "Of", cell: (u) => <span className="font-semibold">{u.of === "" ? "without a key" : (u.name ?? u.of)}</span>, sort: (u) => u.name ?? u.of },
  { key: "requests", label: "Chats", right: true, cell: (u) => number(u.requests), sort: (u) => u.requests },
  { key: "failed", label: "Failed", right: true, cell: (u) => number(u.failed), sort: (u) => u.failed },
  { key: "prompt", label: "Tokens in", right: true, cell: (u) => compact(u.prompt_tokens), sort: (u) => u.prompt_tokens },
  { key: "completion", label: "Tokens out", right: true, cell: (u) => compact(u.completion_tokens), sort: (u) => u.completion_tokens },
  { key: "cost", label: "Cost", right: true, cell: (u) => usd(u.cost_usd), sort: (u) => u.cost_usd },
  { key: "time", label: "Time", right: true, cell: (u) => duration(u.duration_ms), sort: (u) => u.duration_ms },
  { key: "last", label: "Last", cell: (u) => ago(u.last_at), sort: (u) => u.last_at },
];

function UsageTable() {
  const [by, setBy] = useParam("by");
  const [since, setSince] = useParam("since");
  const { data, error, refetch } = useObject<List<Usage>>("/api/v1/usage", { query: { by, since }, every: 15_000 });
  return (
    <Section title="Usage">
      <Filters>
        <SelectField
          label="By"
          value={by}
          onChange={(event) => setBy(event.target.value)}
          options={[
            { value: "", label: "key" },
            { value: "competitor", label: "competitor" },
            { value: "day", label: "day" },
          ]}
        />
        <SelectField
          label="Since"
          value={since}
          onChange={(event) => setSince(event.target.value)}
          options={[
            { value: "", label: "the month began" },
            { value: "24h", label: "24 hours ago" },
            { value: "7d", label: "7 days ago" },
            { value: "90d", label: "90 days ago" },
          ]}
        />
      </Filters>
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="usage" />
      ) : data.data.length === 0 ? (
        <Empty title="Nothing was used">No chat ended since then.</Empty>
      ) : (
        <DataTable label="Usage" rows={data.data} columns={usageColumns} rowKey={(u) => u.of} />
      )}
    </Section>
  );
}

type Doing = { what: "edit" | "rotate" | "revoke"; key: Key };

export default function Keys() {
  const [state, setState] = useParam("state");
  const [making, setMaking] = useState(false);
  const [doing, setDoing] = useState<Doing | null>(null);
  const limits = (key: Key) => LIMITS.flatMap(({ name, label }) => (key.limits[name] === null ? [] : [`${number(key.limits[name], Number.isInteger(key.limits[name]) ? 0 : 2)} ${label.toLowerCase()}`]));
  const columns: readonly Column<Key>[] = [
    { key: "name", label: "Key", cell: (k) => <span className="font-semibold">{k.name}</span>, sort: (k) => k.name },
    { key: "kind", label: "Kind", cell: (k) => k.kind, sort: (k) => k.kind },
    { key: "state", label: "State", cell: (k) => <StateBadge state={k.state} />, sort: (k) => k.state },
    { key: "begins", label: "Secret", cell: (k) => <code className="font-mono text-xs">{`${k.prefix}…${k.last_four}`}</code> },
    { key: "scopes", label: "Scopes", cell: (k) => k.scopes.join(", ") || "none" },
    { key: "limits", label: "Limits", wraps: true, cell: (k) => limits(k).join(", ") || "none" },
    { key: "expires", label: "Expires", cell: (k) => (k.expires_at ? when(k.expires_at) : "never"), sort: (k) => k.expires_at },
    { key: "rotated", label: "Rotated", cell: (k) => <span title={k.old_secret_until ? `the old secret is good until ${when(k.old_secret_until)}` : undefined}>{ago(k.rotated_at)}</span>, sort: (k) => k.rotated_at },
    { key: "created", label: "Made", cell: (k) => ago(k.created_at), sort: (k) => k.created_at },
    {
      key: "act",
      label: "Actions",
      stays: true,
      cell: (k) =>
        k.state === "revoked" ? (
          <span className="text-ink-3">revoked {ago(k.revoked_at)}</span>
        ) : (
          <span className="flex gap-1">
            <Button size="small" aria-label={`Change ${k.name}`} onClick={() => setDoing({ what: "edit", key: k })}>
              Change
            </Button>
            <Button size="small" aria-label={`Rotate ${k.name}`} onClick={() => setDoing({ what: "rotate", key: k })}>
              Rotate
            </Button>
            <Button size="small" look="danger" aria-label={`Revoke ${k.name}`} onClick={() => setDoing({ what: "revoke", key: k })}>
              Revoke
            </Button>
          </span>
        ),
    },
  ];
  const close = () => setDoing(null);
  return (
    <>
      <Section
        title="Keys"
        aside={
          <Button size="small" look="primary" onClick={() => setMaking(true)}>
            <Icon name="plus" className="size-4" /> New key
          </Button>
        }
      >
        <Filters>
          <SelectField
            label="State"
            value={state}
            onChange={(event) => setState(event.target.value)}
            options={[{ value: "", label: "Any" }, ...["active", "expired", "revoked"].map((value) => ({ value, label: value }))]}
          />
        </Filters>
        <ListView<Key>
          path="/api/v1/keys"
          query={{ state }}
          every={15_000}
          label="Keys"
          columns={columns}
          rowKey={(k) => k.id}
          empty={{ title: "No key like that", text: <>The button above makes one.</> }}
        />
      </Section>
      <UsageTable />
      {making && <CreateKey onClose={() => setMaking(false)} />}
      {doing?.what === "edit" && <EditKey of={doing.key} onClose={close} />}
      {doing?.what === "rotate" && <RotateKey of={doing.key} onClose={close} />}
      {doing?.what === "revoke" && <RevokeKey of={doing.key} onClose={close} />}
    </>
  );
}
