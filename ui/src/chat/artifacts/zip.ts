/* Files as one archive, made in the browser. */
import { zipSync } from "fflate";
import { fileName } from "@/lib/markdown/clean";

/** "a.txt", "a.txt" -> "a.txt", "a (2).txt": no name twice, no folder. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = fileName(name);
    const dot = plain.lastIndexOf(".");
    const [stem, ending] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot)] : [plain, ""];
    let free = plain;
    for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${stem} (${n})${ending}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

/** Stored, not pressed: most of what is worth sending is small or pressed already. */
export async function pack(files: readonly { name: string; blob: Blob }[]): Promise<Blob> {
  const names = distinct(files.map((it) => it.name));
  const entries: Record<string, Uint8Array> = {};
  for (const [index, { blob }] of files.entries()) entries[names[index] ?? `file ${index}`] = new Uint8Array(await blob.arrayBuffer());
  return new Blob([zipSync(entries, { level: 0 }) as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
