"""Series that somebody hands over as JSON, and their charts: the keys are those of the vectors that NHSRplotthedots was run on."""

from __future__ import annotations

import datetime as dt
import json
from itertools import accumulate
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError, model_validator

from caseclock.errors import WrongUse
from caseclock.trends import spc

LARGEST = 1e100  # beyond it sums do not fit into a number


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a date is a text, YYYY-MM-DD")
    return value


def _fits(value: float) -> float:
    if abs(value) > LARGEST:
        raise ValueError(f"a value lies between -{LARGEST:g} and {LARGEST:g}")
    return value


Number = Annotated[float, Strict(), Field(allow_inf_nan=False), AfterValidator(_fits)]
Day = Annotated[dt.date, BeforeValidator(_text)]


class Given(BaseModel):
    """One series. `y`: a value per date, null where it is missing; defaults are those of NHSRplotthedots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dates: list[Day] = Field(min_length=1)
    y: list[Number | None] = Field(min_length=1)
    improvement_direction: Literal["increase", "decrease", "neutral"] = "increase"
    target: Number | None = None
    rebase_dates: list[Day] | None = None
    fix_after_n_points: Annotated[int, Strict(), Field(ge=spc.LEAST_FIXED)] | None = None
    screen_outliers: Annotated[bool, Strict()] = True

    @model_validator(mode="after")
    def _whole(self) -> Given:
        if len(self.dates) != len(self.y):
            raise ValueError(f"there are {len(self.dates)} dates and {len(self.y)} values")
        twice = next((day for day in self.dates if self.dates.count(day) > 1), None) if len(set(self.dates)) < len(self.dates) else None
        if twice:
            raise ValueError(f"{twice} stands in `dates` twice")
        if all(value is None for value in self.y):
            raise ValueError("`y` holds no value")
        return self

    def chart(self) -> spc.Xmr:
        """In order of date."""
        order = sorted(range(len(self.y)), key=lambda i: self.dates[i])
        rebased = set(self.rebase_dates or ())
        return spc.xmr(
            [self.y[i] for i in order],
            improvement_direction=self.improvement_direction,
            target=self.target,
            groups=list(accumulate(int(self.dates[i] in rebased) for i in order)),
            fix_after_n_points=self.fix_after_n_points,
            screen_outliers=self.screen_outliers,
        )

    def unused(self) -> list[dt.date]:
        """Rebase dates on which there is no value: as in NHSRplotthedots they change nothing."""
        return sorted(set(self.rebase_dates or ()) - set(self.dates))


def charts_of(text: bytes, where: str) -> tuple[dict[str, Any] | list[dict[str, Any]], list[str]]:
    """The chart of the series in a JSON text, or of each in a list of them; and what was given and changes nothing, in sentences.

    Raises WrongUse with every problem of every series.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = f"no JSON (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else "no JSON"
        raise WrongUse(what, where=where, allowed="an object with dates and y, or a list of such objects") from None
    series, problems = [], []
    for n, one in enumerate(document if isinstance(document, list) else [document], 1):
        name = f"series {n}: " if isinstance(document, list) else ""
        try:
            series.append(Given.model_validate(one))
        except ValidationError as error:
            problems += [f"{name}{_place(e['loc'])}{_plain(e)}" for e in error.errors(include_input=False)]
    if problems:
        raise WrongUse("\n".join(["it cannot be charted", *problems[:50]]), where=where)
    unused = [f"{day} in rebase_dates is no date of the series, so nothing begins anew on it" for one in series for day in one.unused()]
    made = [one.chart().as_json() for one in series]
    return (made if isinstance(document, list) else made[0]), unused


def _place(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place if p not in ("float", "date")).removeprefix(".")
    return f"{text}: " if text else ""


def _plain(error: Any) -> str:
    kind, said = str(error["type"]), str(error["msg"]).removeprefix("Value error, ")
    plain = {
        "missing": "it is missing",
        "extra_forbidden": f"there is no such key; expected {', '.join(Given.model_fields)}",
        "model_type": "this is no object with dates and y",
        "dict_type": "this is no object with dates and y",
        "list_type": "this is no list",
        "finite_number": "a value is a number, or null where it is missing",
        "float_type": "a value is a number, or null where it is missing",
    }
    return plain.get(kind, said[:1].lower() + said[1:])
