/* How it is: the daemon, its checks, what the competitors do now, the doctor, and a few metrics. */
import { Badge } from "@/lib/kit/Badge";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import type { Api } from "@/lib/api";
import { bytes, duration, number } from "@/lib/format";
import { Doctor } from "@/pages/ops/Doctor";
import { useObject } from "@/pages/ops/data";
import { LiveMetrics } from "@/pages/ops/LiveMetrics";
import { Card, Facts, Id, Section } from "@/pages/ops/parts";
import { Probes } from "@/pages/ops/Probes";
import { TopTable } from "@/pages/ops/TopTable";

type Status = Api<"Status">;

/** Fine or not, and what is the matter. */
function Well({ ok, good, bad, detail }: { ok: boolean; good: string; bad: string; detail?: string | null }) {
  return (
    <span className="grid justify-items-start gap-1">
      <Badge tone={ok ? "good" : "bad"}>{ok ? good : bad}</Badge>
      {detail && <span className="text-sm text-ink-2">{detail}</span>}
    </span>
  );
}

const diskTone = { fine: "good", low: "warn", full: "bad" } as const;

function StatusFacts({ of: s }: { of: Status }) {
  const { disk } = s.engine;
  const instances = Object.entries(s.instances).filter(([, n]) => n > 0);
  return (
    <Facts
      of={[
        [
          "Engine",
          <Well
            key="engine"
            ok={s.engine.ok}
            good={[s.engine.name, s.engine.version].filter(Boolean).join(" ") || "fine"}
            bad="away"
            detail={s.engine.detail}
          />,
        ],
        [
          "Isolation",
          <span key="isolation" className="grid justify-items-start gap-1">
            <Badge
              tone={
                s.isolation.state === "contained" ? "good" : s.isolation.state === "escaped" || s.isolation.state === "failed" ? "bad" : "busy"
              }
            >
              {s.isolation.state}
            </Badge>
            {s.isolation.detail && <span className="text-sm text-ink-2">{s.isolation.detail}</span>}
          </span>,
        ],
        ["Platform", <Well key="platform" ok={s.platform_connected} good="connected" bad="not connected" />],
        ["Database", <Well key="db" ok={s.database.ok} good={bytes(s.database.size_bytes)} bad="failing" detail={s.database.detail ?? `log ${bytes(s.database.wal_bytes)}`} />],
        [
          "Disk",
          <span key="disk" className="grid justify-items-start gap-1">
            <Badge tone={disk.state === null ? "plain" : diskTone[disk.state]}>{disk.state ?? "not known"}</Badge>
            {disk.total_bytes > 0 && (
              <span className="text-sm text-ink-2">
                {bytes(disk.free_bytes)} of {bytes(disk.total_bytes)} free
              </span>
            )}
          </span>,
        ],
        s.sandy ? ["Sandy", <Well key="sandy" ok={s.sandy.ok} good={s.sandy.name ?? "fine"} bad="away" detail={s.sandy.detail} />] : ["Sandy", null],
        ["Version", s.version],
        ["Up for", duration(s.uptime_seconds * 1000)],
        ["Listens on", s.listen],
        ["Model janus answers", s.default ?? "nobody is ready"],
        ["Competitors", number(s.competitors)],
        ["Instances", instances.length === 0 ? "none" : instances.map(([state, n]) => `${n} ${state}`).join(", ")],
        ["Submissions under way", number(s.submissions_under_way)],
        ["Signs with", <Id key="key" id={s.signing_key} />],
      ]}
    />
  );
}

export default function Overview() {
  const status = useObject<Status>("/api/v1/status", { every: 5_000 });
  return (
    <>
      <Section title="Status">
        {status.error !== null && <ErrorNotice error={status.error} onRetry={() => status.refetch()} />}
        {status.data ? (
          <Card>
            <StatusFacts of={status.data} />
          </Card>
        ) : (
          status.error === null && <Loading what="the status" />
        )}
      </Section>
      <TopTable />
      <div className="grid gap-10 2xl:grid-cols-2">
        <Probes />
        <Doctor />
      </div>
      <LiveMetrics />
    </>
  );
}
