"""Stands for the Glue job in these tests: ends as its arguments say, or leaves a child that goes on writing."""

import os
import subprocess
import sys
import time
from pathlib import Path

arguments = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
manifest = arguments.get("--manifest_uri", "")
print("arguments", sorted(arguments), flush=True)
print("endpoint", os.environ["AWS_ENDPOINT_URL"], flush=True)
if beat := arguments.get("--child_beats_into"):
    # As Spark does it: the child makes a process group of its own and ignores what its parent is told.
    code = "import os, sys, time; os.setpgid(0, 0)\nwhile True: open(sys.argv[1], 'a').write('.'); time.sleep(0.01)"
    subprocess.Popen([sys.executable, "-c", code, beat])
    while not Path(beat).exists():
        time.sleep(0.01)
if arguments.get("--fail") or manifest.endswith("/1.json"):
    raise ValueError("taxi_trips.table_1: no such column")
if marker := arguments.get("--wait_until_stopped"):
    Path(marker).write_text(str(os.getpid()))
    time.sleep(600)
