/* The checks of conformance one by one: verdict, what was expected and seen, and what was on the wire. */
import { useEffect, useState } from "react";
import { Link } from "react-router";
import type { Finding } from "@/board/enter/story";
import { Badge, type Tone } from "@/lib/kit/Badge";

const tones: Record<Finding["verdict"], Tone> = { pass: "good", warn: "warn", fail: "bad", skip: "plain" };

export function Findings({ findings, running }: { findings: Finding[]; running: boolean }) {
  const [open, setOpen] = useState(running);
  useEffect(() => setOpen(running), [running]);
  if (findings.length === 0) return null;
  const count = (verdict: Finding["verdict"]) => findings.filter((each) => each.verdict === verdict).length;
  const summary = (["pass", "warn", "fail", "skip"] as const).filter((each) => count(each) > 0).map((each) => `${count(each)} ${each}`);
  const passed = findings.filter(({ verdict }) => verdict === "pass" || verdict === "skip");
  const told = findings.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  return (
    <section aria-label="Checks" className="grid gap-3 border-t border-line pt-5">
      <h4 className="flex flex-wrap items-baseline justify-between gap-2 font-semibold">
        Checks of conformance
        <span className="text-sm font-normal text-ink-2 tabular-nums">
          {summary.join(" · ")}
          {running && " so far"}
        </span>
      </h4>
      {told.length > 0 && (
        <ul className="grid gap-3">
          {told.map((finding) => (
            <Told key={finding.check} finding={finding} />
          ))}
        </ul>
      )}
      {passed.length > 0 && (
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary className="flex min-h-11 cursor-pointer items-center text-sm text-ink-2 sm:min-h-9">
            {count("pass")} passed{count("skip") > 0 ? `, ${count("skip")} skipped` : ""}
          </summary>
          <ul className="mt-2 grid gap-2 text-sm">
            {passed.map(({ check, verdict, seen, docs }) => (
              <li key={check} data-check={check} data-verdict={verdict} className="flex items-start gap-3">
                <Badge tone={tones[verdict]}>{verdict}</Badge>
                <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
                  <Link to={docs} className="font-semibold underline decoration-line-2 underline-offset-4">
                    {check}
                  </Link>{" "}
                  <span className="text-ink-2">{seen}</span>
                </p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Told({ finding: { check, verdict, expected, seen, docs, wire } }: { finding: Finding }) {
  return (
    <li data-check={check} data-verdict={verdict} className="grid gap-2 rounded-xl border border-line-2 bg-surface p-4 text-sm">
      <p className="flex items-center gap-3">
        <Badge tone={tones[verdict]}>{verdict}</Badge>
        <span className="font-semibold">{check}</span>
      </p>
      <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[auto_1fr]">
        <dt className="text-ink-3">Expected</dt>
        <dd className="min-w-0 [overflow-wrap:anywhere]">{expected}</dd>
        <dt className="text-ink-3">Seen</dt>
        <dd className="min-w-0 [overflow-wrap:anywhere]">{seen}</dd>
      </dl>
      {wire && (
        <details>
          <summary className="flex min-h-11 cursor-pointer items-center text-ink-2 sm:min-h-9">What was on the wire</summary>
          <p className="text-xs text-ink-2">
            {[wire.status ? `HTTP ${wire.status}` : null, wire.content_type, wire.error].filter(Boolean).join(" · ")}
          </p>
          {wire.body && (
            <pre tabIndex={0} aria-label={`Answer to ${check}`} className="mt-2 max-h-56 overflow-auto rounded-lg bg-deep p-3 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]">
              {wire.body}
            </pre>
          )}
        </details>
      )}
      <p>
        <Link to={docs} className="underline underline-offset-4">
          What this check asks, and why
        </Link>
      </p>
    </li>
  );
}
