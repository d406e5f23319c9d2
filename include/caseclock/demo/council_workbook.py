"""The smallest workbook (Office Open XML) that spreadsheet programs and readers open: text, numbers and dates, nothing else."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

Cell = str | int | dt.date | None
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DAY_ZERO = dt.date(1899, 12, 30)  # Excel's serial number 0, as its faulty leap year 1900 makes it
PLAIN = 'numFmtId="0" fontId="0" fillId="0" borderId="0"'
STYLES = (  # cell style 1 is a date; spreadsheet programs insist on the two fills
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    f'<cellStyleXfs count="1"><xf {PLAIN}/></cellStyleXfs><cellXfs count="2"><xf {PLAIN} xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def workbook(sheets: Mapping[str, Iterable[Sequence[Cell]]]) -> bytes:
    """Sheets by name, each a sequence of rows. Same content, same bytes."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbered = list(enumerate(sheets, start=1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i, _ in numbered)
        + "</Types>",
        "_rels/.rels": _links([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>' for i, name in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _links(
            [
                *((f"rId{i}", "worksheet", f"worksheets/sheet{i}.xml") for i, _ in numbered),
                (f"rId{len(numbered) + 1}", "styles", "styles.xml"),
            ]
        ),
        "xl/styles.xml": STYLES,
    }
    parts |= {f"xl/worksheets/sheet{i}.xml": _sheet(sheets[name]) for i, name in numbered}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            info = zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, HEAD + text)
    return sink.getvalue()


def _links(links: Iterable[tuple[str, str, str]]) -> str:
    made = "".join(f'<Relationship Id="{id}" Type="{LINKS}/{kind}" Target="{target}"/>' for id, kind, target in links)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'


def _sheet(rows: Iterable[Sequence[Cell]]) -> str:
    made = (
        f'<row r="{r}">{"".join(_cell(value, f"{_letters(c)}{r}") for c, value in enumerate(row))}</row>'
        for r, row in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(made)}</sheetData></worksheet>'


def _cell(value: Cell, at: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return f'<c r="{at}" s="1"><v>{(value - DAY_ZERO).days}</v></c>'
    if isinstance(value, int):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def _letters(column: int) -> str:
    first, last = divmod(column, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)
