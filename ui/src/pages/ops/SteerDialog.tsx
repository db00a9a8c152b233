/* The dialog of an action on a competitor; promote and roll back ask which version. */
import { useState } from "react";
import type { List } from "@/lib/api";
import { shortDigest, when } from "@/lib/format";
import { TextField } from "@/lib/kit/Field";
import { SelectField } from "@/lib/kit/SelectField";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { useObject } from "@/pages/ops/data";
import { type Competitor, steer, type Verb, type Version } from "@/pages/ops/steer";

/** Whole percents from 1 to 99, or "" for all; null if it is neither. */
export const shareOf = (text: string): number | null | undefined => {
  if (text.trim() === "") return undefined;
  const share = Number(text);
  return Number.isInteger(share) && share >= 1 && share <= 100 ? share : null;
};

export function SteerDialog({ verb, of, version: named = "", onClose }: { verb: Verb; of: Competitor; version?: string; onClose: () => void }) {
  const [version, setVersion] = useState(named);
  const [share, setShare] = useState("");
  const asks = verb === "promote" || verb === "rollback";
  const versions = useObject<List<Version>>("/api/v1/versions", { query: { competitor: of.name, limit: 100 }, enabled: asks });
  const choices = (versions.data?.data ?? []).filter((v) => v.accepted_at !== null && v.retired_at === null && !v.is_current);
  const percent = shareOf(share);
  return (
    <ActionDialog
      act={steer(verb, of, { version, share: percent ?? null })}
      ready={(verb !== "promote" || version !== "") && percent !== null}
      onClose={onClose}
    >
      {asks && (
        <SelectField
          label="Version"
          value={version}
          onChange={(event) => setVersion(event.target.value)}
          hint={versions.data && choices.length === 0 ? "There is no other accepted version." : undefined}
          options={[
            { value: "", label: verb === "promote" ? "Choose one" : "The one before" },
            ...choices.map((v) => ({ value: v.id, label: `${shortDigest(v.digest)} accepted ${when(v.accepted_at)}` })),
          ]}
        />
      )}
      {verb === "promote" && (
        <TextField
          label="Share of its chats, in percent"
          inputMode="numeric"
          placeholder="all"
          hint="Empty: all of them, for good."
          error={percent === null ? "A whole number from 1 to 100." : null}
          value={share}
          onChange={(event) => setShare(event.target.value)}
        />
      )}
    </ActionDialog>
  );
}
