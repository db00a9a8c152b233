/* Competitors and instances: how they are and why, and all that can be done to them. */
import { useState } from "react";
import type { Api } from "@/lib/api";
import { ago, number, shortDigest, when } from "@/lib/format";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { Button, LinkButton } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { breakerTone, Why } from "@/pages/ops/badges";
import { ChampionCard } from "@/pages/ops/ChampionCard";
import { CompetitorDetail } from "@/pages/ops/CompetitorDetail";
import { useCompetitors, useParam } from "@/pages/ops/data";
import { ListView, Section } from "@/pages/ops/parts";
import { cancelSubmission, type Competitor, type Verb } from "@/pages/ops/steer";
import { SteerDialog } from "@/pages/ops/SteerDialog";

type Instance = Api<"Instance">;
type Submission = Api<"Submission">;

const columns: readonly Column<Competitor>[] = [
  { key: "name", label: "Competitor", cell: (c) => c.name, sort: (c) => c.name },
  {
    key: "state",
    label: "State",
    cell: (c) => (
      <span className="inline-flex flex-wrap gap-1.5">
        <StateBadge state={c.state} />
        {c.is_default && <Badge tone="special">default</Badge>}
        {c.candidate_id && <Badge tone="info">{number(c.candidate_percent ?? 0)} % on trial</Badge>}
      </span>
    ),
    sort: (c) => c.state,
  },
  { key: "why", label: "Why", wraps: true, cell: (c) => <Why reason={c.state_reason} detail={c.state_detail} /> },
  { key: "wanted", label: "Wanted", cell: (c) => c.wanted, sort: (c) => c.wanted },
  { key: "instances", label: "Instances", right: true, cell: (c) => number(c.instances), sort: (c) => c.instances },
  { key: "queue", label: "Queue", right: true, cell: (c) => number((c.queue?.interactive ?? 0) + (c.queue?.bench ?? 0)), sort: (c) => (c.queue?.interactive ?? 0) + (c.queue?.bench ?? 0) },
  { key: "breaker", label: "Breaker", cell: (c) => (c.breaker ? <Badge tone={breakerTone[c.breaker.state]}>{c.breaker.state.replace("_", " ")}</Badge> : "–"), sort: (c) => c.breaker?.state },
  { key: "image", label: "Image or address", cell: (c) => <code className="font-mono text-xs">{c.image ?? c.url ?? "–"}</code>, sort: (c) => c.image ?? c.url },
  { key: "digest", label: "Digest", cell: (c) => <code className="font-mono text-xs">{shortDigest(c.digest)}</code> },
  { key: "updated", label: "Changed", cell: (c) => <span title={when(c.updated_at)}>{ago(c.updated_at)}</span>, sort: (c) => c.updated_at },
];

const instanceColumns: readonly Column<Instance>[] = [
  { key: "competitor", label: "Competitor", cell: (i) => i.competitor ?? "–", sort: (i) => i.competitor },
  { key: "state", label: "State", cell: (i) => <StateBadge state={i.state} />, sort: (i) => i.state },
  { key: "why", label: "Why", wraps: true, cell: (i) => <Why reason={i.state_reason} detail={i.state_detail} /> },
  { key: "since", label: "Since", cell: (i) => <span title={when(i.state_since)}>{ago(i.state_since)}</span>, sort: (i) => i.state_since },
  { key: "inFlight", label: "In flight", right: true, cell: (i) => number(i.in_flight), sort: (i) => i.in_flight },
  { key: "restarts", label: "Restarts", right: true, cell: (i) => number(i.restarts), sort: (i) => i.restarts },
  { key: "failures", label: "Failures in a row", right: true, cell: (i) => number(i.failures), sort: (i) => i.failures },
  { key: "next", label: "Next try", cell: (i) => (i.next_try_at ? ago(i.next_try_at) : "–"), sort: (i) => i.next_try_at },
  { key: "health", label: "Health", wraps: true, cell: (i) => (i.health === null ? "–" : (i.health.error ?? `${i.health.status}, ${ago(i.health.at)}`)) },
  { key: "digest", label: "Digest", cell: (i) => <code className="font-mono text-xs">{shortDigest(i.digest)}</code>, sort: (i) => i.digest },
  { key: "uid", label: "uid", right: true, cell: (i) => i.uid, sort: (i) => i.uid },
  {
    key: "logs",
    label: "Logs",
    cell: (i) => (
      <LinkButton to={`/ops/logs?of=${i.id}`} size="small" look="quiet" aria-label={`Logs of ${i.id}`}>
        Logs
      </LinkButton>
    ),
  },
];

