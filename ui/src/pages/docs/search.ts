/* Search over the docs: an index of sections, made when somebody first searches. */
import { call } from "@/lib/api";
import { sections } from "@/pages/docs/headings";
import { type OpenApi, operations } from "@/pages/docs/openapi";
import { groups } from "@/pages/docs/table";
import { textOf } from "@/pages/docs/texts";

export interface Entry {
  to: string;
  page: string;
  /** "" for the page itself */
  heading: string;
  body: string;
}

export interface Hit extends Entry {
  score: number;
  /** a part of the body around the first word found */
  excerpt: string;
}

/** The sections of one page. */
export const entriesOf = (page: string, title: string, text: string): Entry[] =>
  sections(text).map(({ level, text: heading, id, body }) => ({
    to: level === 1 ? `/docs/${page}` : `/docs/${page}#${id}`,
    page: title,
    heading: level === 1 ? "" : heading,
    body,
  }));

const entriesOfApi = (api: OpenApi): Entry[] =>
  operations(api).map(({ id, method, path, summary, description }) => ({
    to: `/docs/reference#${id}`,
    page: "API reference",
    heading: `${method} ${path}`,
    body: `${summary}. ${description} ${id}`,
  }));

/** Words have at least a letter or a digit. */
const words = (text: string): string[] => text.toLowerCase().match(/[./-]*[\p{L}\p{N}_][\p{L}\p{N}_./-]*/gu) ?? [];

/** What a word earns where it is found: more in titles, more at the begin of a word. */
function earned(word: string, text: string, weight: number): number {
  const at = text.indexOf(word);
  if (at < 0) return 0;
  const begins = at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1] ?? " ");
  const ends = /^(?:[^\p{L}\p{N}_]|$)/u.test(text.slice(at + word.length));
  return weight * (begins ? (ends ? 3 : 2) : 1);
}

export function find(index: readonly Entry[], query: string, max = 20): Hit[] {
  const wanted = words(query);
  if (wanted.length === 0) return [];
  const hits: Hit[] = [];
  for (const entry of index) {
    const [page, heading, body] = [entry.page, entry.heading, entry.body].map((text) => text.toLowerCase());
    let score = 0;
    for (const word of wanted) {
      const one = earned(word, page ?? "", entry.heading === "" ? 8 : 2) + earned(word, heading ?? "", 6) + earned(word, body ?? "", 1);
      if (one === 0) {
        score = 0;
        break;
      }
      score += one;
    }
    if (score > 0) hits.push({ ...entry, score, excerpt: around(entry.body, wanted) });
  }
  return hits.sort((a, b) => b.score - a.score).slice(0, max);
}

function around(body: string, wanted: string[]): string {
  const low = body.toLowerCase();
  const at = Math.min(...wanted.map((word) => low.indexOf(word)).filter((i) => i >= 0), Number.MAX_SAFE_INTEGER);
  const from = at === Number.MAX_SAFE_INTEGER || at < 60 ? 0 : body.indexOf(" ", at - 50) + 1;
  const cut = body.slice(from, from + 150);
  return `${from > 0 ? "… " : ""}${cut}${from + 150 < body.length ? " …" : ""}`;
}

let made: Promise<Entry[]> | null = null;

/** Everything that can be found; the API's part is missing while the gateway is away. */
export function index(): Promise<Entry[]> {
  made ??= (async () => {
    const docs = groups.flatMap((group) => group.docs).filter(({ page }) => page !== "reference");
    const texts = await Promise.all(docs.map(async ({ page, title }) => entriesOf(page, title, await textOf(page))));
    const api = await call<OpenApi>("/openapi.json").then(entriesOfApi, () => []);
    return [...texts.flat(), ...api];
  })().catch((error: unknown) => {
    made = null; // the next search tries again
    throw error;
  });
  return made;
}
