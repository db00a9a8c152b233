/*
 * Which addresses in a model's text may be followed or shown.  Nothing is loaded from elsewhere, and
 * only what is named here can be clicked.
 */

type LinkKind =
  /** a page elsewhere: opened in a new tab, without referrer */
  | { kind: "web"; href: string; host: string }
  | { kind: "mail"; href: string }
  /** a place on this page */
  | { kind: "anchor"; id: string }
  /** a file that an answer made */
  | { kind: "artifact"; href: string }
  | { kind: "inert" };

const ARTIFACT = /^\/v1\/artifacts\/artf_[0-9a-z]{26}\?[\w=&%.~-]+$/;
const DATA = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon);base64,[a-z0-9+/=\s]+$/i;

/** What a browser makes of an address: without the signs that it skips. */
const read = (text: string): URL | null => {
  try {
    return new URL(text);
  } catch {
    return null;
  }
};

export function linkOf(href: string | undefined, origin = globalThis.location?.origin ?? ""): LinkKind {
  const text = (href ?? "").trim();
  if (text.startsWith("#") && text.length > 1) return { kind: "anchor", id: decode(text.slice(1)) };
  const own = origin !== "" && text.startsWith(`${origin}/`) ? text.slice(origin.length) : text;
  if (ARTIFACT.test(own)) return { kind: "artifact", href: own };
  const url = read(text);
  if (url === null) return { kind: "inert" };
  if (url.protocol === "mailto:") return { kind: "mail", href: url.href };
  if (url.protocol !== "http:" && url.protocol !== "https:") return { kind: "inert" };
  if (url.hostname === "" || url.username !== "" || url.password !== "") return { kind: "inert" };
  return { kind: "web", href: url.href, host: url.host };
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

type ImageKind =
  | { kind: "shown"; src: string }
  /** kept by the gateway: fetched with the caller's key */
  | { kind: "artifact"; src: string }
  | { kind: "remote"; href: string; host: string }
  | { kind: "refused" };

export function imageOf(src: string | undefined, origin = globalThis.location?.origin ?? ""): ImageKind {
  const text = (src ?? "").trim();
  if (DATA.test(text)) return { kind: "shown", src: text };
  if (origin !== "" && text.startsWith(`blob:${origin}/`)) return { kind: "shown", src: text };
  const link = linkOf(text, origin);
  if (link.kind === "artifact") return { kind: "artifact", src: link.href };
  if (link.kind === "web") return { kind: "remote", href: link.href, host: link.host };
  return { kind: "refused" };
}

/** The host that a link's text claims to be, if it reads like an address. */
function claimedHost(text: string): string | null {
  const said = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+[\p{L}]{2,})(?::\d+)?(?:[/?#]\S*)?\s*$/iu.exec(text)?.[1];
  if (said === undefined) return null;
  return read(`http://${said}`)?.hostname ?? null;
}

/** Does the text name another host than the link goes to? */
export function deceives(text: string, host: string): boolean {
  const said = claimedHost(text);
  if (said === null) return false;
  const bare = (name: string) => name.replace(/:\d+$/, "").replace(/^www\./, "");
  return bare(said) !== bare(host);
}
