# SPDX-License-Identifier: Apache-2.0
"""It learns to paint in the colour it is told, and goes on after a stop as if there had been none."""

import copy
import dataclasses

import pytest
import torch

from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.range import signed_from_unit
from handcraft.training import Learner
from tests.refine.style.toy import BLUE, RED, TINY, learner, photographs
from tests.refine.toy import blobs, renders


def assert_same(one, other):
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert one == other


def test_it_is_a_learner():
    assert isinstance(learner(), Learner)


@pytest.mark.parametrize(
    "config",
    [TINY, dataclasses.replace(TINY, precision="bfloat16"), dataclasses.replace(TINY, turn_photographs_deg=180.0)],
)
def test_resumed_equals_uninterrupted(config):
    through = learner(config)
    for step in range(4):
        through.step(step)
    first, second = learner(config), learner(config)
    for step in range(2):
        first.step(step)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for step in range(2, 4):
        second.step(step)
    assert_same(through.state_dict(), second.state_dict())
    assert through.step(4) == second.step(4)


def test_each_update_leaves_the_other_side_alone():
    trained = learner()
    judge, network = copy.deepcopy(trained.duel.discriminator), trained.network
    images, _ = trained.update_refiner(0)
    assert_same(judge.state_dict(), trained.duel.discriminator.state_dict())
    painter = copy.deepcopy(network.state_dict())
    trained.duel.improve_discriminator(images.batch.photographed, images.refined.detach(), 0)
    assert_same(painter, network.state_dict())
    assert not torch.equal(judge.blocks[0][0].weight, trained.duel.discriminator.blocks[0][0].weight)


def test_noise_of_a_step_does_not_depend_on_earlier_ones():
    trained = learner()
    expected = trained.painted(5).styles - trained.painted(5).mean
    assert expected.abs().min() > 0
    one, other = trained.painted(5), trained.painted(5)
    assert torch.equal(one.styles, other.styles)
    assert not torch.equal(one.styles, trained.painted(6).styles)


def test_bank_holds_styles_from_all_over_the_set():
    trained = learner()
    bank = trained.bank()
    assert bank.shape == (6, 3)
    ends = signed_from_unit(photographs().float_images()[[0, -1]])
    torch.testing.assert_close(bank[[0, -1]], trained.duel.averaged.styles_of(ends))
    assert len(learner(dataclasses.replace(TINY, bank=50)).bank()) == len(photographs())


def test_paints_in_the_colour_it_is_told():
    """The same grey disc becomes red or blue, where it is, and black stays black; nobody ever said which are red."""
    config = dataclasses.replace(
        TINY,
        generator_width=8,
        encoder_width=8,
        style_size=2,
        ema_decay=0.0,
        optimiser=OptimiserConfig(learning_rate=4e-3),
    )
    trained = learner(config)
    for step in range(140):
        trained.step(step)
    network, inside = trained.duel.averaged, renders().masks
    grey = signed_from_unit(renders().float_images())
    for colour, told, other in ((RED, 0, 2), (BLUE, 2, 0)):
        exemplar = signed_from_unit(blobs(1, colour, seed=9).float_images())
        with torch.no_grad():
            refined = (network.refined(grey, network.styles_of(exemplar).expand(len(grey), -1)) + 1) / 2
        assert refined[:, told][inside].mean() - refined[:, other][inside].mean() > 0.2
        assert refined[:, :, ~inside.any(dim=0)].mean() < 0.15


def test_picture_is_fixed_and_changes_nothing(tmp_path):
    trained = learner()
    before = copy.deepcopy(trained.state_dict())
    trained.draw(tmp_path / "one.png")
    trained.draw(tmp_path / "two.png")
    assert_same(before, trained.state_dict())
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
