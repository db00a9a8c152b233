/* Files of a message: the button that adds some, and the list of them, before and after it is sent. */
import { useEffect, useRef, useState } from "react";
import { bytesOf, type Draft, type Drafts } from "@/chat/attach/drafts";
import type { Attachment } from "@/chat/types";
import { save } from "@/lib/download";
import { bytes } from "@/lib/format";
import { IconButton } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { Icon } from "@/lib/kit/Icon";
import { oneLine } from "@/lib/markdown/clean";

export { type Draft, type Drafts, useDrafts } from "@/chat/attach/drafts";
export { toParts } from "@/chat/attach/parts";

/** The button; files that are dropped anywhere on the page are added too. */
export function Attach({ drafts }: { drafts: Drafts }) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const latest = useRef(drafts);
  useEffect(() => {
    latest.current = drafts;
  });

  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault(); // else the browser leaves the page for the file
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      setOver(false);
      if (event.defaultPrevented || !hasFiles(event)) return;
      event.preventDefault();
      latest.current.add([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragover", onOver);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("drop", onDrop);
    };
  }, []);

  return (
    <>
      <IconButton label="Attach files" onClick={() => input.current?.click()}>
        <Icon name="clip" />
      </IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        aria-label="Attach files"
        onChange={(event) => {
          drafts.add([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      {isOver && (
        <div className="pointer-events-none fixed inset-3 z-40 grid place-items-center rounded-3xl border-2 border-dashed border-moss bg-page/70">
          <p className="rounded-full bg-card px-6 py-3 font-semibold shadow-lg">Drop the files to attach them</p>
        </div>
      )}
    </>
  );
}

/** A draft's files, which can be removed; or those of a message that was sent (without onRemove). */
export function DraftList({ attachments, onRemove, onRetry }: { attachments: (Attachment | Draft)[]; onRemove?: (id: string) => void; onRetry?: (id: string) => void }) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Attached files" className="flex flex-wrap gap-2 pb-2 whitespace-normal" data-testid="attachments">
      {attachments.map((it) => (
        <li key={it.id}>
          <Chip attachment={it} onRemove={onRemove} onRetry={onRetry} />
        </li>
      ))}
    </ul>
  );
}

function Chip({ attachment, onRemove, onRetry }: { attachment: Attachment | Draft; onRemove?: (id: string) => void; onRetry?: (id: string) => void }) {
  const { id, kind } = attachment;
  const name = oneLine(attachment.name, 60);
  const upload = "state" in attachment ? attachment : null;
  const [large, setLarge] = useState(false);
  const [url, isGone] = useBlobUrl(id, kind === "image", attachment.mime);

  const saveIt = async () => {
    const blob = await bytesOf(id);
    if (blob !== null) save(blob, attachment.name);
  };
  return (
    <div
      data-state={upload?.state ?? "sent"}
      className="group/file relative flex max-w-60 items-center gap-2 rounded-xl border border-line-2 bg-page/60 p-1.5 pr-2 text-sm"
    >
      {kind === "image" && url !== null ? (
        <button type="button" onClick={() => setLarge(true)} aria-label={`Enlarge ${name}`} className="shrink-0">
          <img src={url} alt={name} className="size-11 rounded-lg object-cover" />
        </button>
      ) : onRemove === undefined ? (
        <IconButton label={`Download ${name}`} onClick={() => void saveIt()}>
          <Icon name={kind === "image" ? "image" : "file"} />
        </IconButton>
      ) : (
        <span className="grid size-11 shrink-0 place-items-center rounded-lg bg-raised text-ink-2">
          <Icon name={kind === "image" ? "image" : "file"} />
        </span>
      )}
      <span className="grid min-w-0">
        <bdi className="truncate font-medium" title={name}>
          {name}
        </bdi>
        <span className="text-xs text-ink-2 tabular-nums">
          {isGone
            ? "not kept in this browser any more"
            : upload?.state === "failed"
              ? "not uploaded"
              : upload?.state === "uploading"
                ? `${Math.round(upload.share * 100)} % of ${bytes(attachment.bytes)}`
                : bytes(attachment.bytes)}
        </span>
        {upload?.state === "uploading" && <progress value={upload.share} max={1} aria-label={`Uploading ${name}`} className="h-1 w-full" />}
      </span>
      {upload?.state === "failed" && onRetry && (
        <IconButton label={`Upload ${name} again`} onClick={() => onRetry(id)}>
          <Icon name="retry" className="size-4" />
        </IconButton>
      )}
      {onRemove && (
        <IconButton label={`Remove ${name}`} onClick={() => onRemove(id)}>
          <Icon name="close" className="size-4" />
        </IconButton>
      )}
      {large && url !== null && (
        <Dialog title={name} onClose={() => setLarge(false)} wide>
          <img src={url} alt={name} className="mx-auto max-w-full rounded-lg" />
        </Dialog>
      )}
    </div>
  );
}

/** Its bytes as a blob: address while they are shown; the second member says that there are none. */
function useBlobUrl(id: string, wanted: boolean, mime: string): [string | null, boolean] {
  const [found, setFound] = useState<{ url: string | null; isGone: boolean }>({ url: null, isGone: false });
  useEffect(() => {
    if (!wanted) return;
    let left = false;
    let url: string | null = null;
    void bytesOf(id).then((blob) => {
      if (left) return;
      url = blob === null ? null : URL.createObjectURL(blob.slice(0, blob.size, mime));
      setFound({ url, isGone: blob === null });
    });
    return () => {
      left = true;
      if (url !== null) URL.revokeObjectURL(url);
    };
  }, [id, wanted, mime]);
  return [found.url, found.isGone];
}
