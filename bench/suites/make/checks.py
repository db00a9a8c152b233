"""What must hold of all items together, whoever made them."""

import re
import subprocess
import sys
import tempfile

RUN = {"python": [sys.executable, "main.py"], "node": ["node", "main.js"], "sh": ["sh", "main.sh"]}


def fold(text):
    return re.sub(r"\s+", " ", str(text).strip().lower())


def number(value):
    return f"{value:.10g}"


def prompt_of(item):
    return item.get("prompt") or "\n".join(m["content"] for m in item["messages"] if isinstance(m["content"], str))


def accepted(item):
    """The answers of an item, one of which is enough."""
    scorer = item["scorer"]
    parts = [scorer] + [scorer[k] for k in ("final", "answer") if k in scorer]
    return {fold(a) for s in parts for a in s.get("accept", [])} | {
        number(s["number"]["value"]) for s in parts if "number" in s}


def check_item(item):
    where = item["id"]
    assert re.fullmatch(r"[a-z0-9.-]{1,63}", where), where
    assert item["reference"], where
    text = item["reference"].get("text", "")
    lines = [line for line in text.splitlines() if line.strip()]
    scorer = item["scorer"]
    if scorer["kind"] == "answer" and "where" not in scorer:
        assert [n for n in lines if n.startswith("ANSWER:")] == lines[-1:], where
        said = fold(lines[-1][7:])
        assert said in accepted(item) or number(float(said)) in accepted(item), where
    if scorer.get("where") == "whole":
        assert fold(text) in accepted(item), where
    if "max_words" in scorer:
        assert len(text.split()) <= scorer["max_words"], (where, len(text.split()))
    # an echo of the prompt must not be an answer
    assert not re.search(r"(?m)^\s*ANSWER:", prompt_of(item)), where
    assert fold(prompt_of(item)) not in accepted(item), where


def check_all(suites):
    """suites: split to its items."""
    ids, answers, prompts = {}, {}, {}
    for split, items in suites.items():
        for item in items:
            check_item(item)
            assert item["id"] not in ids, item["id"]
            ids[item["id"]] = split
            asked = fold(prompt_of(item)) + str(item.get("inputs"))
            assert asked not in prompts, (item["id"], prompts.get(asked))
            prompts[asked] = item["id"]
            for a in accepted(item):
                assert answers.setdefault(a, item["id"]) == item["id"], (item["id"], "answers as", answers[a], a)
    print(f"{len(ids)} ids, {len(answers)} answers: each of one item")


def fenced(text, language):
    names = {"python": "python|py", "node": "javascript|js|node", "sh": "sh|bash"}[language]
    return re.findall(rf"(?ms)^```(?:{names})\n(.*?)^```", text)


def run_code(items):
    """The reference of every code item, run here on every case."""
    n = 0
    for item in items:
        scorer = item["scorer"]
        if scorer["kind"] != "code":
            continue
        (code,) = fenced(item["reference"]["text"], scorer["language"])
        command = RUN[scorer["language"]]
        with tempfile.TemporaryDirectory() as room:
            with open(f"{room}/{command[-1]}", "w", encoding="utf-8") as f:
                f.write(code)
            for i, case in enumerate(scorer["cases"]):
                ran = subprocess.run(command + case.get("args", []), input=case["stdin"], cwd=room, text=True,
                                     capture_output=True, timeout=10, check=False)
                right = lambda t: [line.rstrip() for line in t.rstrip().split("\n")]
                assert ran.returncode == 0 and right(ran.stdout) == right(case["expect_stdout"]), (
                    item["id"], i, ran.stdout, case["expect_stdout"], ran.stderr)
                n += 1
    print(f"{n} cases of code ran as they should")
