/*
 * Operations: what an administrator sees and steers, a tab each at /ops/:tab.  Everything here is also
 * a command of janusctl.
 */
import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { Navigate, NavLink, useParams } from "react-router";
import { useKey } from "@/lib/keys";
import { Loading } from "@/lib/kit/Notice";
import { useTitle } from "@/lib/title";
import { Gate, PROBE } from "@/pages/ops/Gate";

const tabs: readonly { slug: string; label: string; view: ComponentType }[] = [
  { slug: "overview", label: "Overview", view: lazy(() => import("@/pages/ops/Overview")) },
  { slug: "competitors", label: "Competitors", view: lazy(() => import("@/pages/ops/Competitors")) },
  { slug: "queue", label: "Queue", view: lazy(() => import("@/pages/ops/Queue")) },
  { slug: "requests", label: "Requests", view: lazy(() => import("@/pages/ops/Requests")) },
  { slug: "logs", label: "Logs", view: lazy(() => import("@/pages/ops/Logs")) },
  { slug: "events", label: "Events", view: lazy(() => import("@/pages/ops/Events")) },
  { slug: "egress", label: "Egress", view: lazy(() => import("@/pages/ops/Egress")) },
  { slug: "runs", label: "Runs", view: lazy(() => import("@/pages/ops/Runs")) },
  { slug: "schedules", label: "Schedules", view: lazy(() => import("@/pages/ops/Schedules")) },
  { slug: "keys", label: "Keys", view: lazy(() => import("@/pages/ops/Keys")) },
  { slug: "artifacts", label: "Artifacts", view: lazy(() => import("@/pages/ops/Artifacts")) },
  { slug: "battles", label: "Battles", view: lazy(() => import("@/pages/ops/Battles")) },
];

function Tabs() {
  const { tab } = useParams();
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the tab changes, it is brought into view
  useEffect(() => {
    const ul = list.current;
    const active = ul?.querySelector<HTMLElement>("[aria-current=page]");
    if (ul && active) ul.scrollLeft = active.offsetLeft - (ul.clientWidth - active.clientWidth) / 2;
  }, [tab]);
  return (
    <nav aria-label="Operations" className="min-w-0 lg:sticky lg:top-24 lg:self-start">
      <ul ref={list} className="relative -mx-1 flex gap-1 overflow-x-auto px-1 py-1 lg:flex-col lg:overflow-visible">
        {tabs.map(({ slug, label }) => (
          <li key={slug}>
            <NavLink
              to={`/ops/${slug}`}
              className={({ isActive }) =>
                `flex min-h-11 items-center rounded-full px-4 text-sm font-medium whitespace-nowrap transition-colors lg:min-h-10 ${isActive ? "bg-raised text-ink" : "text-ink-2 hover:text-ink"}`
              }
            >
              {label}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export default function OpsPage() {
  const { tab } = useParams();
  const key = useKey((state) => state.key);
  const queries = useQueryClient();
  const seen = useRef(key);
  useEffect(() => {
    // What one key may see is not shown to another.
    if (seen.current !== key) queries.removeQueries({ predicate: ({ queryKey }) => queryKey[1] !== PROBE });
    seen.current = key;
  }, [key, queries]);

  const now = tabs.find(({ slug }) => slug === tab);
  useTitle(now === undefined ? "Operations" : `${now.label}, operations`);
  if (now === undefined) return <Navigate to="/ops/overview" replace />;
  const View = now.view;
  return (
    <div className="mx-auto grid w-full max-w-[110rem] gap-6 px-4 py-8 sm:px-6 lg:py-10">
      <h1 className="font-display text-3xl font-semibold sm:text-4xl">
        Operations<span className="sr-only">: {now.label}</span>
      </h1>
      <Gate>
        <div className="grid min-w-0 gap-6 lg:grid-cols-[11rem_minmax(0,1fr)] lg:gap-10">
          <Tabs />
          <div className="grid min-w-0 content-start gap-10">
            <Suspense fallback={<Loading what={now.label.toLowerCase()} />}>
              <View />
            </Suspense>
          </div>
        </div>
      </Gate>
    </div>
  );
}
