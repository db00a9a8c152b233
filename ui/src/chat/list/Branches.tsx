import { showBranch } from "@/chat/actions";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

/** Which of a message's siblings is shown, and the way to the others. */
export function Branches({ sessionId, id, siblings }: { sessionId: string; id: string; siblings: string[] }) {
  if (siblings.length < 2) return null;
  const at = siblings.indexOf(id);
  const go = (to: number) => {
    const other = siblings[to];
    if (other !== undefined) void showBranch(sessionId, other);
  };
  return (
    <span className="flex items-center text-xs text-ink-3 tabular-nums" data-testid="branches">
      <IconButton label="The version before" disabled={at <= 0} onClick={() => go(at - 1)}>
        <Icon name="right" className="size-4 rotate-180" />
      </IconButton>
      <span>{`${at + 1} / ${siblings.length}`}</span>
      <IconButton label="The next version" disabled={at >= siblings.length - 1} onClick={() => go(at + 1)}>
        <Icon name="right" className="size-4" />
      </IconButton>
    </span>
  );
}
