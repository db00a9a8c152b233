/*
 * Characters that are not text: terminal codes go, control characters get a picture, and those that
 * turn the direction of what follows are shown where they could deceive (links, code, names).
 */

// CSI, OSC (to BEL or ST), and the escapes of one character
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// joiners are part of words and of emoji
const UNSEEN = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\u00ad\u{e0000}-\u{e007f}]/gu;

/** A control character as the picture that Unicode has of it; those of C1 as one sign. */
const picture = (sign: string): string => {
  const code = sign.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
};

/** Text without terminal codes, with LF for line ends, its control characters visible. */
export function clean(text: string): string {
  let out = text;
  if (out.includes("\r")) out = out.replace(/\r\n?/g, "\n");
  if (out.includes("\u001b")) out = out.replace(ANSI, "");
  return out.search(CONTROLS) < 0 ? out : out.replace(CONTROLS, picture);
}

export const hasTurns = (text: string): boolean => text.search(TURNS) >= 0;

const named = (sign: string): string => `[U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`;

/** U+202E -> "[U+202E]": for places where a reader must see what is there. */
export const visible = (text: string): string => text.replace(UNSEEN, named);
/** The same for the signs that turn the direction alone: for code. */
export const visibleTurns = (text: string): string => (hasTurns(text) ? text.replace(TURNS, named) : text);

/** One line for a name that a stranger chose: at most so many characters, with nothing hidden in it. */
export function oneLine(text: string, max = 120): string {
  const cut = text.length > max * 4 ? text.slice(0, max * 4) : text;
  const line = visible(clean(cut)).replace(/\s+/g, " ").trim();
  const signs = [...line];
  return signs.length <= max && cut.length === text.length ? line : `${signs.slice(0, max - 1).join("")}…`;
}

/** A file's name without its folders and without what a file system or a reader trips over. */
export function fileName(name: string, fallback = "file"): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const plain = clean(last)
    .replace(UNSEEN, "")
    .replace(/[<>:"|?*\u2400-\u2421\ufffd]/g, "_")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  if (plain === "") return fallback;
  const signs = [...plain];
  if (signs.length <= 120) return plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 && plain.length - dot <= 12 ? plain.slice(dot) : "";
  return signs.slice(0, 119 - ending.length).join("") + "…" + ending;
}
