"""Prices of AWS as data: a file by Region, shipped with the program and replaceable."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from odpf.errors import InvalidConfiguration

_FILE = "cost_prices.yaml"


class Priced(StrEnum):
    """What AWS bills for, under the keys of the price file."""

    GLUE_DPU_HOUR = "glue_dpu_hour"
    S3_WRITE = "s3_write"
    S3_READ = "s3_read"
    DYNAMODB_WRITE = "dynamodb_write"
    DYNAMODB_READ = "dynamodb_read"
    STEP_TRANSITION = "step_transition"
    LAMBDA_REQUEST = "lambda_request"
    LAMBDA_GB_SECOND = "lambda_gb_second"
    EVENT = "event"
    SCHEDULE = "schedule"
    SQS_REQUEST = "sqs_request"
    LOG_GB = "log_gb"
    METRIC = "metric"
    ALARM = "alarm"
    DASHBOARD = "dashboard"
    KMS_REQUEST = "kms_request"
    KMS_KEY = "kms_key"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PricedItem(_Strict):
    """What one price is for: `usd` of a Region buys `per` units."""

    service: str
    unit: str
    per: float = Field(gt=0)
    pays_for: str


class RegionPrices(_Strict):
    """The prices of one Region, in US dollars, as of a month `YYYY-MM`."""

    as_of: str
    usd: dict[Priced, float]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _refuse_missing(self.usd.keys())
        return self


class PriceFile(_Strict):
    """A price file: what is priced, and the prices by Region."""

    items: dict[Priced, PricedItem]
    regions: dict[str, RegionPrices]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _refuse_missing(self.items.keys())
        return self


class Prices(_Strict):
    """The prices one bill is made with."""

    region: str
    as_of: str
    items: dict[Priced, PricedItem]
    usd: dict[Priced, float]

    def cost(self, priced: Priced, quantity: float) -> float:
        """US dollars for a quantity."""
        return quantity * self.usd[priced] / self.items[priced].per

    @property
    def services(self) -> list[str]:
        """The services, each once, in the order of the file."""
        return list(dict.fromkeys(item.service for item in self.items.values()))


def shipped() -> str:
    """The text of the price file that comes with the program."""
    return files(__package__ or "odpf_cli").joinpath(_FILE).read_text(encoding="utf-8")


def read_prices(region: str, path: Path | None = None) -> Prices:
    """Prices of a Region, of the shipped file or another one.

    Raises:
        InvalidConfiguration: the file cannot be used, or has no prices of the Region.
    """
    name = str(path) if path else "the shipped price file"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8") if path else shipped())
        prices = PriceFile.model_validate(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InvalidConfiguration(
            f"The prices of {name} cannot be used: {error}. Start from `odpf cost --show-prices`."
        ) from None
    if region not in prices.regions:
        raise InvalidConfiguration(
            f"There are no prices of {region} in {name}, only of {', '.join(sorted(prices.regions))}. Add them to a copy "
            "(`odpf cost --show-prices`) and name it with --prices."
        )
    found = prices.regions[region]
    return Prices(region=region, as_of=found.as_of, items=prices.items, usd=found.usd)


def _refuse_missing(keys: object) -> None:
    missing = [key.value for key in Priced if key not in set(keys)]  # type: ignore[call-overload]
    if missing:
        raise ValueError(f"no entry for {', '.join(missing)}")
