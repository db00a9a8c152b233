/*
 * embed.js - the built bundle as a table for janusd: every file with its type, its tag and its bytes
 * as gzip and br, and the pages of src/pages/App.tsx.
 *
 *   node embed.js DIR TABLE PACK
 *
 * DIR is what vite built.  controlplane/gateway/static_files.h says what the rows mean.  Whatever is
 * not understood ends the build: a file of an unknown type is not guessed at.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".ico": "image/x-icon",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
  ".pdf": "application/pdf",
  ".wasm": "application/wasm",
  ".bcmap": "application/octet-stream",
  ".pfb": "application/octet-stream",
};
const LARGE = 512 * 1024; // never part of a first load: br's last twentieth is not worth its seconds
const [dir, table, pack] = process.argv.slice(2);
const kept = join(dirname(pack), "packed"); // what was packed before, by what it was made of
const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;

function fail(text) {
  console.error(`embed.js: ${text}`);
  process.exit(1);
}

/** Every file below dir, as paths that begin with a slash. */
const below = (root, path = "") =>
  readdirSync(root + path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? below(root, `${path}/${entry.name}`) : [`${path}/${entry.name}`],
  );

const codings = {
  gz: (bytes) => promisify(gzip)(bytes, { level: 9 }),
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE ? 9 : 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
};
const used = new Map(); // by name, promises: files may be the same

async function compress(bytes, coding, path) {
  if (existsSync(path)) return readFileSync(path);
  const made = await codings[coding](bytes);
  writeFileSync(`${path}.new`, made);
  renameSync(`${path}.new`, path);
  return made;
}

/** The bytes in a coding; null if that gains less than a byte in twenty. */
async function coded(bytes, coding, sum) {
  const name = `${sum}.${coding}`;
  if (!used.has(name)) used.set(name, compress(bytes, coding, join(kept, name)));
  const made = await used.get(name);
  return made.length < bytes.length * 0.95 ? made : null;
}

async function fileOf(path) {
  const type = types[extname(path)] ?? fail(`${path}: no type is known for it`);
  if (!/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/.test(path)) fail(`${path}: a name that no path should have`);
  const bytes = readFileSync(join(dir, path));
  const sum = createHash("sha256").update(bytes).digest("hex");
  const gz = await coded(bytes, "gz", sum);
  return {
    path,
    type,
    etag: sum.slice(0, 32),
    // vite names what it makes after its content; what public/ has keeps its name
    immutable: path.startsWith("/assets/") && !existsSync(join(here, "public", path)),
    length: bytes.length,
    identity: gz === null ? bytes : null, // what is kept as gzip is unpacked for those who want it so
    gzip: gz,
    br: gz === null ? null : await coded(bytes, "br", sum),
  };
}

/** The paths of App.tsx's routes; ":x?" is one with it and one without. */
function pages() {
  const text = readFileSync(join(here, "src/pages/App.tsx"), "utf8");
  const paths = [...text.matchAll(/<Route path="([^"]*)"/g)].map((match) => match[1]).filter((path) => path !== "*");
  if (/<Route index\b/.test(text)) paths.unshift("/");
  const all = new Set();
  for (const path of paths) {
    if (path !== "/" && !/^(\/:?[a-z]+)+(\/:[a-z]+\?)?$/.test(path)) fail(`App.tsx: the path ${path} is not understood`);
    all.add(path.replace(/\/:[a-z]+\?$/, ""));
    all.add(path.replace("?", ""));
  }
  if (!all.has("/") || all.size < 5) fail("App.tsx: its routes could not be read");
  return [...all].sort();
}

const paths = below(dir).sort(); // by code unit, as strcmp: the names are ASCII
if (!paths.includes("/index.html")) fail(`${dir} has no index.html`);
mkdirSync(kept, { recursive: true });
const files = [];
for (const path of paths) files.push(fileOf(path));

const chunks = [];
let at = 0;
const put = (bytes) => {
  if (bytes === null || bytes.length === 0) return "{ 0, 0 }";
  chunks.push(bytes);
  at += bytes.length;
  return `{ ${at - bytes.length}, ${bytes.length} }`;
};
const rows = (await Promise.all(files)).map(
  ({ path, type, etag, immutable, length, identity, gzip, br }) =>
    `\t{ "${path}", "${type}", "${etag}", ${immutable}, ${length}, { ${put(identity)}, ${put(gzip)}, ${put(br)} } }, \\\n`,
);
const text =
  "/* Made by ui/embed.js. */\n" +
  `#define STATIC_FILES \\\n${rows.join("")}\n` +
  `#define STATIC_PAGES \\\n${pages().map((path) => `\t"${path}", \\\n`).join("")}\n`;
for (const name of readdirSync(kept)) if (!used.has(name)) rmSync(join(kept, name));
writeFileSync(pack, Buffer.concat(chunks));
writeFileSync(`${table}.new`, text);
renameSync(`${table}.new`, table); // last: make looks at its time
