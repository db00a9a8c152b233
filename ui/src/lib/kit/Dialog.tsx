import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

/**
 * A modal on the browser's own dialog element: it keeps the focus, closes by Esc and a click beside it,
 * and gives the focus back.  It is there while it is rendered.
 */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  drawer = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** at the window's left side, from top to bottom */
  drawer?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();

  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      aria-modal="true"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      className={`overflow-hidden border-line-2 bg-card p-0 text-ink shadow-2xl backdrop:bg-black/60 backdrop:backdrop-blur-sm ${
        drawer
          ? "my-0 mr-auto ml-0 h-dvh max-h-dvh w-[min(22rem,calc(100vw-3rem))] border-r"
          : `m-auto max-h-[90dvh] w-[calc(100vw-2rem)] rounded-2xl border ${wide ? "max-w-4xl" : "max-w-lg"}`
      }`}
    >
      <div className={`flex flex-col ${drawer ? "h-dvh" : "max-h-[90dvh]"}`}>
        <div className="flex items-center justify-between gap-4 border-b border-line px-5 py-3">
          <h2 id={heading} className="font-display text-lg font-semibold">
            {title}
          </h2>
          <IconButton label="Close" onClick={onClose}>
            <Icon name="close" />
          </IconButton>
        </div>
        <div className="overflow-y-auto p-5">{children}</div>
      </div>
    </dialog>
  );
}
