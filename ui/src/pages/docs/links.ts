/* Where the links of docs/*.md lead here: to pages of /docs, to the reference, elsewhere, or nowhere. */
import { eachLine } from "@/pages/docs/headings";
import { isPage } from "@/pages/docs/table";

/** A relative link of a page, as a path of this site; null: it names a file that is not served. */
export function resolve(href: string, known: (page: string) => boolean = isPage): string | null {
  const [path = "", anchor = ""] = href.split("#", 2);
  const name = path.replace(/^\.\//, "").replace(/^docs\//, "");
  const hash = anchor === "" ? "" : `#${anchor}`;
  if (name === "openapi.json") return `/docs/reference${hash}`;
  const page = /^([a-z0-9-]+)\.md$/.exec(name)?.[1];
  return page !== undefined && known(page) ? `/docs/${page}${hash}` : null;
}

/** The text with links to files that are not served left as their words. */
export function withoutDeadLinks(text: string, known: (page: string) => boolean = isPage): string {
  return eachLine(text, (line) =>
    line.replace(/(?<!!)\[([^\]]+)\]\(([^)\s]+)\)/g, (link, words: string, href: string) =>
      /^(?:[a-z]+:|#|\/)/.test(href) || resolve(href, known) !== null ? link : words,
    ),
  );
}
