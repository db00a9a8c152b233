/* Code: its language, a button to copy it, colours when they have been loaded. */
import { lazy, memo, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { CopyButton } from "@/lib/kit/CopyButton";
import { number } from "@/lib/format";
import { oneLine, visibleTurns } from "@/lib/markdown/clean";
import { Formula } from "@/lib/markdown/Formula";
import type { Painter, Token } from "@/lib/markdown/highlight";
import { CODE_CHARS, COLOUR_CHARS, LINES_STEP } from "@/lib/markdown/limits";
import { More } from "@/lib/markdown/More";

const Diagram = lazy(() => import("@/lib/markdown/Diagram"));

/** growing: its last line may not be whole yet */
export const CodeBlock = memo(function CodeBlock({ code, lang, growing }: { code: string; lang: string; growing: boolean }) {
  if (lang === "math" && !growing) return <Formula tex={code} display />;
  const source = <Source code={code} lang={lang} growing={growing} />;
  if (lang !== "mermaid" || growing) return source;
  return (
    <Suspense fallback={source}>
      <Diagram code={code} source={source} />
    </Suspense>
  );
});

export function Source({ code, lang, growing = false }: { code: string; lang: string; growing?: boolean }) {
  const name = oneLine(lang, 30);
  const [limit, setLimit] = useState(LINES_STEP);
  const { lines, cut, total } = useMemo(() => firstLines(code, limit), [code, limit]);
  const painted = useColours(lines, lang, growing, code.length);
  return (
    <figure className="markdown-code not-markdown" data-language={name || "text"}>
      <figcaption>
        <span>{name || "text"}</span>
        <CopyButton text={() => code} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint: what scrolls must be reached by the keyboard */}
      <pre tabIndex={0} dir="ltr" role="group" aria-label={`Code${name ? `, ${name}` : ""}`}>
        <code>
          {painted.length === 0 ? (
            visibleTurns(lines.join("\n"))
          ) : (
            <>
              {painted.map((tokens, index) => (
                // biome-ignore lint: a line is what stands at its place
                <Line key={index} tokens={tokens} />
              ))}
              {visibleTurns(lines.slice(painted.length).join("\n"))}
            </>
          )}
        </code>
      </pre>
      {cut && (
        <div className="px-4">
          <More
            what={`${number(lines.length)} of ${number(total)} lines`}
            onMore={() => setLimit(limit + LINES_STEP)}
            onAll={code.length <= CODE_CHARS * 10 ? () => setLimit(Number.POSITIVE_INFINITY) : undefined}
          />
        </div>
      )}
    </figure>
  );
}

const Line = memo(function Line({ tokens }: { tokens: Token[] }) {
  return (
    <>
      {tokens.map(({ text, kind }, index) =>
        kind === "" ? (
          visibleTurns(text)
        ) : (
          // biome-ignore lint: tokens of a painted line do not change
          <span key={index} className={`tok-${kind}`}>
            {visibleTurns(text)}
          </span>
        ),
      )}
      {"\n"}
    </>
  );
});

/** So many lines of the code, and no more characters than are laid out at once; a longer line is cut. */
export function firstLines(code: string, limit: number): { lines: string[]; cut: boolean; total: number } {
  const chars = limit === Number.POSITIVE_INFINITY ? limit : CODE_CHARS * (limit / LINES_STEP);
  const lines: string[] = [];
  let at = 0;
  while (lines.length < limit && at <= code.length && at <= chars) {
    const end = code.indexOf("\n", at);
    lines.push(code.slice(at, Math.min(end < 0 ? code.length : end, chars)));
    if (end < 0) return { lines, cut: code.length > chars, total: lines.length };
    at = end + 1;
  }
  let total = lines.length;
  if (at <= code.length) for (let next = at; next >= 0; total++) next = nextLine(code, next);
  return { lines, cut: true, total };
}

const nextLine = (code: string, at: number): number => {
  const end = code.indexOf("\n", at);
  return end < 0 ? -1 : end + 1;
};

/** The lines that have colours so far, in their order; painted between frames. */
function useColours(lines: string[], lang: string, growing: boolean, size: number): Token[][] {
  const [painted, setPainted] = useState<Token[][]>([]);
  const painter = useRef<Painter | null>(null);
  const ready = growing ? lines.length - 1 : lines.length;

  useEffect(() => {
    if (lang === "" || size > COLOUR_CHARS) return;
    let left = false;
    const work = async () => {
      const { grammarOf, Painter } = await import("@/lib/markdown/highlight");
      const grammar = grammarOf(lang);
      if (grammar === null || left) return;
      const whole = lines.slice(0, ready);
      if (!painter.current?.continues(whole)) painter.current = await Painter.for(grammar);
      for (let more = true; more && !left; ) {
        more = painter.current.paint(whole, 5);
        if (!left) setPainted([...painter.current.lines]);
        if (more) await new Promise((next) => setTimeout(next));
      }
    };
    work().catch(() => undefined); // without colours, then
    return () => {
      left = true;
    };
  }, [lines, lang, ready, size]);

  // what was painted of another text is none of this one
  const current = painter.current !== null && painter.current.continues(lines) ? painted : [];
  return current.length > lines.length ? [] : current;
}
