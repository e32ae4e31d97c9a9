# SPDX-License-Identifier: Apache-2.0
"""JSON to frozen dataclasses by their annotations; what does not fit is named by its place, such as ``arms[1].role``.

The page must never show a figure it misread, and must say in one line what is wrong with a file somebody edited.
"""

import dataclasses
import math
import types
import unicodedata
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from handcraft.errors import HandcraftError
from handcraft.measure import Estimate

Record = TypeVar("Record")

_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", dict: "an object"}


def decode(kind: type[Record], value: Any, place: str = "") -> Record:  # noqa: ANN401 (whatever JSON holds)
    """Build the dataclass ``kind`` from a JSON object; keys it does not know are ignored.

    Raises:
        HandcraftError: a key is missing or its value is not of the annotated kind; the message names the place.
    """
    if not isinstance(value, dict):
        raise _unfit(place or "the file", "an object", value)
    hints = get_type_hints(kind)
    arguments = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # TypeVars cannot be bound to "a dataclass"
        where = f"{place}.{field.name}" if place else field.name
        if field.name in value:
            arguments[field.name] = _decode_value(hints[field.name], value[field.name], where)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise HandcraftError(f"Expected `{where}` to be there, but it is missing")
    return kind(**arguments)


def printable(value: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """The same JSON with control characters and half surrogates, which no page can hold, replaced by U+FFFD."""
    if isinstance(value, str):
        return "".join("\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    return value


def _decode_value(kind: Any, value: Any, place: str) -> Any:  # noqa: ANN401 (annotations and JSON)
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Estimate:
        return _decode_estimate(value, place)
    if dataclasses.is_dataclass(kind):
        return decode(kind, value, place)  # type: ignore[arg-type]  # is_dataclass narrows to instances too
    if origin in (types.UnionType, Union):
        return None if value is None else _decode_value(arguments[0], value, place)
    if origin is Literal:
        if value not in arguments:
            raise _unfit(place, "one of " + ", ".join(map(repr, arguments)), value)
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise _unfit(place, "a list", value)
        return tuple(_decode_value(arguments[0], item, f"{place}[{index}]") for index, item in enumerate(value))
    if origin is dict and arguments[1] is not Any:
        _decode_plain(dict, value, place)
        return {key: _decode_value(arguments[1], item, f"{place}.{key}") for key, item in value.items()}
    return _decode_plain(origin or kind, value, place)


def _decode_estimate(value: Any, place: str) -> Estimate:  # noqa: ANN401 (whatever JSON holds)
    """An unknown interval is written as null and is NaN here, as in ``handcraft.measure``."""
    if not isinstance(value, dict) or "value" not in value:
        raise _unfit(place, "an object with `value`, `low` and `high`", value)
    ends = [value.get("low"), value.get("high")]
    if None in ends:
        low, high = math.nan, math.nan
    else:
        low, high = (
            _decode_plain(float, end, f"{place}.{name}") for name, end in zip(("low", "high"), ends, strict=True)
        )
    return Estimate(_decode_plain(float, value["value"], f"{place}.value"), low, high)


def _decode_plain(kind: type, value: Any, place: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
    wanted: Any = (int, float) if kind is float else kind
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise _unfit(place, _WORDS[kind], value)
    return kind(value)


def _unfit(place: str, wanted: str, value: Any) -> HandcraftError:  # noqa: ANN401 (whatever JSON holds)
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
    return HandcraftError(f"Expected `{place}` to be {wanted}, but got {shown}")
