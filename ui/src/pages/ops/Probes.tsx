/* Readiness and health, check by check. */
import { useQuery } from "@tanstack/react-query";
import { authorization } from "@/lib/keys";
import { badAnswer, unreachable } from "@/lib/errors";
import { Badge } from "@/lib/kit/Badge";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import type { Api } from "@/lib/api";
import { Card, Section } from "@/pages/ops/parts";

type Probe = Api<"Readiness"> | Api<"Health">;

/** A probe answers with the same object where it fails: 503 is no error here. */
async function probe(path: string, signal: AbortSignal): Promise<Probe> {
  const response = await fetch(path, { headers: authorization(), signal, cache: "no-store" }).catch((reason) => {
    if (signal.aborted) throw reason;
    throw unreachable(reason);
  });
  const answer = (await response.json().catch(() => null)) as Probe | null;
  if (answer === null || typeof answer !== "object" || !("checks" in answer))
    throw badAnswer(response.status, response.headers.get("x-request-id"), path);
  return answer;
}

const says: Record<string, string> = { ready: "Chats can be answered", not_ready: "Chats cannot be answered", draining: "It is stopping", ok: "All is well", degraded: "Something is wrong" };

function One({ path, name }: { path: string; name: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => probe(path, signal),
    refetchInterval: 5_000,
  });
  if (error !== null) return <ErrorNotice error={error} title={name} onRetry={() => refetch()} />;
  if (data === undefined) return <Loading what={name.toLowerCase()} />;
  const fine = data.status === "ready" || data.status === "ok";
  return (
    <Card>
      <h3 className="mb-3 flex flex-wrap items-center justify-between gap-2 font-semibold">
        {name}
        <Badge tone={fine ? "good" : data.status === "draining" ? "warn" : "bad"}>{says[data.status] ?? data.status}</Badge>
      </h3>
      <ul className="grid gap-2 text-sm">
        {Object.entries(data.checks).map(([check, { ok, detail }]) => (
          <li key={check} className="flex flex-wrap items-baseline gap-x-3">
            <Badge tone={ok ? "good" : "bad"}>{ok ? "ok" : "fails"}</Badge>
            <span className="font-semibold">{check}</span>
            {detail && <span className="[overflow-wrap:anywhere] text-ink-2">{detail}</span>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

export const Probes = () => (
  <Section title="Readiness and health">
    <div className="grid gap-4 sm:grid-cols-2">
      <One path="/readyz" name="Readiness" />
      <One path="/health" name="Health" />
    </div>
  </Section>
);
