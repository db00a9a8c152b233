/* Time that a parser takes: of the processor, which others that are busy do not lengthen. */
import { expect } from "vitest";

const MOMENT_MS = 2000;

function took(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The text so many times is read in a moment; on a slow machine, at most three times slower a byte than an eighth of it. */
export function inAMoment(text: string, times: number, read: (whole: string) => void): void {
  const [part, whole] = [text.repeat(times / 8), text.repeat(times)];
  const limit = Math.max(MOMENT_MS, 24 * took(() => read(part)));
  expect(took(() => read(whole))).toBeLessThan(limit);
}
