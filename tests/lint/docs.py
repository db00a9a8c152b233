#!/usr/bin/python3
"""docs.py - what README.md and docs/*.md tell people to type, and who types it in a test.

    docs.py                 no block of commands may be neither run nor named, no link may be dead,
                            no word of a command be unknown
    docs.py blocks DIR      write each page's blocks that tests/scenario/59-docs.sh runs into
                            DIR/PAGE/NNNN.sh (.py, .mjs), what they are to show into NNNN.shows,
                            configuration into NNNN.conf, and files that they name into DIR/files

A block of commands (sh, python, js) has a comment on the line above its fence:

    <!-- run -->              59-docs.sh runs it, a page's blocks one after another in one shell
    <!-- runs: NAME -->       tests/scenario/11-examples.sh runs it
    <!-- run by: FILE -->     that test has its every command: program, words, and options; several
                              files are separated by spaces.  A target of make is its recipe's script
    <!-- page run by: FILE -->  the same for every block of the page that has no comment of its own

Where none of these stands, some script below tests/ must have each of its commands.

Above a block of text, <!-- shows --> says that what ran last before it printed these lines, in this
order and with others between; an ellipsis stands for anything.  Above any block, <!-- file: NAME -->
says that it is what a command calls NAME.
"""
import ast
import glob
import json
import os
import re
import shlex
import subprocess
import sys

COMMANDS = {"sh": "sh", "python": "py", "js": "mjs"}
OTHERS = {"text", "json", "mermaid", "conf", "ini", "nginx", "caddy", "haproxy", "yaml", "sql"}
KNOWN = {"janusctl": "help --all", "janus-bench": "help --all"}
# What only moves about, or shows what is there.
PLAIN = {"cd", "export", "kill", "echo", "printf", "cat", "tar", "ls", "sudo", "umask", "sed", "jq", "mkdir", "cp", "rm", "wait",
         "less", "true", "sandy", "head", "tail", "grep", "tee", "test", "gzip", "sha256sum", "sleep", "until", "do", "done", "openssl"}
os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCRIPTS = sorted(glob.glob("tests/*.sh") + glob.glob("tests/*/*.sh"))
errors = []
absent = set()        # pages that have a place and are linked, and are not there


def bad(where, text):
    errors.append(f"{where}: {text}")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def pages():
    return ["README.md"] + sorted(f"docs/{name}" for name in os.listdir("docs") if name.endswith(".md"))


class Block:
    def __init__(self, page, line, lang, mark):
        self.page, self.line, self.lang, self.mark, self.text = page, line, lang, mark, ""

    @property
    def where(self):
        return f"{self.page}:{self.line}"


def blocks_of(page):
    """The fenced blocks of a page, and the comment that names who runs all of it."""
    blocks, default, above, open_block, fence = [], None, "", None, ""
    for number, line in enumerate(read(page).splitlines(), 1):
        begin = re.match(r"^ {0,3}(`{3,})(.*)$", line)
        if open_block is None and begin:
            fence = begin[1]
            open_block = Block(page, number, begin[2].strip(), above.strip())
            blocks.append(open_block)
        elif open_block is not None and re.match(rf"^ {{0,3}}{fence}`*\s*$", line):
            open_block, above = None, ""
        elif open_block is not None:
            open_block.text += line + "\n"
        else:
            found = re.match(r"^<!-- page run by: (.*) -->$", line)
            if found:
                default = f"<!-- run by: {found[1]} -->"
            above = line
    if open_block is not None:
        bad(open_block.where, "this block does not end")
    return blocks, default


# --- commands --------------------------------------------------------------------------------

def simple_commands(text):
    """Each command of a block as a list of words; placeholders and variables stay as they are."""
    text = re.sub(r"\\\n\s*", " ", text)
    for line in text.splitlines():
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
            lexer.whitespace_split, lexer.commenters = True, "#"
            words = list(lexer)
        except ValueError:        # a text of several lines: its first words will do
            words = line.split()
        command = []
        for word in words + [";"]:
            if word and set(word) <= set("();|&"):
                if command:
                    yield command
                command = []
            elif command or (word != "sudo" and not re.match(r"^[A-Za-z_][A-Za-z_0-9]*=", word)):
                command.append(word)


