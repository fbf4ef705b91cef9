"""One invocation of a Lambda function as a process: `python invocation.py HANDLER CONTEXT EVENT ANSWER`.

Writes {"result"} or {"error"} into the file ANSWER; nothing stands there when the process was ended before it answered.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from odpf_local.aws.function_call import FunctionError, LambdaContext, call


def main(handler: str, context: str, event: str, answer: str) -> None:
    """Call the handler and write down what comes of it, in one step."""
    part = Path(answer).with_suffix(".part")
    part.write_text(json.dumps(_called(handler, json.loads(event), LambdaContext(**json.loads(context)))))
    part.replace(answer)


def _called(handler: str, event: Any, context: LambdaContext) -> dict[str, Any]:
    try:
        return {"result": call(handler, event, context)}
    except FunctionError as error:
        return {"error": error.payload}


if __name__ == "__main__":
    main(*sys.argv[1:])
