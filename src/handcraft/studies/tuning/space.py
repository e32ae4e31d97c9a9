# SPDX-License-Identifier: Apache-2.0
"""Where settings are looked for, as a value, and a configuration with some of them changed."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from handcraft.errors import HandcraftError
from handcraft.refine import CycleGANConfig
from handcraft.refine.config import Cycle

Setting = str | int | float
Settings = dict[str, Setting]
"""By the names of ``SearchSpace``."""


@dataclass(frozen=True)
class SearchSpace:
    """Ranges and choices of what is tuned; a preset's own value is always among them.

    Raises:
        HandcraftError: a range whose ends are not in order, one that must be above 0 and is not, or no choices.
    """

    cycle_weight: tuple[float, float] = (1.0, 30.0)
    """Searched on a logarithmic scale, as is the learning rate."""
    learning_rate: tuple[float, float] = (5e-5, 1e-3)
    identity_weight: tuple[float, float] = (0.0, 10.0)
    cycle: tuple[Cycle, ...] = ("pixels", "discriminator_features")
    feature_level: tuple[int, ...] = (1, 2)
    discriminator_width: tuple[int, ...] = (16, 32, 64)
    ema_decay: tuple[float, ...] = (0.0, 0.9, 0.99, 0.999)

    def __post_init__(self) -> None:
        """Refuse what cannot be searched."""
        for name in ("cycle_weight", "learning_rate", "identity_weight"):
            low, high = getattr(self, name)
            if not (0 <= low < high) or (name in LOGARITHMIC and low == 0):
                lowest = "above 0" if name in LOGARITHMIC else "at least 0"
                raise HandcraftError(f"Expected `{name}` to be a range from {lowest} upwards, but got {low} to {high}.")
        for name in ("cycle", "feature_level", "discriminator_width", "ema_decay"):
            if not getattr(self, name):
                raise HandcraftError(f"Expected `{name}` to name at least one choice, but got none.")

    def ranges(self, base: CycleGANConfig) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each number, widened to hold the one of ``base``."""
        own = settings_of(base)
        return {
            name: (min(low, float(own[name])), max(high, float(own[name])))
            for name, (low, high) in (
                ("cycle_weight", self.cycle_weight),
                ("learning_rate", self.learning_rate),
                ("identity_weight", self.identity_weight),
            )
        }

    def choices(self, base: CycleGANConfig) -> dict[str, list[Setting]]:
        """The values of each choice, the one of ``base`` among them."""
        own = settings_of(base)
        named = ("cycle", "feature_level", "discriminator_width", "ema_decay")
        return {name: sorted({*getattr(self, name), own[name]}) for name in named}


LOGARITHMIC = ("cycle_weight", "learning_rate")

_PLACES = {"learning_rate": ("optimiser", "learning_rate"), "discriminator_width": ("discriminator", "width")}
"""Settings that lie in a configuration within the refiner's, and which field of it they are."""


def settings_of(config: CycleGANConfig) -> Settings:
    """The values ``config`` has for what a ``SearchSpace`` searches."""
    return {each.name: _setting_of(config, each.name) for each in dataclasses.fields(SearchSpace)}


def with_settings(config: CycleGANConfig, settings: Settings) -> CycleGANConfig:
    """``config`` with other values for ``settings``.

    Raises:
        HandcraftError: a value the configuration refuses.
    """
    for name, value in settings.items():
        changed: Any = value
        if name in _PLACES:
            part, name_there = _PLACES[name]
            changed, name = dataclasses.replace(getattr(config, part), **{name_there: value}), part
        config = dataclasses.replace(config, **{name: changed})
    return config


def _setting_of(config: CycleGANConfig, name: str) -> Setting:
    if name not in _PLACES:
        return getattr(config, name)
    part, name_there = _PLACES[name]
    return getattr(getattr(config, part), name_there)
