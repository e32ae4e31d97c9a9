# SPDX-License-Identifier: Apache-2.0
"""A training step moves what it should, learns what it can, and goes on after a stop as if there had been none."""

import copy
import dataclasses

import pytest
import torch
from PIL import Image

from handcraft.data import normalise_colour
from handcraft.errors import HandcraftError
from handcraft.refine import CycleGANLearner, DiscriminatorConfig, OptimiserConfig
from handcraft.training import Learner, make_accelerator
from tests.refine.toy import SIZE, TINY, blobs, learner, photographs, renders

ADVERSARIAL_ONLY = dataclasses.replace(TINY, cycle_weight=0.0)
BY_FEATURES = dataclasses.replace(TINY, cycle="discriminator_features")


def copied(parameters):
    return [parameter.detach().clone() for parameter in parameters]


def moved(before, parameters):
    return [not torch.equal(old, new) for old, new in zip(before, parameters, strict=True)]


def test_it_is_a_learner():
    assert isinstance(learner(), Learner)


def test_adversarial_loss_alone_moves_every_generator_weight():
    """Through the whole step: fails if any pooled or detached image takes the place of a fresh translation."""
    trained = learner(ADVERSARIAL_ONLY)
    weights = [each for name, each in trained.networks.named_parameters() if "_from_" in name and "weight" in name]
    before = copied(weights)
    for step in range(4):  # the pool is full after two
        trained.step(step)
    assert all(moved(before, weights))


@pytest.mark.parametrize("config", [TINY, BY_FEATURES])
def test_generator_step_leaves_discriminators_alone(config):
    trained = learner(config)
    trained.step(0)
    before = copied(trained.networks.discriminator_parameters())
    gradients = copied(each.grad for each in trained.networks.discriminator_parameters())
    trained.update_generators(*trained.batch(1), 1)
    assert not any(moved(before, trained.networks.discriminator_parameters()))
    assert not any(moved(gradients, [each.grad for each in trained.networks.discriminator_parameters()]))


def test_discriminator_step_leaves_generators_alone():
    trained = learner()
    images, _ = trained.update_generators(*trained.batch(0), 0)
    generators, discriminators = trained.networks.generator_parameters(), trained.networks.discriminator_parameters()
    before, gradients = copied(generators), copied(each.grad for each in generators)
    before_of_discriminators = copied(discriminators)
    trained.update_discriminators(images, 0)
    assert not any(moved(before, generators))
    assert not any(moved(gradients, [each.grad for each in generators]))
    assert all(moved(before_of_discriminators, discriminators))


def test_generators_and_discriminators_take_turns():
    trained = learner()
    for step in range(3):
        trained.step(step)
    for descent in (trained.generators, trained.discriminators):
        assert {int(state["step"]) for state in descent.optimiser.state.values()} == {3}


def test_cycle_terms_compare_an_image_with_its_own_translation():
    """Also long after the pool is full; the published code compared about half with somebody else's."""
    trained = learner(dataclasses.replace(TINY, pool=1))
    for step in range(3):
        rendered, photographed = trained.batch(step)
        images, _ = trained.update_generators(rendered, photographed, step)
        trained.update_discriminators(images, step)
    with torch.no_grad():
        images = trained.networks.translate(rendered, photographed)
        again = trained.networks.rendered_from_photographed(
            trained.networks.photographed_from_rendered(rendered.images)
        )
    torch.testing.assert_close(images.rendered_again, again)


@pytest.mark.parametrize("config", [TINY, BY_FEATURES, dataclasses.replace(TINY, precision="bfloat16")])
def test_resumed_equals_uninterrupted(config):
    through = learner(config)
    for step in range(5):
        through.step(step)
    first = learner(config)
    for step in range(3):
        first.step(step)
    second = learner(config)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for step in range(3, 5):
        second.step(step)
    assert second.step(5) == through.step(5)
    assert_same(through.state_dict(), second.state_dict())


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert one == other


def test_batches_do_not_depend_on_earlier_steps():
    trained = learner()
    expected = trained.batch(7)
    trained.step(0)
    for before, after in zip(expected, trained.batch(7), strict=True):
        assert torch.equal(before.images, after.images)
        assert torch.equal(before.masks, after.masks)


