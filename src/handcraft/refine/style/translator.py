# SPDX-License-Identifier: Apache-2.0
"""A trained one-to-many refiner: each render in a style drawn for its number, or in an exemplar photograph's."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.generators import SIZE_MINIMUM, SIZE_MULTIPLE
from handcraft.refine.range import signed_from_unit, unit_from_signed
from handcraft.refine.style.config import StyleConfig, StyleSource
from handcraft.refine.style.networks import Images, StyleNetwork, Styles
from handcraft.refine.translator import Given
from handcraft.training.checkpoint import Checkpoint

_STYLE_STREAM = 0x57D1


class StyleTranslator(nn.Module):
    """Paints renders in styles; an ``nn.Module`` so that it moves between devices whole.

    Args:
        network: generator and encoder, trained.
        bank: styles of photographs of the target.
        source: draw from the bank, which has the target's true variety, or from the normal distribution around it.
    """

    size_multiple = SIZE_MULTIPLE
    size_minimum = SIZE_MINIMUM

    def __init__(self, network: StyleNetwork, bank: Styles, source: StyleSource) -> None:
        super().__init__()
        self.network, self.source = network, source
        self.bank: Tensor
        self.register_buffer("bank", bank)
        self.requires_grad_(False).eval()

    def translate(self, images: Images, given: Given) -> Images:
        """Refine images in [0, 1], each in the style that ``(given.seed, its number)`` draws.

        Raises:
            HandcraftError: a strength other than 1.
        """
        if given.strength != 1.0:
            raise HandcraftError(
                f"Expected `strength` to be 1 for a refiner of kind style, but got {given.strength}; "
                "train one of kind santa to have a slider."
            )
        return self.painted(images, self.styles_for(given.numbers.tolist(), seed=given.seed))

    def translate_as(self, images: Images, exemplars: Float[Tensor, "batch 3 _ _"]) -> Images:
        """Refine images in [0, 1], each in the style of its exemplar, a photograph in [0, 1] cropped as the target."""
        return self.painted(images, self.network.styles_of(signed_from_unit(exemplars)))

    def in_style_of(self, exemplar: Float[Tensor, "3 _ _"]) -> "StyleTranslator":
        """One whose only style is that of a photograph in [0, 1], so that every number draws it."""
        return StyleTranslator(self.network, self.network.styles_of(signed_from_unit(exemplar[None])), "photographs")

    def painted(self, images: Images, styles: Styles) -> Images:
        """Refine images in [0, 1] in given styles."""
        return unit_from_signed(self.network.refined(signed_from_unit(images), styles))

    def styles_for(self, numbers: list[int], *, seed: int) -> Styles:
        """The style of each number: a function of it and of ``seed``, whatever stands beside it."""
        return torch.stack([self._drawn(generator_for(seed, _STYLE_STREAM, number)) for number in numbers])

    def _drawn(self, generator: torch.Generator) -> Float[Tensor, " style"]:
        if self.source == "noise":
            return self._mixed(torch.randn(len(self.bank), generator=generator).to(self.bank))
        return self.bank[int(torch.randint(len(self.bank), (), generator=generator))]

    def _mixed(self, weights: Float[Tensor, " photograph"]) -> Float[Tensor, " style"]:
        """With weights from N(0, 1): a draw from the normal distribution with the bank's mean and covariance."""
        mean = self.bank.mean(dim=0)
        return mean + weights @ (self.bank - mean) / max(1, len(self.bank) - 1) ** 0.5


def translator_from(checkpoint: Checkpoint, styles: Literal["recorded"] | StyleSource = "recorded") -> StyleTranslator:
    """The refiner a checkpoint of kind ``style`` holds, drawing its styles as it was configured to, or otherwise.

    Raises:
        HandcraftError: a checkpoint that does not fit its own configuration.
    """
    config = StyleConfig.from_recorded(checkpoint.config)
    network = config.network()
    try:
        state = checkpoint.state["learner"]
        network.load_state_dict(state["average"])
        return StyleTranslator(network, state["bank"], config.styles if styles == "recorded" else styles)
    except (KeyError, TypeError, RuntimeError) as error:
        raise HandcraftError("Expected the checkpoint to hold its refiner's weights; train again.") from error
