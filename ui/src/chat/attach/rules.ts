/* Which files can be given with a message, and how large they may be. */
import { endingOf } from "@/chat/artifacts/kinds";
import { bytes } from "@/lib/format";
import { oneLine } from "@/lib/markdown/clean";

const MB = 1_000_000;
export const FILES_MAX = 10;
const TOTAL_MAX = 100 * MB;

interface Rule {
  what: string;
  max: number;
}
const rules: Record<string, Rule> = {};
const row = (what: string, max: number, endings: string) => {
  for (const ending of endings.split(" ")) rules[ending] = { what, max: max * MB };
};
row("A picture", 10, "jpg jpeg png gif webp svg");
row("A PDF", 50, "pdf");
row("A Word document", 25, "docx doc");
row("A spreadsheet", 25, "xlsx xls csv");
row("A presentation", 50, "pptx ppt");
row("A text", 5, "txt md markdown rst");
row("A source file", 2, "js ts jsx tsx py rb go rs java c cpp h hpp cs php swift kt scala sh bash zsh ps1 sql");
row("A data file", 10, "json xml yaml yml toml");
const other: Rule = { what: "A file of this kind", max: 10 * MB };

const types: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
};

/** Pictures go into the message itself: by their ending, or by their type when they were pasted. */
export function kindOfFile(name: string, type: string): { kind: "image" | "file"; mime: string } {
  const byName = types[endingOf(name)];
  if (byName !== undefined) return { kind: "image", mime: byName };
  if (Object.values(types).includes(type)) return { kind: "image", mime: type };
  return { kind: "file", mime: /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : "application/octet-stream" };
}

interface Given {
  name: string;
  size: number;
  type: string;
}

/** Those of the files that may be added to what is there, and why others may not, in words. */
export function admit<T extends Given>(files: readonly T[], there: readonly { bytes: number }[]): { taken: T[]; refused: string[] } {
  const taken: T[] = [];
  const refused: string[] = [];
  let total = there.reduce((sum, it) => sum + it.bytes, 0);
  for (const file of files) {
    const name = oneLine(file.name, 60) || "The file";
    const { kind } = kindOfFile(file.name, file.type);
    const rule = rules[endingOf(file.name)] ?? (kind === "image" ? (rules.png as Rule) : other);
    if (file.size === 0) refused.push(`${name} is empty.`);
    else if (file.size > rule.max) refused.push(`${name} has ${bytes(file.size)}. ${rule.what} may have ${rule.max / MB} MB.`);
    else if (there.length + taken.length >= FILES_MAX) refused.push(`${name} is one too many: a message takes ${FILES_MAX} files.`);
    else if (total + file.size > TOTAL_MAX) refused.push(`${name} does not fit: the files of a message may have ${TOTAL_MAX / MB} MB together.`);
    else {
      taken.push(file);
      total += file.size;
    }
  }
  return { taken, refused };
}
