/* JSON lines of an answer as they come: logs, which may go on for as long as their instance. */

/** The objects of its lines; what is no JSON is left out.  Ends with the body or when aborted. */
export async function* readLines<T>(response: Response, signal?: AbortSignal): AsyncGenerator<T> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      const lines = (rest + (value ?? "")).split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      for (const line of lines) {
        if (signal?.aborted) return;
        const parsed = parse<T>(line);
        if (parsed !== null) yield parsed;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parse<T>(line: string): T | null {
  try {
    return line.trim() === "" ? null : (JSON.parse(line) as T);
  } catch {
    return null;
  }
}