def key_of(words):
    """What a test must have on one line to have this command: its program, words, and options."""
    program = words[0].rsplit("/", 1)[-1]
    rest = words[1:]
    if program in KNOWN:
        keys = [w.split("=", 1)[0] for w in rest if w.startswith("--")]
        plain = [w for w in rest if re.match(r"^[a-z][a-z-]*$", w)]
        return [program] + plain[:2 if program == "janusctl" else 1] + keys
    if program == "curl":
        path = next((m[1] for w in rest if (m := re.search(r"(?:https?://[^/]+|localhost:\d+|_URL\}?)(/[a-z0-9_/]*)", w))), "/")
        return ["curl|ask|control|chat", path.rstrip("/") or "/"]
    plain = [w.rsplit("/", 1)[-1] for w in rest if re.match(r"^[A-Za-z][A-Za-z0-9./_-]*$", w) and not w.isupper()]
    if program.startswith("janus"):
        plain = [w.split("=", 1)[0] for w in rest if w.startswith("--")] + plain
    return plain[:1] if program in ("node", "python3", "bash") else [program] + plain[:1]


def recipe(target):
    """The script that a target of make runs."""
    text = re.sub(r"\\\n\s*", " ", read("Makefile"))
    found = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", text, re.M)
    if not found:
        return None
    script = re.search(r"((?:tests|controlplane|images|ui|bench)/[a-z0-9_/-]+\.(?:sh|py))", found[1])
    return script[1] if script else ""


def has(test, words):
    """Does this test have that command?"""
    text = re.sub(r"\\\n\s*", " ", read(test))
    text = re.sub(r"\"?\$\{?bin\}?/([a-z-]+)\"?", r"\1", text)
    text = re.sub(r"(^|[\s;(])(ctl|bench)(?=\s)", lambda m: m[1] + {"ctl": "janusctl", "bench": "janus-bench"}[m[2]], text, flags=re.M)
    key = key_of(words)
    if key[0] == "make":
        script = recipe(key[1]) if len(key) > 1 else ""
        return script is not None and (script == test or (script != "" and script in text) or f"make {key[1] if len(key) > 1 else ''}" in text)
    for line in text.splitlines():
        if all(re.search(rf"(?<![\w-])(?:{k if '|' in k else re.escape(k)})(?![\w-])" if k[0] not in "/-" else re.escape(k), line)
               for k in key):
            return True
    return False


def check_commands(block, default):
    mark = block.mark if block.mark.startswith("<!-- run") else default or ""
    if mark == "<!-- run -->":
        return
    if found := re.match(r"^<!-- runs: ([a-z-]+) -->$", mark):
        if not re.search(rf"^typed {re.escape(block.page)} {found[1]}$", read("tests/scenario/11-examples.sh"), re.M):
            bad(block.where, f"tests/scenario/11-examples.sh does not run {found[1]}")
    elif re.match(r"^<!-- file: ", block.mark):
        return
    elif found := re.match(r"^<!-- run by: (.+) -->$", mark):
        tests = found[1].split()
        missing = [t for t in tests if not os.path.isfile(t)]
        for test in missing:
            bad(block.where, f"there is no {test}")
        if block.lang != "sh" and not missing:        # a piece of a program that is run as a whole
            lines = {line.strip() for test in tests for line in read(test).splitlines()}
            for line in block.text.splitlines():
                if line.strip() and line.strip() not in lines:
                    bad(block.where, f"not in {found[1]}: {line}")
            return
        for words in [] if missing else simple_commands(block.text):
            if words[0].rsplit("/", 1)[-1] not in PLAIN and not any(has(test, words) for test in tests):
                bad(block.where, f"not in {found[1]}: {' '.join(words)[:100]} (looked for {' '.join(key_of(words))})")
    elif not mark and block.lang == "sh":
        for words in simple_commands(block.text):
            if words[0].rsplit("/", 1)[-1] not in PLAIN and not any(has(test, words) for test in SCRIPTS):
                bad(block.where, f"nobody runs this: {' '.join(words)[:100]}; tests/lint/docs.py explains how to say who does")
    else:
        bad(block.where, "nobody runs this: give it one of the comments that tests/lint/docs.py explains")


