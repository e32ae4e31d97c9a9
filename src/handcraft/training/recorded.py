# SPDX-License-Identifier: Apache-2.0
"""Configurations in checkpoints: what must stay the same when a run is resumed, as JSON and back."""

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from handcraft.errors import HandcraftError
from handcraft.training.record import as_json

Config = TypeVar("Config", bound="Recorded")


class Recorded:
    """A base for the frozen dataclass that configures what is trained; all fields but ``loop`` are recorded.

    Fields are numbers, words, tuples of them, paths or None, and dataclasses of such.
    """

    def without_loop(self) -> dict[str, Any]:
        """All that must stay the same when a run is resumed, as JSON data; how long it goes on may change."""
        return {name: value for name, value in as_json(self).items() if name != "loop"}

    @classmethod
    def from_recorded(cls: type[Config], values: Mapping[str, Any]) -> Config:
        """The configuration a checkpoint holds (``without_loop``), with the default loop.

        Raises:
            HandcraftError: fields that this version does not know.
        """
        try:
            return _built(cls, values)
        except (TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise HandcraftError(
                f"Expected the checkpoint's configuration to be a {cls.__name__} of this version, but {reason}."
            ) from error


def _built(config_type: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (a dataclass of any kind)
    types = typing.get_type_hints(config_type)
    return config_type(**{name: _value(types.get(name), value) for name, value in values.items()})


def _value(field_type: Any, value: Any) -> Any:  # noqa: ANN401
    if dataclasses.is_dataclass(field_type):
        return _built(field_type, value)
    if isinstance(value, str) and Path in (field_type, *typing.get_args(field_type)):
        return Path(value)
    return tuple(value) if isinstance(value, list) else value
