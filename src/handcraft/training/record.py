# SPDX-License-Identifier: Apache-2.0
"""Configurations as JSON, and the first place where two of them differ: what a run folder and a checkpoint remember."""

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from handcraft.errors import HandcraftError

_ABSENT = "(absent)"


def as_json(value: Any, name: str = "config") -> Any:  # noqa: ANN401 (whatever json can hold)
    """``value`` as plain JSON data: dataclasses and mappings become objects, tuples lists, paths strings.

    ``name`` is where ``value`` stands; it is named when something has no place in JSON (NaN, infinity, a tensor).
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: as_json(getattr(value, field.name), f"{name}.{field.name}") for field in fields}
    if isinstance(value, Mapping):
        return {str(key): as_json(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, f"{name}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Enum):
        return as_json(value.value, name)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise HandcraftError(f"Expected `{name}` to be a finite number, but got {value}.")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"Expected `{name}` to be made of numbers, words, lists and dataclasses, but got a {type(value)}.")


def first_difference(recorded: Any, given: Any, name: str = "config") -> tuple[str, Any, Any] | None:  # noqa: ANN401
    """The first place where two JSON values differ, as (dotted name, recorded, given); None where they agree."""
    if isinstance(recorded, dict) and isinstance(given, dict):
        for key in [*recorded, *(key for key in given if key not in recorded)]:
            found = first_difference(recorded.get(key, _ABSENT), given.get(key, _ABSENT), f"{name}.{key}")
            if found:
                return found
        return None
    return None if recorded == given else (name, recorded, given)
