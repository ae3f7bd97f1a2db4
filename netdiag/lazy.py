"""Dataclasses that are made when first used.

A run uses few of the hundreds of dataclasses there are, and the standard library needs about a
millisecond to make one: all of them at start would be most of the time until the first question.
"""

from __future__ import annotations

from threading import RLock
from types import new_class
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 (exports it)
else:

    def dataclass(*, slots=False, **options):
        """`dataclasses.dataclass` with the same options, for classes without an `__init__` of their
        own in modules with postponed annotations: made at the first instance, or the first look at
        the fields."""
        return lambda cls: when_used(_slotted(cls) if slots else cls, cls, options)


T = TypeVar("T")

_MAKING = RLock()
_FIELDS = "__dataclass_fields__"


def when_used(cls: type[T], source: type[T], options: dict[str, Any]) -> type[T]:
    """`cls`, which becomes a dataclass once an instance or its fields are wanted.

    `source` has the fields with their defaults: `cls` itself, or its twin without slots, since a
    class with slots cannot keep defaults under the names of its fields.
    """
    waiting = _Waiting(cls, source, options)

    def begin(self: Any, *arguments: Any, **fields: Any) -> None:
        waiting.make()
        vars(cls)["__init__"](self, *arguments, **fields)

    setattr(cls, "__init__", begin)  # noqa: B010 (a type has no such attribute to assign)
    setattr(cls, _FIELDS, waiting)
    return cls


class _Waiting:
    """Stands where the fields of a class will be, and makes them when looked at."""

    __slots__ = ("cls", "options", "source")

    def __init__(self, cls: type, source: type, options: dict[str, Any]) -> None:
        self.cls, self.source, self.options = cls, source, options

    def __get__(self, _instance: object, _owner: object) -> Any:
        self.make()
        return vars(self.cls)[_FIELDS]

    def make(self) -> None:
        from dataclasses import dataclass as at_once

        with _MAKING:
            if vars(self.cls)[_FIELDS] is not self:
                return
            for name in ("__init__", _FIELDS):
                delattr(self.cls, name)
            before = dict(vars(self.source))
            at_once(**self.options)(self.source)
            if self.source is not self.cls:
                self._adopt(before)

    def _adopt(self, before: dict[str, Any]) -> None:
        """Take over from the twin what it did not have `before`; its slots are in place."""
        for name, value in vars(self.source).items():
            new = name not in before or before[name] is not value
            if new and name not in vars(self.cls)["__slots__"]:
                setattr(self.cls, name, value)


def _slotted(cls: type[T]) -> type[T]:
    """A copy of `cls` that keeps its fields in slots."""
    body = dict(vars(cls))
    kinds = body.get("__annotations__", {})
    fields = tuple(name for name, kind in kinds.items() if not kind.startswith("ClassVar"))
    for name in (*fields, "__dict__", "__weakref__"):
        body.pop(name, None)
    body |= {"__slots__": fields, "__getstate__": _state, "__setstate__": _restore}
    copy = new_class(cls.__name__, cls.__bases__, None, lambda space: space.update(body))
    return cast("type[T]", copy)


def _state(self: Any) -> list[Any]:
    """What a copy has to hold: without this, one is made by setting fields, which frozen ones
    refuse."""
    from dataclasses import fields

    return [getattr(self, field.name) for field in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    from dataclasses import fields

    for field, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
