"""Dataclasses that are made when first used.

A run uses few of the hundreds of dataclasses there are, and the standard library needs about a
millisecond to make one: all of them at start would be most of the time until the first question.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from types import new_class
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 (exports it)
else:

    def dataclass(*, slots=False, **options):
        """`dataclasses.dataclass` with the same options, for classes without an `__init__` of their
        own in modules with postponed annotations: made at the first instance, or the first look at
        the fields or the signature."""
        return lambda cls: when_used(_slotted(cls) if slots else cls, options, cls)


T = TypeVar("T")

_MAKING = RLock()
_FIELDS = "__dataclass_fields__"
_SIGNATURE = "__signature__"
_LAST = (_FIELDS, "__init__")
_GIVEN_BY_PYTHON = ("__dict__", "__weakref__")


def when_used(cls: type[T], options: dict[str, Any], source: type[T] | None = None) -> type[T]:
    """`cls`, which becomes a dataclass once an instance or its fields are wanted.

    `source` has the fields with their defaults where `cls` has not: a class with slots cannot keep
    defaults under the names of its fields.
    """
    waiting = _Waiting(cls, source or cls, options)

    def begin(self: Any, *arguments: Any, **fields: Any) -> None:
        waiting.make()
        vars(cls)["__init__"](self, *arguments, **fields)

    setattr(cls, "__init__", begin)  # noqa: B010 (a type has no such attribute to assign)
    setattr(cls, _FIELDS, waiting)
    setattr(cls, _SIGNATURE, _SignatureOfInit(waiting))
    return cls


class _SignatureOfInit:
    """Lets who asks for the signature of a class look at its `__init__`, once that is made."""

    __slots__ = ("waiting",)

    def __init__(self, waiting: _Waiting) -> None:
        self.waiting = waiting

    def __get__(self, _instance: object, _owner: object) -> Any:
        self.waiting.make()
        raise AttributeError(_SIGNATURE)


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
            body = dict(vars(self.source))
            for name in (*_GIVEN_BY_PYTHON, _SIGNATURE, *_LAST):
                body.pop(name, None)
            whole = _class(self.source, body)
            before = dict(vars(whole))
            at_once(**self.options)(whole)
            self._adopt(before, vars(whole))

    def _adopt(self, before: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        """Take over what is new in the whole one, and last what tells other threads that it is
        there; its slots are in place."""
        slots = vars(self.cls).get("__slots__", ())
        for name in sorted(whole, key=_LAST.__contains__):
            new = name not in before or before[name] is not whole[name]
            if new and name not in slots:
                setattr(self.cls, name, whole[name])


def _slotted(cls: type[T]) -> type[T]:
    """A copy of `cls` that keeps its fields in slots."""
    body = dict(vars(cls))
    kinds = body.get("__annotations__", {})
    fields = tuple(name for name, kind in kinds.items() if not kind.startswith("ClassVar"))
    for name in (*fields, *_GIVEN_BY_PYTHON):
        body.pop(name, None)
    body |= {"__slots__": fields, "__getstate__": _state, "__setstate__": _restore}
    return _class(cls, body)


def _class(like: type[T], body: Mapping[str, Any]) -> type[T]:
    copy = new_class(like.__name__, like.__bases__, None, lambda space: space.update(body))
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
