/* One block through the parser: react-markdown, GFM, formulas; sanitised, and our own elements. */
import { type ComponentProps, type ReactNode, memo } from "react";
import ReactMarkdown, { type Components, type ExtraProps } from "react-markdown";
import rehypeSanitize, { defaultSchema, type Options as Schema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { CodeBlock } from "@/lib/markdown/CodeBlock";
import { Formula } from "@/lib/markdown/Formula";
import { Anchor, Picture } from "@/lib/markdown/links";
import { usePage } from "@/lib/markdown/page";
import { slug } from "@/lib/markdown/slug";
import { withFormulas } from "@/lib/markdown/source";
import { type Tree, rehypeShallow, textOf } from "@/lib/markdown/tree";

const schema: Schema = {
  ...defaultSchema,
  // what no markdown makes has no place here
  tagNames: (defaultSchema.tagNames ?? []).filter((name) => !["details", "summary", "picture", "source"].includes(name)),
  attributes: {
    a: ["ariaDescribedBy", "ariaLabel", "dataFootnoteBackref", "dataFootnoteRef", "href"],
    code: [["className", /^language-[^\s]{1,40}$/, "math-inline", "math-display"]],
    img: ["src"],
    input: [["disabled", true], ["type", "checkbox"], "checked"],
    li: [["className", "task-list-item"], "id"],
    ol: ["start", ["className", "contains-task-list"]],
    ul: [["className", "contains-task-list"]],
    h2: ["id", ["className", "sr-only"]],
    section: ["dataFootnotes", ["className", "footnotes"]],
    td: ["align"],
    th: ["align"],
    "*": ["title", "alt", "id"],
  },
  clobberPrefix: "",
  protocols: { href: ["http", "https", "mailto"], src: ["http", "https", "data", "blob", "janus-picture"] },
};

/** Flat: no tree too deep to be laid out. */
const rehype: ComponentProps<typeof ReactMarkdown>["rehypePlugins"] = [rehypeShallow, [rehypeSanitize, schema]];
const remark: ComponentProps<typeof ReactMarkdown>["remarkPlugins"] = [
  [remarkGfm, { singleTilde: false }],
  [remarkMath, { singleDollarTextMath: false }],
];

type Props<Tag extends keyof React.JSX.IntrinsicElements> = React.JSX.IntrinsicElements[Tag] & ExtraProps;

function Heading({ node, children, id }: Props<"h1">) {
  const { top, levels, anchors, prefix } = usePage();
  const said = node?.tagName.slice(1) ?? "1";
  const place = levels.indexOf(said);
  const level = Math.min(6, top + (place < 0 ? Number(said) - 1 : place));
  const Tag = `h${level}` as "h1";
  const name = anchors && node ? slug(textOf(node as Tree)) : id === undefined ? undefined : prefix + id;
  return (
    <Tag dir="auto" id={name} className={`md-h${node?.tagName.slice(1)}`}>
      {children}
    </Tag>
  );
}

function Code({ node, className = "", children }: Props<"code">) {
  if (className.includes("math-")) return <Formula tex={String(children)} display={className.includes("math-display")} />;
  void node;
  return <code dir="auto">{children}</code>;
}

/** What is within is a code element; it is taken out of the tree, not out of what was made of it. */
function Pre({ node }: Props<"pre">) {
  const code = node?.children.find((child) => child.type === "element");
  if (code === undefined || code.type !== "element") return null;
  const names = code.properties.className;
  const language = Array.isArray(names) ? names.find((name) => String(name).startsWith("language-")) : undefined;
  const text = textOf(code as Tree).replace(/\n$/, "");
  if (Array.isArray(names) && names.includes("math-display")) return <Formula tex={text} display />;
  return <CodeBlock code={text} lang={String(language ?? "").slice("language-".length)} growing={false} />;
}

const blockOf = (Tag: "p" | "blockquote") =>
  function BlockOf({ children }: { children?: ReactNode }) {
    return <Tag dir="auto">{children}</Tag>;
  };

function Item({ children, className, id }: Props<"li">) {
  const { prefix } = usePage();
  return (
    <li dir="auto" className={className} id={id === undefined ? undefined : prefix + id}>
      {children}
    </li>
  );
}

function TableBox({ children }: { children?: ReactNode }) {
  return (
    // biome-ignore lint: what scrolls must be reached by the keyboard
    <div className="markdown-table" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

const cell = (Tag: "td" | "th") =>
  function Cell({ children, node }: Props<"td">) {
    const align = String(node?.properties.align ?? "");
    return (
      <Tag dir="auto" {...(Tag === "th" ? { scope: "col" } : {})} className={align ? `md-${align}` : undefined}>
        {children}
      </Tag>
    );
  };

const components: Components = {
  h1: Heading,
  h2: Heading,
  h3: Heading,
  h4: Heading,
  h5: Heading,
  h6: Heading,
  a: ({ node, href, children, id, ...rest }) => (
    <Anchor href={href} id={id} said={node ? textOf(node as Tree) : ""} label={rest["aria-label"]}>
      {children}
    </Anchor>
  ),
  img: ({ src, alt }) => <Picture src={typeof src === "string" ? src : ""} alt={alt ?? ""} />,
  code: Code,
  pre: Pre,
  p: blockOf("p"),
  blockquote: blockOf("blockquote"),
  li: Item,
  table: TableBox,
  td: cell("td"),
  th: cell("th"),
  input: ({ checked }) => <input type="checkbox" disabled checked={checked === true} readOnly aria-label={checked ? "done" : "to do"} />,
};

/** A block of markdown; if the parser fails on it, its text. */
export const Flow = memo(function Flow({ text, definitions }: { text: string; definitions: string }) {
  const source = definitions === "" ? text : `${text}\n\n${definitions}`;
  try {
    // a plain function: what it throws (a tree too deep for its recursion) is caught here
    return ReactMarkdown({
      children: withFormulas(source),
      components,
      remarkPlugins: remark,
      rehypePlugins: rehype,
      remarkRehypeOptions: { clobberPrefix: "" },
      urlTransform: (url) => url,
    });
  } catch {
    return (
      <div dir="auto" className="markdown-plain">
        {text}
      </div>
    );
  }
});
