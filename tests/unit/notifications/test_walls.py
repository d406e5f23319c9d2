"""Walls between councils: what a file may say, and that nothing passes whatever it says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseclock.alerts import Instance
from caseclock.config.load import check
from caseclock.notifications.routes import Routes, Subject
from caseclock.notifications.walls import check_walls
from caseclock.settings import shipped_config

SOURCES = ["north", "north-east", "south"]


def person(id: str, *sources: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": id, "email": f"{id}@example.org", "tell": ["email"], "sources": list(sources), **more}


def region(**changed: Any) -> dict[str, Any]:
    """Three councils whose teams are called the same, each with its own manager and engineer, and one data team for all."""
    made: dict[str, Any] = {
        "walls": True,
        "recipients": [person("region", "*"), *(person(f"sm-{s}", s) for s in SOURCES), *(person(f"data-{s}", s) for s in SOURCES)],
        "services": {
            s: {"teams": ["T*"], "sources": [s], "head": f"sm-{s}", "digest": [f"sm-{s}"], "people": [f"user-{s}"]} for s in SOURCES
        },
        "routes": [{"match": {"service": s}, "tell": [f"sm-{s}"]} for s in SOURCES],
        "catch_all": [f"data-{s}" for s in SOURCES],
        "data": ["region", *(f"data-{s}" for s in SOURCES)],
        "digest": [f"sm-{s}" for s in SOURCES],
        "pages": {"unlisted": "nothing", "sources": {s: [f"head-{s}"] for s in SOURCES}},
    }
    return {**made, **changed}


def about(source: str, team: str = "T1") -> Subject:
    return Subject(Instance(source, "unallocated", team), "unallocated")


def test_teams_of_one_name_go_to_the_people_of_their_own_council() -> None:
    routes = Routes.model_validate(region())
    assert check_walls(routes, SOURCES) == []
    for source in SOURCES:
        assert [w.recipient for w in routes.who(about(source), "red")] == [f"sm-{source}"]
        assert [w.recipient for w in routes.who(about(source, "X9"), "red")] == [f"data-{source}"], "nothing falls on the floor"
        assert routes.chain_of(about(source)) == [f"sm-{source}"]
        assert routes.engineers(source) == ["region", f"data-{source}"]
        assert routes.readers(source, source) == routes.readers("council", source) == [f"sm-{source}"]
        assert [routes.readers(source, other) for other in SOURCES if other != source] == [[], []]
        assert routes.services_of_person(f"user-{source}", source) == (source,)
        assert [routes.services_of_person(f"user-{source}", other) for other in SOURCES if other != source] == [(), ()]
        assert [routes.services_of_person(f"head-{source}", other) for other in SOURCES] == [None if o == source else () for o in SOURCES]
    assert routes.engineers() == ["region"], "what is about no council is not for one council's people"


def test_a_route_without_a_source_tells_nobody_who_may_not_have_it() -> None:
    """The check refuses such a file; the wall stands also where it was not asked for."""
    routes = Routes.model_validate(region(routes=[{"tell": [f"sm-{s}" for s in SOURCES]}]))
    assert [w.recipient for w in routes.who(about("north"), "red")] == ["sm-north"]
    only_south = Routes.model_validate(region(routes=[{"tell": ["sm-south"]}]))
    [told] = only_south.who(about("north"), "red")
    assert (told.recipient, told.reason) == ("data-north", "no route names anybody who may have figures of this source: catch_all")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"routes": [{"tell": ["sm-south"]}]},
            "route 1 would send figures of north, north-east to 'sm-south', who may have those of south",
        ),
        ({"routes": [{"match": {"sources": ["north"]}, "tell": ["sm-north-east"]}]}, "route 1 would send figures of north to"),
        ({"routes": [{"match": {"sources": ["nroth"]}, "tell": ["region"]}]}, "'nroth' is no source"),
        ({"services": {"s": {"teams": ["T*"], "head": "region"}}, "routes": []}, "service 's' does not say whose teams it has"),
        (
            {"services": {"s": {"teams": ["T*"], "sources": ["south"], "head": "sm-north"}}, "routes": []},
            "service 's' would send figures of south to 'sm-north'",
        ),
        ({"catch_all": ["data-north"]}, "nobody in it may have the figures of south"),
        ({"data": ["data-north", "data-south"]}, "nobody in it may have the figures of north-east"),
        ({"pages": {"unlisted": "everything"}}, "who is on no list would see every council's pages"),
        ({"pages": {"unlisted": "nothing", "sources": {"*": ["sam"]}}}, "'*' is no source"),
        ({"recipients": [*region()["recipients"], person("new")]}, "recipient 'new' does not say whose figures they may get"),
        (
            {"recipients": [*region()["recipients"], person("two", "south", email="SM-north@example.org")]},
            "recipients 'sm-north' and 'two' are reached at one place",
        ),
    ],
)
def test_what_would_pass_a_wall_is_refused(changed: dict[str, Any], says: str) -> None:
    gaps = check_walls(Routes.model_validate(region(**changed)), SOURCES)
    assert says in "; ".join(gap.what for gap in gaps)


def test_check_config_says_on_which_line_of_the_file_the_gap_is(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring"
    shutil.copytree(shipped_config(), folder)
    (folder / "sources" / "south.yaml").write_text("id: south\ntitle: South\n", "utf-8")
    (folder / "routes.yaml").write_text(
        yaml.safe_dump({**yaml.safe_load((folder / "routes.yaml").read_text("utf-8")), "walls": True}), "utf-8"
    )
    found = [problem for problem in check(folder) if problem.file.name == "routes.yaml"]
    assert len([p for p in found if "does not say whose" in p.what]) == 13  # eight recipients and five services
    assert all(p.line > 1 for p in found)


def test_without_a_word_of_sources_everything_is_as_with_one_council() -> None:
    shipped = Routes.model_validate(yaml.safe_load((shipped_config() / "routes.yaml").read_text("utf-8")))
    assert check_walls(shipped, ["demo"]) == []
    assert shipped.engineers() == shipped.engineers("demo") == ["data-engineers"]
    assert [w.recipient for w in shipped.who(about("demo", "NA1"), "red")] == ["sm-north"]
