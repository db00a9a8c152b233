// @vitest-environment node
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../embed.js", import.meta.url));
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "embed-"));
});
afterEach(() => rmSync(work, { recursive: true }));

interface Row {
  path: string;
  type: string;
  etag: string;
  immutable: boolean;
  length: number;
  parts: [number, number][];
}

/** A bundle of those files, embedded: the rows of its table, its pages, and its bytes. */
function embed(files: Record<string, string | Buffer>) {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(work, "ui", path)), { recursive: true });
    writeFileSync(join(work, "ui", path), bytes);
  }
  const table = join(work, "table.inc");
  const pack = join(work, "ui.pack");
  execFileSync(process.execPath, [script, join(work, "ui"), table, pack], { stdio: "pipe" });
  const text = readFileSync(table, "utf8");
  const rows = [...text.matchAll(/^\t\{ "(.+?)", "(.+?)", "(.+?)", (true|false), (\d+), \{ (.*) \} \}, \\$/gm)].map(
    ([, path, type, etag, immutable, length, parts]): Row => ({
      path: path!,
      type: type!,
      etag: etag!,
      immutable: immutable === "true",
      length: Number(length),
      parts: [...parts!.matchAll(/\{ (\d+), (\d+) \}/g)].map(([, at, len]) => [Number(at), Number(len)]),
    }),
  );
  const pages = [...text.matchAll(/^\t"(.+?)", \\$/gm)].map(([, page]) => page!);
  return { rows, pages, bytes: readFileSync(pack), text };
}

const index = "<!doctype html>".padEnd(2000, " ");
const noise = Buffer.from(Array.from({ length: 999 }, (_, i) => createHash("md5").update(String(i)).digest()[0]!));

describe("embed.js", () => {
  it("keeps what shrinks as gzip and br, the rest as it is, and all of it is what it was", () => {
    const files = { "index.html": index, "assets/font-abc.woff2": noise, "assets/x-1.js": "let x=1;".repeat(500), "empty.txt": "" };
    const { rows, bytes } = embed(files);
    expect(rows.map((row) => row.path)).toEqual(["/assets/font-abc.woff2", "/assets/x-1.js", "/empty.txt", "/index.html"]);
    for (const row of rows) {
      const was = Buffer.from(files[row.path.slice(1) as keyof typeof files]);
      const [plain, gzip, br] = row.parts.map(([at, len]) => bytes.subarray(at, at + len));
      expect(row.length).toBe(was.length);
      expect(createHash("sha256").update(was).digest("hex").startsWith(row.etag)).toBe(true);
      if (was.length === 0 || row.path.endsWith("woff2")) {
        expect(plain!.equals(was)).toBe(true);
        expect([gzip!.length, br!.length]).toEqual([0, 0]);
      } else {
        expect(plain!.length).toBe(0);
        expect(gunzipSync(gzip!).equals(was)).toBe(true);
        expect(brotliDecompressSync(br!).equals(was)).toBe(true);
      }
    }
  });

  it("calls unchanging only what is named after its content", () => {
    const { rows } = embed({ "index.html": index, "assets/x-1.js": "let x", "frame/y.html": "y", "theme.js": "t" });
    expect(rows.filter((row) => row.immutable).map((row) => row.path)).toEqual(["/assets/x-1.js"]);
  });

  it("gives the same table for the same files, and takes files that are the same", () => {
    const files = { "index.html": index, "assets/a-1.js": "let same".repeat(99), "assets/b-1.js": "let same".repeat(99) };
    expect(embed(files).text).toBe(embed(files).text);
  });

  it("knows the pages of App.tsx, each with and without what may be left out", () => {
    const { pages } = embed({ "index.html": index });
    expect(pages).toEqual(expect.arrayContaining(["/", "/chat", "/chat/:session", "/competition", "/docs", "/marketplace", "/ops"]));
    expect(pages.every((page) => /^\/[a-z/:]*$/.test(page))).toBe(true);
  });

  it("guesses at no type, takes no strange name, and wants an index", () => {
    expect(() => embed({ "index.html": index, "x.exe": "x" })).toThrow(/no type is known/);
    rmSync(join(work, "ui"), { recursive: true });
    expect(() => embed({ "index.html": index, ".env.js": "x" })).toThrow(/a name that no path should have/);
    rmSync(join(work, "ui"), { recursive: true });
    expect(() => embed({ "theme.js": "x" })).toThrow(/no index.html/);
  });
});
