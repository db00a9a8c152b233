import type { ReactNode } from "react";

/** A line that says why there is nothing to see. */
export function Notice({ children }: { children: ReactNode }) {
  return <p className="rounded-xl border border-dashed border-line-2 px-4 py-3 text-sm text-ink-2">{children}</p>;
}