def test_renders_go_in_without_tint_and_photographs_with_it():
    plain, tinted = learner(), learner(dataclasses.replace(TINY, input="normalised"))
    in_colour, photographed = (each.images for each in plain.batch(0))
    without_tint, same_photographs = (each.images for each in tinted.batch(0))
    torch.testing.assert_close((without_tint + 1) / 2, normalise_colour((in_colour + 1) / 2))
    assert torch.equal(photographed, same_photographs)


def test_average_is_the_last_step_without_decay_and_lags_with_it():
    plain, lagging = (
        learner(dataclasses.replace(TINY, ema_decay=0.0)),
        learner(dataclasses.replace(TINY, ema_decay=0.9)),
    )
    for step in range(3):
        plain.step(step)
        lagging.step(step)
    current = copied(plain.networks.photographed_from_rendered.parameters())
    assert not any(moved(current, plain.average.network.parameters()))
    assert any(moved(current, lagging.average.network.parameters()))


def test_overfits_a_colour():
    """Grey discs become skin coloured where they are, and black stays black."""
    config = dataclasses.replace(
        TINY,
        generator=dataclasses.replace(TINY.generator, width=8),
        discriminator=dataclasses.replace(TINY.discriminator, width=8),
        optimiser=OptimiserConfig(learning_rate=2e-3),
        batch_size=6,
    )
    trained = learner(config)
    for step in range(60):
        trained.step(step)
    rendered = (renders().float_images() * 2) - 1
    with torch.no_grad():
        refined = (trained.average.network(rendered) + 1) / 2
    inside = renders().masks
    red, green, blue = (refined[:, channel][inside].mean().item() for channel in range(3))
    assert red > green > blue
    assert red - blue > 0.2
    assert refined[:, :, ~inside.any(dim=0)].mean() < 0.15


def test_picture_is_fixed_and_changes_nothing(tmp_path):
    trained = learner()
    trained.step(0)
    before = copy.deepcopy(trained.state_dict())
    trained.draw(tmp_path / "one.png")
    trained.draw(tmp_path / "two.png")
    assert_same(before, trained.state_dict())
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        rows, columns, shown_px, gap_px = 6, 8, 160, 6
        assert picture.width == columns * (shown_px + gap_px) + gap_px
        assert picture.height > rows * (shown_px + gap_px)
        last_row_top = picture.height - gap_px - shown_px
        one_pixel = picture.crop((gap_px, last_row_top, gap_px + 10, last_row_top + 10))
        assert len(one_pixel.getcolors()) == 1  # of the image, ten times as large


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (12, "Expected `size` to be at least 16 and a multiple of 4, but got crops of 12 pixels."),
        (18, "Expected `size` to be at least 16 and a multiple of 4, but got crops of 18 pixels."),
    ],
)
def test_unsuitable_sizes_are_refused(size, message):
    def resized(prepared):
        return dataclasses.replace(
            prepared,
            images=torch.zeros(len(prepared), 3, size, size, dtype=torch.uint8),
            masks=torch.zeros(len(prepared), size, size, dtype=torch.bool),
        )

    with pytest.raises(HandcraftError) as caught:
        CycleGANLearner(resized(renders()), resized(photographs()), TINY, make_accelerator("cpu"))
    assert str(caught.value) == message
    with pytest.raises(HandcraftError, match=f"crops of one size, but got {SIZE} and {size} pixels"):
        CycleGANLearner(renders(), resized(blobs(4, (1.0, 1.0, 1.0), seed=0)), TINY, make_accelerator("cpu"))


def test_masks_turn_with_their_photographs():
    """Discs are brighter than their black surroundings, wherever a turn has put them."""
    shown = learner(dataclasses.replace(TINY, turn_photographs_deg=180.0)).batch(0)[1]
    seen = shown.images.amax(dim=1) > -0.2
    assert (seen == shown.masks).float().mean() > 0.95


def test_generators_move_in_every_so_many_critic_steps():
    trained = learner(
        dataclasses.replace(
            TINY, adversary="wasserstein", critic_steps=3, discriminator=DiscriminatorConfig(width=4, sigmoid=False)
        )
    )
    moves = []
    for step in range(5):
        before = copied(trained.networks.generator_parameters()), copied(trained.networks.discriminator_parameters())
        names = trained.step(step).keys()
        moves.append(any(moved(before[0], trained.networks.generator_parameters())))
        assert any(moved(before[1], trained.networks.discriminator_parameters()))
    assert moves == [True, False, False, True, False]
    assert {"penalty_photographs", "penalty_renders"} <= names
    assert not any(name.startswith("accuracy") for name in names)
