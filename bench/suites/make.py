#!/usr/bin/python3
"""Make the public suites: bench/suites/public/{train,dev}, the same bytes each time.

    bench/suites/make.py            write them
    bench/suites/make.py --check    fail if what is there is not what would be written
    bench/suites/make.py --run      run the reference of every code item, too

Every reference is computed here, none is typed in that can be; what must hold of all
items together is checked before anything is written.
"""

import hashlib
import json
import pathlib
import shutil
import sys

from make import agentic, chat, coding, cost, multimodal, png, research, streaming, tools
from make.checks import check_all, run_code
from make.common import Ids

ROOM = pathlib.Path(__file__).resolve().parent / "public"
VERSION, SCORING = "2026.11", "2026-11"
TASKS = (chat, research, coding, tools, agentic, multimodal, streaming, cost)
ABOUT = {
    "train": ("Public training suite", "To learn what is asked and how it is judged: everything in it is public."),
    "dev": ("Public development suite", "To compare competitors: no item, and no answer, of the training suite."),
}


def suite(split):
    """The files of a suite: name to bytes, and its items."""
    ids, files, items = Ids(split), {}, []
    for task in TASKS:
        made = getattr(task, split)(ids)
        lines = []
        for item in made:
            for name, data in item.pop("_files", {}).items():
                files[name] = data if isinstance(data, bytes) else data.encode()
            lines.append(json.dumps(item, ensure_ascii=False, separators=(",", ":")))
        files[f"{task.TASK}.jsonl"] = ("\n".join(lines) + "\n").encode()
        items += made
    title, description = ABOUT[split]
    head = {"name": f"public/{split}", "version": VERSION, "title": title, "description": description,
            "scoring": SCORING, "counts": {t.TASK: sum(i["task_type"] == t.TASK for i in items) for t in TASKS}}
    files["suite.json"] = (json.dumps(head, indent=1) + "\n").encode()
    return files, items


def digest(files):
    lines = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files, key=str.encode))
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def on_disk(room):
    return {str(p.relative_to(room)): p.read_bytes() for p in sorted(room.rglob("*")) if p.is_file()}


def same(a, b):
    """Equal; of pictures what they show, for another zlib packs them otherwise."""
    if a.keys() != b.keys():
        return False
    return all(a[n] == b[n] or n.endswith(".png") and png.shown(a[n]) == png.shown(b[n]) for n in a)


def main(arguments):
    suites = {split: suite(split) for split in ABOUT}
    check_all({split: items for split, (_, items) in suites.items()})
    if "--run" in arguments:
        run_code([item for _, items in suites.values() for item in items])
    for split, (files, items) in suites.items():
        room = ROOM / split
        if "--check" in arguments:
            if not same(on_disk(room), files):
                sys.exit(f"public/{split} is not what bench/suites/make.py makes")
        else:
            shutil.rmtree(room, ignore_errors=True)
            for name, data in files.items():
                path = room / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        print(f"public/{split}: {len(items)} items, {len(files)} files, {digest(files)}")


if __name__ == "__main__":
    main(sys.argv[1:])
