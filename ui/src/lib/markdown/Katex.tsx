/*
 * KaTeX, drawn as elements (no HTML text: the page's CSP has no inline style).  Nothing that links,
 * loads or names: trust is false; sizes and expansion are limited; macros end with their formula.
 */
import katex from "katex";
import { memo, useLayoutEffect, useRef, useState } from "react";
import "katex/dist/katex.min.css";

interface Node {
  attributes?: Record<string, string>;
  children?: Node[];
  toNode: () => globalThis.Node;
}

/** Some MathML elements carry a style attribute as text, which the CSP refuses: they go without. */
function withoutStyleText(root: Node): Node {
  const left: Node[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node.attributes && "style" in node.attributes) delete node.attributes.style;
    left.push(...(node.children ?? []));
  }
  return root;
}

const draw = (katex as unknown as { __renderToDomTree: (tex: string, options: object) => Node }).__renderToDomTree;

export default memo(function Katex({ tex, display }: { tex: string; display: boolean }) {
  const ref = useRef<HTMLSpanElement>(null);
  const [failed, setFailed] = useState("");

  useLayoutEffect(() => {
    const place = ref.current;
    if (place === null) return;
    try {
      const tree = draw(tex, {
        displayMode: display,
        throwOnError: true,
        errorColor: "var(--danger-ink)",
        trust: false,
        strict: "ignore",
        maxSize: 10,
        maxExpand: 300,
        macros: {},
      });
      place.replaceChildren(withoutStyleText(tree).toNode());
      setFailed("");
    } catch (error) {
      place.replaceChildren();
      setFailed(error instanceof Error ? error.message : "not understood");
    }
  }, [tex, display]);

  return (
    <>
      <span ref={ref} hidden={failed !== ""} className={display ? "md-math-display" : "md-math"} {...(display ? { tabIndex: 0, role: "group", "aria-label": "Formula" } : {})} />
      {failed && (
        <code className="md-formula" title={failed.slice(0, 300)}>
          {tex}
        </code>
      )}
    </>
  );
});
