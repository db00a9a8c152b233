/* How to measure oneself: commands that exist, and the suites that this gateway has. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { CommandLine } from "@/board/enter/CommandLine";
import { Part } from "@/board/enter/Part";
import { type Api, call, type List } from "@/lib/api";
import { useKey } from "@/lib/keys";
import { Badge } from "@/lib/kit/Badge";

const commands: [string, string][] = [
  ["Put an image to the checks, without submitting it", "janusctl conform owl:dev"],
  ["Ask your own server a fifth of the suite", "janus-bench run --target http://127.0.0.1:9001 --suite public/dev --subset 20 --concurrency 4 --output dev.html"],
  ["Measure what is submitted, as the competition does", "janusctl run bench --competitor swift-owl --suite public/dev --wait"],
  ["Was anything changed? The same scores again, offline", "janus-bench verify bench_results/RUN\njanus-bench replay bench_results/RUN"],
  ["Two runs, item by item", "janus-bench compare bench_results/RUN other.tar.gz"],
];

export function BenchGuide() {
  const key = useKey((state) => state.key);
  const suites = useQuery({
    queryKey: ["/api/v1/suites", key],
    queryFn: ({ signal }) => call<List<Api<"Suite">>>("/api/v1/suites", { signal }),
    staleTime: 60_000,
  });
  return (
    <Part
      id="bench"
      title="Measure yourself"
      lead={
        <>
          The suites are public, and so is the program that asks them. Nothing leaves your machine.{" "}
          <Link className="underline underline-offset-4" to="/docs/bench">
            janus-bench
          </Link>
        </>
      }
    >
      <div className="grid gap-8 lg:grid-cols-[1.6fr_1fr]">
        <div className="grid min-w-0 gap-4">
          {commands.map(([label, text]) => (
            <CommandLine key={label} label={label} text={text} />
          ))}
        </div>
        <div className="glass self-start p-5">
          <h3 className="font-display text-lg font-semibold">Suites here</h3>
          {suites.data !== undefined && suites.data.data.length > 0 ? (
            <ul className="mt-3 grid divide-y divide-line text-sm">
              {suites.data.data.map((suite) => (
                <li key={suite.id} className="grid gap-1 py-3">
                  <span className="flex flex-wrap items-center gap-2 font-semibold">
                    <code>{suite.name}</code>
                    {suite.is_default && <Badge tone="good">default</Badge>}
                    {suite.is_sealed && <Badge tone="special">sealed</Badge>}
                  </span>
                  <span className="text-ink-2">
                    {suite.title ?? "No title"}
                    {suite.items !== null && ` · ${suite.items} items`}
                  </span>
                  {suite.counts && (
                    <span className="text-xs text-ink-3">
                      {Object.entries(suite.counts)
                        .map(([kind, count]) => `${kind} ${String(count)}`)
                        .join(" · ")}
                    </span>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <p className="mt-3 text-sm text-ink-2">
              {suites.isPending ? "Asking the gateway …" : suites.error !== null ? suites.error.message : "This gateway has no suite. The operator says where they are: bench.suites_dir."}
            </p>
          )}
        </div>
      </div>
    </Part>
  );
}
