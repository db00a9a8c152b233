/* The browser does not keep the chats: said for as long as it is so, with what can be done. */
import { exportAll } from "@/chat/sidebar/files";
import { useStorage, writeAgain } from "@/chat/store/db";
import { Button } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

export function StorageBanner() {
  const { state, message } = useStorage();
  if (state === "ok") return null;
  return (
    <div role="alert" data-testid="storage-banner" className="flex flex-wrap items-center gap-3 border-b border-mango/40 bg-mango/10 px-4 py-2.5 text-sm">
      <Icon name="warn" className="size-5 text-mango-ink" />
      <p className="min-w-0 flex-1 basis-64">
        {state === "full"
          ? "The browser's storage is full: new messages are only in this tab. Export them, or delete chats that are not needed."
          : "The browser refuses to store chats: they are only in this tab. Export them before you close it."}{" "}
        <span className="text-ink-2 [overflow-wrap:anywhere]">{message}</span>
      </p>
      <Button size="small" onClick={() => void exportAll()}>
        <Icon name="download" className="size-4" /> Export
      </Button>
      <Button size="small" onClick={() => void writeAgain()}>
        <Icon name="retry" className="size-4" /> Try again
      </Button>
    </div>
  );
}
