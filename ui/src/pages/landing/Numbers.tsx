import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { type Api, call } from "@/lib/api";
import { compact, number, score } from "@/lib/format";

const OFTEN_MS = 15_000;

const useRead = <T,>(path: string) =>
  useQuery({ queryKey: [path], queryFn: ({ signal }) => call<T>(path, { signal }), refetchInterval: OFTEN_MS });

/** A figure and what it is: a link to where it comes from. */
function Figure({ name, value, note, to }: { name: string; value: string; note: string; to: string }) {
  return (
    <div className="group relative grid min-w-0 content-start gap-0.5 border-line px-4 py-4 transition-colors hover:bg-white/4 sm:px-6 sm:py-5">
      <dt className="text-xs font-semibold tracking-wide text-ink-3 uppercase">{name}</dt>
      <dd className="truncate font-display text-2xl font-semibold text-ink tabular-nums sm:text-3xl" data-figure={name}>
        {value}
      </dd>
      <dd className="text-sm text-pretty text-ink-2">
        <Link to={to} className="after:absolute after:inset-0 group-hover:text-ink group-hover:underline">
          {note}
        </Link>
      </dd>
    </div>
  );
}

/** What the API says now, and nothing else. */
export function Numbers() {
  const status = useRead<Api<"Status">>("/api/v1/status");
  const champion = useRead<Api<"Champion">>("/api/v1/champion");
  const board = useRead<Api<"Leaderboard">>("/api/v1/leaderboard");
  const error = status.error ?? champion.error ?? board.error;

  const { competitors, chats_today: chats, runs, instances } = status.data ?? {};
  const name = champion.data?.competitor;
  const composite = board.data?.data.find((row) => row.competitor === name)?.scores.composite;
  const reigns =
    champion.data === undefined || board.data === undefined
      ? "Who leads, and by how much"
      : name == null
        ? "No champion yet: the first whole run decides"
        : composite
          ? `${score(composite.value)} points (${score(composite.low)} to ${score(composite.high)})`
          : "Not scored on the suite that decides";

  return (
    <section aria-label="Janus now" className="border-y border-line bg-deep/70">
      <dl className="shell grid grid-cols-2 max-lg:[&>*:nth-child(-n+2)]:border-b max-lg:[&>*:nth-child(2n)]:border-l lg:grid-cols-4 lg:divide-x lg:[&>:first-child]:pl-0">
        <Figure
          name="Champion"
          value={champion.data === undefined ? "–" : (name ?? "None")}
          note={reigns}
          to="/competition"
        />
        <Figure
          name="Competitors"
          value={number(competitors)}
          note={
            competitors === 0
              ? "Nobody has entered: be the first"
              : instances
                ? `${number(instances.ready)} ready, ${number(instances.frozen)} asleep`
                : "Accepted, and serving"
          }
          to="/competition"
        />
        <Figure
          name="Runs"
          value={compact(runs)}
          note={runs === 0 ? "Nothing was measured yet" : "Benchmarks, with evidence for each"}
          to="/competition"
        />
        <Figure
          name="Chats today"
          value={compact(chats)}
          note={chats === 0 ? "None since midnight UTC: ask something" : "Since midnight UTC"}
          to="/chat"
        />
      </dl>
      {error && (
        <p role="status" className="shell border-t border-line py-3 text-sm text-mango-ink">
          These numbers cannot be read now. {error.message}
        </p>
      )}
    </section>
  );
}
