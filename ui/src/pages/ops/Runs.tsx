/* Benchmark runs and the suites they measure by. */
import { useState } from "react";
import { Link } from "react-router";
import type { Api } from "@/lib/api";
import { ago, number, score, shortDigest, when } from "@/lib/format";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { Button, LinkButton } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { SelectField } from "@/lib/kit/SelectField";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { Why } from "@/pages/ops/badges";
import { useParam } from "@/pages/ops/data";
import { command, nothing, runBody } from "@/pages/ops/measure";
import { MeasureFields, useSuites } from "@/pages/ops/MeasureFields";
import { CompetitorSelect, Filters, ListView, Section } from "@/pages/ops/parts";

type Run = Api<"Run">;
type Suite = Api<"Suite">;
const STATES = ["queued", "running", "finished", "failed", "cancelled"];

/** The composite of a run's scores, if it has one. */
function compositeOf(scores: Run["scores"]): number | null {
  const composite = (scores as { composite?: unknown } | null)?.composite;
  const value = composite !== null && typeof composite === "object" ? (composite as { value?: unknown }).value : composite;
  return typeof value === "number" ? value : null;
}

function NewRun({ onClose }: { onClose: () => void }) {
  const [wanted, setWanted] = useState(nothing);
  const body = runBody(wanted);
  return (
    <ActionDialog
      onClose={onClose}
      ready={wanted.competitor !== ""}
      preview={(trial) => (
        <p className="text-sm text-ink-2">
          {String(trial.competitor)} would be measured by {String(trial.suite)}, {shortDigest(String(trial.suite_digest))}, as version {String(trial.version_id)}.
        </p>
      )}
      result={(run) => (
        <p>
          <Link className="underline" to={`/competition/runs/${String(run.id)}`}>
            Watch it
          </Link>
        </p>
      )}
      act={{
        title: "Measure a competitor",
        button: "Measure it",
        method: "POST",
        path: "/api/v1/runs",
        body,
        explain: "Its chats wait behind everybody else's.",
        command: command("run", body),
        touches: ["/api/v1/runs", "/api/v1/events"],
        done: "The run is made.",
      }}
    >
      <MeasureFields of={wanted} change={(part) => setWanted((now) => ({ ...now, ...part }))} />
    </ActionDialog>
  );
}

const suiteColumns: readonly Column<Suite>[] = [
  { key: "name", label: "Suite", cell: (s) => <span className="font-semibold">{s.name}</span>, sort: (s) => s.name },
  { key: "title", label: "Title", wraps: true, cell: (s) => s.title ?? "–" },
  { key: "version", label: "Version", cell: (s) => s.version ?? "–" },
  { key: "items", label: "Items", right: true, cell: (s) => number(s.items), sort: (s) => s.items },
  { key: "scoring", label: "Scoring", cell: (s) => s.scoring ?? "–" },
  { key: "digest", label: "Digest", cell: (s) => <code className="font-mono text-xs">{shortDigest(s.digest)}</code> },
  {
    key: "what",
    label: "Kind",
    cell: (s) => (
      <span className="inline-flex gap-1.5">
        {s.is_default && <Badge tone="special">the usual</Badge>}
        {s.is_sealed && <Badge tone="warn">sealed</Badge>}
      </span>
    ),
  },
];

function Suites() {
  const { data, error, refetch } = useSuites();
  return (
    <Section title="Suites">
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="suites" />
      ) : data.data.length === 0 ? (
        <Empty title="There are no suites">
          The setting <code>bench.suites_dir</code> says where they are looked for.
        </Empty>
      ) : (
        <DataTable label="Suites" rows={data.data} columns={suiteColumns} rowKey={(s) => s.id} />
      )}
    </Section>
  );
}

export default function Runs() {
  const [competitor, setCompetitor] = useParam("competitor");
  const [state, setState] = useParam("state");
  const [making, setMaking] = useState(false);
  const [cancelling, setCancelling] = useState<Run | null>(null);
  const columns: readonly Column<Run>[] = [
    {
      key: "competitor",
      label: "Competitor",
      cell: (r) => (
        <Link className="font-semibold text-moss hover:underline" to={`/competition/runs/${r.id}`} title={r.id}>
          {r.competitor}
        </Link>
      ),
      sort: (r) => r.competitor,
    },
    { key: "suite", label: "Suite", cell: (r) => r.suite, sort: (r) => r.suite },
    { key: "state", label: "State", cell: (r) => <StateBadge state={r.cancelling && r.state === "running" ? "cancelling" : r.state} />, sort: (r) => r.state },
    { key: "why", label: "Why", wraps: true, cell: (r) => <Why reason={r.code ?? r.state_reason} detail={r.state_detail} /> },
    { key: "progress", label: "Done", right: true, cell: (r) => `${number(r.progress.done)} of ${number(r.progress.total)}`, sort: (r) => r.progress.done },
    { key: "score", label: "Score", right: true, cell: (r) => score(compositeOf(r.scores) ?? r.progress.score), sort: (r) => compositeOf(r.scores) ?? r.progress.score },
    { key: "reason", label: "Asked by", cell: (r) => r.reason, sort: (r) => r.reason },
    { key: "at", label: "Made", cell: (r) => <span title={when(r.created_at)}>{ago(r.created_at)}</span>, sort: (r) => r.created_at },
    {
      key: "act",
      label: "Actions",
      stays: true,
      cell: (r) => (
        <span className="flex gap-1">
          {(r.state === "queued" || r.state === "running") && (
            <Button size="small" aria-label={`Cancel ${r.id}`} onClick={() => setCancelling(r)}>
              Cancel
            </Button>
          )}
          <LinkButton size="small" look="quiet" to={`/ops/logs?of=${r.id}`} aria-label={`Log of ${r.id}`}>
            Log
          </LinkButton>
        </span>
      ),
    },
  ];
  return (
    <>
      <Section
        title="Runs"
        aside={
          <Button size="small" look="primary" onClick={() => setMaking(true)}>
            <Icon name="plus" className="size-4" /> Measure a competitor
          </Button>
        }
      >
        <Filters>
          <CompetitorSelect value={competitor} onChange={setCompetitor} />
          <SelectField label="State" value={state} onChange={(event) => setState(event.target.value)} options={[{ value: "", label: "Any" }, ...STATES.map((value) => ({ value, label: value }))]} />
        </Filters>
        <ListView<Run>
          path="/api/v1/runs"
          query={{ competitor, state }}
          every={3_000}
          label="Runs"
          columns={columns}
          rowKey={(r) => r.id}
          empty={
            competitor === "" && state === ""
              ? { title: "Nothing was measured yet", text: <>What is submitted is measured by itself where there is a suite; the button above measures now.</> }
              : { title: "No run like that", text: <>Take a filter away to see others.</> }
          }
        />
      </Section>
      <Suites />
      {making && <NewRun onClose={() => setMaking(false)} />}
      {cancelling && (
        <ActionDialog
          onClose={() => setCancelling(null)}
          act={{
            title: `Cancel the run of ${cancelling.competitor}`,
            button: "Cancel the run",
            method: "POST",
            path: `/api/v1/runs/${cancelling.id}/cancel`,
            explain: `It is ${cancelling.state} by ${cancelling.suite}. What it measured is kept, and it is never finished.`,
            trial: false,
            danger: true,
            command: `janusctl cancel run ${cancelling.id}`,
            touches: ["/api/v1/runs", "/api/v1/events"],
            done: "It is cancelled; what it measured is kept.",
          }}
        />
      )}
    </>
  );
}
