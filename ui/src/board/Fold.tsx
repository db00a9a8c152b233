import type { ReactNode } from "react";
import { Icon } from "@/lib/kit/Icon";

/** What is there for those who want it. */
export function Fold({ title, boxed = false, onToggle, children }: { title: ReactNode; boxed?: boolean; onToggle?: (open: boolean) => void; children: ReactNode }) {
  return (
    <details className={`group/fold ${boxed ? "rounded-2xl border border-line px-5" : ""}`} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary className={`flex cursor-pointer list-none items-center gap-2 text-sm font-semibold [&::-webkit-details-marker]:hidden ${boxed ? "min-h-12 justify-between" : "min-h-11 justify-start"}`}>
        {title}
        <Icon name="chevron" className="size-4 text-ink-3 transition-transform group-open/fold:rotate-180" />
      </summary>
      <div className={boxed ? "pb-5" : ""}>{children}</div>
    </details>
  );
}
