# SPDX-License-Identifier: Apache-2.0
"""The discriminator's side of the first and the third stage: equations 3.2 and 3.3 differ in what was made, only."""

from jaxtyping import Float
from torch import Tensor

from handcraft.refine.vaegan.losses import made_loss, real_loss
from handcraft.refine.vaegan.networks import Discriminator, Images

Terms = dict[str, Float[Tensor, ""]]


def discriminator_terms(
    discriminator: Discriminator, photographs: Images, made: dict[str, Images]
) -> tuple[Terms, Terms]:
    """The unweighted terms of J_D, one for photographs and one for each kind of images that were ``made``, by name.

    Each kind is judged as a batch of its own: photographs in one batch with made images would lend them their
    statistics.

    Returns:
        The terms, and of each the share of images that were judged rightly (0 to 1).
    """
    on_real = discriminator(photographs)
    on_made = {name: discriminator(images.detach()) for name, images in made.items()}
    terms = {"discriminator_photographs": real_loss(on_real)}
    right = {"accuracy_photographs": (on_real > 0).float().mean()}
    for name, logits in on_made.items():
        terms[f"discriminator_{name}"] = made_loss(logits)
        right[f"accuracy_{name}"] = (logits < 0).float().mean()
    return terms, right
