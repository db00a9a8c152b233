/* The two that come with Janus, and what they score here, if they run. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Part } from "@/board/enter/Part";
import { type Api, call } from "@/lib/api";
import { score } from "@/lib/format";
import { useKey } from "@/lib/keys";

const baselines: [string, string, string][] = [
  ["baseline-agent", "In C. A model’s answer relayed as it comes, or, where work is asked for, an agent in a sandbox that makes files and runs code.", "/docs/baseline-agent"],
  ["baseline-langchain", "In JavaScript, with LangChain.js: a loop of tools over the platform (search, pages, code, files), as a miner would write one.", "/docs/baseline-langchain"],
];

export function Baselines() {
  const key = useKey((state) => state.key);
  const board = useQuery({
    queryKey: ["/api/v1/leaderboard", "baselines", key],
    queryFn: ({ signal }) => call<Api<"Leaderboard">>("/api/v1/leaderboard?limit=0", { signal }),
    staleTime: 30_000,
  });
  return (
    <Part id="baselines" title="Baselines" lead="Two reference competitors, submitted through the same door as everybody else’s. Begin with one, and beat it.">
      <div className="grid gap-4 md:grid-cols-2">
        {baselines.map(([name, what, docs]) => {
          const entry = board.data?.data.find(({ competitor }) => competitor === name);
          return (
            <article key={name} className="glass grid content-start gap-3 p-5">
              <h3 className="font-display text-lg font-semibold">{name}</h3>
              <p className="text-sm text-ink-2">{what}</p>
              <p className="flex flex-wrap items-center justify-between gap-3 text-sm">
                <span className="text-ink-3 tabular-nums">
                  {entry?.scores.composite ? `Score ${score(entry.scores.composite.value)}, rank ${entry.rank.range}` : "Not measured here yet"}
                </span>
                <Link className="underline underline-offset-4" to={docs}>
                  How it is made
                </Link>
              </p>
            </article>
          );
        })}
      </div>
    </Part>
  );
}
