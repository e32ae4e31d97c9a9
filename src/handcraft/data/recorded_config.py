# SPDX-License-Identifier: Apache-2.0
"""Configurations back from the JSON they were recorded as, field by field: nothing is guessed and nothing left out."""

import dataclasses
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar

from handcraft.errors import HandcraftError

Config = TypeVar("Config")


def config_from_json(kind: type[Config], value: Any, *, cure: str, name: str = "config") -> Config:  # noqa: ANN401
    """The dataclass ``kind`` that ``value`` was made of, nested ones included.

    Fields are numbers, words, paths, pairs of numbers, dataclasses of such, or None.

    Args:
        kind: a frozen dataclass.
        value: what ``json`` read.
        cure: what the user can do if it does not fit, for the end of the message.
        name: where ``value`` stands, for the same.

    Raises:
        HandcraftError: a field too many or too few, or a value of another kind; the field is named.
    """
    given = value if isinstance(value, dict) else {}
    fields = {each.name for each in dataclasses.fields(typing.cast(Any, kind))}
    for odd in sorted(fields ^ given.keys()):
        wrong = "is missing" if odd in fields else "is not among them"
        raise HandcraftError(
            f"Expected the recorded configuration to have this version's fields, but `{name}.{odd}` {wrong}; {cure}."
        )
    kinds = typing.get_type_hints(kind)
    return kind(**{each: _value(kinds[each], given[each], f"{name}.{each}", cure) for each in given})


def _value(kind: Any, value: Any, name: str, cure: str) -> Any:  # noqa: ANN401
    """``value`` as a field of type ``kind``."""
    if isinstance(kind, types.UnionType):
        some, nothing = typing.get_args(kind)
        assert nothing is type(None)
        return None if value is None else _value(some, value, name, cure)
    if dataclasses.is_dataclass(kind):
        return config_from_json(typing.cast(Any, kind), value, cure=cure, name=name)
    if not _fits(kind, value):
        raise HandcraftError(f"Expected a recorded `{name}` of this version, but got {value!r}; {cure}.")
    if kind is Path or typing.get_origin(kind) is tuple:
        return (typing.get_origin(kind) or kind)(value)
    return value


def _fits(kind: Any, value: Any) -> bool:  # noqa: ANN401
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is Literal:
        return value in parts
    if typing.get_origin(kind) is tuple:
        return isinstance(value, list) and len(value) == len(parts) and all(map(_fits, parts, value))
    stored = {Path: (str,), float: (float, int)}.get(kind, (kind,))
    return type(value) in stored
