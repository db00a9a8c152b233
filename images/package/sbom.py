#!/usr/bin/env python3
"""sbom.py - what Janus is made of: libraries, npm packages, files that are compiled in.

  sbom.py OUT.json          a CycloneDX 1.5 document of the programs in BIN (build/bin)
  sbom.py --docs [--check]  docs/dependencies.md; --check says whether it is stale, whatever versions Debian has today
  sbom.py --bundled         the npm packages in the web UI, a line each

Libraries are those that the loader finds for the programs, with the Debian packages they came in; npm packages are
those of the lock files; compiled in is what the sources name with EMBED, and the packed UI.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / os.environ.get("BIN", "build/bin")
LOCKS = {
    "ui": ("in the web UI, compiled into janusd", "builds and tests the web UI"),
    "baseline/langchain": ("in the image of the second baseline", "checks the second baseline"),
    "tests/e2e/sdk": ("tests only", "tests only"),
    "tests/e2e/ui": ("tests only", "tests only"),
}
STATIC = ["janus-canary", "janus-link", "janus-sandbox-agent"]


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


# --- Debian -------------------------------------------------------------------------------------


def needed(program):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", program))


def programs():
    return sorted(p for p in BIN.iterdir() if p.name.startswith("janus") and os.access(p, os.X_OK))


def owners(paths):
    """path -> the package a library came in: dpkg knows it by its place before or after /usr was merged."""
    places = {}
    for path in paths:
        real = os.path.realpath(path)
        for each in (path, real, real.removeprefix("/usr"), "/usr" + real):
            places.setdefault(each, path)
    said = subprocess.run(["dpkg-query", "-S", *places], capture_output=True, text=True).stdout
    found = {places[place]: names.split(",")[0].split(":")[0] for names, place in re.findall(r"^(.+): (/\S+)$", said, re.M) if place in places}
    lost = [path for path in paths if path not in found]
    if lost:
        sys.exit(f"sbom.py: these belong to no package: {' '.join(lost)}")
    return found


def describe(package):
    fields = "${Version}\t${Architecture}\t${source:Package}\t${Homepage}"
    version, arch, source, home = run("dpkg-query", "-W", "-f", fields, package).split("\t")[:4]
    return {"package": package, "version": version, "arch": arch, "source": source, "home": home}


@cache
def libraries():
    """package -> its description, the sonames that our programs name, and which programs those are."""
    found = {}
    loaded = {p: re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", p), re.M) for p in programs() if needed(p)}
    package_of = owners(sorted({path for each in loaded.values() for _, path in each}))
    for program, libs in loaded.items():
        direct = needed(program)
        for name, path in libs:
            package = package_of[path]
            if package not in found:
                found[package] = describe(package) | {"sonames": set(), "users": set()}
            entry = found[package]
            if name in direct:
                entry["sonames"].add(name)
                entry["users"].add(program.name)
    return dict(sorted(found.items()))


# --- npm ----------------------------------------------------------------------------------------


def npm(folder):
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    seen = {}
    for path, entry in lock["packages"].items():
        if path == "" or "version" not in entry:
            continue
        name = entry.get("name") or path.rsplit("node_modules/", 1)[1]
        old = seen.get((name, entry["version"]))
        built_in = not any(entry.get(mark) for mark in ("dev", "devOptional", "optional"))
        seen[(name, entry["version"])] = {
            "name": name,
            "version": entry["version"],
            "license": entry.get("license", "not said"),
            "integrity": entry.get("integrity"),
            "runs": built_in or bool(old and old["runs"]),
        }
    return [seen[key] for key in sorted(seen)]


def direct(folder):
    package = json.loads((ROOT / folder / "package.json").read_text())
    return set(package.get("dependencies", {}))


# --- what is compiled in --------------------------------------------------------------------------


def embedded():
    found = {}
    for folder in ("runtime", "controlplane", "baseline", "bench"):
        for source in sorted((ROOT / folder).rglob("*.c")):
            if "node_modules" in source.parts:
                continue
            for path in re.findall(r'^EMBED\(\w+, "([^"]+)"\);', source.read_text(), re.M):
                found.setdefault(path, set()).add(str(source.relative_to(ROOT)))
    for path in sorted((ROOT / "db").glob("*/*.sql")):
        found[str(path.relative_to(ROOT))] = {"controlplane/store"}
    return dict(sorted(found.items()))


# --- the document ---------------------------------------------------------------------------------


def hashes(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}]


def license_of(text):
    return [{"expression": text}] if re.search(r" (OR|AND) ", text) else [{"license": {"name": text}}]


def document(version):
    parts, links = [], {}
    top = f"janus@{version}"

    for program in programs():
        ref = f"program:{program.name}"
        parts.append({"type": "application", "bom-ref": ref, "name": program.name, "version": version, "hashes": hashes(program)})
        links[ref] = set()
        if program.name in STATIC:
            links[ref].add("deb:musl")
    for name, lib in libraries().items():
        ref = f"deb:{name}"
        purl = f"pkg:deb/debian/{name}@{lib['version']}?arch={lib['arch']}&distro=debian-12"
        part = {"type": "library", "bom-ref": ref, "name": name, "version": lib["version"], "purl": purl}
        part["properties"] = [{"name": "source", "value": lib["source"]}]
        if lib["home"]:
            part["externalReferences"] = [{"type": "website", "url": lib["home"]}]
        if lib["sonames"]:
            part["properties"].append({"name": "linked", "value": " ".join(sorted(lib["sonames"]))})
        parts.append(part)
        for user in lib["users"]:
            links[f"program:{user}"].add(ref)
    musl = describe("musl-dev")
    purl = f"pkg:deb/debian/musl-dev@{musl['version']}?arch={musl['arch']}&distro=debian-12"
    parts.append({"type": "library", "bom-ref": "deb:musl", "name": "musl-dev", "version": musl["version"], "purl": purl})
    for folder, (what, other) in LOCKS.items():
        for each in npm(folder):
            ref = f"npm:{folder}:{each['name']}@{each['version']}"
            purl = "pkg:npm/{}@{}".format(each["name"].replace("@", "%40", 1), each["version"])
            part = {"type": "library", "bom-ref": ref, "name": each["name"], "version": each["version"], "purl": purl}
            part["scope"] = "required" if each["runs"] and not folder.startswith("tests/") else "excluded"
            part["licenses"] = license_of(each["license"])
            part["properties"] = [{"name": "use", "value": what if each["runs"] else other}]
            if each["integrity"] and each["integrity"].startswith("sha512-"):
                digest = base64.b64decode(each["integrity"].split()[0][7:]).hex()
                part["hashes"] = [{"alg": "SHA-512", "content": digest}]
            parts.append(part)
            if folder == "ui" and each["runs"]:
                links["program:janusd"].add(ref)
    for path in embedded():
        file = ROOT / path
        parts.append({"type": "file", "bom-ref": f"file:{path}", "name": path, "hashes": hashes(file)})
    for path in sorted((ROOT / "bench/suites").glob("*/*/suite.json")):
        name = str(path.relative_to(ROOT))
        parts.append({"type": "data", "bom-ref": f"file:{name}", "name": name, "hashes": hashes(path)})

    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": top, "name": "janus", "version": version}},
        "components": parts,
        "dependencies": [{"ref": top, "dependsOn": sorted(links)}]
        + [{"ref": ref, "dependsOn": sorted(on)} for ref, on in sorted(links.items())],
    }
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        body["metadata"]["timestamp"] = datetime.fromtimestamp(int(epoch), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    # The same parts have the same number.
    name = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name)}"
    return body


# --- docs/dependencies.md ---------------------------------------------------------------------------


def docs():
    lines = []
    say = lines.append
    say("# Dependencies\n")
    say("What Janus is made of, with versions. Made by `make sbom`, which also writes `build/package/janus.cdx.json`: the same and more, with")
    say("digests, as CycloneDX for programs that look for known faults. Versions of Debian packages are those of the machine that made this.\n")
    say("## Linked\n")
    say("| Debian package | version | library | linked by |")
    say("|---|---|---|---|")
    libs = libraries()
    for name, lib in libs.items():
        if lib["sonames"]:
            say(f"| {name} | {lib['version']} | {', '.join(sorted(lib['sonames']))} | {', '.join(sorted(lib['users']))} |")
    say(f"| musl-dev | {describe('musl-dev')['version']} | static | {', '.join(STATIC)} |\n")
    say("These bring others with them, of which Janus calls nothing itself:")
    say(", ".join(f"{name} {lib['version']}" for name, lib in libs.items() if not lib["sonames"]) + ".\n")
    for folder, title in (("ui", "In the web UI"), ("baseline/langchain", "In the second baseline")):
        packages = npm(folder)
        say(f"## {title}\n")
        say(f"npm packages of `{folder}/package-lock.json`; those in bold are asked for, the others by these.\n")
        say("| package | version | licence |")
        say("|---|---|---|")
        wanted = direct(folder)
        for each in packages:
            if each["runs"]:
                mark = "**" if each["name"] in wanted else ""
                say(f"| {mark}{each['name']}{mark} | {each['version']} | {each['license']} |")
        say(f"\n{sum(not p['runs'] for p in packages)} more are there to build and to test.\n")
    say("## Compiled in\n")
    say("| file | into |")
    say("|---|---|")
    for path, users in embedded().items():
        if not path.startswith("db/"):
            say(f"| `{path}` | {', '.join(f'`{u}`' for u in sorted(users))} |")
    say("| `db/migrations/*.sql`, `db/queries/*.sql` | `controlplane/store` |\n")
    say("## To build and to test\n")
    known = set()
    for file, what in (("controlplane/up.sh", "To build and to run, from Debian"), ("tests/run.sh", "To test, beside these")):
        text = (ROOT / file).read_text()
        names = set(" ".join(re.findall(r"^readonly (?:packages|later)=\(([^)]*)\)", text, re.M)).split()) - known
        known |= names
        say(f"{what}: {', '.join(sorted(names))}.\n")
    return "\n".join(lines).rstrip() + "\n"


def without_versions(text):
    """Debian's own updates make nothing stale."""
    text = re.sub(r"^(\| \S+ \| )\S+( \| (?:lib|ld-|static))", r"\1-\2", text, flags=re.M)
    return re.sub(r"^(?:\S+ \S+, )+\S+ \S+\.$", lambda m: re.sub(r" [^ ,]+(?=[,]|\.$)", "", m.group()), text, flags=re.M)


def main(words):
    if words == ["--bundled"]:
        for each in npm("ui"):
            if each["runs"]:
                print(f"  {each['name']} {each['version']}: {each['license']}")
    elif words[:1] == ["--docs"]:
        out, text = ROOT / "docs/dependencies.md", docs()
        if words[1:] == ["--check"]:
            if not out.exists() or without_versions(out.read_text()) != without_versions(text):
                sys.exit("docs/dependencies.md is stale: run make sbom")
        elif not out.exists() or out.read_text() != text:
            out.write_text(text)
    elif len(words) == 1:
        version = re.search(r"^VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.M).group(1)
        body = document(version)
        Path(words[0]).write_text(json.dumps(body, indent=1) + "\n")
        print(f"  sbom {words[0]}, {len(body['components'])} components")
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
