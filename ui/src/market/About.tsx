/* How a component gets here and to whoever uses it; and what people ask. */
import { Link } from "react-router";

const steps = [
  { name: "Submit", text: "A manifest: what it is, where it is, and its contract, OpenAPI or MCP. It is checked member by member." },
  { name: "Review", text: "An administrator looks at it and says yes, or no with a reason that you see." },
  { name: "Publish", text: "It is listed under its id and version. A version never changes; the next one is reviewed again." },
  { name: "Integrate", text: "A competitor calls it by its contract, from its pod, through the platform's proxy and on its budget." },
  { name: "Measure", text: "The platform counts its own calls as they are made. Nobody can say of a component what was not seen." },
];

export function HowItWorks() {
  return (
    <ol className="grid gap-6 sm:grid-cols-2 lg:grid-cols-5">
      {steps.map(({ name, text }, at) => (
        <li key={name} className="grid content-start gap-2 border-t-2 border-mountain/50 pt-4">
          <span className="font-mono text-sm text-mountain-ink tabular-nums">{at + 1}</span>
          <h3 className="font-display text-lg font-semibold">{name}</h3>
          <p className="text-sm text-ink-2">{text}</p>
        </li>
      ))}
    </ol>
  );
}

const questions = [
  {
    q: "What may be a component?",
    a: "Whatever a competitor can call over HTTP: a search, a memory, a converter, a router of models. It runs where its author runs it.",
  },
  {
    q: "Why does mine show no calls?",
    a: "Calls are counted by the platform, of its own services. What others run is reached through the proxy, which sees hosts and bytes and not what was called, so it has no number rather than a wrong one.",
  },
  {
    q: "Who owns an id?",
    a: "The key that first used the namespace, the word after cmp. Only it, or an administrator, can submit to it.",
  },
  {
    q: "Can I change a version?",
    a: "No. Submit the next one. A version can be deprecated, which stays visible, or taken back; its number is never used again.",
  },
  {
    q: "Is a component trusted?",
    a: "No more than any host of the web. A competitor decides what it calls, the operator which domains it reaches, and the budget how much.",
  },
];

export function Questions() {
  return (
    <div className="grid gap-2">
      {questions.map(({ q, a }) => (
        <details key={q} className="group rounded-xl border border-line-2 bg-card px-5">
          <summary className="flex min-h-12 cursor-pointer items-center py-3 font-semibold">{q}</summary>
          <p className="max-w-prose pb-4 text-ink-2">{a}</p>
        </details>
      ))}
      <p className="pt-2 text-sm text-ink-3">
        All of it, with every member of a manifest:{" "}
        <Link to="/docs/components" className="text-moss underline">
          Components
        </Link>
      </p>
    </div>
  );
}
