# SPDX-License-Identifier: Apache-2.0
"""A trained CycleGAN as a refiner: its averaged generator, with what was done to renders in training done to them."""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.refine.compositing import composited
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.generators import SIZE_MINIMUM, SIZE_MULTIPLE, CycleGenerator
from handcraft.refine.range import RenderedInput, generator_input, unit_from_signed
from handcraft.refine.translator import Given, Translator
from handcraft.training import Checkpoint


class CycleTranslator(nn.Module):
    """A generator in evaluation mode. One render has one answer; it depends on that image (and its mask) alone."""

    size_multiple = SIZE_MULTIPLE
    size_minimum = SIZE_MINIMUM

    def __init__(
        self, photographed_from_rendered: CycleGenerator, rendered_input: RenderedInput, *, composite: bool
    ) -> None:
        super().__init__()
        self.photographed_from_rendered = photographed_from_rendered
        self.input, self.composite = rendered_input, composite
        self.requires_grad_(False).eval()

    def translate(
        self, images: Float[Tensor, "batch 3 height width"], given: Given
    ) -> Float[Tensor, "batch 3 height width"]:
        """Refine images in [0, 1].

        Raises:
            HandcraftError: a refiner that keeps what lies outside masks without masks, or a strength other than 1.
        """
        if given.strength != 1.0:
            raise HandcraftError(
                f"Expected `strength` to be 1 for a CycleGAN, but got {given.strength}; refiners of kind santa have it."
            )
        entering = generator_input(images, self.input)
        made = self.photographed_from_rendered(entering)
        if not self.composite:
            return unit_from_signed(made)
        if given.masks is None:
            raise HandcraftError(
                "Expected `masks` for a refiner that was trained to change hands and nothing else, but got none; "
                "refine a data set that has masks."
            )
        return unit_from_signed(composited(made, entering, given.masks))


def translator_from(checkpoint: Checkpoint) -> Translator:
    """The refiner in a CycleGAN's checkpoint.

    Raises:
        HandcraftError: a checkpoint without it, or a configuration this version does not know.
    """
    config = CycleGANConfig.from_recorded(checkpoint.config)
    generator = config.generator.build()
    generator.load_state_dict(checkpoint.state["learner"]["average"])
    return CycleTranslator(generator, config.input, composite=config.composite)
