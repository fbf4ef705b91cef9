"""Every rule of `odpf lint`, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence

from odpf.config_problems import did_you_mean
from odpf.errors import InvalidSettings
from odpf_cli.lint.column_rules import COLUMN_RULES
from odpf_cli.lint.endpoint_rules import ENDPOINT_RULES
from odpf_cli.lint.naming_rules import NAMING_RULES
from odpf_cli.lint.permission_rules import PERMISSION_RULES
from odpf_cli.lint.rule import Rule
from odpf_cli.lint.runtime_rules import RUNTIME_RULES
from odpf_cli.lint.selection_rules import SELECTION_RULES
from odpf_cli.lint.table_rules import TABLE_RULES
from odpf_cli.lint.task_rules import TASK_RULES

RULES: tuple[Rule, ...] = (
    *ENDPOINT_RULES,
    *TASK_RULES,
    *SELECTION_RULES,
    *COLUMN_RULES,
    *NAMING_RULES,
    *TABLE_RULES,
    *RUNTIME_RULES,
    *PERMISSION_RULES,
)


def chosen(only: Sequence[str], ignored: Sequence[str]) -> tuple[Rule, ...]:
    """The rules to ask: those named, or all, without the ignored ones.

    Raises:
        InvalidSettings: a name is no rule's.
    """
    names = {rule.name for rule in RULES}
    for name in (*only, *ignored):
        if name not in names:
            raise InvalidSettings(
                f"There is no rule {name!r}{did_you_mean(name, names) or '.'} `odpf lint --rules` lists all of them."
            )
    return tuple(rule for rule in RULES if (not only or rule.name in only) and rule.name not in ignored)
