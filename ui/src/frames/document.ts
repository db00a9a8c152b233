/*
 * Runs in a sandboxed frame of an opaque origin: shows the HTML or SVG that a message holds, without
 * scripts, forms, links and anything that would be loaded.
 *
 * The text is parsed by parse5, not by the browser: what is left out never becomes an element, so
 * that nothing of it is tried, refused and complained about.
 */
import DOMPurify from "dompurify";
import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Node = DefaultTreeAdapterTypes.Node;
type Parent = DefaultTreeAdapterTypes.ParentNode;

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";
const NODES_MAX = 50_000;
const DEPTH_MAX = 200;
const LOADS = /url\s*\(|@import|image-set\s*\(|\bsrc\s*\(|expression\s*\(|\\/i;
const HELD = /^\s*data:(?:image\/(?:png|jpe?g|gif|webp|avif|bmp)|font|audio|video)[\w/.+-]*[;,]/i;
const OUT = new Set(
  "script noscript iframe frame frameset object embed applet portal base link meta template form dialog animate animatemotion animatetransform set handler listener foreignobject plaintext".split(" "),
);
const ADDRESSES = new Set(
  "src srcset href xlink:href poster background data action formaction cite ping longdesc classid codebase profile usemap manifest archive icon dynsrc lowsrc".split(" "),
);
const REFUSED = new Set(["autofocus", "autoplay", "popover", "http-equiv", "srcdoc", "target", "nonce", "is", "slot", "form"]);

const allowed = (name: string, value: string): boolean => {
  if (name.startsWith("on") || REFUSED.has(name)) return false;
  if (ADDRESSES.has(name)) return name.endsWith("href") ? /^#[\w-]+$/.test(value) : name !== "srcset" && HELD.test(value);
  return !LOADS.test(value) || !/^(?:style|fill|stroke|filter|mask|clip-path|marker.*|cursor|content|from|to|values|by)$/.test(name);
};

/** What may be shown of a parsed tree, as elements of this document. */
function build(from: Parent, to: Element | DocumentFragment, left: { nodes: number }, depth = 0): void {
  for (const node of from.childNodes as Node[]) {
    if (--left.nodes < 0 || depth > DEPTH_MAX) return;
    if (node.nodeName === "#text") to.append((node as DefaultTreeAdapterTypes.TextNode).value);
    if (!("tagName" in node)) continue;
    const name = node.tagName.toLowerCase();
    if (OUT.has(name) || !/^[a-z][a-z0-9-]*$/.test(name) || (node.namespaceURI !== HTML && node.namespaceURI !== SVG)) continue;
    if (name === "style" && node.childNodes.some((it) => it.nodeName === "#text" && LOADS.test((it as DefaultTreeAdapterTypes.TextNode).value))) continue;
    const isPage = name === "html" || name === "head" || name === "body";
    const made = isPage ? document.createElement("div") : document.createElementNS(node.namespaceURI, node.tagName);
    for (const { name: attribute, prefix, value } of node.attrs) {
      const full = (prefix ? `${prefix}:${attribute}` : attribute).toLowerCase();
      if (/^[a-z][\w:.-]*$/.test(full) && allowed(full, value)) made.setAttribute(attribute, value);
    }
    build(node, made, left, depth + 1);
    to.append(made);
  }
}

function show(markup: string): void {
  const page = document.createElement("div");
  build(parse(markup), page, { nodes: NODES_MAX });
  // a second opinion on what is left
  DOMPurify.sanitize(page, { IN_PLACE: true, ADD_TAGS: ["style"], FORBID_TAGS: ["form"], FORCE_BODY: true });
  document.body.replaceChildren(page);
}

addEventListener("message", ({ data, source }: MessageEvent<unknown>) => {
  if (source !== parent || data === null || typeof data !== "object") return;
  const { markup } = data as { markup?: unknown };
  if (typeof markup !== "string") return;
  try {
    show(markup);
    parent.postMessage({ shown: true }, "*");
  } catch (error) {
    parent.postMessage({ shown: false, error: String(error).slice(0, 300) }, "*");
  }
});
parent.postMessage({ ready: true }, "*");
