"""Metrics as documents in CloudWatch's embedded metric format: printed, so that a Lambda's log becomes metrics.

Nothing is called, so nothing is throttled; CloudWatch makes the metrics from the log (Amazon CloudWatch user guide,
"Embedding metrics within logs").
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from aws_lambda_powertools.metrics import EphemeralMetrics

from odpf.metrics import NAMESPACE, Dimensions, Values

_LONGEST_DIMENSION = 1024
"""Characters of a dimension's value, all of them ASCII and the first no colon (CloudWatch API, Dimension)."""
_KEPT = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


class EmfMetrics:
    """One document per set of dimensions."""

    def put(self, dimensions: Dimensions, values: Values, properties: Mapping[str, str] | None = None) -> None:
        """Print the document; the provider begins another one after 100 metrics, which is the most one may have."""
        if not values:
            return
        # An empty service keeps POWERTOOLS_SERVICE_NAME out: it would be one more dimension, so other metrics.
        document = EphemeralMetrics(namespace=NAMESPACE, service="")
        for name, value in dimensions.items():
            document.add_dimension(name.value, dimension_value(value))
        for key, text in (properties or {}).items():
            document.add_metadata(key, text)
        for metric, number in values.items():
            document.add_metric(metric.value, metric.unit.value, number)
        if document.metric_set:
            document.flush_metrics()


def dimension_value(text: str) -> str:
    """A name as CloudWatch takes it: what is not ASCII is percent-encoded, as is a percent sign."""
    encoded = quote(text, safe=_KEPT)
    if encoded.startswith(":"):
        encoded = f"%3A{encoded[1:]}"
    return encoded[:_LONGEST_DIMENSION]
