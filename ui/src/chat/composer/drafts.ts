/* What was typed and not sent, by session: it survives a reload, and a look at another session. */
const memory = new Map<string, string>();
const name = (key: string) => `janus.draft.${key}`;

export function readDraft(key: string): string {
  const known = memory.get(key);
  if (known !== undefined) return known;
  try {
    return localStorage.getItem(name(key)) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(key: string, text: string): void {
  memory.set(key, text);
  try {
    if (text === "") localStorage.removeItem(name(key));
    else localStorage.setItem(name(key), text);
  } catch {
    // full or refused: it lives in memory
  }
}
