# SPDX-License-Identifier: Apache-2.0
"""A trained VAEGAN as a refiner: a render's tint is taken out, it is encoded, and the mean of its code is decoded.

Nothing is drawn: one render has one answer.
"""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.refine.range import generator_input, unit_from_signed
from handcraft.refine.translator import Given, Translator
from handcraft.refine.vaegan.config import VAEGANConfig
from handcraft.refine.vaegan.networks import Decoder, Encoder
from handcraft.training import Checkpoint


class VAEGANTranslator(nn.Module):
    """Renders of the size it was trained on in, the same hands with the colours of photographs out.

    A code stands for a whole crop, so there is only one size; crops of another are to be prepared with that one.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, size_px: int) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.size_multiple = self.size_minimum = size_px
        self.requires_grad_(False).eval()

    def translate(
        self, images: Float[Tensor, "batch 3 height width"], given: Given
    ) -> Float[Tensor, "batch 3 height width"]:
        """Refine images in [0, 1]. An image's answer depends on that image alone.

        Raises:
            HandcraftError: images of another size, or a strength other than 1.
        """
        if given.strength != 1.0:
            raise HandcraftError(
                f"Expected `strength` to be 1 for a VAEGAN, which has no slider, but got {given.strength}."
            )
        if set(images.shape[-2:]) != {self.size_multiple}:
            height, width = images.shape[-2:]
            raise HandcraftError(
                f"Expected images of {self.size_multiple}x{self.size_multiple} pixels, as this VAEGAN was trained on, "
                f"but got {height}x{width} after padding; prepare them with size {self.size_multiple}."
            )
        return unit_from_signed(self.decoder(self.encoder(generator_input(images, "normalised")).mean))


def translator_from(checkpoint: Checkpoint) -> Translator:
    """The refiner in a VAEGAN's checkpoint.

    Raises:
        HandcraftError: a checkpoint from before the third stage, or a configuration this version does not know.
    """
    config = VAEGANConfig.from_recorded(checkpoint.config)
    if checkpoint.step <= config.pretraining_steps:
        raise HandcraftError(
            f"Expected a VAEGAN beyond its {config.pretraining_steps} steps of pre-training, but the checkpoint is of "
            f"step {checkpoint.step}; go on with --resume."
        )
    learned = checkpoint.state["learner"]
    networks = config.networks(learned["size_px"])
    networks.load_state_dict(learned["networks"])
    networks.decoder.load_state_dict(learned["average"])
    return VAEGANTranslator(networks.encoder, networks.decoder, learned["size_px"])
