"""Who holds a lease: a job run of Glue, or an invocation of the Lambda function; a text in the ledger, a value here.

Glue can be asked about its job runs, and stops them. Nobody can be asked about an invocation, and nobody stops one.
What is known of it: the state machine awaits its answer, so it has ended when its run is summarised; and it never
lives longer than the function's timeout.
"""

from __future__ import annotations

from typing import NamedTuple

from odpf.states import Compute

_PARTS = 4


class Owner(NamedTuple):
    """The writer that a lease names.

    Attributes:
        kind: where it works.
        text: what stands in the ledger, `<job run id>` or `lambda:<run id>:<batch number>:<request id>`.
        run_id: the run of an invocation; None of a job run, whose text does not tell it.
    """

    kind: Compute
    text: str
    run_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> Owner:
        """Read what stands in the ledger."""
        parts = text.split(":")
        if parts[0] == Compute.LAMBDA and len(parts) == _PARTS:
            return cls(Compute.LAMBDA, text, parts[1])
        return cls(Compute.GLUE, text)

    @classmethod
    def invocation(cls, run_id: str, batch_no: int, request_id: str) -> Owner:
        """One invocation; run ids are names of executions, which have no colon."""
        return cls(Compute.LAMBDA, f"{Compute.LAMBDA}:{run_id}:{batch_no}:{request_id}", run_id)

    def __str__(self) -> str:
        what = "job run" if self.kind is Compute.GLUE else "invocation"
        return f"{what} {self.text}"
