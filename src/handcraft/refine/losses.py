# SPDX-License-Identifier: Apache-2.0
"""The losses of seed 000, sections 3.3.2 and 3.3.3, as pure functions.

The seed writes ``||.||_2`` in equations 3.5, 3.7 and 3.9. What is minimised, there as in Zhu et al. 2017 (section 4)
and in least-squares GANs (Mao et al. 2017), is the mean squared error over all patches; ``||.||_1`` is likewise the
mean absolute error. x is a photograph, y a render, G = rendered_from_photographed, F = photographed_from_rendered,
D_X judges photographs and D_Y renders.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def discriminator_loss(
    *, on_real: Float[Tensor, "batch 1 rows columns"], on_fake: Float[Tensor, "batch 1 rows columns"]
) -> Float[Tensor, ""]:
    """One domain's half of equation 3.5: ``(||1 - D(real)||^2 + ||D(fake)||^2) / 2``; the sum of both domains is J_D.

    The half slows the discriminators relative to the generators. ``on_fake`` must come from detached (or pooled)
    images: this loss is for the discriminator only.
    """
    return 0.5 * (torch.mean((1.0 - on_real) ** 2) + torch.mean(on_fake**2))


def adversarial_loss(*, on_fake: Float[Tensor, "batch 1 rows columns"]) -> Float[Tensor, ""]:
    """One generator's first term in equations 3.7 and 3.9: ``||1 - D(fake)||^2``.

    ``on_fake`` must come from the fresh, attached translation; a pooled image would carry no gradient.
    """
    return torch.mean((1.0 - on_fake) ** 2)


def cycle_loss(*, original: Float[Tensor, "*shape"], cycled: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """One domain's half of J_cyc: ``||original - cycled||_1``.

    Given images, equation 3.6; given the feature maps D_m of both images, equation 3.8.
    """
    return F.l1_loss(cycled, original)


def identity_loss(
    *, image: Float[Tensor, "batch 3 height width"], translated: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """``||F(x) - x||_1``: an image already in the target domain should stay (Zhu et al. 2017, section 5.2).

    Not in the seed. It holds colours in place where a generator would invert them.
    """
    return F.l1_loss(translated, image)
