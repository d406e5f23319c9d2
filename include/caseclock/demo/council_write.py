"""An extract as a file: written under a temporary name, then renamed, so that nobody sees half of it."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from caseclock.demo import council_annex_a
from caseclock.demo.council_faults import RATE, with_faults

if TYPE_CHECKING:
    import pandas as pd

Form = Literal["zip", "folder", "annex-a"]
SUFFIX: dict[Form, str] = {"zip": ".zip", "folder": "", "annex-a": ".xlsx"}


def write_extract(
    tables: Mapping[str, pd.DataFrame], out_dir: Path, source: str, as_of: dt.date, form: Form = "zip", faults: float = RATE
) -> Path:
    """Writes `<source>__<as_of>` and returns where. Same tables, same bytes. `faults`: share of rows with each known defect, 0 for none.

    A file of that name is replaced. The Annex A workbook is written without faults.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    name = f"{source}__{as_of.isoformat()}{SUFFIX[form]}"
    temporary, final = out_dir / f".{name}.tmp", out_dir / name
    if form == "annex-a":
        temporary.write_bytes(council_annex_a.workbook(tables, as_of))
    elif form == "zip":
        temporary.write_bytes(_zipped(_files(tables, faults), as_of))
    else:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        for file, content in _files(tables, faults).items():
            (temporary / file).write_bytes(content)
        shutil.rmtree(final, ignore_errors=True)
    return temporary.replace(final)


def _files(tables: Mapping[str, pd.DataFrame], faults: float) -> dict[str, bytes]:
    return {file: _csv(frame) for file, frame in (with_faults(tables, faults) if faults else tables).items()}


def _csv(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    sink = io.BytesIO()
    pa_csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), sink, pa_csv.WriteOptions(quoting_style="needed"))
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
