"""What a cost is computed for: tables of one cadence, how often they change, how long their work takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from file_processor import work_size
from file_processor.engines.engine import LEAST_COMMITS, MOST_COMMITS
from observability.limits import MOST_MEASURED_TABLES
from odpf.errors import InvalidConfiguration

HOURS_A_MONTH = 730
"""As AWS's calculator has it."""
DAYS_A_MONTH = HOURS_A_MONTH / 24
MINUTES_A_DAY = 24 * 60

_EVERY = re.compile(r"^(?:rate\()?\s*([1-9]\d{0,5})\s*(m|min|minutes?|h|hours?|d|days?)\s*\)?$")
_MINUTES = {"m": 1, "h": 60, "d": MINUTES_A_DAY}


class Workload(BaseModel):
    """One refresh cadence; the defaults are the case of docs/cost.md, and where they come from stands there.

    Every field can be given as `--set NAME=VALUE`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: int = Field(default=3000, ge=1, description="active tables of the cadence")
    changing: float = Field(default=0.1, ge=0, le=1, description="share of them that have change files at a run")
    every_minutes: float = Field(default=10, gt=0, description="minutes between two runs")
    files_per_table: float = Field(default=1, ge=1, description="change files of a changing table at a run")
    staging_days: float = Field(default=7, ge=0, description="days that files stay in staging (RetentionDays)")
    batch_size: int = Field(default=50, ge=1, le=500, description="refresh_tables_batch_size of the cadence")
    compute: Literal["glue", "lambda"] = Field(default="glue", description="where table batches are processed")
    workers: float = Field(default=2, ge=2, description="workers that a job run keeps busy, driver included")
    dpu_per_worker: float = Field(default=1, gt=0, description="1 for G.1X, 2 for G.2X and so on")
    job_start_seconds: float = Field(default=20, ge=0, description="billed seconds until a job run works on tables")
    seconds_per_table: float = Field(default=1.5, gt=0, description="seconds of one table-cycle alone")
    side_by_side: float = Field(default=1.6, ge=1, description="how much faster tables side by side are")
    lambda_start_seconds: float = Field(
        default=work_size.START_SECONDS, ge=0, description="billed seconds until an invocation works on tables"
    )
    lambda_seconds_per_table: float = Field(
        default=work_size.SECONDS_PER_TABLE, gt=0, description="seconds that a small table adds to an invocation"
    )
    s3_writes_per_commit: float = Field(default=30, ge=0, description="PUT and LIST of one small Hudi commit")
    s3_reads_per_commit: float = Field(default=60, ge=0, description="GET and HEAD of one small Hudi commit")
    table_metrics: Literal["auto", "on", "off"] = Field(
        default="auto", description="a lag metric for every table: parameter TableMetrics"
    )
    log_kilobytes_per_job: float = Field(default=100, ge=0, description="logs of one job run, of any framework")
    original_workers: float = Field(default=10, ge=2, description="the original framework: workers of a job run")
    original_batch_size: int = Field(default=5, ge=1, description="the original framework: tables of a job run")
    original_seconds_per_table: float = Field(default=18, gt=0, description="the original framework: one table-cycle")
    original_seconds_per_idle_table: float = Field(default=0.1, ge=0, description="the same without files")

    @classmethod
    def given(cls, values: Mapping[str, object], settings: list[str]) -> Self:
        """The defaults, changed by options and by `NAME=VALUE` settings.

        Raises:
            InvalidConfiguration: a setting is none of a workload, or its value cannot be used.
        """
        parted = [setting.partition("=") for setting in settings]
        try:
            return cls.model_validate({**values, **{name.strip(): value.strip() for name, _, value in parted}})
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise InvalidConfiguration(
                f"This workload cannot be reckoned: {told}. Its values are {', '.join(cls.model_fields)}."
            ) from None

    def but(self, **changes: object) -> Workload:
        """The same workload with some values changed."""
        return Workload.model_validate({**self.model_dump(), **changes})

    @property
    def measures_each_table(self) -> bool:
        """Whether every table has a lag metric of its own (docs/observability.md)."""
        return self.table_metrics == "on" or (self.table_metrics == "auto" and self.tables <= MOST_MEASURED_TABLES)

    @property
    def runs(self) -> float:
        """Runs of the cadence a month."""
        return HOURS_A_MONTH * 60 / self.every_minutes

    @property
    def changed_a_run(self) -> float:
        """Tables with files at a run, on average."""
        return self.tables * self.changing

    @property
    def busy_runs(self) -> float:
        """Runs a month that find something to do; with less than one table on average, that share of them."""
        return self.runs * min(1.0, self.changed_a_run)

    @property
    def tables_a_busy_run(self) -> int:
        """Tables that a run with something to do works on."""
        return max(1, ceil(round(self.changed_a_run, 6))) if self.changing else 0

    @property
    def cycles(self) -> float:
        """Table-cycles a month, each one Hudi commit."""
        return self.runs * self.changed_a_run

    @property
    def maintained_a_day(self) -> float:
        """Tables a day whose timelines Arrow's commits have made long enough to be archived."""
        commits = self.cycles / DAYS_A_MONTH if self.on_lambda else 0.0
        return min(float(self.tables), commits / (MOST_COMMITS - LEAST_COMMITS + 1))

    @property
    def files(self) -> float:
        """Landed change files a month."""
        return self.cycles * self.files_per_table

    @property
    def staged_files(self) -> float:
        """Files that stand in staging at any time."""
        return self.files / DAYS_A_MONTH * self.staging_days

    @property
    def batches(self) -> tuple[int, ...]:
        """Sizes of the table batches of a busy run: all but the last are full."""
        size = self.most_tables_of_an_invocation if self.on_lambda else self.batch_size
        full, rest = divmod(self.tables_a_busy_run, size)
        return (size,) * full + ((rest,) if rest else ())

    @property
    def on_lambda(self) -> bool:
        """Whether table batches are processed by the function, with Arrow."""
        return self.compute == "lambda"

    @property
    def most_tables_of_an_invocation(self) -> int:
        """Tables that the plan packs into a batch of Lambda."""
        seconds = work_size.MOST_SECONDS - self.lambda_start_seconds
        return max(1, min(work_size.MOST_TABLES, int(seconds / self.lambda_seconds_per_table)))

    def batch_seconds(self, tables: int) -> float:
        """Seconds that a job run, or an invocation, takes for a batch; in a job run a single table is alone."""
        if self.on_lambda:
            return self.lambda_start_seconds + tables * self.lambda_seconds_per_table
        return self.job_seconds(tables)

    def job_seconds(self, tables: float) -> float:
        """Seconds of a job run over so many tables."""
        return self.job_start_seconds + tables * self.seconds_per_table / min(tables, self.side_by_side)


def minutes(text: str) -> int:
    """Minutes of `10m`, `1h`, `1d`, or of a schedule `rate(10 minutes)`.

    Raises:
        InvalidConfiguration: it is none of these.
    """
    found = _EVERY.match(text.strip())
    if found is None:
        raise InvalidConfiguration(f"--every {text!r} is no interval. Write 10m, 1h, 1d, or rate(10 minutes).")
    return int(found[1]) * _MINUTES[found[2][0]]
