import { useState } from "react";
import { useKey } from "@/lib/keys";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { KeyDialog } from "@/lib/kit/KeyDialog";

/** Is a key set?  And the way to another. */
export function KeyButton() {
  const [open, setOpen] = useState(false);
  const has = useKey((state) => state.key !== "");
  return (
    <>
      <IconButton label={has ? "API key: set" : "API key: none"} onClick={() => setOpen(true)}>
        <Icon name="key" className={`size-5 ${has ? "text-moss" : ""}`} />
      </IconButton>
      {open && <KeyDialog onClose={() => setOpen(false)} />}
    </>
  );
}
