import type { ReactNode } from "react";

/** A section of the rules: anchor, heading, lead, content. */
export function Part({ id, title, lead, children }: { id: string; title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-heading`} className="shell scroll-mt-20 py-10">
      <h2 id={`${id}-heading`} className="font-display text-3xl font-semibold">
        {title}
      </h2>
      {lead && <div className="mt-3 max-w-2xl text-ink-2">{lead}</div>}
      <div className="mt-8">{children}</div>
    </section>
  );
}
