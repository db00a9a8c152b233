/* The order of the docs: groups of pages, and what is before and after each. */
import { pages } from "virtual:docs";

export interface Doc {
  page: string;
  title: string;
  lead: string;
}

const reference: Doc = {
  page: "reference",
  title: "API reference",
  lead: "Every call of the served OpenAPI document: parameters, bodies, answers, examples.",
};

/* In this order, each with what it is for; a page that is not named here stands at the end, with its first sentence. */
const order: { name: string; pages: Record<string, string> }[] = [
  {
    name: "Start",
    pages: {
      "getting-started": "From a bare Debian to a Janus that answers, in one command.",
      architecture: "Programs, rooms, the pod, what a chat, a submission and a run pass through, and why it is so.",
      glossary: "What the words mean that all pages use.",
    },
  },
  {
    name: "App developers",
    pages: {
      "app-developer": "From the first call to streams, tools, errors, retries, files and limits, in curl, Python and Node.",
      api: "Keys, chats, streams that resume, artifacts and files, and the control plane.",
      arena: "Two competitors, one prompt, blind: how battles and votes work.",
    },
  },
  {
    name: "Miners",
    pages: {
      miner: "What a competitor must do, what it gets, its manifest, and examples in four languages.",
      conformance: "The checks that a submission must pass, one by one.",
      platform: "Models, search, the web, sandboxes, vectors, and the budgets on all of it.",
      components: "What the platform and others offer to competitors, how to submit it, and the review.",
      sandbox: "A place to run code and make files: routes, limits, and what it can reach.",
      "baseline-agent": "How the baseline answers at once, or works in a sandbox.",
      "baseline-langchain": "The second reference: an agent with tools in JavaScript.",
    },
  },
  {
    name: "The benchmark",
    pages: {
      champion: "How ranks are made, when a challenger wins, and how it is tried.",
      scoring: "From recorded frames to a score: curves, weights, intervals, scorers.",
      suites: "What is asked, how to write an item, and how the private suite is kept.",
      bench: "Score anything that speaks the API, on your own machine or in a pipeline.",
      evidence: "What a run leaves behind, and how to check and score it again.",
      scores: "Measured: both baselines and six opponents.",
    },
  },
  {
    name: "Operators",
    pages: {
      operator: "Install, configure, keys, logs, metrics, backups, upgrades, capacity: where each is told.",
      install: "Four ways to run Janus: from source, from a release, as a Debian package, in containers.",
      backup: "Make, check and restore backups; what is kept for how long; full disks.",
      upgrade: "A new version without a dropped stream.",
      runbook: "What is seen, what it means, and what to do: each error code, state, check and alert.",
      security: "What is defended, from whom, the test that shows each claim, and what is not.",
      proxies: "nginx, Caddy and HAProxy in front, so that streams pass event by event; and TLS without one.",
      chaos: "Measured: faults by the hundred, and how long until all was well again.",
      schedule: "Runs by hand, by submission and by the clock, and who carries them out.",
      sandy: "Competitors on a second engine, and what is not enforced there.",
      benchmarks: "Measured: latency, throughput and memory, beside nginx.",
      starts: "Measured: how long starts, thaws and sandboxes take.",
      churn: "Measured: ten thousand streams while competitors die.",
      "ui-frames": "Measured: frames of the chat while an answer streams into it.",
    },
  },
  {
    name: "Reference",
    pages: {
      reference: reference.lead,
      errors: "Every code, whose fault it is, and what to do.",
      dependencies: "Libraries, npm packages and files that Janus is made of, with versions.",
      faults: "Every fault that Janus must survive, and the test that is named after it.",
    },
  },
];

const all = new Map<string, Doc>([...pages, reference].map((doc) => [doc.page, doc]));
const placed = new Set(order.flatMap((group) => Object.keys(group.pages)));
const others = Object.fromEntries(pages.filter(({ page }) => !placed.has(page)).map(({ page, lead }) => [page, lead]));

/** Every page is in one group; what nobody has placed is at the end. */
export const groups = [...order, { name: "More", pages: others }]
  .map(({ name, pages }) => ({
    name,
    docs: Object.entries(pages).flatMap(([page, lead]): Doc[] => {
      const doc = all.get(page);
      return doc === undefined ? [] : [{ ...doc, lead }];
    }),
  }))
  .filter(({ docs }) => docs.length > 0);

const flat = groups.flatMap((group) => group.docs);

export const docOf = (page: string): Doc | null => all.get(page) ?? null;
export const isPage = (page: string): boolean => all.has(page);

export function beside(page: string): { before: Doc | null; after: Doc | null } {
  const at = flat.findIndex((doc) => doc.page === page);
  return { before: (at > 0 && flat[at - 1]) || null, after: (at >= 0 && flat[at + 1]) || null };
}
