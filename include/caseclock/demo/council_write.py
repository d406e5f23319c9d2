"""An extract as a file: written under a temporary name, then renamed, so that nobody sees half of it."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from caseclock.demo import council_annex_a, council_cin_census
from caseclock.demo.council_faults import RATE, with_faults
from caseclock.demo.council_shape import Supplier, shaped

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["zip", "folder", "csv", "parquet", "annex-a", "cin-census"]
SUFFIX: dict[Form, str] = {"zip": ".zip", "annex-a": ".xlsx", "cin-census": ".xml"}
SINGLE_FILES: dict[Form, Callable[[Mapping[str, pd.DataFrame], dt.date], bytes]] = {
    "annex-a": council_annex_a.workbook,
    "cin-census": council_cin_census.census,
}
"""Forms that are made from the tables as a whole; the others hold a file for each."""


def write_extract(
    tables: Mapping[str, pd.DataFrame],
    out_dir: Path,
    source: str,
    as_of: dt.date,
    form: Form = "zip",
    faults: float = RATE,
    supplier: Supplier = "systemc",
) -> Path:
    """Writes `<source>__<as_of>` and returns where. Same tables, same bytes. `faults`: share of rows with each known defect, 0 for none.

    A file of that name is replaced. The Annex A workbook and the CIN census are written without faults, and are the same for all suppliers.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    name = f"{source}__{as_of.isoformat()}{SUFFIX.get(form, '')}"
    temporary, final = out_dir / f".{name}.tmp", out_dir / name
    if form in SINGLE_FILES:
        temporary.write_bytes(SINGLE_FILES[form](tables, as_of))
        return temporary.replace(final)
    files = _files(shaped(with_faults(tables, faults) if faults else tables, supplier), form)
    if form == "zip":
        temporary.write_bytes(_zipped(files, as_of))
    else:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        for file, content in files.items():
            (temporary / file).write_bytes(content)
        shutil.rmtree(final, ignore_errors=True)
    return temporary.replace(final)


def _files(tables: Mapping[str, pd.DataFrame], form: Form) -> dict[str, bytes]:
    """The supplementary files stay CSV: people make them by hand."""
    parquet = {file for file in tables if form == "parquet" and file.startswith("ssd_")}
    return {Path(f).stem + ".parquet" if f in parquet else f: (_parquet if f in parquet else _csv)(frame) for f, frame in tables.items()}


def _csv(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    sink = io.BytesIO()
    pa_csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), sink, pa_csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def _parquet(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({str(n): pa.array(frame[n], pa.string(), from_pandas=True) for n in frame.columns}), sink)
    return sink.getvalue()


def _zipped(files: Mapping[str, bytes], as_of: dt.date) -> bytes:
    """The times inside are those of the extract, so that the same extract has the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            info = zipfile.ZipInfo(file, (as_of.year, as_of.month, as_of.day, 6, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=1)
    return sink.getvalue()
