# SPDX-License-Identifier: Apache-2.0
"""Wasserstein losses: known values, the penalty's own gradient, and whom each term reaches."""

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine.discriminators import PatchDiscriminator, PatchDiscriminator70, PerceptualDiscriminator
from handcraft.refine.gradient_penalty import critic_adversarial_loss, critic_loss, gradient_penalty
from tests.refine.discriminators.probe import Taps, initialised


def images(seed, count=3, size=4, dtype=torch.float32):
    return torch.rand(count, 3, size, size, generator=generator_for(seed), dtype=dtype) * 2 - 1


def linear_critic(slope):
    """Its gradient has the length ``slope`` at every image; one map of one judgement."""
    direction = images(8, 1)[0]
    direction = direction / direction.norm()
    return lambda shown: ((slope * (shown * direction).sum(dim=(1, 2, 3))).view(-1, 1, 1, 1),)


@pytest.mark.parametrize(("slope", "penalty"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0)])
def test_penalty_of_a_linear_critic_is_known(slope, penalty):
    found = gradient_penalty(linear_critic(slope), images(1), images(2), generator_for(0))
    torch.testing.assert_close(found, torch.tensor(penalty))


def test_scales_and_patches_make_one_number_of_an_image():
    """Two scales of slope 1/2 in the same direction, one of them seen by four patches, have slope 1 together."""

    def critic(shown):
        (half,) = linear_critic(0.5)(shown)
        return half, half.expand(-1, 1, 2, 2)

    found = gradient_penalty(critic, images(1), images(2), generator_for(0))
    torch.testing.assert_close(found, torch.tensor(0.0))


def test_penalty_is_taken_between_real_and_fake():
    """A critic x^2 / 2 has the gradient x, so the penalty tells where it was measured: the same share for one image."""
    real, fake = torch.zeros(4, 3, 2, 2), torch.ones(4, 3, 2, 2)
    seen = []

    def critic(shown):
        seen.append(shown.detach())
        return ((shown**2).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1) / 2,)

    found = gradient_penalty(critic, real, fake, generator_for(0))
    shares = seen[0].flatten(1)
    assert torch.equal(shares, shares[:, :1].expand_as(shares))
    assert bool((shares > 0).all())
    assert bool((shares < 1).all())
    assert len(shares[:, 0].unique()) == 4
    torch.testing.assert_close(found, ((shares[:, 0] * 12**0.5 - 1) ** 2).mean())


def test_gradient_of_the_penalty_is_the_numeric_one():
    critic = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Tanh(), nn.Conv2d(2, 1, 2)).double()
    for index, weights in enumerate(critic.parameters()):
        nn.init.normal_(weights, std=0.7, generator=generator_for(4, index))
    real, fake = images(1, dtype=torch.float64), images(2, dtype=torch.float64)

    def penalty():
        return gradient_penalty(lambda shown: (critic(shown),), real, fake, generator_for(0))

    weights = critic[0].weight
    (exact,) = torch.autograd.grad(penalty(), weights)
    with torch.no_grad():
        for place in [(0, 0, 0, 0), (1, 2, 1, 1), (0, 1, 2, 0)]:
            sides = []
            for sign in (1, -1):
                weights[place] += sign * 1e-6
                sides.append(penalty().item())
                weights[place] -= sign * 1e-6
            assert exact[place].item() == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5)


def test_losses_are_means_over_images_and_sums_over_scales():
    real = (torch.full((2, 1, 3, 3), 2.0), torch.full((2, 1, 1, 1), 1.0))
    fake = (torch.full((2, 1, 3, 3), 0.5), torch.full((2, 1, 1, 1), -1.0))
    assert critic_loss(on_real=real, on_fake=fake).item() == -0.5 - 3.0
    assert critic_adversarial_loss(on_fake=fake).item() == 0.5


def test_a_critic_in_training_finds_the_distance_of_two_points():
    """Kantorovich: the best critic of slope 1 between two images differs by their distance."""
    distance = 2.0
    critic = linear_critic(1.0)
    direction = torch.autograd.functional.jacobian(lambda shown: critic(shown)[0].sum(), torch.zeros(1, 3, 4, 4))
    found = -critic_loss(on_real=critic(distance * direction), on_fake=critic(torch.zeros(1, 3, 4, 4)))
    torch.testing.assert_close(found, torch.tensor(distance))


@pytest.mark.parametrize(
    "critic",
    [PatchDiscriminator(4, sigmoid=False), PerceptualDiscriminator(Taps(), size_px=32, grids=(8, 4))],
)
def test_penalty_reaches_the_critic_and_no_image(critic):
    initialised(critic)
    real, fake = images(1, size=32).requires_grad_(True), images(2, size=32).requires_grad_(True)
    gradient_penalty(critic, real, fake, generator_for(0)).backward()
    assert real.grad is None
    assert fake.grad is None
    assert all(each.grad.abs().sum() > 0 for name, each in critic.named_parameters() if name.endswith("weight"))


def test_batch_normalisation_is_refused():
    with pytest.raises(HandcraftError, match="Expected a critic without batch normalisation, but got a PatchDiscrimin"):
        gradient_penalty(PatchDiscriminator70(4), images(1, size=64), images(2, size=64), generator_for(0))
