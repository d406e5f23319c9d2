from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import sys
from caseclock.pipeline.warm import warm_up
print(warm_up({line!r}), "pandas" in sys.modules, "great_expectations" in sys.modules)
"""


@pytest.mark.parametrize(
    "line, said",
    [
        (["airflow", "celery", "worker"], "True True True"),
        (["airflow", "api-server"], "False False False"),
        (["airflow", "dags", "list", "scheduler"], "False False False"),
        (["pytest"], "False False False"),
    ],
)
def test_only_a_process_that_forks_tasks_loads_the_libraries(line: list[str], said: str) -> None:
    done = subprocess.run([sys.executable, "-c", ASK.format(line=line)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == said
    assert done.stderr == ""
