"""What a deployment's environment says of full loads."""

import pytest

from odpf.errors import InvalidSettings
from odpf.settings import Settings


def test_without_a_word_loads_are_what_is_registered_and_no_task_is_asked():
    settings = Settings.from_environment({})
    assert (settings.full_load_completion, settings.dms_task_arns) == ("none", ())


def test_rule_and_tasks_come_from_the_environment():
    said = {"ODPF_FULL_LOAD_COMPLETION": "quiet_seconds:90", "ODPF_DMS_TASK_ARNS": "arn:a, arn:b,"}
    settings = Settings.from_environment(said)
    assert (settings.full_load_completion, settings.dms_task_arns) == ("quiet_seconds:90", ("arn:a", "arn:b"))


def test_a_rule_that_is_none_is_refused_by_name():
    with pytest.raises(InvalidSettings, match=r"full_load_completion: .*did you mean 'marker'\?"):
        Settings.from_environment({"ODPF_FULL_LOAD_COMPLETION": "makrer"})
