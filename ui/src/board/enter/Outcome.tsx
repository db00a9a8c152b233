/* How it ended: where it ranks, or why it was rejected, whose fault that is and what helps. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { adviceFor, faultWords } from "@/board/enter/advice";
import { CommandLine } from "@/board/enter/CommandLine";
import { evidenceOf, type Submission } from "@/board/enter/story";
import { type Api, call } from "@/lib/api";
import { score } from "@/lib/format";
import { useKey } from "@/lib/keys";
import { Button, LinkButton } from "@/lib/kit/Button";
import { StateBadge } from "@/lib/kit/Badge";
import { Icon } from "@/lib/kit/Icon";

export function Outcome({ submission, onAgain }: { submission: Submission; onAgain: () => void }) {
  const { state } = submission;
  if (state === "ready") return <Ready submission={submission} />;
  if (state === "retired")
    return (
      <p className="flex items-start gap-2 rounded-xl bg-moss/10 p-4 text-sm">
        <Icon name="check" className="size-5 text-moss" />
        It conforms. It was only checked, and serves nobody: submit it to compete.
      </p>
    );
  return <Ended submission={submission} onAgain={onAgain} />;
}

function Ended({ submission, onAgain }: { submission: Submission; onAgain: () => void }) {
  const { state, state_reason, state_detail, fault } = submission;
  const advice = state === "rejected" ? adviceFor(state_reason) : null;
  const evidence = evidenceOf(submission);
  const seen: [string, string | undefined][] = [
    ["Exit", [evidence.exit_code !== undefined ? `code ${evidence.exit_code}` : "", evidence.explained ?? ""].filter(Boolean).join(", ")],
    ["Start", evidence.start_error],
    ["It listens on", evidence.listening],
    ["GET /health", evidence.health && [evidence.health.status > 0 ? `HTTP ${evidence.health.status}` : "", evidence.health.error, evidence.health.body].filter(Boolean).join(" · ")],
    ["The rule", evidence.contract?.join(" ")],
    ["Its tag", evidence.tag_moved && `means ${evidence.tag_moved} now`],
  ];
  const told = seen.filter(([, text]) => text);
  return (
    <div className="grid gap-4">
      <div className={`grid gap-2 rounded-xl border p-4 text-sm ${state === "cancelled" ? "border-mango/40 bg-mango/10" : "border-danger/40 bg-danger/10"}`}>
        <p className="font-semibold">
          {state === "cancelled" ? "It was cancelled." : state === "failed" ? "It failed." : "It was rejected"}
          {state === "rejected" && state_reason !== null && (
            <>
              {": "}
              <code>{state_reason}</code>
            </>
          )}
        </p>
        {state_detail !== null && <p className="[overflow-wrap:anywhere]">{state_detail}</p>}
        {advice !== null && <p className="text-ink-2">{advice}</p>}
        {fault !== null && <p className="text-ink-2">{faultWords[fault] ?? `Fault: ${fault}.`}</p>}
        {state === "rejected" && (
          <p className="flex flex-wrap gap-x-4">
            <Link className="underline underline-offset-4" to="/docs/miner#the-life-of-a-submission">
              What each reason means
            </Link>
            <Link className="underline underline-offset-4" to="/docs/errors">
              All errors
            </Link>
          </p>
        )}
      </div>
      {told.length > 0 && (
        <dl className="grid gap-x-4 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
          {told.map(([name, text]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="min-w-0 [overflow-wrap:anywhere]">{text}</dd>
            </div>
          ))}
        </dl>
      )}
      {(evidence.logs?.length ?? 0) > 0 && (
        <div className="grid gap-1.5">
          <h4 className="text-sm font-semibold">Its last lines</h4>
          <pre tabIndex={0} aria-label="Its last lines" className="max-h-64 overflow-auto rounded-xl bg-deep p-3 font-mono text-xs leading-5 whitespace-pre-wrap [overflow-wrap:anywhere]">
            {evidence.logs?.join("\n")}
          </pre>
        </div>
      )}
      <div>
        <Button size="small" look="primary" onClick={onAgain}>
          <Icon name="retry" className="size-4" /> Mend it and submit again
        </Button>
      </div>
    </div>
  );
}

const RUN_OVER: ReadonlySet<string> = new Set(["finished", "failed", "cancelled"]);

function Ready({ submission }: { submission: Submission }) {
  const key = useKey((state) => state.key);
  const { data = submission } = useQuery({
    queryKey: ["/api/v1/submissions", submission.id, key],
    queryFn: ({ signal }) => call<Submission>(`/api/v1/submissions/${submission.id}`, { signal }),
    refetchInterval: ({ state }) => (RUN_OVER.has(state.data?.run_state ?? "") ? false : state.data?.run_id ? 2000 : 5000),
  });
  const isScored = data.run_state === "finished";
  const board = useQuery({
    queryKey: ["/api/v1/leaderboard", "rank", submission.id, key],
    queryFn: ({ signal }) => call<Api<"Leaderboard">>("/api/v1/leaderboard?limit=0", { signal }),
    enabled: isScored,
  });
  const entry = board.data?.data.find(({ competitor }) => competitor === submission.name);
  return (
    <div className="grid gap-4">
      <div className="grid gap-3 rounded-xl border border-moss/40 bg-moss/10 p-4 text-sm">
        <p className="flex items-center gap-2 font-semibold">
          <Icon name="check" className="size-5 text-moss" /> It is ready, and answers chats.
        </p>
        <div className="flex flex-wrap gap-2">
          <LinkButton to={`/chat?model=janus/${submission.name}`} look="primary" size="small">
            Chat with {submission.name}
          </LinkButton>
        </div>
      </div>
      <div className="grid gap-2 text-sm" aria-live="polite">
        <h4 className="font-semibold">Where it ranks</h4>
        {data.run_id == null ? (
          <p className="text-ink-2">No run measures it yet. Where the gateway has a suite and janus-bench, one begins by itself.</p>
        ) : (
          <p className="flex flex-wrap items-center gap-3">
            <StateBadge state={data.run_state ?? "queued"} />
            {data.score != null && (
              <span>
                Score <span className="font-display text-xl font-semibold tabular-nums">{score(data.score)}</span> of 100
              </span>
            )}
            {entry !== undefined && <span>Rank {entry.rank.range}</span>}
            <Link className="underline underline-offset-4" to={`/competition/runs/${data.run_id}`}>
              {isScored ? "The run and its evidence" : "Watch the run"}
            </Link>
          </p>
        )}
      </div>
      <CommandLine label="Talk to it" text={`janusctl chat --model janus/${submission.name} "hello"`} />
    </div>
  );
}
