/* A formula: its source until KaTeX is there, and if KaTeX does not understand it. */
import { lazy, Suspense } from "react";
import { FORMULA_CHARS } from "@/lib/markdown/limits";

const Katex = lazy(() => import("@/lib/markdown/Katex"));

export function Formula({ tex, display }: { tex: string; display: boolean }) {
  const source = <code className="md-formula">{tex}</code>;
  if (tex.length > FORMULA_CHARS || tex.trim() === "") return source;
  return (
    <Suspense fallback={source}>
      <Katex tex={tex} display={display} />
    </Suspense>
  );
}
