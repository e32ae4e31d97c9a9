# SPDX-License-Identifier: Apache-2.0
"""The losses of seed 000 (sections 3.3.2, 3.3.3) and seed 002 (section III.C), as pure functions.

The seeds write ``||.||_2`` and expectations. What is minimised, there as in Zhu et al. 2017 (section 4) and in
least-squares GANs (Mao et al. 2017), is the mean squared error over all patches; ``||.||_1`` is likewise the mean
absolute error. x is a photograph, y a render, G = rendered_from_photographed, F = photographed_from_rendered, D_X
judges photographs and D_Y renders. A discriminator answers with one map for each of its scales; scales are summed.

What section 5.1.2 of seed 000 asks for, Wasserstein critics, is in ``gradient_penalty.py``; the loss on silhouettes
that GeoConGAN adds is in ``silhouette.py``.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.refine.discriminators import Judgements


def discriminator_loss(*, on_real: Judgements, on_fake: Judgements) -> Float[Tensor, ""]:
    """One domain's half of J_D: ``(||1 - D(real)||^2 + ||D(fake)||^2) / 2``, summed over scales.

    Equation 3.5 of seed 000, equation 1 of seed 002 and its sum over scales after it. The half slows discriminators
    relative to generators. ``on_fake`` must come from detached (or pooled) images: this is for the discriminator only.
    """
    scales = zip(on_real, on_fake, strict=True)
    return _sum([0.5 * (torch.mean((1.0 - real) ** 2) + torch.mean(fake**2)) for real, fake in scales])


def adversarial_loss(*, on_fake: Judgements) -> Float[Tensor, ""]:
    """One generator's first term in equations 3.7 and 3.9 of seed 000: ``||1 - D(fake)||^2``, summed over scales.

    Seed 002 prints a half before it (equation 1) and trains without. ``on_fake`` must come from the fresh, attached
    translation; a pooled image would carry no gradient.
    """
    return _sum([torch.mean((1.0 - fake) ** 2) for fake in on_fake])


def cycle_loss(*, original: Float[Tensor, "*shape"], cycled: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """One domain's half of J_cyc: ``||original - cycled||_1``.

    Given images, equation 3.6 of seed 000; given the feature maps D_m of both images, equation 3.8.
    """
    return F.l1_loss(cycled, original)


def identity_loss(
    *, image: Float[Tensor, "batch 3 height width"], translated: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """``||F(x) - x||_1``: an image already in the target domain should stay (Zhu et al. 2017, section 5.2).

    In seed 002, not in seed 000. It holds colours in place where a generator would invert them.
    """
    return F.l1_loss(translated, image)


def _sum(losses: list[Float[Tensor, ""]]) -> Float[Tensor, ""]:
    return torch.stack(losses).sum()
