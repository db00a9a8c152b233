/* A look at a file's bytes, in the way that suits what they are.  A chunk of its own. */
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { CsvTable } from "@/chat/artifacts/preview/CsvTable";
import { FramePreview } from "@/chat/artifacts/preview/FramePreview";
import { ImagePreview } from "@/chat/artifacts/preview/ImagePreview";
import { PdfPreview } from "@/chat/artifacts/preview/PdfPreview";
import { endingOf, type Kind, shownType } from "@/chat/artifacts/kinds";
import type { Artifact } from "@/chat/types";
import { clean, fileName } from "@/lib/markdown/clean";
import { Source } from "@/lib/markdown/CodeBlock";
import { Markdown } from "@/lib/markdown/Markdown";

interface Props {
  artifact: Artifact;
  kind: Kind;
  blob: Blob;
  name: string;
}

export default function Preview({ artifact, kind, blob, name }: Props) {
  switch (kind) {
    case "image":
    case "svg":
      return (
        <WithUrl blob={blob} type={shownType(kind, artifact.mime)}>
          {(url) => <ImagePreview url={url} name={name} blob={blob} />}
        </WithUrl>
      );
    case "audio":
    case "video":
      return (
        <WithUrl blob={blob} type={shownType(kind, artifact.mime)}>
          {(url) => <Player kind={kind} url={url} name={name} />}
        </WithUrl>
      );
    case "pdf":
      return <PdfPreview blob={blob} name={name} />;
    case "csv":
      return <WithText blob={blob}>{(text) => <CsvTable text={text} name={name} />}</WithText>;
    case "html":
      return <WithText blob={blob}>{(text) => <FramePreview markup={text} name={name} />}</WithText>;
    case "markdown":
      return (
        <WithText blob={blob}>
          {(text) => (
            <div className="max-h-[32rem] overflow-y-auto px-5 py-4" tabIndex={0} role="group" aria-label={`Text of ${name}`}>
              <Markdown text={text} />
            </div>
          )}
        </WithText>
      );
    case "text":
      return (
        <WithText blob={blob}>
          {(text) => (
            <div className="artifact-source max-h-[32rem] overflow-y-auto" tabIndex={0} role="group" aria-label={`Text of ${name}`}>
              <Source code={clean(text)} lang={endingOf(fileName(artifact.name))} />
            </div>
          )}
        </WithText>
      );
    case "none":
      return null;
  }
}

/** A blob: address for as long as it is shown. */
function WithUrl({ blob, type, children }: { blob: Blob; type: string; children: (url: string) => ReactNode }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(blob.slice(0, blob.size, type));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob, type]);
  return url === "" ? null : children(url);
}

function WithText({ blob, children }: { blob: Blob; children: (text: string) => ReactNode }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    void blob.text().then((read) => !left && setText(read));
    return () => {
      left = true;
    };
  }, [blob]);
  return useMemo(() => (text === null ? null : children(text)), [text]);
}

function Player({ kind, url, name }: { kind: "audio" | "video"; url: string; name: string }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <p className="px-4 py-3 text-sm text-ink-2">This browser cannot play it. Download it to hear or see it elsewhere.</p>;
  return kind === "audio" ? (
    // biome-ignore lint: a made sound has no captions
    <audio controls preload="metadata" src={url} aria-label={name} onError={() => setBroken(true)} className="block w-full p-3" />
  ) : (
    // biome-ignore lint: a made film has no captions
    <video controls preload="metadata" src={url} aria-label={name} onError={() => setBroken(true)} className="block max-h-[28rem] w-full" />
  );
}
