"""What engines and control plane cost: `python -m benchmarks [--quick]`; see README.md in this folder."""

from __future__ import annotations

import sys
from importlib import import_module

if __name__ == "__main__":
    # Every process that is started imports this module again, and must not grow by what the comparison needs.
    import_module("benchmarks.comparison").main(sys.argv[1:])
