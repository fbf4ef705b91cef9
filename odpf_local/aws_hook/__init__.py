"""A hook in botocore's clients that meters calls, enforces the limits of AWS that emulators do not, and injects faults.

In one process: `Hook(...).attach(client_or_session)`, or `with everywhere(Hook(...)):` for every client made meanwhile.
In others: start them with `environment(path)`, where `HookConfiguration(...).write(path)` says what goes wrong, at any time.
"""

from odpf_local.aws_hook.configuration import BrokenConfiguration, HookConfiguration
from odpf_local.aws_hook.faults import FaultRule
from odpf_local.aws_hook.hook import Hook
from odpf_local.aws_hook.meter import Meter
from odpf_local.aws_hook.plugin import environment, everywhere, initialize_client_plugin

__all__ = [
    "BrokenConfiguration",
    "FaultRule",
    "Hook",
    "HookConfiguration",
    "Meter",
    "environment",
    "everywhere",
    "initialize_client_plugin",
]
