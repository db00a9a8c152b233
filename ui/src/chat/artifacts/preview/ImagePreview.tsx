/* A picture; a click shows it large. */
import { useEffect, useState } from "react";
import { Button } from "@/lib/kit/Button";
import { Dialog } from "@/lib/kit/Dialog";
import { number } from "@/lib/format";

/** More than a screen of any size needs; it would take gigabytes to be shown. */
const PIXELS_MAX = 100_000_000;

/** Width and height that the head of a PNG, GIF or BMP claims; null for others. */
export function claimedSize(head: Uint8Array): { width: number; height: number } | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length >= 24 && view.getUint32(0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (head.length >= 10 && view.getUint32(0) === 0x47494638) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (head.length >= 26 && view.getUint16(0) === 0x424d)
    return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
  return null;
}

export function ImagePreview({ url, name, blob }: { url: string; name: string; blob: Blob }) {
  const [large, setLarge] = useState(false);
  const [state, setState] = useState<"looking" | "fine" | "huge" | "broken">("looking");
  const [size, setSize] = useState("");
  useEffect(() => {
    let left = false;
    void blob
      .slice(0, 32)
      .arrayBuffer()
      .then((head) => {
        if (left) return;
        const claimed = claimedSize(new Uint8Array(head));
        if (claimed) setSize(`${number(claimed.width)} × ${number(claimed.height)}`);
        setState(claimed && claimed.width * claimed.height > PIXELS_MAX ? "huge" : "fine");
      });
    return () => {
      left = true;
    };
  }, [blob]);

  if (state === "looking") return null;
  if (state === "broken") return <p className="px-4 py-3 text-sm text-ink-2">It is no picture that this browser can show.</p>;
  if (state === "huge")
    return (
      <div className="flex flex-wrap items-center gap-3 px-4 py-3 text-sm">
        <span>It says that it has {size} pixels: that could fill the memory.</span>
        <Button size="small" onClick={() => setState("fine")}>
          Show it anyway
        </Button>
      </div>
    );
  return (
    <>
      <button type="button" onClick={() => setLarge(true)} aria-label={`Enlarge ${name}`} className="chequered block w-full cursor-zoom-in p-3">
        <img src={url} alt={name} decoding="async" onError={() => setState("broken")} className="mx-auto max-h-80 max-w-full rounded-lg object-contain" />
      </button>
      {large && (
        <Dialog title="Expanded image preview" onClose={() => setLarge(false)} wide>
          <img src={url} alt={name} className="mx-auto max-w-full rounded-lg" />
        </Dialog>
      )}
    </>
  );
}
