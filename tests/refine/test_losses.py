# SPDX-License-Identifier: Apache-2.0
"""Losses have the values of equations 3.5 to 3.9 and vanish exactly where those do."""

import torch

from handcraft.randomness import generator_for
from handcraft.refine.losses import adversarial_loss, cycle_loss, discriminator_loss, identity_loss


def answers(value):
    return (torch.full((2, 1, 3, 3), value),)


def test_discriminator_loss_is_half_the_sum_of_squares():
    torch.testing.assert_close(
        discriminator_loss(on_real=answers(0.8), on_fake=answers(0.3)), torch.tensor((0.2**2 + 0.3**2) / 2)
    )
    assert discriminator_loss(on_real=answers(1.0), on_fake=answers(0.0)) == 0


def test_adversarial_loss_pulls_fakes_to_one():
    torch.testing.assert_close(adversarial_loss(on_fake=answers(0.3)), torch.tensor(0.49))
    (on_fake,) = answers(0.3)
    adversarial_loss(on_fake=(on_fake.requires_grad_(),)).backward()
    assert (on_fake.grad < 0).all()


def test_scales_are_summed_and_patches_averaged():
    """Seed 002: three scales weigh three times, however many patches each has."""
    coarse, fine = torch.full((2, 1, 2, 2), 0.3), torch.full((2, 1, 8, 8), 0.5)
    both, sizes = (coarse, fine), [(coarse,), (fine,)]
    torch.testing.assert_close(adversarial_loss(on_fake=both), sum(adversarial_loss(on_fake=each) for each in sizes))
    torch.testing.assert_close(
        discriminator_loss(on_real=both, on_fake=both),
        sum(discriminator_loss(on_real=each, on_fake=each) for each in sizes),
    )


def test_cycle_loss_is_a_distance():
    one = torch.rand(2, 3, 4, 4, generator=generator_for(0))
    other = torch.rand(2, 3, 4, 4, generator=generator_for(1))
    assert cycle_loss(original=one, cycled=one) == 0
    torch.testing.assert_close(cycle_loss(original=one, cycled=one + 0.25), torch.tensor(0.25))
    torch.testing.assert_close(cycle_loss(original=one, cycled=other), cycle_loss(original=other, cycled=one))


def test_identity_loss_is_the_mean_change():
    image = torch.zeros(1, 3, 4, 4)
    torch.testing.assert_close(identity_loss(image=image, translated=image - 0.5), torch.tensor(0.5))
