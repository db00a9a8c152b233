/*
 * Colours of code, by shiki with the browser's own regular expressions (no wasm).  Each grammar is a
 * chunk of its own.  Colours are class names: what they look like is in markdown.css, per theme.
 */
import { createCssVariablesTheme, createHighlighterCore, type GrammarState, type HighlighterCore, type LanguageInput } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { COLOUR_LINE } from "@/lib/markdown/limits";

const grammars: Record<string, LanguageInput> = {
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  csharp: () => import("shiki/langs/csharp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  ini: () => import("shiki/langs/ini.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  kotlin: () => import("shiki/langs/kotlin.mjs"),
  lua: () => import("shiki/langs/lua.mjs"),
  make: () => import("shiki/langs/make.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  php: () => import("shiki/langs/php.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  shellscript: () => import("shiki/langs/shellscript.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  swift: () => import("shiki/langs/swift.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  xml: () => import("shiki/langs/xml.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

const aliases: Record<string, string> = {
  bash: "shellscript",
  "c++": "cpp",
  cc: "cpp",
  cs: "csharp",
  "c#": "csharp",
  dockerfile: "docker",
  golang: "go",
  h: "c",
  hpp: "cpp",
  htm: "html",
  conf: "ini",
  js: "javascript",
  cjs: "javascript",
  mjs: "javascript",
  jsx: "tsx",
  jsonc: "json",
  json5: "json",
  jsonl: "json",
  ndjson: "json",
  ipynb: "json",
  kt: "kotlin",
  makefile: "make",
  md: "markdown",
  patch: "diff",
  py: "python",
  python3: "python",
  rb: "ruby",
  rs: "rust",
  scss: "css",
  sh: "shellscript",
  shell: "shellscript",
  zsh: "shellscript",
  console: "shellscript",
  svg: "xml",
  ts: "typescript",
  yml: "yaml",
};

/** The grammar for a fence's word or a file's ending; null without one. */
export function grammarOf(lang: string): string | null {
  const name = lang.toLowerCase();
  if (Object.hasOwn(grammars, name)) return name;
  return Object.hasOwn(aliases, name) ? (aliases[name] as string) : null;
}

export interface Token {
  text: string;
  /** keyword, string, …; "" for what has no colour */
  kind: string;
}

const THEME = createCssVariablesTheme({ name: "janus", variablePrefix: "--t-", fontStyle: false });
let core: Promise<HighlighterCore> | undefined;
const loading = new Map<string, Promise<void>>();

/** The highlighter with that grammar. */
async function withGrammar(name: string): Promise<HighlighterCore> {
  core ??= createHighlighterCore({ themes: [THEME], langs: [], engine: createJavaScriptRegexEngine({ forgiving: true }) });
  const highlighter = await core;
  let loaded = loading.get(name);
  if (loaded === undefined) {
    loaded = highlighter.loadLanguage(grammars[name] as LanguageInput);
    loading.set(name, loaded);
    loaded.catch(() => loading.delete(name)); // a chunk that did not come may come the next time
  }
  await loaded;
  return highlighter;
}

const kindOf = (color: string | undefined): string => /--t-token-([a-z-]+)/.exec(color ?? "")?.[1] ?? "";

/** Colours lines in their order, a few milliseconds at a time; those it has done stay done. */
export class Painter {
  readonly lines: Token[][] = [];
  #source: string[] = [];
  #state: GrammarState | undefined;
  readonly #highlighter: HighlighterCore;
  readonly #grammar: string;

  private constructor(highlighter: HighlighterCore, grammar: string) {
    this.#highlighter = highlighter;
    this.#grammar = grammar;
  }

  static async for(grammar: string): Promise<Painter> {
    return new Painter(await withGrammar(grammar), grammar);
  }

  /** Are these lines a continuation of what was painted? */
  continues(lines: readonly string[]): boolean {
    return this.#source.every((line, index) => lines[index] === line);
  }

  /** Paint on for about so many ms; true if there is more to do. */
  paint(lines: readonly string[], ms: number): boolean {
    const end = performance.now() + ms;
    while (this.lines.length < lines.length) {
      const some = lines.slice(this.lines.length, this.lines.length + 16);
      const options = {
        lang: this.#grammar,
        theme: "janus",
        tokenizeMaxLineLength: COLOUR_LINE,
        tokenizeTimeLimit: 500, // the first line pays for the grammar
        ...(this.#state ? { grammarState: this.#state } : {}),
      };
      const tokens = this.#highlighter.codeToTokensBase(some.join("\n"), options);
      this.#state = this.#highlighter.getLastGrammarState(tokens);
      for (const line of tokens) this.lines.push(merged(line));
      this.#source = lines.slice(0, this.lines.length);
      if (performance.now() > end) return this.lines.length < lines.length;
    }
    return false;
  }
}

/** Neighbours of one colour are one element. */
function merged(tokens: readonly { content: string; color?: string }[]): Token[] {
  const out: Token[] = [];
  for (const { content, color } of tokens) {
    const kind = kindOf(color);
    const last = out.at(-1);
    if (last !== undefined && (last.kind === kind || content.trim() === "")) last.text += content;
    else out.push({ text: content, kind });
  }
  return out;
}
