/* A recorded chat, frame by frame. */
import { useState } from "react";
import type { Api } from "@/lib/api";
import { bytes, number } from "@/lib/format";
import { Badge, type Tone } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { ActionDialog } from "@/pages/ops/ActionDialog";
import { useObject } from "@/pages/ops/data";
import { fine } from "@/pages/ops/life";
import { Facts } from "@/pages/ops/parts";
import { visible } from "@/pages/ops/visible";

type Whole = Api<"CaptureWithFrames">;
type Frame = Whole["data"][number] & { at: number };

const tones: Record<Frame["kind"], Tone> = { request: "info", upstream: "special", client: "good", ping: "plain", ours: "warn" };
const FIRST = 100;

const columns: readonly Column<Frame>[] = [
  { key: "t", label: "At", cell: (f) => fine(f.t_ms), sort: (f) => f.t_ms },
  { key: "gap", label: "Silence before", right: true, cell: (f) => fine(f.gap_ms), sort: (f) => f.gap_ms },
  { key: "kind", label: "Kind", cell: (f) => <Badge tone={tones[f.kind]}>{f.kind}</Badge>, sort: (f) => f.kind },
  { key: "bytes", label: "Bytes", right: true, cell: (f) => number(f.bytes), sort: (f) => f.bytes },
  { key: "text", label: "Text", wraps: true, cell: (f) => <code className="font-mono text-xs whitespace-pre-wrap">{visible((f.text ?? f.hex ?? "").trimEnd()).slice(0, 2000)}</code> },
];

export function Capture({ id }: { id: string }) {
  const { data, error, refetch } = useObject<Whole>(`/api/v1/captures/${id}`);
  const [all, setAll] = useState(false);
  const [removing, setRemoving] = useState(false);
  const frames = (data?.data ?? []).map((frame, at) => ({ ...frame, at }));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-display text-lg font-semibold">Its frames</h3>
        {data && (
          <Button size="small" look="danger" onClick={() => setRemoving(true)}>
            Remove the capture
          </Button>
        )}
      </div>
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="the frames" />
      ) : (
        <>
          <Facts
            of={[
              ["Frames", `${number(data.frames)}, ${bytes(data.bytes)}`],
              ["Skipped", number(data.skipped)],
              ["Texts", data.content ? "as they were, secrets masked" : "masked, sizes and times as they were"],
              ["Cut", data.cut],
            ]}
          />
          <DataTable label="Frames" rows={all ? frames : frames.slice(0, FIRST)} columns={columns} rowKey={(f) => String(f.at)} />
          {!all && frames.length > FIRST && (
            <div>
              <Button size="small" onClick={() => setAll(true)}>
                Show all {number(frames.length)} frames
              </Button>
            </div>
          )}
        </>
      )}
      {removing && (
        <ActionDialog
          onClose={() => setRemoving(false)}
          act={{
            title: "Remove a capture",
            button: "Remove",
            method: "DELETE",
            path: `/api/v1/captures/${id}`,
            explain: "The recording and its file are removed. What the request was is kept.",
            trial: false,
            danger: true,
            command: `janusctl remove capture ${id}`,
            touches: ["/api/v1/requests", `/api/v1/requests/${data?.request_id ?? ""}`],
            done: "It is removed.",
          }}
        />
      )}
    </>
  );
}
