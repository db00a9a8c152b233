import type { ReactNode } from "react";

/** A part of the competition's page: where links to it land, and what it is. */
export function Section({ id, title, lead, aside, children }: { id: string; title: string; lead?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="shell scroll-mt-16 py-10 sm:py-14">
      <div className="mb-6 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <div className="max-w-2xl">
          <h2 id={`${id}-title`} className="font-display text-2xl font-semibold tracking-tight sm:text-3xl">
            {title}
          </h2>
          {lead && <p className="mt-2 text-ink-2">{lead}</p>}
        </div>
        {aside}
      </div>
      {children}
    </section>
  );
}
