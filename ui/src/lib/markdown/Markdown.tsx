/*
 * Text of a model or of a page as markdown, harmless whatever it holds: raw HTML stays text, links
 * and pictures pass urls.ts, nothing is loaded from elsewhere.  Each top-level block is parsed for
 * itself and kept while it stays the same, so that a text that grows costs its last block.
 */
import { memo, useId, useMemo, useState } from "react";
import { Button } from "@/lib/kit/Button";
import { compact } from "@/lib/format";
import { Splitter } from "@/lib/markdown/blocks";
import { clean } from "@/lib/markdown/clean";
import { CodeBlock } from "@/lib/markdown/CodeBlock";
import { Formula } from "@/lib/markdown/Formula";
import { Flow } from "@/lib/markdown/Flow";
import { BLOCK_FORCED, BLOCK_MAX, BLOCKS_LONG, BLOCKS_PART, BLOCKS_STEP, DEPTH_MAX, PLAIN_STEP, TEXT_PART, TEXT_STEP } from "@/lib/markdown/limits";
import { cutAt, usePaced, usePart, useSteps } from "@/lib/markdown/pace";
import { type Options, PageContext, type Page } from "@/lib/markdown/page";
import { More } from "@/lib/markdown/More";
import { definitionsOf, fenceOf, formulaOf, PICTURE_MARK, tableOf, usedBy, withoutPictures } from "@/lib/markdown/source";
import { Table } from "@/lib/markdown/Table";
import "@/lib/markdown/markdown.css";

/** live: more of it is coming. */
export function Markdown({ text, live = false, ...options }: { text: string; live?: boolean } & Options) {
  const [splitter] = useState(() => new Splitter());
  const [limit, setLimit] = useState(TEXT_STEP);
  const { top = 2, anchors = false, resolveLink, resolveImage } = options;
  const prefix = useId();

  // of a text of megabytes no more is looked at than can be shown, but for pictures that it holds
  const head = text.length <= limit * 2 || text.includes(PICTURE_MARK) ? text : text.slice(0, limit * 2);
  const latest = usePaced(head, live);
  const { text: all, pictures } = useMemo(() => withoutPictures(clean(latest), live), [latest, live]);
  const part = usePart(all, limit, TEXT_PART);
  const source = all.slice(0, part);

  // footnotes belong to a whole text, and so do the names of headings
  const whole = !live && source.length <= BLOCK_FORCED && (anchors || /^\[\^[^\]]+\]:/m.test(source));
  const blocks = useMemo(() => (whole ? [source] : splitter.split(source)), [whole, source, splitter]);
  const definitions = useMemo(() => (whole ? new Map<string, string>() : definitionsOf(blocks)), [whole, blocks]);
  const most = Math.min(blocks.length, BLOCKS_STEP * (limit / TEXT_STEP));
  const count = useSteps(most, BLOCKS_PART);
  const isPartial = part < cutAt(all, limit) && count === blocks.length;
  const left =
    count < most || isPartial ? 0 : text.length - head.length + all.length - blocks.slice(0, count).reduce((sum, it) => sum + it.length, 0);

  const levels = levelsOf(blocks);
  const page = useMemo<Page>(
    () => ({ top, levels, anchors, resolveLink, resolveImage, prefix, pictures }),
    // the pictures of a live text only become more
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [top, levels, anchors, resolveLink, resolveImage, prefix, pictures.length],
  );

  return (
    <PageContext value={page}>
      <div className={count > BLOCKS_LONG ? "markdown markdown-long" : "markdown"}>
        {blocks.slice(0, count).map((block, index) => (
          <Block
            // biome-ignore lint: a block is what stands at its place
            key={index}
            text={block}
            definitions={usedBy(block, definitions)}
            whole={whole}
            growing={live && index === blocks.length - 1}
          />
        ))}
        {left > 0 && (
          <More
            what={`${compact(left)} more characters${live ? ", and more are coming" : ""}`}
            onMore={() => setLimit(limit + TEXT_STEP)}
          />
        )}
      </div>
    </PageContext>
  );
}

/** The levels of headings that a text uses, e.g. "24": its headings get levels that follow each other. */
function levelsOf(blocks: readonly string[]): string {
  const used = new Set<number>();
  for (const block of blocks) {
    const level = block.startsWith("#") ? (/^#{1,6}(?=\s)/.exec(block)?.[0].length ?? 0) : 0;
    if (level > 0) used.add(level);
    else if (block.length < 500 && /^[^\n]+\n(?:=+|-+)\s*$/.test(block)) used.add(block.includes("\n=") ? 1 : 2);
  }
  return [...used].sort().join("");
}

/** More containers within each other at the begin of a line than any text needs. */
const DEEP = new RegExp(`^(?:[ \\t]*(?:>|[-+*]|\\d{1,9}[.)])(?=[ \\t>]|$)){${DEPTH_MAX},}`, "m");

const Block = memo(function Block({
  text,
  definitions,
  whole,
  growing,
}: {
  text: string;
  definitions: string;
  whole: boolean;
  growing: boolean;
}) {
  const [forced, setForced] = useState(false);
  if (text.trim() === "") return null;
  if (!whole) {
    const fence = fenceOf(text);
    if (fence !== null) return <CodeBlock code={fence.code} lang={fence.lang} growing={growing && !fence.closed} />;
    const formula = formulaOf(text);
    if (formula !== null) return <Formula tex={formula} display />;
    const table = tableOf(text);
    if (table !== null) return <Table table={table} definitions={definitions} />;
  }
  if (DEEP.test(text)) return <Plain text={text} />;
  if (text.length > BLOCK_MAX && !forced && !whole)
    return <Plain text={text} onFormat={text.length <= BLOCK_FORCED ? () => setForced(true) : undefined} />;
  return <Flow text={text} definitions={definitions} />;
});

/** Text that is not parsed. */
function Plain({ text, onFormat }: { text: string; onFormat?: () => void }) {
  const [limit, setLimit] = useState(PLAIN_STEP);
  return (
    <>
      <div dir="auto" className="markdown-plain">
        {text.length > limit ? text.slice(0, limit) : text}
      </div>
      {onFormat && (
        <Button size="small" onClick={onFormat}>
          Show formatted
        </Button>
      )}
      {text.length > limit && (
        <More what={`${compact(text.length - limit)} more characters`} onMore={() => setLimit(limit + PLAIN_STEP * 2)} />
      )}
    </>
  );
}
