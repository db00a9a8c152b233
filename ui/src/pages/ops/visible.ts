/*
 * Text that programs wrote, as it may be shown: what would move the cursor, colour or turn the text
 * round is written out.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export const visible = (text: string): string =>
  text
    .replace(ANSI, "")
    .replace(/\r\n?/g, "\n")
    .replace(HIDDEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
