"""What Great Expectations has to know of our rules: one metric per table and one expectation per rule.

Import this lazily: `import great_expectations` takes 3 to 5 s. `suites.evaluate` does it.
"""

from __future__ import annotations

from typing import Any

from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

METRIC = "table.caseclock_rule_counts"


class RuleCounts(TableMetricProvider):  # type: ignore[misc]
    """`{rule: Count}` of one table. The batch is one row that holds the `TableCheck`: nothing of the table is copied, hashed or
    filtered, and Great Expectations asks once per batch however many expectations read it.
    """

    metric_name = METRIC

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls: Any,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Any:
        batch, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        return batch["check"].iloc[0].counts


class ExpectRuleToHold(BatchExpectation):  # type: ignore[misc]
    """Met when at most `tolerated` rows fail the rule, or at least the share `mostly` of all rows obeys it."""

    rule: str
    mostly: float = 1.0
    tolerated: int = 0

    metric_dependencies = (METRIC,)
    success_keys = ("rule", "mostly", "tolerated")
    args_keys = ("rule", "mostly", "tolerated")

    _configuration: Any = PrivateAttr(None)

    @property
    def configuration(self) -> Any:
        """Made once: an expectation of ours never changes, and Great Expectations asks 28 times per validation, each time for a new
        copy, which is a quarter of its whole time.
        """
        if self._configuration is None:
            self._configuration = super().configuration
        return self._configuration

    def _validate(self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None) -> dict[str, Any]:
        count = metrics[METRIC][self.rule]
        is_met = count.failing <= self.tolerated or count.failing <= (1 - self.mostly) * count.of + 1e-9
        return {"success": bool(is_met), "result": {"observed_value": count.failing, "element_count": count.of}}
