/* What a submission will go through: shown while none is followed. */
const ways: [string, string][] = [
  ["Received", "It has an id and is stored. From here on a restart of the gateway changes nothing."],
  ["Resolving", "The tag becomes a digest, once. What runs is that digest, wherever the tag moves."],
  ["Pulling", "The layers come from the registry. An archive is checked entry by entry instead."],
  ["Scanning", "Can it run here? Architecture, size, command, and what its manifest asks for."],
  ["Starting", "In a pod without a network, as a user of its own, until it listens and is healthy."],
  ["Conforming", "It is asked what clients will ask, and each answer is judged."],
  ["Ready", "It answers chats by its name, and is measured by the suite that decides."],
];

export function WhatHappens() {
  return (
    <div className="glass p-6">
      <h3 className="font-display text-xl font-semibold">What will happen</h3>
      <ol className="mt-4 grid gap-4">
        {ways.map(([name, what], i) => (
          <li key={name} className="flex gap-4">
            <span className="grid size-7 shrink-0 place-items-center rounded-full bg-raised text-xs font-semibold tabular-nums" aria-hidden="true">
              {i + 1}
            </span>
            <p className="text-sm text-ink-2">
              <span className="block font-semibold text-ink">{name}</span>
              {what}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
