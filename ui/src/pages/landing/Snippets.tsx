import { type KeyboardEvent, useId, useRef, useState } from "react";
import { CopyButton } from "@/lib/kit/CopyButton";

/** The ways to ask, against this very gateway: each works as it stands. */
const snippets = (origin: string) => [
  {
    name: "curl",
    code: `curl -N ${origin}/v1/chat/completions \\
  -H 'content-type: application/json' \\
  -d '{
    "model": "janus",
    "stream": true,
    "messages": [{"role": "user", "content": "What is 12 * 34?"}]
  }'`,
  },
  {
    name: "Python",
    code: `# pip install openai
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key="none")
stream = client.chat.completions.create(
    model="janus",
    stream=True,
    messages=[{"role": "user", "content": "What is 12 * 34?"}],
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()`,
  },
  {
    name: "Node",
    code: `// npm install openai; save as ask.mjs
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: "none" });
const stream = await client.chat.completions.create({
  model: "janus",
  stream: true,
  messages: [{ role: "user", content: "What is 12 * 34?" }],
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
console.log();`,
  },
];

export function Snippets() {
  const all = snippets(location.origin);
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = all[at] ?? all[0];

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step ? (at + step + all.length) % all.length : -1;
    if (next < 0) return;
    event.preventDefault();
    setAt(next);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };

  return (
    <div className="min-w-0 overflow-hidden rounded-2xl border border-line-2 bg-card">
      <div className="flex items-center justify-between gap-2 border-b border-line px-2">
        <div ref={list} role="tablist" aria-label="Languages" className="flex" onKeyDown={onKey}>
          {all.map(({ name }, i) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${i}`}
              aria-controls={`${id}-code`}
              aria-selected={i === at}
              tabIndex={i === at ? 0 : -1}
              onClick={() => setAt(i)}
              className="min-h-11 border-b-2 border-transparent px-4 text-sm font-semibold text-ink-2 hover:text-ink aria-selected:border-moss aria-selected:text-ink"
            >
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={shown?.code ?? ""} label={`Copy the ${shown?.name} snippet`} />
      </div>
      <div
        role="tabpanel"
        id={`${id}-code`}
        aria-labelledby={`${id}-${at}`}
        tabIndex={0}
        className="min-h-72 overflow-x-auto p-5"
      >
        <pre className="font-mono text-[0.8125rem] leading-relaxed text-ink">
          <code data-snippet={shown?.name}>{shown?.code}</code>
        </pre>
      </div>
    </div>
  );
}
