/* For screen readers: that an answer comes, and how it begins once it is there; never word by word. */
import { useEffect, useRef, useState } from "react";
import { isOver } from "@/chat/answer/reduce";
import { useLive } from "@/chat/live";
import type { Message } from "@/chat/types";

const words = (text: string): string => text.replace(/[#*_`>|]/g, "").trim().split(/\s+/).slice(0, 20).join(" ");

export function Announcer({ message }: { message: Message | undefined }) {
  const coming = useLive(({ answers }) => message !== undefined && message.id in answers);
  const [said, setSaid] = useState("");
  const waits = useRef<string | null>(null);
  const answer = message?.answer ?? null;
  const isRunning = coming || (answer !== null && !isOver(answer));
  useEffect(() => {
    if (message === undefined || answer === null) return;
    if (isRunning) {
      waits.current = message.id;
      setSaid("Answering.");
    } else if (waits.current === message.id) {
      waits.current = null;
      setSaid(
        answer.state === "failed"
          ? `The answer failed: ${answer.failure?.message ?? ""}`
          : `${answer.state === "stopped" ? "Stopped" : "Answered"}: ${words(answer.text)}`,
      );
    }
  }, [message, answer, isRunning]);
  return (
    <p role="status" aria-live="polite" data-testid="announcer" className="sr-only">
      {said}
    </p>
  );
}
