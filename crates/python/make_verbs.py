"""Writes `python/dunwu/_verbs.py`: every command of the command line as a typed function, made from the commands' own table.

    python crates/python/make_verbs.py           # writes it, with the package that is installed
    python crates/python/make_verbs.py --check   # exit code 1 where what is there is not what would be written
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import keyword
import sys
import textwrap
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "python" / "dunwu" / "_verbs.py"
#: Commands that talk with a person in a terminal or with a program over standard input, or that print for a shell.
TERMINAL = {"chat", "mcp", "serve", "serve-model", "completions", "man", "schema"}
#: Options that only a terminal has a use for.
OF_TERMINAL = {"json", "open"}
#: Functions that the package offers under the same name with more to them, and that call these.
WRAPPED = {"export", "samples", "units"}
HEAD = '''"""Every verb of the command line as a function. Made by `make_verbs.py` from the table of commands; not to be edited."""

from __future__ import annotations

from typing import Literal

from ._native import Answer
from ._words import Setting, Value, Word, ask_command

__all__ = [
{names}]
'''


def function(path: tuple[str, ...], command: dict[str, Any], launches: dict[str, dict[str, Any]]) -> str:
    """The text of a function; `launches` has the commands, by place, that do the same on machines elsewhere."""
    name = name_of(path)
    positional = [a for a in command["arguments"] if a["long"] is None]
    options = options_of(command)
    own = {a["long"] for a in options}
    for launch in launches.values():
        options += [a for a in options_of(launch) if a["long"] not in {b["long"] for b in options}]
    has_settings = any(takes_settings(a) for a in positional)
    singles = [a for a in positional if not a["is_list"]]
    lists = [a for a in positional if a["is_list"]]
    parameters = [parameter(a) for a in singles]
    parameters.append(f"*{lists[0]['name']}: Word" if lists else "*")
    if launches:
        parameters.append(f"on: Literal[{', '.join(map(repr, launches))}] | None = None")
    if not any(a["long"] == "quiet" for a in options):
        parameters.append("quiet: bool = False")
    parameters += [option(a) for a in options]
    if has_settings:
        parameters.append("**settings: Setting")
    given = ", ".join([a["name"] for a in singles] + [f"*{a['name']}" for a in lists])
    given = f"({given},)" if given else "()"
    named = ", ".join(f'"{a["long"]}": {safe(a["long"])}' for a in options if a["long"] != "quiet")
    words = "(" + ", ".join(f'"{word}"' for word in path) + (",)" if len(path) == 1 else ")")
    if launches:
        words += ' if on is None else ("launch", on)'
    lines = [f"def {name}(", *(f"    {p}," for p in parameters if p != "*" or len(parameters) > 1), ") -> Answer:"]
    lines += [textwrap.indent(docstring(command, positional, options, own, launches), "    ")]
    call = [words, given, "{" + named + "}", "settings" if has_settings else "{}"]
    lines += ["    return ask_command(", *(f"        {part}," for part in call), "        quiet=quiet,", "    )"]
    return "\n".join(lines)


def native() -> Any:
    """The native module alone: the package around it needs the file that is made here."""
    package = importlib.util.find_spec("dunwu")
    folders = list(package.submodule_search_locations or []) if package else []
    found = [file for folder in folders for file in Path(folder).glob("_native*.so")]
    if not found:
        sys.exit("the package dunwu is not installed here; pip install .")
    loader = importlib.machinery.ExtensionFileLoader("_native", str(found[0]))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("_native", loader))  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


def name_of(path: tuple[str, ...]) -> str:
    return safe("-".join(path))


def takes_settings(argument: dict[str, Any]) -> bool:
    names = " ".join(argument["value_names"])
    return argument["is_list"] and any(word in names for word in ("WORD", "KEY", "PRESET")) and argument["name"] != "tags"


def parameter(argument: dict[str, Any]) -> str:
    return f"{argument['name']}: Word" + ("" if argument["is_required"] else " | None = None")


def safe(long: str) -> str:
    name = long.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def option(argument: dict[str, Any]) -> str:
    name = safe(argument["long"])
    if not argument["takes_value"]:
        return f"{name}: bool = False"
    value = f"Literal[{', '.join(map(repr, argument['choices']))}]" if argument["choices"] else "Value"
    several = f" | list[{value}]" if argument["is_list"] else ""
    return f"{name}: {value}{several} | None = None"


def options_of(command: dict[str, Any]) -> list[dict[str, Any]]:
    return [a for a in command["arguments"] if a["long"] and a["long"] not in OF_TERMINAL]


def docstring(
    command: dict[str, Any],
    positional: list[dict[str, Any]],
    options: list[dict[str, Any]],
    own: set[str],
    launches: dict[str, dict[str, Any]],
) -> str:
    text = [wrapped(command["about"] or "")]
    if command["more"] and command["more"] != command["about"]:
        more = command["more"].removeprefix(command["about"] or "").strip()
        text += ["", more]
    rows = [(a["name"], a["help"]) for a in positional]
    if launches:
        functions = " and ".join(f"`launch_{place}`" for place in launches)
        rows.append(("on", f"Where the runs are made, if not here: submitted as {functions} do, whose options may be given too"))
    rows += [(safe(a["long"]), a["help"] if a["long"] in own else f"With on=…: {a['help']}") for a in options]
    defaults = {safe(a["long"]): a["default"] for a in options if a["takes_value"] and a["default"]}
    text += [""]
    for name, tells in rows:
        default = f" (default: {' '.join(defaults[name])})" if name in defaults else ""
        text.append(wrapped(f"{name}: {tells or ''}{default}", "    "))
    body = "\n".join(text).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{body}\n"""'


def wrapped(text: str, further: str = "") -> str:
    return textwrap.fill(" ".join(text.split()), 110, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def module() -> str:
    commands: dict[tuple[str, ...], dict[str, Any]] = {}
    for command in json.loads(native().commands()):
        if command["name"] in TERMINAL:
            continue
        inner = [c for c in command["commands"] if c["name"] != "help"]
        commands |= {(command["name"], c["name"]): c for c in inner} or {(command["name"],): command}
    launches = {path[1]: command for path, command in commands.items() if path[0] == "launch"}
    functions = {
        name_of(path): function(path, command, launches if path == ("sweep",) else {}) for path, command in commands.items()
    }
    names = "".join(f'    "{name}",\n' for name in sorted(functions.keys() - WRAPPED))
    return HEAD.format(names=names) + "\n\n" + "\n\n\n".join(functions[name] for name in sorted(functions)) + "\n"


def main() -> int:
    made = module()
    if "--check" in sys.argv[1:]:
        if FILE.read_text() != made:
            print(f"{FILE.name} is not what the commands give; run make_verbs.py", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