def check_other(block):
    if block.lang == "json" and "…" not in block.text and "..." not in block.text:
        try:
            json.loads(block.text)
        except ValueError:
            try:
                for value in re.split(r"\n(?=\{)", block.text.strip()):
                    json.loads(value)
            except ValueError as error:
                bad(block.where, f"this is not JSON: {error}")
    if block.lang == "python":
        try:
            ast.parse(block.text)
        except SyntaxError as error:
            bad(block.where, f"this is not Python: {error}")


# --- words of commands in the text --------------------------------------------------------------

def vocabulary(program):
    path = os.path.join(os.environ.get("BIN", "build/bin"), program)
    if not os.access(path, os.X_OK):
        bad("docs", f"{path} is not built")
        return None, None
    said = subprocess.run([path, "help", "--all"], capture_output=True, text=True, check=True).stdout
    verbs, options = {}, set()
    for line in said.splitlines():
        if line.startswith(program + " "):
            words = [w for w in line.split()[1:3] if re.match(r"^[a-z|]+$", w)]
            for last in (words[1].split("|") if len(words) > 1 else [""]):
                verbs[" ".join([words[0], last]).strip()] = set(re.findall(r"--[a-z-]+", line))
        elif line.startswith("option "):
            options |= set(re.findall(r"--?[a-zA-Z-]+", line.split("  ")[0]))
    # which options are one command's own; janus-bench does not say
    own = set().union(*verbs.values())
    verbs = {v: options - own | takes for v, takes in verbs.items()}
    # a noun in singular is the same, and may come first; shortcuts have none
    verbs |= {"work": options} if program == "janus-bench" else {}        # janusd's alone
    verbs |= {v.removesuffix("s"): takes for v, takes in verbs.items()}
    verbs |= {" ".join(reversed(v.split())): takes for v, takes in verbs.items()}
    return verbs, options


def check_words(where, text, program, verbs, options):
    words = text.split()[1:]
    plain = []
    for word in words:
        if not re.match(r"^[a-z]+$", word):
            break
        plain.append(word)
    if plain:
        first, both = plain[0], " ".join(plain[:2])
        if first not in {v.split()[0] for v in verbs}:
            bad(where, f"{program} has no verb {first}: {text}")
        elif len(plain) > 1 and first not in verbs and both not in verbs:
            bad(where, f"{program} has no {both}: {text}")
    command = next((v for v in (" ".join(plain[:2]), " ".join(plain[:1])) if v in verbs), None)
    if command:
        options, program = verbs[command], f"{program} {command}"
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
        if option not in options and option.replace("--no-", "--", 1) not in options:
            bad(where, f"{program} has no option {option}: {text}")


def check_inline(page, targets, known):
    fence = None
    for number, line in enumerate(read(page).splitlines(), 1):
        begin = re.match(r"^ {0,3}(`{3,})", line)
        if begin and (fence is None or begin[1].startswith(fence)):
            fence = begin[1] if fence is None else None
        where = f"{page}:{number}"
        for text in [line.strip()] if fence else re.findall(r"(?<!`)`([^`]+)`(?!`)", line):
            for program, (verbs, options) in known.items():
                for found in re.finditer(rf"(?:^|[\s;|/(]){program} ([^|;&#()]*)", " " + text) if verbs is not None else ():
                    check_words(where, f"{program} {found[1]}".strip(), program, verbs, options)
            for found in re.finditer(r"(?:^|\s)make((?: [A-Z_]+=\S+)*) ([a-z][a-z-]*)\b", text if not fence else text.split("#")[0]):
                if found[2] not in targets:
                    bad(where, f"make has no target {found[2]}: {text}")


# --- links --------------------------------------------------------------------------------------

def anchors(path):
    """The ids that a page's headings have, as GitHub and the UI make them."""
    ids, seen, fence = set(), {}, False
    for line in read(path).splitlines():
        if re.match(r"^ {0,3}```", line):
            fence = not fence
        found = None if fence else re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)
        if found:
            slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found[1]).lower().replace("`", "")).replace(" ", "-")
            n = seen.get(slug, 0)
            seen[slug] = n + 1
            ids.add(slug if n == 0 else f"{slug}-{n}")
        ids |= set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
    return ids


