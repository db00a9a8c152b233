/*
 * What is done to a text before it is parsed: pictures in data: URLs are put aside, formulas get the
 * one notation that the parser knows, a fence is taken apart.  Pure.
 */
import { isDelimiterRow } from "@/lib/markdown/blocks";

const PICTURE = /(!\[[^\]\n]{0,2000}\]\()\s*(data:image\/[a-z0-9.+-]{1,40};base64,[A-Za-z0-9+/=]+)\s*(\))/g;
const UNFINISHED = /!\[[^\]\n]{0,2000}\]\(\s*data:image\/[^)\s]*$/;
/** What every picture in a text has. */
export const PICTURE_MARK = "](data:image/";
const SCHEME = "janus-picture:";

/** Pictures of megabytes are no text: they stand aside, and janus-picture:N in their place. */
export function withoutPictures(text: string, live: boolean): { text: string; pictures: string[] } {
  const pictures: string[] = [];
  if (!text.includes("data:image/")) return { text, pictures };
  let out = text.replace(PICTURE, (_, before: string, url: string, after: string) => {
    pictures.push(url);
    return `${before}${SCHEME}${pictures.length - 1}${after}`;
  });
  if (live) out = out.replace(UNFINISHED, "…");
  return { text: out, pictures };
}

export const pictureAt = (url: string, pictures: readonly string[]): string =>
  url.startsWith(SCHEME) ? (pictures[Number(url.slice(SCHEME.length))] ?? "") : url;

/*
 * Inline formulas: \( \) and, as pandoc reads them, single dollars with no blank inside and no digit
 * behind ("$5 and $10" are prices).  Code, escaped signs, and what has $$ already, are left alone.
 */
const FORMULA =
  /(`+)[\s\S]{0,4000}?[^`]\1(?!`)|\$\$[\s\S]{0,10000}?\$\$|\\\(([\s\S]{1,2000}?)\\\)|\\\[([\s\S]{1,10000}?)\\\]|\\[\s\S]|\$(?![\s$])((?:[^$\\\n`]|\\[^\n]){0,999}?(?:[^\s$\\`]|\\[^\n]))\$(?![\d$])/g;

export function withFormulas(text: string): string {
  if (!text.includes("$") && !text.includes("\\(") && !text.includes("\\[")) return text;
  return text.replace(FORMULA, (all: string, _ticks: string, round?: string, square?: string, dollar?: string) => {
    const formula = round ?? square ?? dollar;
    // a formula must not close its own fence
    return formula === undefined || formula.includes("$$") ? all : `$$${formula.trim()}$$`;
  });
}

interface Fence {
  lang: string;
  code: string;
  /** its end has come */
  closed: boolean;
}

/** The block as fenced code, or null. */
export function fenceOf(block: string): Fence | null {
  const open = /^( {0,3})(`{3,}|~{3,})([^\n]*)(?:\n|$)/.exec(block);
  if (open === null || (open[2]?.startsWith("`") && open[3]?.includes("`"))) return null;
  const mark = open[2] ?? "```";
  const indent = open[1]?.length ?? 0;
  const body = block.slice(open[0].length).replace(/\s+$/, "");
  const last = body.slice(body.lastIndexOf("\n") + 1).trim();
  const closed = last.length >= mark.length && last === mark.charAt(0).repeat(last.length);
  const code = closed ? body.slice(0, Math.max(0, body.lastIndexOf("\n"))) : block.slice(open[0].length).replace(/\n$/, "");
  return {
    lang: (open[3] ?? "").trim().split(/\s+/, 1)[0] ?? "",
    code: indent === 0 ? code : code.replace(new RegExp(`^ {1,${indent}}`, "gm"), ""),
    closed,
  };
}

/** The block as a formula that stands alone, or null; one whose end has not come is none yet. */
export function formulaOf(block: string): string | null {
  const text = block.trim();
  for (const [open, close] of [
    ["$$", "$$"],
    ["\\[", "\\]"],
  ] as const) {
    if (!text.startsWith(open) || !text.endsWith(close) || text.length < open.length + close.length + 1) continue;
    const inner = text.slice(open.length, -close.length);
    if (!inner.includes(close)) return inner.trim();
  }
  return null;
}

export interface TableText {
  head: string;
  rows: string[];
}

/** The block as a table, its rows still text, or null. */
export function tableOf(block: string): TableText | null {
  const first = block.indexOf("\n");
  if (first < 0) return null;
  const second = block.indexOf("\n", first + 1);
  const delimiter = block.slice(first + 1, second < 0 ? undefined : second);
  if (!block.slice(0, first).includes("|") || !isDelimiterRow(delimiter)) return null;
  const head = `${block.slice(0, first)}\n${delimiter}\n`;
  const rest = second < 0 ? "" : block.slice(second + 1).trimEnd();
  return { head, rows: rest === "" ? [] : rest.split("\n") };
}

const DEFINITION = /^ {0,3}\[(?!\^)((?:[^\][\\]|\\.){1,200})\]:[ \t]*\S/;

/** Labels and definitions of links that other blocks may use; at most 200 of them. */
export function definitionsOf(blocks: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const block of blocks) {
    if (!/^ {0,3}\[/.test(block)) continue;
    for (const line of block.split("\n", 500)) {
      const label = DEFINITION.exec(line)?.[1]?.toLowerCase();
      if (label !== undefined && !found.has(label) && line.length < 2000 && found.size < 200) found.set(label, line);
    }
  }
  return found;
}

/** Those that a block uses. */
export function usedBy(block: string, definitions: Map<string, string>): string {
  if (definitions.size === 0 || !block.includes("]")) return "";
  const lower = block.toLowerCase();
  return [...definitions].filter(([label]) => lower.includes(`[${label}]`)).map(([, line]) => line).join("\n");
}
