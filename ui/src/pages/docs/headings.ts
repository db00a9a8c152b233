/* What a page of the docs is made of: its title, headings and sections.  Also used by the build, which knows no "@". */
import { slug } from "../../lib/markdown/slug";

export interface Heading {
  level: number;
  text: string;
  /** as GitHub names it, and the page's elements */
  id: string;
}

export interface Section extends Heading {
  /** without its marks; the title's section has what comes before the first heading */
  body: string;
}

/** "a `b` [c](d)" -> "a b c" */
export const plain = (markdown: string): string =>
  markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/`([^`]*)`/g, "$1")
    .replace(/\*\*?([^*]+)\*\*?/g, "$1")
    .replace(/<!--.*?-->/gs, "")
    .trim();

/** Does a line begin or end code?  Call it for each line in turn. */
function fences(): (line: string) => boolean {
  let fence = "";
  return (line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1] ?? "";
    if (fence === "" && mark !== "") fence = mark;
    else if (fence !== "" && mark.startsWith(fence)) fence = "";
    else return fence !== "";
    return true;
  };
}

/** The text with each line that is not code put through a function. */
export function eachLine(text: string, change: (line: string) => string): string {
  const isCode = fences();
  return text
    .split("\n")
    .map((line) => (isCode(line) ? line : change(line)))
    .join("\n");
}

/** The text with headings of levels that only increase by one, as a page's outline must. */
export function outlined(text: string): string {
  const above: number[] = [];
  return eachLine(text, (line) =>
    line.replace(/^#{1,6}(?=\s)/, (marks) => {
      while ((above.at(-1) ?? 0) >= marks.length) above.pop();
      above.push(marks.length);
      return "#".repeat(above.length);
    }),
  );
}

export function sections(text: string): Section[] {
  const out: Section[] = [];
  const isCode = fences();
  for (const line of text.split("\n")) {
    const heading = !isCode(line) ? /^(#{1,6})\s+(.*?)\s*#*$/.exec(line) : null;
    if (heading) {
      const words = plain(heading[2] ?? "");
      out.push({ level: heading[1]?.length ?? 1, text: words, id: slug(words), body: "" });
    } else {
      const last = out.at(-1);
      if (last && !/^\s*(```|~~~)/.test(line)) last.body += `${line}\n`;
    }
  }
  for (const section of out) section.body = plain(section.body.replace(/^\|[-: |]+\|$/gm, "").replaceAll("|", " ")).replace(/\s+/g, " ");
  return out;
}

export const headings = (text: string): Heading[] => sections(text).map(({ level, text, id }) => ({ level, text, id }));

export const titleOf = (text: string): string => plain(/^#\s+(.*)$/m.exec(text)?.[1] ?? "");

/** The first sentence after the title. */
export function leadOf(text: string): string {
  const paragraph = text
    .replace(/^#.*$/m, "")
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .find((part) => part !== "" && !/^(```|\||#|<!--|[-*] )/.test(part));
  const words = plain((paragraph ?? "").replace(/\s+/g, " "));
  const sentence = /^.*?[.:;](?=\s|$)/.exec(words)?.[0] ?? words;
  const short = sentence.length > 170 ? `${sentence.slice(0, sentence.lastIndexOf(" ", 168))} …` : sentence;
  return short.replace(/[:;]$/, ".");
}
