"""How `odpf console` begins."""

from __future__ import annotations

import socket

import pytest
from typer.testing import CliRunner

from odpf.errors import InvalidSettings
from odpf_cli.console.command import listening
from odpf_cli.main import program


@pytest.mark.parametrize("command", [["console"], ["local", "up"]])
@pytest.mark.parametrize("port", ["70000", "0", "-1", "http"])
def test_what_is_no_port_is_wrong_usage(command, port):
    ended = CliRunner().invoke(program(), [*command, "--port", port])
    assert (ended.exit_code, "--port" in ended.output) == (2, True)


def test_a_port_that_somebody_has_is_refused_and_without_one_a_free_one_is_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InvalidSettings, match=f"Port {port} is taken"):
            listening(port)
    with listening(None) as one, listening(None) as another:
        assert one.getsockname()[1] != another.getsockname()[1]
