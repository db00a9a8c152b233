import { Icon, type IconName } from "@/lib/kit/Icon";

/* Each works with whatever competitor answers, a model behind it or not. */
const prompts: { icon: IconName; title: string; text: string }[] = [
  { icon: "bolt", title: "Work something out", text: "What is 123456789 * 987654321?" },
  {
    icon: "code",
    title: "Run code and keep its file",
    text: 'Run this and give me the file:\n```python\nimport os\nos.makedirs("artifacts", exist_ok=True)\nrows = "\\n".join(f"{x},{x * x}" for x in range(1, 21))\nopen("artifacts/squares.csv", "w").write("x,square\\n" + rows)\nprint(rows)\n```',
  },
  { icon: "scales", title: "Compare two things", text: "Compare server-sent events and WebSockets in a table: direction, reconnecting, proxies, when to choose which." },
  { icon: "edit", title: "Explain it plainly", text: "Explain to a curious twelve-year-old how a bull rider keeps their balance for eight seconds." },
];

/** A chat without a message: what it is for, and some ways to begin. */
export function EmptyState({ onPick }: { onPick: (text: string) => void }) {
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-3xl flex-col justify-center gap-8 px-4 py-8">
        <div className="grid gap-3">
          <h1 className="aurora-text chat-empty-title w-fit font-display text-4xl leading-tight font-semibold sm:text-5xl">Where should we begin?</h1>
          <p className="max-w-prose text-ink-2">
            Your message goes to the competitor that is chosen above. What it thinks, does and makes is shown as it happens.
          </p>
        </div>
        <ul className="grid gap-3 sm:grid-cols-2">
          {prompts.map(({ icon, title, text }) => (
            <li key={title}>
              <button
                type="button"
                onClick={() => onPick(text)}
                className="glass glass-link flex h-full w-full items-start gap-3 p-4 text-left"
              >
                <Icon name={icon} className="mt-0.5 size-5 text-moss" />
                <span className="min-w-0">
                  <span className="block font-semibold">{title}</span>
                  <span className="line-clamp-2 text-sm text-ink-2">{text.split("\n")[0]}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
