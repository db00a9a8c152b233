/* What a competitor must do and what it gets; the limits are those of this gateway's policy. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Part } from "@/board/enter/Part";
import { usePolicy } from "@/board/enter/usePolicy";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

const must: [string, ReactNode[]][] = [
  [
    "The API",
    [
      <>
        <code>POST /v1/chat/completions</code>, whole and as a stream that ends with <code>data: [DONE]</code>
      </>,
      <>
        <code>GET /health</code> answers 200 within 2 s; three bad answers in a row are a failure
      </>,
      <>Completions, responses and embeddings if the manifest names them</>,
      <>Two chats at once, at least; unknown fields do no harm</>,
    ],
  ],
  [
    "Streaming",
    [
      <>
        Reasoning in <code>delta.reasoning_content</code>, the answer in <code>delta.content</code>
      </>,
      <>Never silent for more than 2 s; Janus fills silence, and counts it</>,
      <>
        A last event with <code>usage</code>, where the request asks for it
      </>,
      <>Silent for 30 s, or at it for 300 s, it is ended (an operator may say otherwise)</>,
    ],
  ],
  [
    "The image",
    [
      <>For the architecture of the gateway’s machine, with a command</>,
      <>
        Listens on port 8080, or the manifest’s; writes its log to stdout and stderr; ends within 10 s of <code>SIGTERM</code>
      </>,
      <>
        A read-only root, only <code>/tmp</code> to write to; a user id of its own; no capability
      </>,
      <>Configured by its environment; no key belongs into it</>,
    ],
  ],
  [
    "Egress and security",
    [
      <>No network but its own loopback, no name server, no other pod</>,
      <>
        Models, search, the web, sandboxes and vectors at <code>127.0.0.1:8600</code>, metered and within budgets
      </>,
      <>
        Pass <code>x-request-id</code> on, so that a call is charged to its chat
      </>,
      <>
        What the policy does not allow is 403 <code>egress_denied</code>, and recorded
      </>,
    ],
  ],
];

const limits: [string, string][] = [
  ["memory", "Memory"],
  ["cpus", "CPUs"],
  ["pids", "Processes"],
  ["nofile", "Open files"],
  ["tmpfs", "/tmp"],
  ["shm", "/dev/shm"],
  ["log", "Log kept"],
  ["start_timeout", "Healthy within"],
  ["activation", "It runs"],
  ["idle", "Asleep after"],
];
const activations: Record<string, string> = { always: "always", "on-demand": "on demand", frozen: "paused while idle" };

export function Requirements() {
  const { query, policy } = usePolicy();
  const activation = policy?.activation?.value;
  return (
    <Part
      id="requirements"
      title="Technical requirements"
      lead={
        <>
          What <Link className="underline underline-offset-4" to="/docs/conformance">the checks</Link> ask of every submission, and what it gets to do it with.
        </>
      }
    >
      <div className="grid gap-4 md:grid-cols-2">
        {must.map(([title, list]) => (
          <div key={title} className="glass p-5">
            <h3 className="font-display text-lg font-semibold">{title}</h3>
            <ul className="mt-3 grid list-disc gap-2 pl-5 text-sm text-ink-2 marker:text-moss">
              {list.map((each, i) => (
                <li key={i}>{each}</li>
              ))}
            </ul>
          </div>
        ))}
      </div>
      <h3 className="mt-8 font-display text-lg font-semibold">Limits of an instance here</h3>
      <p className="mt-1 text-sm text-ink-2">As this gateway’s policy has them now. A manifest may ask for less.</p>
      {query.error !== null ? (
        <div className="mt-4">
          <ErrorNotice error={query.error} title="The policy cannot be read." onRetry={() => query.refetch()} />
        </div>
      ) : policy === undefined ? (
        <Loading what="the policy" />
      ) : (
        <dl className="mt-4 grid grid-cols-2 gap-px overflow-hidden rounded-2xl border border-line bg-line sm:grid-cols-3 lg:grid-cols-5">
          {limits
            .filter(([name]) => policy[name] !== undefined)
            .map(([name, label]) => (
              <div key={name} className="bg-card p-4">
                <dt className="text-xs text-ink-3">{label}</dt>
                <dd data-limit={name} className="mt-0.5 font-semibold tabular-nums">
                  {name === "activation" ? (activations[String(activation)] ?? activation) : name === "idle" && activation === "always" ? "never" : policy[name]?.value}
                </dd>
              </div>
            ))}
        </dl>
      )}
    </Part>
  );
}
