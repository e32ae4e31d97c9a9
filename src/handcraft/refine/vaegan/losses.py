# SPDX-License-Identifier: Apache-2.0
"""The losses of seed 000's VAEGAN as pure functions: equations 2.2 and 3.1 to 3.4.

The seed writes ``||.||_2`` for squared errors and ``1 - D``, ``D`` for what a discriminator is asked; what is
minimised, there as here, are squared errors and the binary cross-entropy of D's answer (Goodfellow et al. 2014). All
losses are means over the images of a batch, so a weight means the same at any batch size. D's answers come as logits:
``softplus(-logit)`` is ``-log D`` and ``softplus(logit)`` is ``-log(1 - D)``, without overflow.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from handcraft.networks.divergence import kl_to_standard_normal
from handcraft.refine.vaegan.networks import Code

Reduction = Literal["sum", "mean"]


def reconstruction_loss(
    *, image: Float[Tensor, "batch 3 height width"], reconstructed: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """First term of equation 2.2: the squared error, summed over an image's values."""
    return torch.mean(torch.sum((reconstructed.float() - image.float()) ** 2, dim=(1, 2, 3)))


def divergence_loss(code: Code) -> Float[Tensor, ""]:
    """Second term of equation 2.2: the Kullback-Leibler divergence of p(z|x) from N(0, 1), summed over z (in nats)."""
    return kl_to_standard_normal(code.mean, code.log_variance).mean()


def real_loss(on_real: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """First term of equations 3.2 and 3.3: D should answer 1 for photographs."""
    return F.softplus(-on_real.float()).mean()


def made_loss(on_made: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """The other terms of equations 3.2 and 3.3: D should answer 0 for images that were made.

    ``on_made`` must come from detached images: this loss is for the discriminator only.
    """
    return F.softplus(on_made.float()).mean()


def fooling_loss(on_made: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Equation 3.1 and the first two terms of 3.4: D should answer 1 for images that were made.

    ``on_made`` must come from attached images. The published code detached G(z), so its term moved nothing.
    """
    return F.softplus(-on_made.float()).mean()


def content_loss(
    *,
    original: Float[Tensor, "batch channels rows rows"],
    made: Float[Tensor, "batch channels rows rows"],
    reduction: Reduction,
) -> Float[Tensor, ""]:
    """Last term of equation 3.4 without its weight: the squared error of feature maps D_m, by image.

    Args:
        original: D_m of the photographs.
        made: D_m of their reconstructions.
        reduction: ``sum`` over an image's features as in the seed, so that the scale grows with the map (64x32x32
            values at level 1, 512x4x4 at level 4); or the ``mean``, whose scale is that of one feature.
    """
    squared = ((made.float() - original.float()) ** 2).flatten(1)
    return torch.mean(squared.sum(dim=1) if reduction == "sum" else squared.mean(dim=1))
