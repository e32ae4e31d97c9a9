# SPDX-License-Identifier: Apache-2.0
"""The Wasserstein losses that seed 000 proposes (section 5.1.2), with gradient penalty, as pure functions.

Equation numbers are those of Gulrajani et al. 2017, "Improved training of Wasserstein GANs". There a critic gives an
image one number; ours give a map for each scale, and the number is the mean of a map, summed over scales. A critic ends
without a sigmoid and normalises nothing over the batch: the penalty is about each image's own gradient.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from handcraft.errors import HandcraftError

Judge = Callable[[Tensor], tuple[Tensor, ...]]
"""A critic: images to one map of judgements for each scale."""


def critic_loss(*, on_real: tuple[Tensor, ...], on_fake: tuple[Tensor, ...]) -> Float[Tensor, ""]:
    """The critic's first two terms in equation 3: ``E[D(fake)] - E[D(real)]``; its negative estimates the distance.

    ``on_fake`` must come from detached (or pooled) images.
    """
    return critic_values(on_fake).mean() - critic_values(on_real).mean()


def critic_adversarial_loss(*, on_fake: tuple[Tensor, ...]) -> Float[Tensor, ""]:
    """The generator's side of equation 1: ``-E[D(fake)]``.

    ``on_fake`` must come from the fresh, attached translation.
    """
    return -critic_values(on_fake).mean()


def gradient_penalty(
    discriminator: Judge,
    real: Float[Tensor, "batch 3 height width"],
    fake: Float[Tensor, "batch 3 height width"],
    generator: torch.Generator,
) -> Float[Tensor, ""]:
    """The third term of equation 3, unweighted: ``E[(||grad D(x)|| - 1)^2]``, x at random places between real and fake.

    The publication's weight is 10. Leads to the discriminator's weights, and neither to ``real`` nor to ``fake``.

    Args:
        discriminator: the critic.
        real: images of the critic's domain.
        fake: as many translations into it.
        generator: one number for each pair is drawn from it, on the CPU.

    Raises:
        HandcraftError: a critic with batch normalisation, in which an image has no gradient of its own.
    """
    _expect_no_batch_normalisation(discriminator)
    share = torch.rand(len(real), generator=generator).view(-1, 1, 1, 1).to(real)
    between = (share * real.detach() + (1 - share) * fake.detach()).requires_grad_(True)
    with torch.enable_grad():
        values = critic_values(discriminator(between))
        (gradients,) = torch.autograd.grad(values.sum(), between, create_graph=True)
    lengths = gradients.flatten(1).norm(dim=1)
    return ((lengths - 1) ** 2).mean()


def critic_values(judgements: tuple[Tensor, ...]) -> Float[Tensor, " batch"]:
    """Each image's number: the mean of a map, summed over scales."""
    return torch.stack([each.flatten(1).mean(dim=1) for each in judgements]).sum(dim=0)


def _expect_no_batch_normalisation(discriminator: Judge) -> None:
    layers = discriminator.modules() if isinstance(discriminator, nn.Module) else ()
    if any(isinstance(layer, _BatchNorm) for layer in layers):
        raise HandcraftError(
            f"Expected a critic without batch normalisation, but got a {type(discriminator).__name__}; use a patch "
            "discriminator of seed 000 or a perceptual one."
        )
