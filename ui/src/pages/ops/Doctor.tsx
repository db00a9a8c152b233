/* The doctor, when it is asked: it starts a probe pod and takes some seconds. */
import { useState } from "react";
import { Link } from "react-router";
import { type Api, call } from "@/lib/api";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Card, Section } from "@/pages/ops/parts";

type Report = Api<"Doctor">;
const TIMEOUT_MS = 120_000;
const TONES = { fine: "good", warning: "warn", failed: "bad" } as const;
const WORDS = { fine: "ok", warning: "look at it", failed: "fails" } as const;

export function Doctor() {
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    setError(null);
    try {
      setReport(await call<Report>("/api/v1/doctor", { timeout: TIMEOUT_MS }));
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section
      title="Doctor"
      aside={
        <Button size="small" disabled={busy} onClick={ask}>
          {report === null ? "Check the machine" : "Check again"}
        </Button>
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={ask} />}
      {busy && <Loading what="what the doctor finds; it takes some seconds" />}
      {report === null
        ? !busy && <p className="text-ink-2">It looks at engine, kernel, network and disk, and says what to do about what it does not like.</p>
        : !busy && (
            <Card>
              <p role="status" className="mb-3 font-semibold">
                {report.ok ? "Nothing is wrong." : `${report.checks.filter(({ ok }) => !ok).length} of ${report.checks.length} checks fail.`}
              </p>
              <ul className="grid gap-3 text-sm">
                {report.checks.map(({ name, level, saw, fix, docs }) => (
                  <li key={name} className="grid gap-1.5">
                    <p className="flex flex-wrap items-baseline gap-x-3">
                      <Badge tone={TONES[level]}>{WORDS[level]}</Badge>
                      <span className="font-semibold">{name}</span>
                      <span className="[overflow-wrap:anywhere] text-ink-2">{saw}</span>
                      {fix && (
                        <Link className="underline underline-offset-4" to={docs}>
                          Runbook
                        </Link>
                      )}
                    </p>
                    {fix && (
                      <p className="flex items-start gap-2 rounded-xl border border-line bg-deep py-1 pr-1 pl-3">
                        <span className="min-w-0 flex-1 self-center [overflow-wrap:anywhere]">{fix}</span>
                        <CopyButton text={fix} label={`Copy what to do about ${name}`} />
                      </p>
                    )}
                  </li>
                ))}
              </ul>
            </Card>
          )}
    </Section>
  );
}