function Submissions() {
  const [cancelling, setCancelling] = useState<Submission | null>(null);
  const over = new Set(["ready", "rejected", "failed", "cancelled", "retired"]);
  const submissionColumns: readonly Column<Submission>[] = [
    { key: "name", label: "Competitor", cell: (s) => s.name, sort: (s) => s.name },
    { key: "state", label: "State", cell: (s) => <StateBadge state={s.state} />, sort: (s) => s.state },
    { key: "why", label: "Why", wraps: true, cell: (s) => <Why reason={s.state_reason} detail={s.state_detail} /> },
    { key: "what", label: "Image or address", cell: (s) => <code className="font-mono text-xs">{s.image ?? s.url ?? s.bundle ?? "–"}</code> },
    { key: "at", label: "Submitted", cell: (s) => <span title={when(s.created_at)}>{ago(s.created_at)}</span>, sort: (s) => s.created_at },
    {
      key: "act",
      label: "Action",
      stays: true,
      cell: (s) =>
        over.has(s.state) ? (
          "–"
        ) : (
          <Button size="small" onClick={() => setCancelling(s)}>
            Cancel
          </Button>
        ),
    },
  ];
  return (
    <Section title="Submissions">
      <ListView<Submission>
        path="/api/v1/submissions"
        query={{ limit: 20 }}
        every={5_000}
        label="Submissions"
        columns={submissionColumns}
        rowKey={(s) => s.id}
        empty={{ title: "Nothing was submitted yet", text: <>The competition page has the form; janusctl submit image does the same.</> }}
      />
      {cancelling && <ActionDialog act={cancelSubmission(cancelling)} onClose={() => setCancelling(null)} />}
    </Section>
  );
}

export default function Competitors() {
  const { data, error, refetch } = useCompetitors(3_000);
  const [open, setOpen] = useParam("open");
  // Here, and not in the detail: that is gone when what it shows was removed.
  const [doing, setDoing] = useState<{ verb: Verb; of: Competitor } | null>(null);
  const shown = data?.data.find(({ id, name }) => id === open || name === open);
  return (
    <>
      <Section title="Competitors">
        {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {data === undefined ? (
          error === null && <Loading what="competitors" />
        ) : data.data.length === 0 ? (
          <Empty title="No competitors yet">
            Submit an image at the competition page, or with <code>janusctl submit image</code>.
          </Empty>
        ) : (
          <DataTable
            label="Competitors"
            rows={data.data}
            columns={columns}
            rowKey={(c) => c.name}
            onOpen={(c) => setOpen(c.name === open ? "" : c.name)}
            isOpen={(c) => c === shown}
          />
        )}
      </Section>
      {open !== "" && data !== undefined && shown === undefined && (
        <p className="text-ink-2">There is no competitor {open} any more.</p>
      )}
      {shown && <CompetitorDetail key={shown.id} of={shown} onSteer={(verb) => setDoing({ verb, of: shown })} onClose={() => setOpen("")} />}
      {doing && <SteerDialog {...doing} onClose={() => setDoing(null)} />}
      <ChampionCard />
      <Section title="Instances">
        <ListView<Instance>
          path="/api/v1/instances"
          every={3_000}
          label="Instances"
          columns={instanceColumns}
          rowKey={(i) => i.id}
          empty={{ title: "Nothing runs", text: <>A competitor that is wanted has an instance; one that sleeps on demand has none until it is asked.</> }}
        />
      </Section>
      <Submissions />
    </>
  );
}
