/* One competitor: facts, actions, versions and policy. */
import { useState } from "react";
import { ago, number, shortDigest, when } from "@/lib/format";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { Button, IconButton, LinkButton } from "@/lib/kit/Button";
import type { Column } from "@/lib/kit/DataTable";
import { Icon } from "@/lib/kit/Icon";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { breakerTone, Why } from "@/pages/ops/badges";
import { Card, Facts, Id, ListView } from "@/pages/ops/parts";
import { PolicyView } from "@/pages/ops/PolicyView";
import { type Competitor, labelOf, retire, type Verb, type Version } from "@/pages/ops/steer";
import { SteerDialog } from "@/pages/ops/SteerDialog";

const verbs: readonly Verb[] = ["restart", "freeze", "thaw", "promote", "rollback", "remove"];

function versionState(v: Version, of: Competitor) {
  if (v.retired_at !== null) return <Badge tone="warn">retired</Badge>;
  if (v.is_current) return <Badge tone="good">serves</Badge>;
  if (v.id === of.candidate_id) return <Badge tone="info">{number(of.candidate_percent ?? 0)} % of its chats</Badge>;
  return v.accepted_at === null ? <Badge>not accepted</Badge> : <Badge>accepted</Badge>;
}

function Versions({ of }: { of: Competitor }) {
  const [promoting, setPromoting] = useState<Version | null>(null);
  const [retiring, setRetiring] = useState<Version | null>(null);
  const columns: readonly Column<Version>[] = [
    { key: "id", label: "Version", cell: (v) => <Id id={v.id} /> },
    { key: "state", label: "State", cell: (v) => versionState(v, of) },
    { key: "image", label: "Image or address", cell: (v) => <code className="font-mono text-xs">{v.image ?? v.url ?? "–"}</code> },
    { key: "digest", label: "Digest", cell: (v) => <code className="font-mono text-xs">{shortDigest(v.digest)}</code> },
    { key: "accepted", label: "Accepted", cell: (v) => <span title={when(v.accepted_at)}>{ago(v.accepted_at)}</span>, sort: (v) => v.accepted_at },
    {
      key: "act",
      label: "Actions",
      stays: true,
      cell: (v) => (
        <span className="flex gap-1">
          {v.accepted_at !== null && v.retired_at === null && !v.is_current && (
            <Button size="small" onClick={() => setPromoting(v)}>
              Promote
            </Button>
          )}
          {v.retired_at === null && (
            <Button size="small" look="quiet" onClick={() => setRetiring(v)}>
              Retire
            </Button>
          )}
        </span>
      ),
    },
  ];
  return (
    <>
      <ListView<Version>
        path="/api/v1/versions"
        query={{ competitor: of.name }}
        every={5_000}
        label={`Versions of ${of.name}`}
        columns={columns}
        rowKey={(v) => v.id}
        empty={{ title: "No version was accepted", text: <>A submission that is accepted makes one.</> }}
      />
      {promoting && <SteerDialog verb="promote" of={of} version={promoting.id} onClose={() => setPromoting(null)} />}
      {retiring && <ActionDialog act={retire(retiring)} onClose={() => setRetiring(null)} />}
    </>
  );
}

export function CompetitorDetail({ of, onSteer, onClose }: { of: Competitor; onSteer: (verb: Verb) => void; onClose: () => void }) {
  const first: Verb = of.wanted === "stopped" ? "start" : "stop";
  return (
    <section aria-label={`Competitor ${of.name}`} className="grid min-w-0 gap-5">
      <Card className="grid gap-5 border-line-2">
        <div className="flex flex-wrap items-center gap-3">
          <h2 className="font-display text-2xl font-semibold">{of.name}</h2>
          <StateBadge state={of.state} />
          <span className="ml-auto">
            <IconButton label={`Close ${of.name}`} onClick={onClose}>
              <Icon name="close" />
            </IconButton>
          </span>
        </div>
        <div role="group" aria-label={`Actions on ${of.name}`} className="flex flex-wrap gap-2">
          {[first, ...verbs].map((v) => (
            <Button key={v} size="small" look={v === "remove" ? "danger" : "secondary"} onClick={() => onSteer(v)}>
              {labelOf(v)}
            </Button>
          ))}
          <LinkButton size="small" look="quiet" to={`/ops/logs?of=${of.name}`}>
            Logs
          </LinkButton>
          <LinkButton size="small" look="quiet" to={`/ops/requests?competitor=${of.name}`}>
            Requests
          </LinkButton>
        </div>
        <Facts
          of={[
            ["Why", of.state_reason || of.state_detail ? <Why key="why" reason={of.state_reason} detail={of.state_detail} /> : null],
            ["Wanted", of.wanted],
            ["Kind", of.kind],
            ["Instances", number(of.instances)],
            ["Takes at once", of.concurrency === null || of.concurrency === undefined ? "any number, or none is ready" : number(of.concurrency)],
            ["Waiting", of.queue ? `${of.queue.interactive} chats, ${of.queue.bench} of benchmarks` : null],
            [
              "Breaker",
              of.breaker ? (
                <span key="breaker" className="inline-flex flex-wrap items-center gap-2">
                  <Badge tone={breakerTone[of.breaker.state]}>{of.breaker.state.replace("_", " ")}</Badge>
                  {of.breaker.failures > 0 && `${of.breaker.failures} failures in a row`}
                  {of.breaker.retry_at && `until ${when(of.breaker.retry_at)}`}
                </span>
              ) : null,
            ],
            ["Image or address", of.image ?? of.url],
            ["Digest", of.digest ? <Id key="digest" id={of.digest} /> : null],
            ["Version", <Id key="version" id={of.version_id} />],
            ["Id", <Id key="id" id={of.id} />],
            ["Since", when(of.created_at)],
          ]}
        />
      </Card>
      <h3 className="font-display text-lg font-semibold">Versions</h3>
      <Versions of={of} />
      <PolicyView of={of} />
    </section>
  );
}
