/* What an answer made: a card for each file, and all of them as one. */
import { useState } from "react";
import { ArtifactCard } from "@/chat/artifacts/ArtifactCard";
import { fetchBytes, keep, pathOf, recall } from "@/chat/artifacts/bytes";
import type { Artifact } from "@/chat/types";
import { download, save } from "@/lib/download";
import { bytes, number } from "@/lib/format";
import { Button } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice } from "@/lib/kit/Notice";
import { More } from "@/lib/markdown/More";

const STEP = 12;

/** requestId: of the answer, by which the gateway makes a signed bundle of them; without, the browser zips them. */
export function Artifacts({ artifacts, requestId = null }: { artifacts: Artifact[]; requestId?: string | null }) {
  const [limit, setLimit] = useState(STEP);
  const there = artifacts.filter((it) => it.unavailable === null && pathOf(it) !== null);
  if (artifacts.length === 0) return null;
  return (
    <section aria-label="Files of this answer" className="grid gap-3" data-testid="artifacts">
      <ul className="grid gap-3">
        {artifacts.slice(0, limit).map((it) => (
          <li key={it.id} className="min-w-0">
            <ArtifactCard artifact={it} />
          </li>
        ))}
      </ul>
      {limit < artifacts.length && (
        <More what={`${number(limit)} of ${number(artifacts.length)} files`} onMore={() => setLimit(limit + STEP * 4)} />
      )}
      {there.length > 1 && <Bundle artifacts={there} requestId={requestId} />}
    </section>
  );
}

function Bundle({ artifacts, requestId }: { artifacts: Artifact[]; requestId: string | null }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const total = artifacts.reduce((sum, it) => sum + it.bytes, 0);
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      if (requestId !== null) await download(`/v1/bundles/${encodeURIComponent(requestId)}.zip`, `janus-${requestId}.zip`);
      else save(await zip(artifacts), "janus-files.zip");
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="grid gap-2">
      <div>
        <Button size="small" onClick={() => void run()} disabled={busy}>
          <Icon name="download" className="size-4" /> {busy ? "Packing …" : `Download all ${number(artifacts.length)} files (${bytes(total)})`}
        </Button>
      </div>
      {error !== null && <ErrorNotice title="The files could not be packed" error={error} onRetry={() => void run()} />}
    </div>
  );
}

async function zip(artifacts: Artifact[]): Promise<Blob> {
  const { pack } = await import("@/chat/artifacts/zip");
  const files: { name: string; blob: Blob }[] = [];
  for (const artifact of artifacts) {
    const fetched = recall(artifact) ?? (await fetchBytes(artifact, () => undefined, new AbortController().signal));
    keep(artifact, fetched);
    files.push({ name: artifact.name, blob: fetched.blob });
  }
  return pack(files);
}
