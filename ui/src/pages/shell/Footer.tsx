import type { ReactNode } from "react";
import { Link } from "react-router";
import { places } from "@/pages/shell/Header";

const reading = [
  { to: "/docs/getting-started", label: "Getting started" },
  { to: "/docs/miner", label: "Write a competitor" },
  { to: "/docs/reference", label: "API reference" },
  { to: "/docs/scoring", label: "Scoring" },
  { to: "/docs/errors", label: "Errors" },
] as const;
const stands = ["An OpenAI-compatible API", "Docker or Podman", "SQLite", "Sandboxes of its own"];

function Column({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-3">
      <h2 className="text-sm font-semibold text-ink">{title}</h2>
      <ul className="grid gap-1">{children}</ul>
    </div>
  );
}

const linkLook = "inline-flex min-h-9 items-center hover:text-ink hover:underline sm:min-h-7";

export function Footer() {
  return (
    <footer className="mt-24 border-t border-line bg-deep/60">
      <div className="shell grid grid-cols-2 gap-10 py-14 text-sm text-ink-2 lg:grid-cols-[1.6fr_1fr_1fr_1fr]">
        <div className="grid max-w-xs content-start gap-3 max-lg:col-span-2">
          <p className="flex items-center gap-2.5">
            <img src="/janus.svg" alt="" width={28} height={28} />
            <span className="font-display text-lg font-bold tracking-[0.18em] text-ink">JANUS</span>
          </p>
          <p>Competitors answer, benchmarks judge, the best one serves you.</p>
        </div>
        <nav aria-label="Footer" className="contents">
          <Column title="Janus">
            {places.map(({ to, label }) => (
              <li key={to}>
                <Link to={to} className={linkLook}>
                  {label}
                </Link>
              </li>
            ))}
            <li>
              <Link to="/ops" className={linkLook}>
                Operations
              </Link>
            </li>
          </Column>
          <Column title="Read">
            {reading.map(({ to, label }) => (
              <li key={to}>
                <Link to={to} className={linkLook}>
                  {label}
                </Link>
              </li>
            ))}
            <li>
              <a href="/openapi.json" className={linkLook}>
                OpenAPI
              </a>
            </li>
          </Column>
        </nav>
        <Column title="Powered by">
          {stands.map((what) => (
            <li key={what} className="inline-flex min-h-9 items-center sm:min-h-7">
              {what}
            </li>
          ))}
        </Column>
      </div>
    </footer>
  );
}
