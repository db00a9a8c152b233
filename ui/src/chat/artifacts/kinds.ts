/* How an artifact can be looked at, by its type and its name. */
import type { Artifact } from "@/chat/types";
import { fileName } from "@/lib/markdown/clean";

export type Kind = "image" | "svg" | "csv" | "markdown" | "text" | "pdf" | "audio" | "video" | "html" | "none";

const endings: Record<string, Kind> = {};
const row = (kind: Kind, names: string) => {
  for (const name of names.split(" ")) endings[name] = kind;
};
row("image", "png jpg jpeg gif webp avif bmp");
row("svg", "svg");
row("csv", "csv tsv");
row("markdown", "md markdown");
row("pdf", "pdf");
row("audio", "wav mp3 ogg oga opus m4a aac flac");
row("video", "mp4 webm");
row("html", "html htm xhtml");
row(
  "text",
  "txt log rst json jsonl ndjson xml yaml yml toml ini conf js mjs cjs ts tsx jsx py rb go rs java c h cpp cc hpp cs php swift kt scala sh bash zsh sql lua css scss diff patch tex r ipynb env dockerfile makefile",
);

export const endingOf = (name: string): string => {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? name.toLowerCase() : name.slice(dot + 1).toLowerCase();
};

/** The type decides; a type that says nothing leaves it to the name. */
export function kindOf({ mime, name }: Pick<Artifact, "mime" | "name">): Kind {
  const type = mime.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const byName = endings[endingOf(fileName(name))];
  if (type === "image/svg+xml") return "svg";
  if (/^image\/(?:png|jpeg|jpg|gif|webp|avif|bmp)$/.test(type)) return "image";
  if (type === "text/csv" || type === "text/tab-separated-values") return "csv";
  if (type === "application/pdf") return "pdf";
  if (type === "text/html" || type === "application/xhtml+xml") return "html";
  if (type === "text/markdown") return "markdown";
  if (/^audio\/[\w.+-]+$/.test(type)) return "audio";
  if (type === "video/mp4" || type === "video/webm") return "video";
  if (type.startsWith("text/")) return byName === "csv" || byName === "markdown" ? byName : "text";
  if (/^application\/(?:json|.*\+json|xml|x-yaml|yaml|toml|javascript|x-ndjson|x-sh|sql)$/.test(type)) return "text";
  if (type === "application/octet-stream" || type === "") return byName ?? "none";
  return "none";
}

/** The type that the browser is told of its bytes: one of those that it may show. */
export function shownType(kind: Kind, mime: string): string {
  if (kind === "svg") return "image/svg+xml";
  if (kind === "pdf") return "application/pdf";
  const type = mime.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if ((kind === "image" && type.startsWith("image/")) || (kind === "audio" && type.startsWith("audio/")) || (kind === "video" && type.startsWith("video/")))
    return type;
  return kind === "image" || kind === "audio" || kind === "video" ? "" : "text/plain";
}

const names: Record<Kind, string> = {
  image: "Picture",
  svg: "Drawing",
  csv: "Table",
  markdown: "Text",
  text: "Text",
  pdf: "PDF",
  audio: "Sound",
  video: "Film",
  html: "Page",
  none: "File",
};
export const kindName = (kind: Kind): string => names[kind];
