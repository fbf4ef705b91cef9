"""The SQL prompt: statements until `;`, a few commands about the catalog, Ctrl-C for the query that runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console
from rich.text import Text

from odpf.adapters.athena import QueryResult
from odpf.errors import OdpfError
from odpf_cli.display import grid
from odpf_cli.query_cost import below
from odpf_cli.query_output import QueryOutput, write
from odpf_cli.sql_text import is_complete, statements

HELP = r"""
SELECT ...;          a statement, over as many lines as you like, ended by a semicolon
\d   .tables         tables of all databases, or of the one in use
\d DATABASE.TABLE    columns of a table
\l   .databases      databases
\use DATABASE        tables without a database are of this one
\o table|csv|json    form of the answers
\?   .help           this
\q   .quit  Ctrl-D   end
Ctrl-C               stop the query that runs; at the prompt forget what was typed
""".strip()
_SAME = {
    ".tables": r"\d",
    ".databases": r"\l",
    ".help": r"\?",
    ".quit": r"\q",
    ".exit": r"\q",
    "exit": r"\q",
    "quit": r"\q",
}
_KEYWORDS = (
    "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT ON USING AS WITH UNION ALL DISTINCT HAVING COUNT SHOW TABLES"
)

Run = Callable[[str, str | None], QueryResult]


class CatalogView(Protocol):
    """What the catalog says."""

    def databases(self) -> list[str]:
        """Names of all databases."""

    def tables(self, database: str) -> list[str]:
        """Names of a database's tables."""

    def table(self, database: str, name: str) -> dict[str, Any] | None:
        """A table as Glue describes it."""


class Shell:
    """Answers what is typed.

    Args:
        run: answers one statement.
        catalog: of the account.
        console: where answers go.
        database: of tables that are named without one.
        output: form of the answers.
    """

    def __init__(
        self,
        run: Run,
        catalog: CatalogView,
        console: Console,
        database: str | None = None,
        output: QueryOutput = QueryOutput.TABLE,
    ) -> None:
        self._run, self._catalog, self._console = run, catalog, console
        self.database, self._output = database, output
        self._columns_by_table: dict[tuple[str, str], list[str]] = {}

    @property
    def prompt(self) -> str:
        """What stands before the cursor."""
        return f"{self.database or 'odpf'}> "

    def words(self, text: str) -> list[str]:
        """What TAB offers: databases, tables, key words, and the columns of tables that the text names; each asked for once."""
        try:
            names = self._names
            asked = {word.rstrip(",;)") for word in text.split()}
            columns = [column for name in asked & names.keys() for column in self._columns_named(*names[name])]
            return sorted({*_KEYWORDS.split(), *self._databases, *names, *columns})
        except OdpfError:
            return sorted(_KEYWORDS.split())

    @cached_property
    def _databases(self) -> list[str]:
        return self._catalog.databases()

    @cached_property
    def _names(self) -> dict[str, tuple[str, str]]:
        """Database and table by the names that a statement may have for it."""
        tables = [(database, table) for database in self._databases for table in self._catalog.tables(database)]
        tables.sort(key=lambda each: each[0] == self.database)  # of one name the database in use comes last, and stays
        return {name: each for each in tables for name in (each[1], ".".join(each))}

    def _columns_named(self, database: str, table: str) -> list[str]:
        if (database, table) not in self._columns_by_table:
            found = self._catalog.table(database, table) or {}
            self._columns_by_table[database, table] = [name for name, _ in _columns_of(found)]
        return self._columns_by_table[database, table]

    def answer(self, text: str) -> bool:
        """Answer what was typed; False when that was the end. Whatever goes wrong is told, and the prompt goes on."""
        words = text.strip().rstrip(";").split()
        command = _SAME.get(words[0].lower(), words[0]) if words else ""
        try:
            if command == r"\q":
                return False
            if command.startswith("\\"):
                self._command(command, words[1:])
            else:
                for statement in statements(text):
                    self._query(statement)
        except OdpfError as error:
            self._console.print(Text(str(error), style="red"))
        except KeyboardInterrupt:
            self._console.print(Text("Stopped.", style="yellow"))
        return True

    def _query(self, statement: str) -> None:
        began = time.monotonic()
        result = self._run(statement, self.database)
        write(result, self._output, None, below(result, time.monotonic() - began))

    def _command(self, command: str, words: list[str]) -> None:
        if command == r"\d" and words:
            self._columns(words[0])
        elif command == r"\d":
            self._list(["Database", "Table"], self._tables())
        elif command == r"\l":
            self._list(["Database"], ((name,) for name in self._catalog.databases()))
        elif command == r"\use" and words:
            self.database = words[0]
        elif command == r"\o" and words and words[0] in (QueryOutput.TABLE, QueryOutput.CSV, QueryOutput.JSON):
            self._output = QueryOutput(words[0])
        elif command == r"\?":
            self._console.print(HELP, markup=False, highlight=False)
        else:
            self._console.print(Text(rf"{command} is no command, or lacks something. \? lists them.", style="red"))

    def _tables(self) -> Iterator[tuple[str, str]]:
        for database in [self.database] if self.database else self._catalog.databases():
            yield from ((database, table) for table in self._catalog.tables(database))

    def _columns(self, name: str) -> None:
        database, _, table = name.rpartition(".")
        found = self._catalog.table(database or self.database or "default", table)
        if found is None:
            self._console.print(Text(rf"There is no table {name}. \d lists them.", style="red"))
            return
        self._list(["Column", "Type"], _columns_of(found))

    def _list(self, names: list[str], rows: Any) -> None:
        table = grid(names, [])
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)


def prompted(shell: Shell) -> None:
    """Ask for statements until the end, with history, and TAB for the names of the catalog."""
    history = _history_file()
    history.parent.mkdir(parents=True, exist_ok=True)
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(history)),
        completer=WordCompleter(lambda: shell.words(get_app().current_buffer.text), ignore_case=True, WORD=True),
        complete_while_typing=False,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=lambda width, _line, _soft: " " * (width - 2) + "> ",
    )
    while True:
        try:
            if not shell.answer(session.prompt(shell.prompt)):
                return
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def is_entered(text: str) -> bool:
    """Whether Enter ends what was typed: a whole statement, a command, or nothing at all."""
    stripped = text.strip()
    return not stripped or is_complete(stripped) or stripped.startswith("\\") or stripped.lower().split()[0] in _SAME


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=Condition(_whole))
    def _accept(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def _whole() -> bool:

    return is_entered(get_app().current_buffer.text)


def _columns_of(table: dict[str, Any]) -> list[tuple[str, str]]:
    columns = [*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ())]
    return [(column["Name"], column.get("Type", "string")) for column in columns]


def _history_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "odpf" / "query_history"
