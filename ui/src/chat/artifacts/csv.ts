/* Comma-separated values (RFC 4180), as many rows of them as are asked for. */

interface Csv {
  rows: string[][];
  /** there are more */
  cut: boolean;
  separator: string;
}

/** The separator that the first line has most of, outside quotes. */
export function separatorOf(text: string): string {
  const counts = new Map([",", ";", "\t", "|"].map((sign) => [sign, 0]));
  let quoted = false;
  for (const sign of text.slice(0, 10_000)) {
    if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === "\n" || sign === "\r")) break;
    else if (!quoted && counts.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  return [...counts].reduce((most, it) => (it[1] > most[1] ? it : most))[0];
}

/** A quote that is never closed ends with the text; a quote within a bare field is a sign like others. */
export function parseCsv(text: string, limit: number, separator = separatorOf(text)): Csv {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;

  while (at < text.length && rows.length < limit) {
    let field = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        const end = quote < 0 ? text.length : quote;
        field += text.slice(at, end);
        at = end + 1;
        if (quote < 0 || text[at] !== '"') break;
        field += '"';
        at++;
      }
    }
    const start = at;
    while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
    row.push(field + text.slice(start, at));
    if (text[at] === separator) {
      at++;
      if (at === text.length) row.push("");
      if (at < text.length) continue;
    } else if (text[at] === "\r" && text[at + 1] === "\n") at += 2;
    else at++;
    rows.push(row);
    row = [];
  }
  return { rows, cut: at < text.length, separator };
}
