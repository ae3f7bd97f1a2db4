"""Dataclasses made at first use behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from netdiag.lazy import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    kind: ClassVar[str] = "place"

    name: str
    port: int = 53
    tags: tuple[str, ...] = dataclasses.field(default=("a",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Farther(Place):
    hops: int = 1

    def __repr__(self) -> str:
        return f"<{self.name} {self.hops}>"


@dataclass(slots=True)
class Tally(Generic[T]):
    seen: list[T] = dataclasses.field(default_factory=list)
    total: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.total = len(self.seen)


@dataclass(frozen=True)
class Open:
    name: str
    _cache: int = 0


def test_fields_have_their_defaults_and_constants_stay() -> None:
    place = Place(name="x")

    assert (place.name, place.port, place.tags, place.kind) == ("x", 53, ("a",), "place")
    assert repr(place) == f"{Place.__qualname__}(name='x', port=53, tags=('a',))"
    assert Place.__module__ == __name__
    assert Place.__qualname__ == "Place"


def test_what_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        Place()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nmae"):
        Place(nmae="x")  # type: ignore[call-arg]


def test_equal_values_are_one_key() -> None:
    assert {Place(name="x"): 1}[Place(name="x", port=53)] == 1
    assert Place(name="x") != Place(name="y")
    assert Place(name="x") != Farther(name="x")


def test_what_is_frozen_stays() -> None:
    for value in (Place(name="x"), Open("x")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.name = "y"  # type: ignore[misc]
        with pytest.raises(dataclasses.FrozenInstanceError):
            del value.name


def test_slots_leave_no_room_for_anything_else() -> None:
    assert not hasattr(Place(name="x"), "__dict__")
    assert not hasattr(Farther(name="x"), "__dict__")
    assert not hasattr(Tally(), "__dict__")
    assert vars(Open("x")) == {"name": "x", "_cache": 0}


def test_a_subclass_has_the_fields_of_both_and_its_own_methods() -> None:
    assert [f.name for f in dataclasses.fields(Farther)] == ["name", "port", "tags", "hops"]
    assert repr(Farther(name="x", hops=3)) == "<x 3>"
    assert isinstance(Farther(name="x"), Place)


def test_factories_and_post_init_run_for_every_instance() -> None:
    one, other = Tally[str](), Tally(["a"])
    one.seen.append("b")

    assert (one.total, other.total) == (0, 1)
    assert Tally[str]().seen == []
    assert one.__hash__ is None


def test_copies_are_equal() -> None:
    for value in (Place(name="x", port=1), Farther(name="x", hops=2), Open("x")):
        assert copy.copy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value


def test_fields_are_there_before_the_first_instance() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        name: str
        port: int = 53

    assert [f.name for f in dataclasses.fields(Fresh)] == ["name", "port"]
    assert dataclasses.replace(Fresh("x"), port=1) == Fresh("x", 1)
    assert Fresh.__match_args__ == ("name", "port")


def test_its_signature_can_be_asked_for_before() -> None:
    @dataclass(frozen=True, slots=True)
    class Slotted:
        name: str

    @dataclass(frozen=True)
    class Unslotted:
        name: str

    for kind in (Slotted, Unslotted):
        assert list(inspect.signature(kind).parameters) == ["name"]


@pytest.mark.parametrize("slots", [True, False])
def test_threads_that_come_at_once_all_get_theirs(
    slots: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread comes while the first is at the making."""
    making = threading.Event()
    at_once = dataclasses.dataclass

    def slowly(**options: bool) -> Callable[[type[object]], type[object]]:
        making.set()
        time.sleep(0.2)
        return at_once(**options)

    @dataclass(frozen=True, slots=True)
    class Slotted:
        number: int

    @dataclass(frozen=True)
    class Unslotted:
        number: int

    fresh: type[Slotted] | type[Unslotted] = Slotted if slots else Unslotted
    monkeypatch.setattr(dataclasses, "dataclass", slowly)
    with ThreadPoolExecutor(4) as threads:
        coming: list[Future[Any]] = [threads.submit(fresh, 0)]
        assert making.wait(5)
        coming += [threads.submit(fresh, number) for number in (1, 2, 3)]
        done = [one.result().number for one in coming]
    assert done == [0, 1, 2, 3]


def test_the_catalogue_comes_without_making_them_all() -> None:
    """What is made when the catalogue is imported, every run pays for."""
    count = (
        "import gc, checks.catalogue;"
        "own = [vars(c) for c in gc.get_objects() if isinstance(c, type)"
        "       and c.__module__.startswith(('netdiag.', 'checks.'))];"
        "of = [space for space in own if '__dataclass_fields__' in space];"
        "print(len(of), sum('__dataclass_params__' in space for space in of))"
    )
    done = subprocess.run([sys.executable, "-c", count], capture_output=True, text=True, check=True)
    known, made = map(int, done.stdout.split())
    assert known > 500
    assert made < known / 10, done.stdout
