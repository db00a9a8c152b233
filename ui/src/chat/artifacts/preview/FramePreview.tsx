/* A page, shown in a frame of an opaque origin: without scripts, forms, and whatever it would load. */
import { useEffect, useRef, useState } from "react";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { Source } from "@/lib/markdown/CodeBlock";
import { clean } from "@/lib/markdown/clean";

const MAX = 2_000_000;

export function FramePreview({ markup, name }: { markup: string; name: string }) {
  const [look, setLook] = useState<"page" | "source">("page");
  const [large, setLarge] = useState(false);
  if (markup.length > MAX) return <p className="px-4 py-3 text-sm text-ink-2">It is too large to be shown here.</p>;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 px-4 py-2 text-sm text-ink-2">
        <span className="flex-1">Shown without scripts and without anything from elsewhere.</span>
        <Button size="small" look="quiet" onClick={() => setLook(look === "page" ? "source" : "page")}>
          {look === "page" ? "Source" : "Page"}
        </Button>
        <Button size="small" look="quiet" onClick={() => setLarge(true)}>
          Enlarge
        </Button>
      </div>
      {look === "page" ? <Frame markup={markup} name={name} className="h-80" /> : <Source code={clean(markup)} lang="html" />}
      {large && (
        <Dialog title={name} onClose={() => setLarge(false)} wide>
          <Frame markup={markup} name={name} className="h-[70dvh]" />
        </Dialog>
      )}
    </>
  );
}

function Frame({ markup, name, className }: { markup: string; name: string; className: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [state, setState] = useState<"waiting" | "shown" | "failed">("waiting");
  useEffect(() => {
    const hear = ({ source, data }: MessageEvent<unknown>) => {
      const there = frame.current?.contentWindow;
      if (!there || source !== there || data === null || typeof data !== "object") return;
      const said = data as { ready?: unknown; shown?: unknown };
      if (said.ready === true) there.postMessage({ markup }, "*");
      else if (said.shown === true) setState("shown");
      else if (said.shown === false) setState("failed");
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, [markup]);
  return (
    <>
      {state === "failed" && <p className="px-4 py-3 text-sm text-danger-ink">It could not be shown.</p>}
      <iframe
        ref={frame}
        src="/frame/document.html"
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        title={`Preview of ${name}`}
        data-state={state}
        className={`block w-full border-0 bg-white ${className}`}
      />
    </>
  );
}
