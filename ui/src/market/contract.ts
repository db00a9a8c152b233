/* A contract as it is read: the operations of an OpenAPI document, the tools of an MCP server. */
import { dict, list, type Row, resolve, rowsOf, text, typeOf } from "@/market/schema";

export interface Shape {
  type: string;
  rows: Row[];
  more: boolean;
}
export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  parameters: { name: string; where: string; required: boolean; type: string; text: string }[];
  body: Shape | null;
  answers: { status: string; text: string; shape: Shape | null }[];
}
export interface Tool {
  name: string;
  text: string;
  input: Shape;
  output: Shape | null;
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const shapeOf = (schema: unknown, document: unknown): Shape => ({ type: typeOf(schema, document), ...rowsOf(schema, document) });

/** The schema of the first media type. */
function contentOf(value: unknown, document: unknown): Shape | null {
  const first = Object.values(dict(resolve(value, document)?.content) ?? {})[0];
  const schema = dict(first)?.schema;
  return schema === undefined ? null : shapeOf(schema, document);
}

function parametersOf(values: unknown[], document: unknown): Operation["parameters"] {
  return values.flatMap((value) => {
    const p = resolve(value, document);
    if (p === null || typeof p.name !== "string") return [];
    return [{ name: p.name, where: text(p.in), required: p.required === true, type: typeOf(p.schema, document), text: text(p.description) }];
  });
}

export function operationsOf(document: unknown): Operation[] {
  return Object.entries(dict(dict(document)?.paths) ?? {}).flatMap(([path, value]) => {
    const item = dict(value);
    return METHODS.flatMap((method) => {
      const op = dict(item?.[method]);
      if (op === null) return [];
      return [
        {
          id: `${method} ${path}`,
          method: method.toUpperCase(),
          path,
          summary: text(op.summary) || text(op.description),
          parameters: parametersOf([...list(item?.parameters), ...list(op.parameters)], document),
          body: contentOf(op.requestBody, document),
          answers: Object.entries(dict(op.responses) ?? {}).map(([status, answer]) => ({
            status,
            text: text(resolve(answer, document)?.description),
            shape: contentOf(answer, document),
          })),
        },
      ];
    });
  });
}

export function toolsOf(document: unknown): Tool[] {
  return list(dict(document)?.tools).flatMap((value) => {
    const tool = dict(value);
    if (tool === null || typeof tool.name !== "string") return [];
    return [
      {
        name: tool.name,
        text: text(tool.description) || text(tool.title),
        input: shapeOf(tool.inputSchema, tool.inputSchema),
        output: tool.outputSchema === undefined ? null : shapeOf(tool.outputSchema, tool.outputSchema),
      },
    ];
  });
}
