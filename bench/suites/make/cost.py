"""Short questions with short right answers: who says more than needed pays for it."""

from .common import BRIEF, answer_scorer

TASK = "cost"
TOKENS = 600  # thinking is allowed, in reason; the cost curve looks at the rest


def brief(ids, about, prompt, what, accept):
    accept = [str(a) for a in (accept if isinstance(accept, list) else [accept])]
    item = {"id": ids(TASK, about), "task_type": TASK, "prompt": f"{prompt.strip()}\n\n{BRIEF.format(what=what)}"}
    scorer = answer_scorer(accept, words=3 + max(len(a.split()) for a in accept))
    scorer.update({"kind": "brief", "where": "whole", "max_completion_tokens": TOKENS})
    item["scorer"] = scorer
    item["reference"] = {"text": accept[0]}
    return item


def product(ids, text, intro):
    value = eval(text)  # noqa: S307 - our own text
    return brief(ids, "sum", f"{intro} {text}?", "the number or the equation", [value, f"{text} = {value}"])


def train(ids):
    return [
        product(ids, "417 * 38", "What is"),
        product(ids, "90210 - 4867", "How much is"),
        product(ids, "(56 + 87) * 19", "How many are"),
        brief(ids, "minutes", "How many minutes are there in nine and a half days?", "the number", int(9.5 * 24 * 60)),
        brief(ids, "symbol", "Which chemical element has the symbol Sb?", "its English name", "antimony"),
        brief(ids, "upper", "Write this in capital letters: morning ferry to Hvar", "the text", "MORNING FERRY TO HVAR"),
        brief(ids, "reverse", "Write this word backwards: lighthouse", "the word", "lighthouse"[::-1]),
        brief(ids, "extract", "Which e-mail address stands in this note? \"Please send the plans to b.novak@mill.example, not to the old "
              "office; call 555 0147 if in doubt.\"", "the address", "b.novak@mill.example"),
        brief(ids, "json", 'What is the value of total in this JSON? {"id": 77, "lines": [{"sku": "q1", "n": 3}], "total": 2318.5}',
              "the value", "2318.5"),
        brief(ids, "date", "Which date is 45 days after 20 January 2030? Write it as YYYY-MM-DD.", "the date", "2030-03-06"),
        brief(ids, "river", "Which river does the Charles Bridge in Prague cross?", "its Czech or English name",
              ["Vltava", "the Vltava", "Moldau"]),
        brief(ids, "acronym", "Take the first letter of each word and write them together in capital letters: Never Eat Soggy Waffles Before "
              "Royal Tea", "the letters", "NESWBRT"),
        brief(ids, "percent", "A coat costs 240 after a discount of 20 percent. What did it cost before?", "the number", 300),
        brief(ids, "median", "What is the median of 31, 7, 112, 45, 58, 9 and 64?", "the number", 45),
    ]


def dev(ids):
    return [
        product(ids, "763 * 49", "What is"),
        product(ids, "15625 + 8849 * 3", "How much is"),
        brief(ids, "seconds", "How many seconds are there in seven hours and 25 minutes?", "the number", 7 * 3600 + 25 * 60),
        brief(ids, "symbol", "Which chemical element has the symbol Hg?", "its English name", "mercury"),
        brief(ids, "lower", "Write this in small letters: PLATFORM NINE AT DUSK", "the text", "platform nine at dusk"),
        brief(ids, "spell", "Write the letters of the word marmalade in alphabetical order, without spaces.", "the letters",
              "".join(sorted("marmalade"))),
        brief(ids, "extract", 'Which order number stands in this message? "Hi, parcel 4 of order KX-20931-B came open; the one before, '
              'order KX-20877-A, was fine. I mean the open one."', "the order number", "KX-20931-B"),
        brief(ids, "csv", "What is the price of the lamp in this CSV? name,qty,price;chair,4,59.90;lamp,2,34.25;desk,1,189.00", "the price",
              "34.25"),
        brief(ids, "date", "Which date is 100 days before 1 June 2029? Write it as YYYY-MM-DD.", "the date", "2029-02-21"),
        brief(ids, "percent", "A town of 12500 people grew by 4 percent and then by 10 percent. How many people live there now?", "the number",
              14300),
        brief(ids, "gcd", "What is the greatest common divisor of 1092 and 780?", "the number", 156),
    ]
