# SPDX-License-Identifier: Apache-2.0
"""The kinds of refiner there are: what configures each, what trains it, and what opens its checkpoints.

A new kind is a line here; nothing else in handcraft asks what a refiner is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from handcraft.refine import cycle_translator, santa, style, vaegan
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.cyclegan import CycleGANLearner
from handcraft.refine.santa import SantaConfig, SantaLearner
from handcraft.refine.style import StyleConfig, StyleLearner
from handcraft.refine.translator import Translator
from handcraft.refine.vaegan import VAEGANConfig, VAEGANLearner
from handcraft.training import Checkpoint, Learner

RefinerConfig = CycleGANConfig | VAEGANConfig | StyleConfig | SantaConfig
"""What configures a refiner; its type decides the kind."""


@dataclass(frozen=True)
class Kind:
    """One kind of refiner."""

    config: type[RefinerConfig]
    learner: Callable[..., Learner]
    """Of rendered and photographed crops, a configuration of the kind, and an accelerator."""
    translator_from: Callable[[Checkpoint], Translator]
    is_one_to_many: bool = False
    """Whether one render has as many answers as it is given numbers."""


KINDS: dict[str, Kind] = {
    "cyclegan": Kind(CycleGANConfig, CycleGANLearner, cycle_translator.translator_from),
    "vaegan": Kind(VAEGANConfig, VAEGANLearner, vaegan.translator_from),
    "style": Kind(StyleConfig, StyleLearner, style.translator_from, is_one_to_many=True),
    "santa": Kind(SantaConfig, SantaLearner, santa.translator_from),
}
"""By the ``kind`` of their checkpoints."""


def kind_of(config: RefinerConfig) -> Kind:
    """The kind that a configuration is for."""
    return next(kind for kind in KINDS.values() if isinstance(config, kind.config))
