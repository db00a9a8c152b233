/* The texts of docs/*.md, each a chunk of its own that comes when its page is read. */
import { outlined } from "@/pages/docs/headings";

const loaders = import.meta.glob<string>("../../../../docs/*.md", { query: "?raw", import: "default" });

export async function textOf(page: string): Promise<string> {
  const load = loaders[`../../../../docs/${page}.md`];
  if (load === undefined) throw new Error(`There is no page "${page}" in the docs.`);
  return outlined(await load());
}
