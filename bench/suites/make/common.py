"""What all the makers of items share: the shape of an item, and the scorers' words."""

import itertools
import re

LINE = "End your reply with a line that holds `ANSWER: ` and then {what}, nothing after it."
BRIEF = "Reply with {what} alone: no sentence, no explanation."


def say(prompt, what):
    """A prompt that asks for the answer on a last line."""
    return f"{prompt.strip()}\n\n{LINE.format(what=what)}"


EUROS = ["€", "euros", "euro", "eur"]


def answer_scorer(accept, value=None, tolerance=0, words=None):
    scorer = {"kind": "answer", "accept": [accept] if isinstance(accept, str) else list(accept)}
    if value is None and re.fullmatch(r"\d+\.\d\d", accept[0]):
        scorer = {"kind": "answer", "number": {"value": float(accept[0]), "tolerance": 0.001, "units": EUROS}}
    if value is not None:
        scorer = {"kind": "answer", "number": {"value": value, "tolerance": tolerance}}
    scorer["max_words"] = words or 400
    return scorer


def answered(item_id, task, prompt, what, accept, why="", **more):
    """An item whose answer stands on the last line.  accept[0] is the reference's."""
    accept = [accept] if isinstance(accept, (str, int)) else list(accept)
    value = accept[0] if isinstance(accept[0], int) else None
    accept = [str(a) for a in accept]
    accept += [a.replace(", ", ",") for a in accept if ", " in a]
    item = {"id": item_id, "task_type": task, **more.pop("first", {})}
    if "messages" in more:
        item["messages"] = more.pop("messages")
        item["messages"][-1]["content"] = say(item["messages"][-1]["content"], what)
    else:
        item["prompt"] = say(prompt, what)
    item.update(more)
    item["scorer"] = answer_scorer(accept, value)
    item["reference"] = {"text": f"{why}\n\nANSWER: {accept[0]}".strip()}
    return item


class Ids:
    """Ids that say the split, the task and what it is about: dev-chat-receipt-2."""

    def __init__(self, split):
        self.split, self.seen = split, {}

    def __call__(self, task, about):
        n = self.seen[task, about] = self.seen.get((task, about), 0) + 1
        return f"{self.split}-{task}-{about}-{n}"


def only(solutions):
    """The one solution of a puzzle; a puzzle with more or none is no item."""
    solutions = list(itertools.islice(solutions, 2))
    assert len(solutions) == 1, solutions
    return solutions[0]


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"
