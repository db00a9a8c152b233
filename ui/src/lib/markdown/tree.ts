/* The parsed tree (hast), looked at without recursion: it may be deeper than the stack. */
import { DEPTH_MAX } from "@/lib/markdown/limits";

export interface Tree {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  children?: Tree[];
}

export function textOf(tree: Tree): string {
  let out = "";
  const left: Tree[] = [tree];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node.type === "text" || node.type === "raw") out += node.value ?? "";
    for (let i = (node.children?.length ?? 0) - 1; i >= 0; i--) left.push(node.children?.[i] as Tree);
  }
  return out;
}

/**
 * What is nested deeper than any text needs becomes text: browsers lay out trees by recursion.
 * A line break is the one tag of raw HTML that means what it says: tables have no other.
 */
export function rehypeShallow() {
  return (root: Tree) => {
    const left: [Tree, number][] = [[root, 0]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [node, depth] = next;
      if (node.type === "raw" && /^<br\s*\/?>$/i.test(node.value ?? "")) {
        node.type = "element";
        node.tagName = "br";
        node.properties = {};
        node.children = [];
      } else if (node.type === "raw") node.type = "text";
      if (node.children === undefined) continue;
      if (depth > DEPTH_MAX * 2) node.children = [{ type: "text", value: textOf(node) }];
      else for (const child of node.children) left.push([child, depth + 1]);
    }
  };
}
