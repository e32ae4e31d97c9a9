# SPDX-License-Identifier: Apache-2.0
"""A trained refiner with a slider: 0 gives the render as the decoder repaints it, 1 the photographed hand."""

from torch import nn

from handcraft.errors import HandcraftError
from handcraft.refine.generators import SIZE_MINIMUM, SIZE_MULTIPLE
from handcraft.refine.one_sided import Images
from handcraft.refine.range import signed_from_unit, unit_from_signed
from handcraft.refine.santa.config import SantaConfig
from handcraft.refine.santa.networks import SantaGenerator
from handcraft.refine.translator import Given
from handcraft.training.checkpoint import Checkpoint


class SantaTranslator(nn.Module):
    """Brings renders as far towards photographs as ``Given.strength`` says."""

    size_multiple = SIZE_MULTIPLE
    size_minimum = SIZE_MINIMUM

    def __init__(self, network: SantaGenerator) -> None:
        super().__init__()
        self.network = network
        self.requires_grad_(False).eval()

    def translate(self, images: Images, given: Given) -> Images:
        """Refine images in [0, 1] with ``given.strength`` from 0 to 1.

        Raises:
            HandcraftError: a strength outside that.
        """
        if not 0 <= given.strength <= 1:
            raise HandcraftError(f"Expected `strength` to be from 0 to 1, but got {given.strength}.")
        return unit_from_signed(self.network.at(signed_from_unit(images), given.strength))


def translator_from(checkpoint: Checkpoint) -> SantaTranslator:
    """The refiner a checkpoint of kind ``santa`` holds.

    Raises:
        HandcraftError: a checkpoint that does not fit its own configuration.
    """
    network = SantaConfig.from_recorded(checkpoint.config).network()
    try:
        network.load_state_dict(checkpoint.state["learner"]["average"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise HandcraftError("Expected the checkpoint to hold its refiner's weights; train again.") from error
    return SantaTranslator(network)
