/*
 * Runs in a sandboxed frame of an opaque origin: draws the diagram that a message holds, and sends the
 * SVG back.  Whatever in a diagram would load, link or run is refused or taken out.
 */
import mermaid, { type MermaidConfig } from "mermaid";

const dark = {
  darkMode: true,
  background: "#111726",
  primaryColor: "#1b2740",
  primaryTextColor: "#f3f4f6",
  primaryBorderColor: "#63d297",
  secondaryColor: "#2a2350",
  tertiaryColor: "#1f2937",
  lineColor: "#9ca3af",
  textColor: "#f3f4f6",
  noteBkgColor: "#3a2f14",
  noteTextColor: "#f3f4f6",
  edgeLabelBackground: "#111726",
};
const light = {
  darkMode: false,
  background: "#ffffff",
  primaryColor: "#e7f4ed",
  primaryTextColor: "#111827",
  primaryBorderColor: "#11784a",
  secondaryColor: "#ece5fb",
  tertiaryColor: "#eff3f8",
  lineColor: "#4f5b6b",
  textColor: "#111827",
  noteBkgColor: "#fdf3d8",
  noteTextColor: "#111827",
  edgeLabelBackground: "#ffffff",
};

const base: MermaidConfig = {
  startOnLoad: false,
  securityLevel: "strict",
  suppressErrorRendering: true,
  maxTextSize: 20_000,
  maxEdges: 300,
  htmlLabels: false,
  flowchart: { htmlLabels: false, useMaxWidth: false },
  class: { htmlLabels: false, useMaxWidth: false },
  fontFamily: "ui-sans-serif, system-ui, sans-serif",
  theme: "base",
  // what a diagram's own directives may not change
  secure: [
    ...["secure", "securityLevel", "startOnLoad", "suppressErrorRendering", "maxTextSize", "maxEdges", "htmlLabels", "flowchart"],
    ...["class", "fontFamily", "altFontFamily", "themeCSS", "themeVariables", "theme", "dompurifyConfig", "layout", "look", "logLevel"],
  ],
};

const REFUSED: [RegExp, string][] = [
  [/\bimg\s*:/i, "pictures inside a diagram are not loaded"],
  [/@import|url\s*\(|\bsrc\s*=|image-set\s*\(/i, "a diagram may not load anything"],
];
const OUT = /^(?:script|iframe|object|embed|image|img|foreignobject|animate|animatemotion|animatetransform|set|link|meta|audio|video)$/i;
const LOADS = new Set(["href", "xlink:href", "src", "srcset", "data", "action", "formaction", "poster"]);

/** The drawing without anything that could be followed, loaded or run. */
function harmless(markup: string): SVGSVGElement {
  const svg = new DOMParser().parseFromString(markup, "text/html").querySelector("svg");
  if (svg === null) throw new Error("nothing was drawn");
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    if (OUT.test(element.localName)) {
      element.remove();
      continue;
    }
    for (const { name, value } of [...element.attributes]) {
      const bare = name.toLowerCase();
      if (bare.startsWith("on") || (LOADS.has(bare) && !value.startsWith("#"))) element.removeAttribute(name);
    }
  }
  return svg;
}

/** No name of a handler within markup: labels are parsed, and what is parsed is complained about. */
const withoutHandlers = (source: string): string =>
  /[<]|#(?:lt|60|x3c)|&lt/i.test(source) ? source.replace(/\bon(?=[a-z]+\s*=)/gi, "on\u200b") : source;

interface Order {
  id: number;
  source: string;
  dark: boolean;
}

let isDark: boolean | undefined;

async function draw({ id, source: given, dark: wanted }: Order): Promise<object> {
  const source = withoutHandlers(given);
  for (const [pattern, why] of REFUSED) if (pattern.test(source)) return { id, error: why };
  try {
    if (isDark !== wanted) {
      isDark = wanted;
      mermaid.initialize({ ...base, themeVariables: wanted ? dark : light });
    }
    const parsed = await mermaid.parse(source);
    const { svg: markup } = await mermaid.render(`d${id}`, source);
    const svg = harmless(markup);
    const box = (svg.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
    const width = box[2] || 300;
    const height = box[3] || 150;
    svg.setAttribute("width", String(width));
    svg.setAttribute("height", String(height));
    return {
      id,
      width,
      height,
      type: parsed ? parsed.diagramType.replace(/-v\d+$/i, "") : "",
      svg: new XMLSerializer().serializeToString(svg),
      title: svg.querySelector(":scope > title")?.textContent ?? "",
      description: svg.querySelector(":scope > desc")?.textContent ?? "",
    };
  } catch (error) {
    return { id, error: (error instanceof Error ? error.message : String(error)).slice(0, 500) };
  } finally {
    document.body.replaceChildren();
  }
}

const isOrder = (data: unknown): data is Order =>
  data !== null && typeof data === "object" && typeof (data as Order).source === "string" && typeof (data as Order).id === "number";

addEventListener("message", async ({ data, source }: MessageEvent<unknown>) => {
  if (source === parent && isOrder(data)) parent.postMessage(await draw(data), "*");
});
parent.postMessage({ ready: true }, "*");
