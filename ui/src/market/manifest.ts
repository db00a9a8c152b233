/* The text of a manifest before it is sent: is it JSON at all, and where is it not? */
export const MANIFEST_MAX = 512 * 1024;

export const example = JSON.stringify(
  {
    id: "cmp.your-team.pdf-split",
    version: "1.0.0",
    name: "PDF Split",
    description: "Cuts a PDF into one file a page.",
    category: "tools",
    entrypoint: "https://pdf.example/mcp",
    contract: {
      type: "mcp",
      tools: [
        {
          name: "split",
          description: "Split a PDF.",
          inputSchema: { type: "object", properties: { url: { type: "string" } }, required: ["url"] },
        },
      ],
    },
    inputs: ["file"],
    outputs: ["pages"],
    resources: { cpu: 1, memory_mb: 256 },
    tags: ["pdf"],
    integration: "curl -s https://pdf.example/mcp -H 'content-type: application/json' -d @call.json",
  },
  null,
  2,
);

type Parsed = { ok: true; manifest: Record<string, unknown> } | { ok: false; reason: string };

/** Where in the text: "line 3, column 7". */
export function placeOf(source: string, at: number): string {
  const before = source.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}

export function parse(source: string): Parsed {
  if (source.trim() === "") return { ok: false, reason: "Paste a manifest, or take a file." };
  if (source.length > MANIFEST_MAX) return { ok: false, reason: "It is longer than 512 KiB: a contract has at most 256 KiB." };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    const words = error instanceof Error ? error.message : "";
    const at = /position (\d+)/.exec(words);
    return { ok: false, reason: `It is not JSON${at ? `: ${placeOf(source, Number(at[1]))}` : ""}.` };
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { ok: false, reason: "A manifest is one JSON object." };
  return { ok: true, manifest: value as Record<string, unknown> };
}
