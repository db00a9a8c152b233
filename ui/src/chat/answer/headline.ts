/** The last thing that reasoning was about: its last heading if one is near, else its last line that says something. */
export function headline(reasoning: string): string {
  const lines = reasoning.slice(-4000).split("\n").slice(-24);
  const clean = (line: string) =>
    line
      .replace(/^\s*(?:#{1,6}|[-*>]|\d+[.)])\s+/, "")
      .replace(/[*_`]{1,3}/g, "")
      .trim();
  const heading = lines.findLast((line) => /^\s*(?:#{1,6}\s+\S|\*\*[^*]+\*\*\s*$)/.test(line));
  const line = heading ?? lines.findLast((it) => /[\p{L}\p{N}]/u.test(it)) ?? "";
  return clean(line).slice(0, 160);
}
