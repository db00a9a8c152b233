/* The rules of the competition, with the numbers that this gateway goes by. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Part } from "@/board/enter/Part";
import { type Api, call } from "@/lib/api";
import { duration, number } from "@/lib/format";
import { useKey } from "@/lib/keys";

/** "10 minutes" */
const span = (ms: number): string => (ms % 60_000 === 0 ? `${ms / 60_000} minute${ms === 60_000 ? "" : "s"}` : duration(ms));

export function TheRules() {
  const key = useKey((state) => state.key);
  const { data } = useQuery({
    queryKey: ["/api/v1/champion", "rules", key],
    queryFn: ({ signal }) => call<Api<"Champion">>("/api/v1/champion", { signal }),
    staleTime: 60_000,
  });
  const rules = data?.rules;
  const points = rules === undefined ? "the operator’s margin" : `${number(rules.margin, rules.margin % 1 === 0 ? 0 : 1)} point${rules.margin === 1 ? "" : "s"}`;
  const list: [string, string][] = [
    ["One image, one version", "A tag becomes a digest when it is submitted, and only that digest runs. The same name again is the next version; the one before stays and can come back."],
    ["No network", "A competitor reaches the platform at 127.0.0.1:8600, and nothing else. What it calls there is metered and charged to the chat it is for."],
    ["What counts", "Whole runs of the suite’s newest digest. Of a competitor the newest version counts, with the mean of its newest five runs, so that asking often does not pay."],
    ["Who is better", `A challenger is better if its composite score is ahead by at least ${points}, and the 95 % interval of the difference excludes zero. Of those that tie, the one submitted earliest is next.`],
    [
      "The trial",
      rules === undefined
        ? "Whoever is next is tried on a share of the live chats first. If it fails there, the champion was never gone."
        : rules.canary_percent === 0
          ? "Whoever is next is promoted at once: this operator tries nobody on live chats first."
          : `Whoever is next answers ${rules.canary_percent} % of the chats of model janus first, for ${rules.canary_requests} chats or ${span(rules.canary_ms)}. If it fails there, the champion was never gone.`,
    ],
    ["Fair faults", "Only what is the competitor’s own fault counts against it. What the platform, the network or a judge got wrong is tried again, then left out and listed."],
  ];
  return (
    <Part
      id="rules"
      title="The rules"
      lead={
        <>
          Pure functions of what was recorded: anybody can compute them again from the evidence.{" "}
          <Link className="underline underline-offset-4" to="/docs/champion">
            All of it, with an example
          </Link>
          .
        </>
      }
    >
      <dl className="grid gap-x-10 gap-y-7 sm:grid-cols-2 lg:grid-cols-3">
        {list.map(([name, what]) => (
          <div key={name} className="border-t border-line-2 pt-4">
            <dt className="font-display text-lg font-semibold">{name}</dt>
            <dd className="mt-1.5 text-sm text-ink-2">{what}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}
