/* The pages of a PDF, drawn by pdf.js: no scripts of the document, nothing evaluated, nothing fetched. */
import type { PDFDocumentProxy } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import { number } from "@/lib/format";
import { Loading } from "@/lib/kit/Notice";
import { More } from "@/lib/markdown/More";

const STEP = 3;
const PIXELS_MAX = 8_000_000;

export function PdfPreview({ blob, name }: { blob: Blob; name: string }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [failed, setFailed] = useState("");
  const [limit, setLimit] = useState(STEP);
  useEffect(() => {
    let close = () => {};
    let left = false;
    const open = async () => {
      const [{ getDocument, GlobalWorkerOptions }, { default: worker }] = await Promise.all([
        import("pdfjs-dist"),
        import("pdfjs-dist/build/pdf.worker.min.mjs?url"),
      ]);
      GlobalWorkerOptions.workerSrc = worker;
      const data = new Uint8Array(await blob.arrayBuffer());
      if (left) return;
      const task = getDocument({ data, isEvalSupported: false, useWasm: false, enableXfa: false, stopAtErrors: false, verbosity: 0, maxImageSize: 64_000_000 });
      close = () => void task.destroy();
      const opened = await task.promise;
      if (!left) setPdf(opened);
    };
    open().catch((error: unknown) => !left && setFailed(error instanceof Error ? error.message : String(error)));
    return () => {
      left = true;
      close();
    };
  }, [blob]);

  if (failed) return <p className="px-4 py-3 text-sm text-ink-2">It cannot be shown: {failed.slice(0, 200)}</p>;
  if (pdf === null) return <Loading what="the document" />;
  const shown = Math.min(limit, pdf.numPages);
  return (
    <>
      {/* biome-ignore lint: what scrolls must be reached by the keyboard */}
      <div className="grid max-h-[36rem] gap-3 overflow-y-auto bg-deep p-3" tabIndex={0} role="group" aria-label={`Pages of ${name}`}>
        {Array.from({ length: shown }, (_, index) => (
          // biome-ignore lint: pages are numbered
          <Page key={index} pdf={pdf} number={index + 1} name={name} />
        ))}
      </div>
      <div className="border-t border-line px-4 text-sm text-ink-2">
        {shown < pdf.numPages ? (
          <More what={`${number(shown)} of ${number(pdf.numPages)} pages`} onMore={() => setLimit(limit + STEP * 2)} />
        ) : (
          <p className="py-2">{number(pdf.numPages)} pages</p>
        )}
      </div>
    </>
  );
}

function Page({ pdf, number: at, name }: { pdf: PDFDocumentProxy; number: number; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let stop = () => {};
    let left = false;
    const draw = async () => {
      const page = await pdf.getPage(at);
      const place = canvas.current;
      if (left || place === null) return;
      const natural = page.getViewport({ scale: 1 });
      const wanted = (Math.min(place.parentElement?.clientWidth ?? 700, 900) / natural.width) * Math.min(devicePixelRatio, 2);
      const most = Math.sqrt(PIXELS_MAX / (natural.width * natural.height));
      const viewport = page.getViewport({ scale: Math.min(wanted, most) });
      place.width = Math.max(1, Math.floor(viewport.width));
      place.height = Math.max(1, Math.floor(viewport.height));
      const task = page.render({ canvas: place, viewport });
      stop = () => task.cancel();
      await task.promise;
      place.dataset.state = "drawn";
    };
    draw().catch(() => !left && setFailed(true));
    return () => {
      left = true;
      stop();
    };
  }, [pdf, at]);
  if (failed) return <p className="text-sm text-ink-2">Page {at} cannot be drawn.</p>;
  return <canvas ref={canvas} role="img" aria-label={`Page ${at} of ${name}`} className="mx-auto block h-auto w-full max-w-3xl rounded bg-white shadow" />;
}
