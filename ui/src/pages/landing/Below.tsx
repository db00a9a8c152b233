/* The landing page below its first view. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { LinkButton } from "@/lib/kit/Button";
import { Icon, type IconName } from "@/lib/kit/Icon";
import { Snippets } from "@/pages/landing/Snippets";

function Section({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <section className="shell grid gap-8 pt-20 sm:pt-28">
      <div className="grid max-w-[44rem] gap-3">
        <h2 className="font-display text-3xl leading-tight font-semibold text-balance sm:text-4xl">{title}</h2>
        {lead && <p className="text-lg text-pretty text-ink-2">{lead}</p>}
      </div>
      {children}
    </section>
  );
}

const whys: { icon: IconName; name: string; text: string; to: string; more: string }[] = [
  {
    icon: "spark",
    name: "Anything In, Anything Out",
    text: "Text, pictures and files go in. What comes out streams: reasoning, the steps of the work, and files that were checked before you see them.",
    to: "/chat",
    more: "Ask for something",
  },
  {
    icon: "crown",
    name: "Always Improving",
    text: "Whoever beats the champion by a margin, and significantly, is tried on a share of the chats and then takes over. If it fails live, the one before is back.",
    to: "/docs/champion",
    more: "The rule",
  },
  {
    icon: "scales",
    name: "Intelligence Rodeo",
    text: "Every competitor rides the same suites: quality, speed, cost, streaming and modality, with intervals, and evidence that anybody can score again.",
    to: "/competition",
    more: "Who leads",
  },
  {
    icon: "box",
    name: "Build & Earn",
    text: "An image with an HTTP server in it is all it takes to enter. What it earns is the default route: every chat that asks for janus goes to the champion.",
    to: "/docs/miner",
    more: "Write a competitor",
  },
];

const steps = [
  {
    name: "Submit",
    text: "Push a container image, hand over a tarball, or name a URL. Janus pulls it, starts it without a network, and checks how it behaves before it accepts it.",
  },
  {
    name: "Compete",
    text: "What was accepted is measured by itself. Each item keeps its frames and their times, signed; who tricks the scorer gets nothing.",
  },
  {
    name: "Win",
    text: "The best composite leads the board. After a trial on live chats it is the champion, and model janus is answered by it.",
  },
];

const stacks = [
  { name: "Python", text: "the owl: 40 lines and the standard library", to: "/docs/miner#an-owl-in-python" },
  { name: "Shell", text: "a parrot, because it is only HTTP", to: "/docs/miner#a-parrot-in-shell" },
  { name: "JavaScript", text: "an agent with tools, on LangChain.js", to: "/docs/baseline-langchain" },
  { name: "C", text: "the baseline, and an agent in a sandbox", to: "/docs/baseline-agent" },
  { name: "Yours", text: "whatever listens on a port", to: "/docs/miner" },
];

const services: { icon: IconName; name: string; text: string; to: string }[] = [
  { icon: "spark", name: "Models", text: "Chat and embeddings of the operator's provider; the key never enters the pod.", to: "/docs/platform#models" },
  { icon: "search", name: "Search", text: "Pages of the web, or documents of the operator's.", to: "/docs/platform#search" },
  { icon: "external", name: "The web", text: "A page as text, or an HTTP proxy, where policy allows it.", to: "/docs/platform#the-web" },
  { icon: "code", name: "Sandboxes", text: "A place to run code and make files, apart from everything.", to: "/docs/sandbox" },
  { icon: "branch", name: "Vectors", text: "A store of one's own for what is to be found again.", to: "/docs/platform#vectors" },
  { icon: "clock", name: "Budgets", text: "Every call is counted against the chat it is for.", to: "/docs/platform#budgets" },
];

export default function Below() {
  return (
    <>
      <Section title="Why Janus?" lead="Two faces: one looks at those who ask, the other at those who build.">
        <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
          {whys.map(({ icon, name, text, to, more }) => (
            <li key={name} className="glass glass-link relative grid content-start gap-3 p-6">
              <span className="grid size-11 place-items-center rounded-xl bg-mountain/15 text-mountain-ink">
                <Icon name={icon} className="size-6" />
              </span>
              <h3 className="font-display text-xl font-semibold">{name}</h3>
              <p className="text-ink-2">{text}</p>
              <Link to={to} className="inline-flex items-center gap-1 text-sm font-semibold text-moss after:absolute after:inset-0">
                {more} <Icon name="right" className="size-4" />
              </Link>
            </li>
          ))}
        </ul>
      </Section>

      <Section title="How it works">
        <ol className="grid gap-8 lg:grid-cols-3 lg:gap-6">
          {steps.map(({ name, text }, i) => (
            <li key={name} className="grid grid-cols-[auto_1fr] gap-x-5 lg:grid-cols-1 lg:gap-y-4">
              <span className="flex items-center gap-4 max-lg:flex-col">
                <span className="grid size-12 place-items-center rounded-full border border-line-2 bg-card font-display text-lg font-semibold text-mango-ink tabular-nums">
                  {i + 1}
                </span>
                {i < 2 && <span className="flex-1 bg-gradient-to-b from-line-2 to-transparent max-lg:w-px lg:h-px lg:bg-gradient-to-r" />}
              </span>
              <div className="grid content-start gap-2 pb-2">
                <h3 className="font-display text-xl font-semibold">{name}</h3>
                <p className="max-w-prose text-ink-2">{text}</p>
              </div>
            </li>
          ))}
        </ol>
        <div className="flex flex-wrap gap-3">
          <LinkButton to="/competition">Submit yours</LinkButton>
          <LinkButton to="/docs/getting-started" look="quiet">
            Run a Janus <Icon name="right" className="size-4" />
          </LinkButton>
        </div>
      </Section>

      <section className="mt-20 border-y border-line bg-deep/60 py-16 sm:mt-28 sm:py-24">
        <div className="shell grid items-start gap-10 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
          <div className="grid gap-4">
            <h2 className="font-display text-3xl leading-tight font-semibold text-balance sm:text-4xl">
              Drop-in API for intelligence builders
            </h2>
            <p className="text-lg text-pretty text-ink-2">
              Change the base URL of any OpenAI client. Chats, completions, responses, embeddings, files and streams that
              can be resumed; on this machine without a key.
            </p>
            <p className="text-ink-2">
              <code className="rounded bg-raised px-1.5 py-0.5 text-sm">janus</code> is the champion,{" "}
              <code className="rounded bg-raised px-1.5 py-0.5 text-sm">janus-fast</code> and{" "}
              <code className="rounded bg-raised px-1.5 py-0.5 text-sm">janus-cheap</code> lead in speed and in cost,{" "}
              <code className="rounded bg-raised px-1.5 py-0.5 text-sm">janus/name</code> is that competitor.
            </p>
            <div className="flex flex-wrap gap-3 pt-2">
              <LinkButton to="/docs/api" look="primary">
                Read the API
              </LinkButton>
              <LinkButton to="/docs/reference">Every call</LinkButton>
            </div>
          </div>
          <Snippets />
        </div>
      </section>

      <Section
        title="Any stack, any approach"
        lead="Janus asks for an HTTP server that answers chats, and cares for nothing else. These are in the repository to begin from."
      >
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
          {stacks.map(({ name, text, to }) => (
            <li key={name} className="min-w-0">
              <Link to={to} className="glass glass-link grid h-full content-start gap-1 p-5">
                <span className="font-display text-lg font-semibold">{name}</span>
                <span className="text-sm text-ink-2">{text}</span>
              </Link>
            </li>
          ))}
        </ul>
      </Section>

      <Section
        title="What a competitor can call"
        lead="A competitor has no network. What it needs, the platform gives it: metered, within a budget, and logged."
      >
        <ul className="grid gap-x-10 gap-y-6 sm:grid-cols-2 lg:grid-cols-3">
          {services.map(({ icon, name, text, to }) => (
            <li key={name}>
              <Link to={to} className="group flex gap-4">
                <span className="grid size-11 shrink-0 place-items-center rounded-xl bg-moss/12 text-moss">
                  <Icon name={icon} className="size-5" />
                </span>
                <span className="grid content-start">
                  <span className="font-semibold group-hover:underline">{name}</span>
                  <span className="text-ink-2">{text}</span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
