/* A diagram as a picture, with its source below; the source and the reason if it cannot be drawn. */
import { type ReactNode, useEffect, useState } from "react";
import { IconButton } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Dialog } from "@/lib/kit/Dialog";
import { Icon } from "@/lib/kit/Icon";
import { save } from "@/lib/download";
import { oneLine } from "@/lib/markdown/clean";
import { type Drawing, draw } from "@/lib/markdown/diagrams";

type State = { drawing: Drawing; url: string } | { error: string } | null;

/** Is the page dark now?  By the reader's choice, else the system's; told when it changes. */
function useDark(): boolean {
  const read = () =>
    document.documentElement.dataset.theme !== undefined
      ? document.documentElement.dataset.theme !== "light"
      : !matchMedia("(prefers-color-scheme: light)").matches;
  const [dark, setDark] = useState(read);
  useEffect(() => {
    const look = () => setDark(read());
    const media = matchMedia("(prefers-color-scheme: light)");
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    media.addEventListener("change", look);
    return () => {
      observer.disconnect();
      media.removeEventListener("change", look);
    };
  });
  return dark;
}

export default function Diagram({ code, source }: { code: string; source: ReactNode }) {
  const dark = useDark();
  const [state, setState] = useState<State>(null);
  const [large, setLarge] = useState(false);

  useEffect(() => {
    let left = false;
    let url = "";
    draw(code, dark).then(
      (drawing) => {
        if (left) return;
        url = URL.createObjectURL(new Blob([drawing.svg], { type: "image/svg+xml" }));
        setState({ drawing, url });
      },
      (error: unknown) => !left && setState({ error: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      left = true;
      if (url !== "") URL.revokeObjectURL(url);
    };
  }, [code, dark]);

  if (state === null) return source;
  if ("error" in state)
    return (
      <>
        {source}
        <p role="status" className="not-markdown -mt-2 mb-4 text-sm text-danger-ink">
          This diagram could not be drawn: {oneLine(state.error, 300)}
        </p>
      </>
    );
  const { drawing, url } = state;
  const name = oneLine(drawing.title, 200) || `Diagram${drawing.type ? `: ${oneLine(drawing.type, 40)}` : ""}`;
  const picture = (full: boolean) => (
    <img
      src={url}
      width={drawing.width}
      height={drawing.height}
      alt={`${name}. ${oneLine(drawing.description, 600) || "Its source is below."}`}
      className={full ? "mx-auto h-auto max-w-none" : "mx-auto h-auto max-h-[32rem] max-w-full object-contain"}
    />
  );
  return (
    <figure className="markdown-code not-markdown" data-language="mermaid" data-testid="diagram">
      <figcaption>
        <span>{name}</span>
        <span className="flex">
          <IconButton label="Enlarge the diagram" onClick={() => setLarge(true)}>
            <Icon name="search" className="size-4" />
          </IconButton>
          <IconButton label="Download the diagram" onClick={() => save(new Blob([drawing.svg], { type: "image/svg+xml" }), "diagram.svg")}>
            <Icon name="download" className="size-4" />
          </IconButton>
          <CopyButton text={code} label="Copy the diagram's source" />
        </span>
      </figcaption>
      <div className="p-4">{picture(false)}</div>
      <details className="border-t border-line px-4 py-2 text-sm">
        <summary className="cursor-pointer text-ink-2">Source</summary>
        {/* biome-ignore lint: what scrolls must be reached by the keyboard */}
        <pre tabIndex={0} role="group" aria-label="Source of the diagram">
          {code}
        </pre>
      </details>
      {large && (
        <Dialog title={name} onClose={() => setLarge(false)} wide>
          <div className="overflow-auto">{picture(true)}</div>
        </Dialog>
      )}
    </figure>
  );
}
