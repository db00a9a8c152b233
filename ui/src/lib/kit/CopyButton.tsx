import { useEffect, useState } from "react";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

/** Copies a text; says for two seconds that it did, or that the browser refused. */
export function CopyButton({ text, label = "Copy to clipboard" }: { text: string | (() => string); label?: string }) {
  const [told, setTold] = useState<"" | "Copied" | "The browser refused to copy">("");
  useEffect(() => {
    if (told === "") return;
    const timer = setTimeout(() => setTold(""), 2000);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      setTold("Copied");
    } catch {
      setTold("The browser refused to copy");
    }
  };
  return (
    <>
      <IconButton label={told || label} onClick={copy}>
        <Icon name={told === "Copied" ? "check" : told ? "warn" : "copy"} className="size-4" />
      </IconButton>
      <span role="status" className="sr-only">
        {told}
      </span>
    </>
  );
}
