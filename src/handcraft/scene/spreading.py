# SPDX-License-Identifier: Apache-2.0
"""One scene for many frames: rows of a value whose tensors all have one row per scene."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from jaxtyping import Int
from torch import Tensor

from handcraft.hand.topology import HandTopology

Value = TypeVar("Value")


def spread(value: Value, rows: Int[Tensor, " frame"]) -> Value:
    """The rows ``rows`` of ``value``, any of them as often as wanted.

    ``value`` is a scene, or a part of one such as its skin. Every tensor in a scene has one row per frame, and so has
    every tuple of numbers; only a mesh's topology is shared, like everything that is no tensor. What is there for none
    of the scenes, such as solids that nobody put, is there for no frame.
    """
    if isinstance(value, Tensor):
        return cast(Value, value[rows] if len(value) else value)
    if isinstance(value, tuple):
        return cast(Value, _spread_tuple(value, rows))
    if isinstance(value, HandTopology) or not is_dataclass(value):
        return value
    own: Any = value
    return cast(Value, replace(own, **{each.name: spread(getattr(own, each.name), rows) for each in fields(own)}))


def _spread_tuple(values: tuple[Any, ...], rows: Int[Tensor, " frame"]) -> tuple[Any, ...]:
    """Numbers are one per row, such as seeds; anything else is whole scenes beside each other."""
    if all(isinstance(each, int) for each in values):
        return tuple(values[row] for row in rows.tolist()) if values else ()
    return tuple(spread(each, rows) for each in values)
