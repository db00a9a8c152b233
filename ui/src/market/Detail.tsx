/* A component at its own URL: what it is, how to call it, its contract, its use, its versions. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { number, when } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Dialog } from "@/lib/kit/Dialog";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Source } from "@/lib/markdown/CodeBlock";
import "@/lib/markdown/markdown.css";
import { Standing } from "@/market/Card";
import { ContractView } from "@/market/ContractView";
import { type Component, categoryOf, refOf, useComponent, useVersions } from "@/market/data";
import { Review } from "@/market/Review";

export function Detail({ component: ref, search, onClose }: { component: string; search: string; onClose: () => void }) {
  const { data, error, isPending, refetch } = useComponent(ref);
  return (
    <Dialog title={data?.name ?? (isPending ? "Loading …" : "No such component")} onClose={onClose} wide>
      {isPending ? (
        <Loading what="the component" />
      ) : data === undefined ? (
        <ErrorNotice error={error} onRetry={() => refetch()} />
      ) : (
        <Body component={data} search={search} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Body({ component, search, onClose }: { component: Component; search: string; onClose: () => void }) {
  const { category, author, id, version, description, state_reason, integration, origin, available_detail, available } = component;
  return (
    <div className="grid gap-8">
      <div className="grid gap-4">
        <p className="flex flex-wrap items-center gap-2 text-sm text-ink-3">
          <Badge tone="special">{categoryOf(category).name}</Badge>
          <Standing component={component} />
          <span>
            by <bdi>{author}</bdi>
          </span>
          <span className="font-mono text-xs">{version}</span>
        </p>
        <p className="max-w-prose [overflow-wrap:anywhere] whitespace-pre-line" dir="auto">
          {description}
        </p>
        {state_reason && (
          <p className="rounded-xl border border-line-2 bg-raised/50 px-4 py-3 text-sm" dir="auto">
            <strong>The reviewer:</strong> {state_reason}
          </p>
        )}
        {origin === "platform" && (
          <p className="text-sm text-ink-2">
            {available ? (
              <>
                A service of this Janus: every competitor has it at <code>$JANUS_PLATFORM_URL</code>
                {available_detail && available_detail !== "built-in" && (
                  <>
                    , answered by <code>{available_detail}</code>
                  </>
                )}
                .
              </>
            ) : (
              available_detail
            )}
          </p>
        )}
      </div>

      <Section title="Integration Guide">
        {integration ? (
          <div className="min-w-0">
            <Source code={integration.trimEnd()} lang="sh" />
          </div>
        ) : (
          <p className="text-ink-2">Its author gave no example; the contract says how it is called.</p>
        )}
        <p className="text-sm text-ink-3">
          {origin === "platform" ? (
            <>
              As it stands, from inside a competitor's pod: no key is needed there. <code>$REQUEST_ID</code> is the{" "}
              <code>x-request-id</code> of the chat being answered; the call is charged to it.{" "}
              <Link to="/docs/platform" className="text-moss underline">
                What a competitor can call
              </Link>
            </>
          ) : (
            <>
              A pod has no network: it is reached through the platform's proxy, if the operator allows its domain.{" "}
              <Link to="/docs/components#use-one" className="text-moss underline">
                Use one
              </Link>
            </>
          )}
        </p>
      </Section>

      <Section title="Contract">
        <ContractView component={component} />
      </Section>

      <Section title="Usage">
        <UsageView component={component} />
      </Section>

      <Section title="Facts">
        <Facts component={component} />
      </Section>

      <Versions id={id} current={version} search={search} />
      <Review component={component} onGone={onClose} />
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid min-w-0 gap-3">
      <h3 className="font-display text-base font-semibold">{title}</h3>
      {children}
    </section>
  );
}

function UsageView({ component: { usage, origin } }: { component: Component }) {
  if (usage == null)
    return (
      <p className="text-ink-2">
        {origin === "platform" ? "Asking it costs nothing and is not counted." : "It is not called through the platform, so nobody has counted."} Only real
        calls are shown here.
      </p>
    );
  return (
    <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
      {[
        ["Calls", usage.calls],
        ["Competitors", usage.competitors],
        ["Calls, 30 days", usage.last_30_days.calls],
        ["Competitors, 30 days", usage.last_30_days.competitors],
      ].map(([name, value]) => (
        <div key={name} className="flex flex-col-reverse">
          <dt className="text-sm text-ink-3">{name}</dt>
          <dd className="font-display text-2xl font-semibold tabular-nums">{number(Number(value))}</dd>
        </div>
      ))}
    </dl>
  );
}

function Facts({ component: { id, entrypoint, inputs, outputs, resources, tags, created_at, reviewed_at } }: { component: Component }) {
  const needs = [
    resources?.cpu === undefined ? "" : `${resources.cpu} CPU`,
    resources?.memory_mb === undefined ? "" : `${number(resources.memory_mb)} MB`,
  ].filter(Boolean);
  const facts: [string, ReactNode][] = [
    [
      "Id",
      <span key="id" className="inline-flex items-center gap-1 font-mono text-sm break-all">
        {id} <CopyButton text={id} label="Copy id" />
      </span>,
    ],
    [
      "Entry point",
      <span key="at" className="font-mono text-sm break-all">
        {entrypoint}
      </span>,
    ],
    ["Takes", inputs.join(", ")],
    ["Gives", outputs.join(", ")],
    ["Needs", needs.join(", ")],
    ["Tags", tags.join(", ")],
    ["Submitted", created_at ? when(created_at) : ""],
    ["Reviewed", reviewed_at ? when(reviewed_at) : ""],
  ];
  return (
    <dl className="grid gap-x-6 gap-y-2 sm:grid-cols-[8rem_1fr]">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-sm text-ink-3 max-sm:mt-1 sm:self-center">{name}</dt>
            <dd className="min-w-0">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Versions({ id, current, search }: { id: string; current: string; search: string }) {
  const { data, error, refetch } = useVersions(id);
  return (
    <Section title="Versions">
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      <ul className="grid gap-2">
        {data?.data.map((each) => (
          <li key={each.version} className="flex flex-wrap items-center gap-3 text-sm">
            {each.version === current ? (
              <span className="font-mono font-semibold" aria-current="true">
                {each.version}
              </span>
            ) : (
              <Link to={{ pathname: `/marketplace/${refOf(each)}`, search }} className="font-mono text-moss underline">
                {each.version}
              </Link>
            )}
            <Standing component={each} />
            {each.created_at && <span className="text-ink-3">{when(each.created_at)}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}
