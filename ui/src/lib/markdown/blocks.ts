/*
 * Cutting markdown into its top-level blocks by looking at lines alone, so that of an answer that is
 * still coming only the last block is parsed again.  Pure.  The blocks joined are the text.
 *
 * It is no parser: where it is unsure it does not cut, and a block too many is shown almost the same.
 */

/** A list longer than this is cut between its items too. */
const LIST_MAX = 4000;

type Kind = "none" | "text" | "table" | "fence" | "math" | "list" | "quote" | "indented";

interface State {
  kind: Kind;
  /** where the block began, and the line before this one */
  start: number;
  before: number;
  /** the line before was blank */
  blank: boolean;
  /** what closes the fence that is open, in a list too */
  fence: { mark: string; length: number } | null;
  /** the sign that closes the math that is open */
  math: string;
}

const BLANK = /^\s*$/;
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const INNER_FENCE = /^\s*(?:(?:[-+*]|\d{1,9}[.)])\s+)*(`{3,}(?=[^`]*$)|~{3,})/;
const HEADING = /^ {0,3}#{1,6}(?:\s|$)/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:\s|$)/;
const FIRST_ITEM = /^ {0,3}(?:[-+*]|1[.)])\s+\S/;
const ONE = /^ {0,3}1[.)]/;
const QUOTE = /^ {0,3}>/;
const INDENTED = /^(?: {4}|\t)/;
const DELIMITER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const MATH = /^ {0,3}(\$\$|\\\[)/;

export const isDelimiterRow = (line: string): boolean => line.includes("|") && DELIMITER.test(line);

const closes = (line: string, fence: { mark: string; length: number }): boolean => {
  const bare = line.trim();
  return bare.length >= fence.length && bare === fence.mark.repeat(bare.length);
};

const openFence = (line: string, pattern: RegExp): State["fence"] => {
  const mark = pattern.exec(line)?.[1];
  return mark === undefined ? null : { mark: mark.charAt(0), length: mark.length };
};

/** The kind of the block that this line begins when it stands alone. */
function begin(state: State, line: string, at: number): void {
  state.start = at;
  state.fence = openFence(line, FENCE);
  state.math = "";
  const math = MATH.exec(line)?.[1];
  if (state.fence !== null) state.kind = "fence";
  else if (math !== undefined) {
    const end = math === "$$" ? "$$" : "\\]";
    const rest = line.slice(line.indexOf(math) + 2).trimEnd();
    // math that is closed on its line, and text after it, is left to the text around it
    state.kind = rest.includes(end) ? "text" : "math";
    state.math = state.kind === "math" ? end : "";
  } else if (BLANK.test(line)) state.kind = "none";
  else if (INDENTED.test(line)) state.kind = "indented";
  else if (QUOTE.test(line)) state.kind = "quote";
  else if (ITEM.test(line) && !RULE.test(line)) {
    state.kind = "list";
    state.fence = openFence(line, INNER_FENCE);
  } else state.kind = "text";
}

/** Does this line begin a block of its own, although no blank line is before it? */
const interrupts = (line: string): boolean => HEADING.test(line) || FENCE.test(line) || QUOTE.test(line) || MATH.test(line);

/** One line, from at on: where a block begins there, it is told to cut. */
function step(state: State, text: string, line: string, at: number, cut: (at: number) => void): void {
  const blank = BLANK.test(line);
  const start = () => {
    if (at > 0) cut(at);
    begin(state, line, at);
  };

  if (at === 0) begin(state, line, at);
  else if (state.kind === "fence") {
    if (state.fence === null) {
      if (!blank) start(); // closed before this line
    } else if (closes(line, state.fence)) state.fence = null;
  } else if (state.kind === "math") {
    if (state.math === "") {
      if (!blank) start();
    } else if (line.trimEnd().endsWith(state.math)) state.math = "";
  } else if (state.kind === "list") inList(state, line, at, blank, start);
  else if (blank) {
    // belongs to the block before it
  } else if (state.blank) {
    if (!(state.kind === "indented" && INDENTED.test(line))) start();
  } else if (state.kind === "none") start();
  else if (state.kind === "text" && isDelimiterRow(line) && text.slice(state.before, at).includes("|")) {
    if (state.before > state.start) {
      cut(state.before);
      state.start = state.before;
    }
    state.kind = "table";
  } else if (state.kind === "quote" ? !QUOTE.test(line) && interrupts(line) : interrupts(line)) start();
  else if (state.kind !== "quote" && (FIRST_ITEM.test(line) || (state.kind === "table" && ITEM.test(line)))) start();
  else if (HEADING.test(text.slice(state.start, at)) && state.start === state.before) start(); // a heading is one line

  state.blank = blank;
  state.before = at;
}

function inList(state: State, line: string, at: number, blank: boolean, start: () => void): void {
  if (blank) return;
  const indented = /^(?: {2}|\t)/.test(line);
  if (state.fence !== null) {
    if (indented) {
      if (closes(line, state.fence)) state.fence = null;
      return;
    }
    state.fence = null; // the item ended, and what was fenced in it
    if (!ITEM.test(line)) {
      start();
      return;
    }
  }
  if (ITEM.test(line) && !RULE.test(line)) {
    if (at - state.start > LIST_MAX && !/^ {1,3}/.test(line) && !ONE.test(line)) start();
    else state.fence = openFence(line, INNER_FENCE);
  } else if (indented) state.fence = openFence(line, INNER_FENCE);
  else if (state.blank || interrupts(line) || RULE.test(line)) start();
}

/** Cuts texts of which each mostly continues the one before: whole lines are looked at once. */
export class Splitter {
  #text = "";
  #state: State = { kind: "none", start: 0, before: 0, blank: false, fence: null, math: "" };
  #cuts: number[] = [];
  #blocks: string[] = [];

  split(text: string): string[] {
    if (!text.startsWith(this.#text)) {
      this.#text = "";
      this.#state = { kind: "none", start: 0, before: 0, blank: false, fence: null, math: "" };
      this.#cuts = [];
      this.#blocks = [];
    }
    let at = this.#text.length;
    for (let end = text.indexOf("\n", at); end >= 0; end = text.indexOf("\n", at)) {
      step(this.#state, text, text.slice(at, end), at, (where) => this.#cuts.push(where));
      at = end + 1;
    }
    this.#text = text.slice(0, at);
    // the last line may go on: what it is now is decided beside, and forgotten
    const cuts = [...this.#cuts];
    if (at < text.length) step({ ...this.#state }, text, text.slice(at), at, (where) => cuts.push(where));
    return this.#pieces(text, cuts);
  }

  /** The same strings as before for blocks that are the same. */
  #pieces(text: string, cuts: number[]): string[] {
    const before = this.#blocks;
    const pieces: string[] = [];
    let from = 0;
    for (const to of [...cuts, text.length]) {
      if (to === from) continue;
      const piece = text.slice(from, to);
      const old = before[pieces.length];
      pieces.push(old === piece ? old : piece);
      from = to;
    }
    this.#blocks = pieces;
    return pieces;
  }
}

export const splitBlocks = (text: string): string[] => new Splitter().split(text);