def placed(target):
    """Has this page a place in the docs of the UI?  One that has may be missing for a while: the UI leaves its links out."""
    name = os.path.basename(target).removesuffix(".md")
    return re.search(rf"^\s+\"?{re.escape(name)}\"?: \"", read("ui/src/pages/docs/table.ts"), re.M) is not None


def check_links(page):
    fence = False
    for number, line in enumerate(read(page).splitlines(), 1):
        if re.match(r"^ {0,3}```", line):
            fence = not fence
        if fence:
            continue
        for href in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"^[a-z]+:", href) or href.startswith("/"):
                continue
            path, _, anchor = href.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(target) and placed(target):
                absent.add(target)
            elif not os.path.exists(target):
                bad(f"{page}:{number}", f"a dead link: {href}")
            elif anchor and target.endswith(".md") and anchor not in anchors(target):
                bad(f"{page}:{number}", f"no such heading: {href}")


def check_order():
    """Each page has its place in the docs of the UI, and is linked from README.md or the operator guide."""
    linked = read("README.md") + read("docs/operator.md")
    for page in pages()[1:]:
        name = os.path.basename(page).removesuffix(".md")
        if not placed(page):
            bad(page, "it has no place in ui/src/pages/docs/table.ts")
        if f"{name}.md" not in linked:
            bad(page, "neither README.md nor docs/operator.md links to it")


# --- the two uses ---------------------------------------------------------------------------------

def check():
    targets = set(re.findall(r"^([a-z][a-z0-9_.-]*)(?: [a-z -]+)?:(?!=)", read("Makefile"), re.M))
    known = {program: vocabulary(program) for program in KNOWN}
    run = named = 0
    for page in pages():
        blocks, default = blocks_of(page)
        for block in blocks:
            if block.lang in COMMANDS:
                check_commands(block, default)
                run += block.mark == "<!-- run -->" or block.mark.startswith("<!-- runs:")
                named += not (block.mark == "<!-- run -->" or block.mark.startswith("<!-- runs:"))
            elif block.lang not in OTHERS:
                bad(block.where, f"say what this block is: {' '.join(sorted(COMMANDS.keys() | OTHERS))}")
            check_other(block)
        check_inline(page, targets, known)
        check_links(page)
    check_order()
    version = re.search(r"^VERSION := (.*)$", read("Makefile"), re.M)[1]
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", read("CHANGELOG.md"), re.M):
        bad("CHANGELOG.md", f"it has no dated section for {version}")
    for error in errors:
        print(error)
    if absent:
        print(f"docs: linked, and not there yet: {' '.join(sorted(absent))}")
    if not errors:
        print(f"docs: {len(pages())} pages; of their blocks of commands {run} are run as they stand, {named} by a test that is named")
    return 1 if errors else 0


def write_blocks(to):
    for page in pages():
        blocks, _ = blocks_of(page)
        name, last = page.removesuffix(".md").replace("docs/", ""), None
        for block in blocks:
            place = os.path.join(to, name, f"{block.line:04}")
            if block.lang in COMMANDS:
                last = place if block.mark == "<!-- run -->" else None
                kind = COMMANDS[block.lang] if last else None
            elif block.mark == "<!-- shows -->":
                if last is None:
                    bad(block.where, "nothing ran that could have shown this")
                place, kind = last or place, "shows"
            else:
                kind = "conf" if block.lang == "conf" else None
            if found := re.match(r"^<!-- file: ([a-z0-9-]+(?:/[a-z0-9-]+)?\.[a-z]+) -->$", block.mark):
                os.makedirs(os.path.dirname(os.path.join(to, "files", found[1])), exist_ok=True)
                with open(os.path.join(to, "files", found[1]), "w", encoding="utf-8") as f:
                    f.write(block.text)
            if kind:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(f"{place}.{kind}", "w", encoding="utf-8") as f:
                    f.write(block.text)
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["blocks"] and len(sys.argv) == 3:
        sys.exit(write_blocks(sys.argv[2]))
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    sys.exit(check())
