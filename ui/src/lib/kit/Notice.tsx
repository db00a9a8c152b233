import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "@/lib/errors";
import { Button } from "@/lib/kit/Button";
import { Icon, type IconName } from "@/lib/kit/Icon";

/** What failed, which request it was, and what can be done. */
export function ErrorNotice({ error, onRetry, title }: { error: unknown; onRetry?: () => void; title?: string }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div role="alert" className="flex gap-3 rounded-xl border border-danger/40 bg-danger/10 p-4 text-sm">
      <Icon name="warn" className="mt-0.5 size-5 text-danger-ink" />
      <div className="grid min-w-0 flex-1 gap-1.5">
        {title && <p className="font-semibold">{title}</p>}
        <p className="[overflow-wrap:anywhere]">{error instanceof Error ? error.message : String(error)}</p>
        {known && (
          <p className="flex flex-wrap gap-x-3 text-xs text-ink-2">
            {known.status > 0 && <span>{known.status}</span>}
            <Link className="underline" to={`/docs/errors#${known.code}`}>
              {known.code}
            </Link>
            {known.requestId && <span className="font-mono break-all">{known.requestId}</span>}
            {known.retryAfter !== null && <span>try again in {known.retryAfter} s</span>}
          </p>
        )}
        {onRetry && (
          <div>
            <Button size="small" onClick={onRetry}>
              <Icon name="retry" className="size-4" /> Try again
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

/** There is nothing here yet, and what would change that. */
export function Empty({ icon = "info", title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] justify-items-center gap-2 rounded-2xl border border-dashed border-line-2 px-6 py-12 text-center">
      <Icon name={icon} className="size-8 text-ink-3" />
      <p className="font-display text-lg font-semibold">{title}</p>
      <div className="max-w-full text-ink-2 sm:max-w-prose">{children}</div>
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div role="status" className="flex items-center gap-3 p-6 text-ink-2">
      <span className="size-4 animate-spin rounded-full border-2 border-line-2 border-t-moss motion-reduce:animate-none" />
      Loading {what} …
    </div>
  );
}
