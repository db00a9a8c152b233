#!/usr/bin/python3
"""openapi.py - is docs/openapi.json true to the code, to itself, and to what a daemon answers?

    openapi.py                  against the tables of routes, and its examples against its schemas
    openapi.py --replies FILE   each line {"method","path","status","type","body"} against its schema;
                                every operation must be among them with a good answer
"""
import json
import re
import sys

from jsonschema import Draft202012Validator

METHODS = ("get", "post", "put", "patch", "delete")
errors = []


def bad(text):
    errors.append(text)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


doc = json.loads(read("docs/openapi.json"))


# ---- the document itself ----

def resolve(ref):
    node = doc
    for step in ref.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def deref(node):
    while "$ref" in node:
        node = resolve(node["$ref"])
    return node


def check_refs(node, where):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            try:
                resolve(node["$ref"])
            except (KeyError, TypeError):
                bad(f"{where}: {node['$ref']} leads nowhere")
        for key, value in node.items():
            check_refs(value, f"{where}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            check_refs(value, f"{where}/{i}")


def operations():
    for path, item in doc["paths"].items():
        for method, op in item.items():
            if method in METHODS:
                yield method.upper(), path, op


def strict(node):
    """What the document does not name is an error here, though clients must expect it."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    out = {key: strict(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict):
        out.setdefault("additionalProperties", False)
    return out


components = {"schemas": {k: strict(v) for k, v in doc["components"]["schemas"].items()}}


def faults(schema, value):
    whole = {"components": components, **strict(schema)}
    return [f"{'/'.join(map(str, e.absolute_path)) or '.'}: {e.message[:200]}"
            for e in Draft202012Validator(whole).iter_errors(value)]


def check_document():
    seen = set()
    tags = {tag["name"] for tag in doc["tags"]}
    if not doc["openapi"].startswith("3.1."):
        bad("it is not OpenAPI 3.1")
    check_refs(doc, "#")
    for name, schema in doc["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            for fault in faults({"$ref": f"#/components/schemas/{name}"}, example):
                bad(f"the example of {name}: {fault}")
        if schema.get("type") == "object" and not schema.get("examples"):
            bad(f"{name} has no example")
    for method, path, op in operations():
        where = f"{method} {path}"
        if op["operationId"] in seen:
            bad(f"{where}: operationId {op['operationId']} is used twice")
        seen.add(op["operationId"])
        if not set(op["tags"]) <= tags or not op.get("summary"):
            bad(f"{where}: an unknown tag, or no summary")
        if op["responses"].get("default") != {"$ref": "#/components/responses/Error"}:
            bad(f"{where}: its default answer is not the error envelope")
        if not any(code.startswith("2") for code in op["responses"]):
            bad(f"{where}: no good answer")
        if ("security" in op) == ("x-janus-scope" in op):
            bad(f"{where}: either it needs a scope, or its security is []")
        wanted = set(re.findall(r"\{(\w+)\}", path))
        named = {p["name"] for p in map(deref, op.get("parameters", [])) if p["in"] == "path"}
        if wanted != named:
            bad(f"{where}: its path has {sorted(wanted)}, its parameters {sorted(named)}")


# ---- the tables of the code ----

def api_routes():
    text = read("controlplane/api/routes.c")
    words = dict(re.findall(r'#define (\w+) "([^"]*)"', text))
    table = text[text.index("routes[] = {"):]
    table = table[:table.index("\n};")]
    row = re.compile(r'\{\s*"([A-Z]+)",\s*"([^"]+)",\s*(\w+),\s*([A-Z]+),\s*([^,]+),\s*([^,]+?),\s*([^,}]+?)\s*\}')

    def keys(expression):
        parts = re.findall(r'"([^"]*)"|(\w+)', expression)
        return set("".join(a or ("" if b == "NULL" else words[b]) for a, b in parts).split())

    for method, path, _, who, _, query, body in row.findall(table):
        yield method, re.sub(r":(\w+)", r"{\1}", path), who.lower(), keys(query), keys(body)


def gateway_routes():
    counters = read("controlplane/gateway/counters.h")
    table = counters[counters.index("#define GATEWAY_ROUTES"):]
    table = table[:table.index("\n\n")]
    labels = dict(re.findall(r'X\((\w+), "([^"]+)"\)', table))
    rows = re.findall(r'\t\[GATEWAY_(\w+)\] = \{\s*[^,]+,\s*\w+,\s*"([A-Z, ]+)"', read("controlplane/gateway/gateway.c"))
    if {name for name, _ in rows} != set(labels) - {"NONE"}:
        bad("the rows of gateway.c could not be read, or are not those of GATEWAY_ROUTES")
    for name, allow in rows:
        if not labels[name].startswith("/"):  # the pages of the UI are no interface
            continue
        for method in allow.split(", "):
            if method not in ("HEAD", "OPTIONS"):
                yield method, labels[name]


def check_routes():
    told = {(method, path): op for method, path, op in operations()}
    served = set()
    for method, path in gateway_routes():
        served.add((method, path))
    for method, path, who, query, body in api_routes():
        served.add((method, path))
        op = told.get((method, path))
        if op is None:
            continue
        where = f"{method} {path}"
        parameters = list(map(deref, op.get("parameters", [])))
        named = {p["name"] for p in parameters if p["in"] == "query"}
        if named != query:
            bad(f"{where}: the code knows the query keys {sorted(query)}, the document {sorted(named)}")
        fields = set()
        if "application/json" in op.get("requestBody", {}).get("content", {}):  # else a file
            fields = set(deref(op["requestBody"]["content"]["application/json"]["schema"]).get("properties", {}))
        if fields != body:
            bad(f"{where}: the code knows the body keys {sorted(body)}, the document {sorted(fields)}")
        if op.get("x-janus-scope") != who:
            bad(f"{where}: the code asks for the scope {who}, the document for {op.get('x-janus-scope')}")
        if method == "POST" and "Idempotency-Key" not in {p["name"] for p in parameters}:
            bad(f"{where}: a POST of the control plane takes an Idempotency-Key")
    for method, path in sorted(served - set(told)):
        bad(f"{method} {path} is served and not in the document")
    for method, path in sorted(set(told) - served):
        bad(f"{method} {path} is in the document and not served")
    return len(served)


# ---- the platform's routes, and what is said of them in the marketplace ----

def check_platform():
    served = {(m, re.sub(r":(\w+)", r"{\1}", path))
              for m, path in re.findall(r'\{ "([A-Z]+)", "([^"]+)", ', read("controlplane/platform/routes.c"))}
    told = set()
    for service in json.loads(read("controlplane/registry/platform_services.json")):
        for path, item in service["contract"]["document"]["paths"].items():
            told |= {(method.upper(), path) for method in item if method in METHODS}
    for method, path in sorted(served ^ told):
        bad(f"{method} {path} is {'served' if (method, path) in served else 'told'} only: "
            "controlplane/platform/routes.c and controlplane/registry/platform_services.json differ")


# ---- what a daemon answered ----

def operation_of(method, path):
    best = None
    for known, template, op in operations():
        pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in template.split("/"))
        if known == method and re.fullmatch(pattern, path):
            if best is None or template.count("{") < best[0].count("{"):
                best = (template, op)
    return best


def check_reply(reply):
    """The operationId of a good answer, or None."""
    method, status = reply["method"], str(reply["status"])
    where = f"{method} {reply['path']} {status}"
    found = operation_of(method, reply["path"].split("?")[0])
    if found is None:
        if int(status) < 400:
            bad(f"{where}: no such operation")
        return None
    response = found[1]["responses"].get(status)
    if response is None:
        if int(status) < 400:
            bad(f"{where}: the document knows no such status")
        response = {"$ref": "#/components/responses/Error"}
    content = deref(response).get("content", {})
    kind = reply["type"].split(";")[0].strip()
    if content and kind not in content:
        bad(f"{where}: {kind or 'no content type'} is not among {sorted(content)}")
    elif kind == "application/json":
        for fault in faults(content[kind]["schema"], json.loads(reply["body"])):
            bad(f"{where}: {fault}\n    {reply['body'][:400]}")
    elif kind == "application/jsonl":
        for line in reply["body"].splitlines():
            for fault in faults(content[kind]["schema"], json.loads(line)):
                bad(f"{where}: {fault}")
    return found[1]["operationId"] if status.startswith("2") else None


# Answered by competitors that offer them, or as files: tests/scenario/18-openai-surface.sh, 32-artifacts.sh,
# 33-bundle.sh and 42-schedule.sh play these.
elsewhere = ("completion_create", "response_create", "embedding_create",
             "artifact_download", "artifact_list", "artifact_get", "artifact_link", "artifact_remove",
             "artifact_bundle_get", "bundle_put", "competitor_export", "run_evidence",
             "file_list", "file_create", "file_get", "file_content", "file_delete")


def check_replies(path):
    good = set()
    n = 0
    for line in read(path).splitlines():
        n += 1
        good.add(check_reply(json.loads(line)))
    for method, template, op in operations():
        if op["operationId"] not in good | set(elsewhere):
            bad(f"{method} {template} was never answered well")
    return n


if sys.argv[1:2] == ["--replies"]:
    summary = f"{check_replies(sys.argv[2])} replies as the document says"
else:
    check_document()
    check_platform()
    summary = f"{check_routes()} routes, all in docs/openapi.json, and its examples are valid"
for error in errors:
    print(f"openapi: {error}")
if errors:
    sys.exit(1)
print(f"openapi: {summary}")
