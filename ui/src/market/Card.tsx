import { Link } from "react-router";
import { compact, number } from "@/lib/format";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { Icon } from "@/lib/kit/Icon";
import { type Component, categoryOf } from "@/market/data";

/** State in a word; for the platform's own, whether it is set up. */
export function Standing({ component: { origin, available, state } }: { component: Component }) {
  if (origin === "platform") return <Badge tone={available === true ? "good" : "warn"}>{available === true ? "available" : "not set up"}</Badge>;
  return <StateBadge state={state} />;
}

/** Calls that were counted; nothing is said where nobody counts. */
function Usage({ component: { usage, origin } }: { component: Component }) {
  if (usage == null) return <span className="text-ink-3">{origin === "platform" ? "not counted" : "not called through Janus"}</span>;
  return (
    <span title={`${number(usage.calls)} calls by ${number(usage.competitors)} competitors`}>
      <strong className="font-semibold text-ink">{compact(usage.calls)}</strong> {usage.calls === 1 ? "call" : "calls"}
    </span>
  );
}

export function Card({ component, search }: { component: Component; search: string }) {
  const { id, name, author, category, version, description } = component;
  const { name: categoryName, icon } = categoryOf(category);
  return (
    <li className="glass glass-link relative flex min-w-0 flex-col gap-4 p-5" data-component={id}>
      <div className="flex items-start gap-3.5">
        <span className="grid size-11 shrink-0 place-items-center rounded-xl bg-mountain/15 text-mountain-ink">
          <Icon name={icon} className="size-6" />
        </span>
        <div className="grid min-w-0 flex-1">
          <h3 className="truncate font-display text-lg leading-snug font-semibold">
            <Link to={{ pathname: `/marketplace/${id}`, search }} className="after:absolute after:inset-0 after:rounded-2xl" preventScrollReset>
              <bdi>{name}</bdi>
            </Link>
          </h3>
          <p className="truncate text-sm text-ink-3">
            by <bdi>{author}</bdi>
          </p>
        </div>
      </div>
      <p className="line-clamp-3 min-h-[4.5em] text-sm [overflow-wrap:anywhere] text-ink-2" dir="auto">
        {description}
      </p>
      <div className="mt-auto grid gap-3">
        <p className="flex flex-wrap gap-1.5">
          <Badge tone="special">{categoryName}</Badge>
          <Standing component={component} />
        </p>
        <p className="flex items-center justify-between gap-3 border-t border-line pt-3 text-sm text-ink-2 tabular-nums">
          <Usage component={component} />
          <span className="font-mono text-xs text-ink-3">{version}</span>
        </p>
      </div>
    </li>
  );
}
