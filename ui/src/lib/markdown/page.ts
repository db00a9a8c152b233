/* What the parts of one text share. */
import { createContext, useContext } from "react";

export interface Options {
  /** the level that a text's highest headings get; 2, because an answer stands below the page's heading */
  top?: 1 | 2 | 3 | 4;
  /** headings get ids as GitHub makes them: for pages of our own, never for a model's text */
  anchors?: boolean;
  /** a link that is relative, as a path of this site; null leaves it inert */
  resolveLink?: (href: string) => string | null;
  /** the same for a picture */
  resolveImage?: (src: string) => string | null;
}

export interface Page extends Required<Pick<Options, "top" | "anchors">>, Pick<Options, "resolveLink" | "resolveImage"> {
  /** of ids, so that those of two texts differ */
  prefix: string;
  pictures: readonly string[];
  /** of headings that the text uses, highest first */
  levels: string;
}

export const PageContext = createContext<Page>({ top: 2, levels: "", anchors: false, prefix: "md-", pictures: [] });
export const usePage = (): Page => useContext(PageContext);
