"""The page docs/commands.md, made from the program: a heading per command with what its help has."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer.main

from odpf_cli.main import program

_HEAD = """# Commands

What `odpf COMMAND --help` says, of every command. `--output table|json` is on all that print: with json, stdout is one document, and
progress goes to stderr. Exit status: 0 done, 1 failed, 2 wrong usage or invalid input, 3 finished but some tables failed. Which AWS they talk to
follows the standard SDK environment ([operate.md](operate.md#which-aws-is-this)).

This page is made from the program by `make docs`.
"""
BAR = "\\|"
_EXAMPLES = re.compile(r"\n*^Examples?:\n", re.MULTILINE)
_BRACKETS = re.compile(r"\s*\[(required|default: [^\]]*|env var: [^\]]*|[^\]]*<=?x[^\]]*|x>=[^\]]*)\]\s*$")


def page() -> str:
    """The whole page."""
    found = list(commands())
    listed = [f"| [`{name}`](#{name.replace(' ', '-')}) | {_told(command)[0]} |" for name, command in found]
    parts = [_HEAD, "\n".join(["| command | |", "|---|---|", *listed]), *(_section(*each) for each in found)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the program that does something, with its whole name."""
    yield from _walk("odpf", typer.main.get_command(program()))


def examples(command: Any) -> list[str]:
    """The command lines that a command's help shows."""
    _, _, shown = _parts(command)
    return [line.strip() for line in shown.splitlines() if line.strip()]


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands") or command.invoke_without_command:
        yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {word}", inner)


def _parts(command: Any) -> tuple[str, str, str]:
    """The first sentence of a command's help, the rest of its text, and its examples."""
    text, *shown = _EXAMPLES.split(inspect.cleandoc(command.help))
    first, _, rest = text.partition("\n\n")
    return " ".join(first.split()), rest, "".join(shown)


def _told(command: Any) -> tuple[str, str]:
    first, rest, _ = _parts(command)
    return _cell(first), _cell(rest)


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    first, rest = _told(command)
    records = [each.get_help_record(context) for each in command.params]
    rows = [_row(*record) for record in records if record]
    table = "\n".join(["| argument or option | | default |", "|---|---|---|", *rows]) if rows else ""
    lines = "\n".join([usage, *(f"$ {example}" for example in examples(command))])
    parts = [f"## {name}", first, rest, f"```text\n{lines}\n```", table]
    return "\n\n".join(part for part in parts if part)


def _row(option: str, told: str) -> str:
    """`told` ends in brackets: a default, a range, a variable, or that it is required."""
    text, notes = told, ""
    if found := _BRACKETS.search(told):
        text, notes = told[: found.start()], found[1]
    default = ", ".join(part.strip().removeprefix("default: ") for part in notes.split(";"))
    return f"| `{option.replace('|', BAR)}` | {_cell(text)} | {_cell(default)} |"


def _cell(text: str) -> str:
    return text.replace("|", BAR).replace("<", "&lt;")
