"""Which build of ODPF this is: audit rows, deployments and requests to AWS say it.

Packages for AWS carry this module with the name of their source's state in place of `source` (see `make package`).
"""

from __future__ import annotations

from odpf import __version__

RELEASE = "source"
CODE_VERSION = f"{__version__}+{RELEASE}"
