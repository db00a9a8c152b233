/* Who answers model janus, and the say of an administrator over it. */
import { useState } from "react";
import type { Api } from "@/lib/api";
import { ago } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { TextField } from "@/lib/kit/Field";
import { ErrorNotice } from "@/lib/kit/Notice";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { useObject } from "@/pages/ops/data";
import { Card, CompetitorSelect, Facts, Section } from "@/pages/ops/parts";
import { championAct } from "@/pages/ops/steer";

type Champion = Api<"Champion">;

function ChampionDialog({ verb, onClose }: { verb: "promote" | "rollback"; onClose: () => void }) {
  const [competitor, setCompetitor] = useState("");
  const [reason, setReason] = useState("");
  return (
    <ActionDialog act={championAct(verb, competitor, reason)} ready={verb === "rollback" || competitor !== ""} onClose={onClose}>
      {verb === "promote" && <CompetitorSelect value={competitor} onChange={setCompetitor} any="Choose one" />}
      <TextField label="Reason" hint="It is kept in the record of events." value={reason} onChange={(event) => setReason(event.target.value)} />
    </ActionDialog>
  );
}

export function ChampionCard() {
  const { data, error, refetch } = useObject<Champion>("/api/v1/champion", { every: 10_000 });
  const [verb, setVerb] = useState<"promote" | "rollback" | null>(null);
  return (
    <Section
      title="Champion"
      aside={
        <>
          <Button size="small" onClick={() => setVerb("promote")}>
            Make another the champion
          </Button>
          <Button size="small" onClick={() => setVerb("rollback")}>
            Roll back
          </Button>
        </>
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data && (
        <Card>
          <Facts
            of={[
              ["Champion", data.competitor ?? "none yet"],
              ["Answers model janus", data.serving ?? "nobody is ready"],
              ["Fast", data.fast ?? "none yet"],
              ["Cheap", data.cheap ?? "none yet"],
              ["Reigns", data.champion ? `since ${ago(data.champion.crowned_at ?? data.champion.created_at)}` : null],
              ["Why", data.champion?.reason],
              [
                "On trial",
                data.canary ? (
                  <span key="canary" className="inline-flex items-center gap-2">
                    {data.canary.competitor} <StateBadge state={data.canary.state} /> {data.canary.share} %
                  </span>
                ) : null,
              ],
            ]}
          />
        </Card>
      )}
      {verb && <ChampionDialog verb={verb} onClose={() => setVerb(null)} />}
    </Section>
  );
}
