/* The same on a command line, to copy. */
import { CopyButton } from "@/lib/kit/CopyButton";

export function CommandLine({ text, label = "The same on a command line" }: { text: string; label?: string }) {
  return (
    <div className="grid min-w-0 gap-1.5">
      <p className="text-sm font-semibold">{label}</p>
      <div className="flex min-w-0 items-start gap-1 rounded-xl border border-line bg-deep p-2 pl-4">
        <pre className="min-w-0 flex-1 self-center font-mono text-xs leading-6 whitespace-pre-wrap">
          {text.split(/(\s+)/).map((word, i) =>
            i % 2 === 1 ? (
              word
            ) : (
              // broken between words, not at their hyphens
              <span key={i} className="inline-block max-w-full [overflow-wrap:anywhere]">
                {word}
              </span>
            ),
          )}
        </pre>
        <CopyButton text={text} label="Copy the command" />
      </div>
    </div>
  );
}
