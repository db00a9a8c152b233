#!/usr/bin/env python3
"""image.py - an image as an archive for an engine to load, and nothing in it that was there before.

    image.py NAME PROGRAM CONFIG [FILE...] >archive

NAME:latest is its tag, PROGRAM the one file of the first layer, /program.  Each FILE is "name:bytes" or
"name:bytes:mode", random bytes in a layer of its own; mode is octal.  CONFIG is JSON: what an image
says of how it is run, over {"Cmd": ["/program"]}; @FILE reads it from there.
"""
import hashlib
import io
import json
import os
import platform
import sys
import tarfile


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data, mode in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    name, program, config = sys.argv[1:4]
    if config.startswith("@"):
        with open(config[1:], encoding="utf-8") as file:
            config = file.read()
    with open(program, "rb") as file:
        layers = [tar_of([("program", file.read(), 0o755), ("mark", os.urandom(16), 0o644)])]
    for word in sys.argv[4:]:
        path, size, mode = (word.split(":") + ["644"])[:3]
        layers.append(tar_of([(path, os.urandom(int(size)), int(mode, 8))]))
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    text = json.dumps({
        "architecture": arch, "os": "linux", "config": {"Cmd": ["/program"], **json.loads(config)},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]},
    }).encode()
    files = [(f"{i}/layer.tar", data, 0o644) for i, data in enumerate(layers)]
    manifest = [{"Config": "config.json", "RepoTags": [name + ":latest"], "Layers": [path for path, _, _ in files]}]
    files += [("config.json", text, 0o644), ("manifest.json", json.dumps(manifest).encode(), 0o644)]
    sys.stdout.buffer.write(tar_of(files))


main()
