import { Button } from "@/lib/kit/Button";

/** There is more than is shown: how much, and buttons for it. */
export function More({ what, onMore, onAll }: { what: string; onMore: () => void; onAll?: () => void }) {
  return (
    <div className="not-markdown my-2 flex flex-wrap items-center gap-2 text-sm text-ink-2">
      <span>{what}</span>
      <Button size="small" onClick={onMore}>
        Show more
      </Button>
      {onAll && (
        <Button size="small" look="quiet" onClick={onAll}>
          Show all
        </Button>
      )}
    </div>
  );
}
