/* Links and pictures of a text, by the policy of urls.ts. */
import { type MouseEvent, type ReactNode, useState } from "react";
import { Link } from "react-router";
import { Icon } from "@/lib/kit/Icon";
import { download } from "@/lib/download";
import { hasTurns, oneLine, visible } from "@/lib/markdown/clean";
import { usePage } from "@/lib/markdown/page";
import { pictureAt } from "@/lib/markdown/source";
import { deceives, imageOf, linkOf } from "@/lib/markdown/urls";

/** said: the link's text, to be held against where it goes. */
export function Anchor({
  href,
  id,
  said,
  label,
  children,
}: {
  href: string | undefined;
  id?: string;
  said: string;
  label?: string;
  children?: ReactNode;
}) {
  const { prefix, anchors, resolveLink } = usePage();
  const link = linkOf(href);
  // signs that turn the direction could show another address than is there
  const text = hasTurns(said) ? visible(said) : children;
  if (link.kind === "anchor")
    return (
      <a href={`#${anchors ? link.id : prefix + link.id}`} id={id === undefined ? undefined : prefix + id} aria-label={label}>
        {text}
      </a>
    );
  if (link.kind === "artifact") return <ArtifactLink href={link.href}>{text}</ArtifactLink>;
  const own = link.kind === "inert" && href ? (resolveLink?.(href) ?? null) : null;
  if (own !== null && own.startsWith("/") && !own.startsWith("//")) return <Link to={own}>{text}</Link>;
  if (link.kind === "inert")
    return (
      <bdi className="md-inert" title="This link leads nowhere that may be opened from here">
        {text}
      </bdi>
    );
  const mail = link.kind === "mail";
  return (
    <a href={link.href} target="_blank" rel="noreferrer noopener" title={visible(link.href).slice(0, 500)}>
      <bdi>{text}</bdi>
      {!mail && deceives(said, link.host) && <span className="md-host"> ({link.host})</span>}
      {!mail && <Icon name="external" className="md-external" />}
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

/** A file that the answer made: fetched with the caller's key. */
function ArtifactLink({ href, children }: { href: string; children: ReactNode }) {
  const [failed, setFailed] = useState("");
  const save = (event: MouseEvent) => {
    event.preventDefault();
    download(href).then(
      () => setFailed(""),
      (error: unknown) => setFailed(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <>
      <a href={href} download onClick={save}>
        <bdi>{children}</bdi>
        <Icon name="download" className="md-external" />
      </a>
      {failed && (
        <span role="status" className="text-danger-ink">
          {" "}
          {failed}
        </span>
      )}
    </>
  );
}

export function Picture({ src, alt }: { src: string; alt: string }) {
  const { pictures, resolveImage } = usePage();
  const [broken, setBroken] = useState(false);
  const image = imageOf(pictureAt(src, pictures));
  const name = oneLine(alt, 200);
  const own = image.kind === "refused" && !/^[a-z][a-z0-9+.-]*:/i.test(src) ? (resolveImage?.(src) ?? null) : null;
  const shown = image.kind === "shown" || image.kind === "artifact" ? image.src : own?.startsWith("/") && !own.startsWith("//") ? own : null;
  if (image.kind === "remote")
    return (
      <a href={image.href} target="_blank" rel="noreferrer noopener" className="md-remote" title={visible(image.href).slice(0, 500)}>
        <Icon name="image" className="md-external" /> <bdi>{name || "Picture"}</bdi>{" "}
        <span className="md-host">on {image.host}, not loaded</span>
        <span className="sr-only"> (opens in a new tab)</span>
      </a>
    );
  if (shown === null || broken)
    return (
      <span className="md-remote">
        <Icon name="image" className="md-external" /> <bdi>{name || "Picture"}</bdi>{" "}
        <span className="md-host">{broken ? "cannot be shown" : "is of a kind that is not shown"}</span>
      </span>
    );
  return <img src={shown} alt={name} loading="lazy" decoding="async" onError={() => setBroken(true)} />;
}
