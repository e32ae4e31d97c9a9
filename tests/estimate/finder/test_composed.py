# SPDX-License-Identifier: Apache-2.0
"""Composed scenes: labels lie on the hands, bars are black, and (seed, step) decides."""

import dataclasses
import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.degrade import DegradeConfig
from handcraft.estimate.finder import ComposedConfig, compose
from handcraft.estimate.finder.composed import scene_labels
from handcraft.estimate.finder.surroundings import backdrops
from handcraft.randomness import generator_for
from tests.estimate.finder.painted import painted_hands

SIZE = 64
BARE = ComposedConfig(
    hands=(0.0, 1.0, 0.0, 0.0), size=(0.25, 0.45), outside_share=0.0, even_share=1.0, distractors=0, shadow_share=0.0,
    sleeve_share=0.0, cover_share=0.0, grey_share=0.0, jpeg_share=0.0,
    degrade=DegradeConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
)  # fmt: skip


def scenes(config, count=24, *, seed=0):
    return compose(painted_hands(4), config, count, SIZE, generator=generator_for(seed))


def reddish(images):
    """Where the painted palms are: red, and little else."""
    image = images.float() / 255
    return (image[:, 0] > 0.6) & (image[:, 1] < 0.4) & (image[:, 2] < 0.35)


def bluish(images):
    """Where the painted thumbs are."""
    image = images.float() / 255
    return (image[:, 2] > 0.5) & (image[:, 0] < 0.5) & (image[:, 1] < 0.5)


def test_boxes_lie_on_the_hands():
    made = scenes(BARE)
    assert made.labels.there[:, 0].all()
    assert not made.labels.there[:, 1:].any()
    off_px = []
    for image, box in zip(reddish(made.images) | bluish(made.images), made.labels.boxes_px[:, 0], strict=True):
        rows, columns = image.nonzero(as_tuple=True)
        seen = torch.tensor([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()
        off_px.append((seen - box).abs().max())
    assert torch.stack(off_px).quantile(0.85) < 2.5  # some backdrops are of the hands' colours


def test_turns_point_from_the_arm_to_the_hand():
    made = scenes(BARE)
    for image, box, turn in zip(made.images, made.labels.boxes_px[:, 0], made.labels.turns_rad[:, 0], strict=True):
        middle = (box[:2] + box[2:]) / 2
        longer = (box[2:] - box[:2]).norm()
        behind = middle - 0.62 * longer * torch.stack([torch.sin(turn), -torch.cos(turn)])
        x, y = behind.floor().long().tolist()
        if 0 <= x < SIZE and 0 <= y < SIZE and image[:, y, x].sum() > 0:
            red, green, _ = image[:, y, x].tolist()
            assert green > red  # the forearm is green


def test_hands_of_one_side_become_hands_of_both():
    """A painted right hand that points up has its thumb on the left, unless it is in a mirror."""
    made = scenes(BARE)
    is_right = []
    centres = torch.arange(SIZE) + 0.5
    for row in range(len(made.images)):
        thumb = bluish(made.images[row : row + 1])[0].float()
        middle = torch.stack([(thumb.sum(0) * centres).sum(), (thumb.sum(1) * centres).sum()]) / thumb.sum()
        palm = reddish(made.images[row : row + 1])[0].float()
        from_palm = middle - torch.stack([(palm.sum(0) * centres).sum(), (palm.sum(1) * centres).sum()]) / palm.sum()
        turn = made.labels.turns_rad[row, 0]
        rightwards = from_palm @ torch.stack([torch.cos(turn), torch.sin(turn)])
        is_right.append(bool(rightwards < 0))
    assert 0.2 < sum(is_right) / len(is_right) < 0.8


def test_what_is_random_follows_from_the_generator():
    full = dataclasses.replace(ComposedConfig(), size=(0.2, 0.9))
    one, again, other = scenes(full), scenes(full), scenes(full, seed=1)
    assert torch.equal(one.images, again.images)
    assert torch.equal(one.labels.boxes_px, again.labels.boxes_px)
    assert not torch.equal(one.images, other.images)


def test_bars_are_black_and_pictures_of_many_aspects():
    made = scenes(dataclasses.replace(ComposedConfig(), even_share=1.0), count=40)
    lit = made.images.float().amax(1) > 12
    widths, heights = lit.any(1).sum(1), lit.any(2).sum(1)
    assert (torch.maximum(widths, heights) > SIZE - 4).float().mean() > 0.9  # some pictures are dark
    assert torch.minimum(widths, heights).min() < 0.65 * SIZE
    assert (widths < heights - 4).any()
    assert (heights < widths - 4).any()


def test_numbers_of_hands_are_as_asked():
    none = scenes(dataclasses.replace(BARE, hands=(1.0, 0.0, 0.0, 0.0)))
    assert not none.labels.there.any()
    assert not none.labels.ignored.any()
    three = scenes(dataclasses.replace(BARE, hands=(0.0, 0.0, 0.0, 1.0)), count=40)
    assert (three.labels.there | three.labels.ignored).sum(1).max() == 3
    assert three.labels.ignored.any()  # some lie over others


def test_hidden_and_outside_hands_are_ignored_and_gone_ones_are_not_there():
    box = torch.tensor([[10.0, 10.0], [30.0, 40.0]])
    points = box[torch.arange(21) % 2].expand(1, 4, 21, 2).clone()
    points[0, 3] += torch.tensor([40.0, 0.0])  # its middle is outside the picture
    labels = scene_labels(points, torch.tensor([[0.9, 0.3, 0.01, 0.9]]), torch.tensor([[0.0, 0.0, 50.0, 64.0]]))
    assert labels.there.tolist() == [[True, False, False, False]]
    assert labels.ignored.tolist() == [[False, True, False, True]]
    assert labels.boxes_px[0, 0].tolist() == [10.0, 10.0, 30.0, 40.0]


def test_turn_is_clockwise_from_up_and_counts_little_when_the_palm_is_short():
    points = torch.zeros(1, 3, 21, 2)
    points[0, :, 1] = torch.tensor([40.0, 0.0])
    for slot, tip in enumerate([(0.0, -20.0), (20.0, 0.0), (1.0, 0.0)]):
        points[0, slot, 9] = torch.tensor(tip)
    labels = scene_labels(points, torch.ones(1, 3), torch.tensor([[-9.0, -9.0, 64.0, 64.0]]))
    torch.testing.assert_close(labels.turns_rad[0], torch.tensor([0.0, math.pi / 2, math.pi / 2]))
    torch.testing.assert_close(labels.turn_weights[0], torch.tensor([1.0, 1.0, 0.1]))


def test_backdrops_are_pictures_and_even_ones_are_even():
    even = backdrops(12, SIZE, 1.0, generator=generator_for(2))
    textured = backdrops(12, SIZE, 0.0, generator=generator_for(2))
    for pictures in (even, textured):
        assert 0 <= pictures.min() <= pictures.max() <= 1
    step = (even[..., 1:] - even[..., :-1]).abs().amax((1, 2, 3))
    assert (step < 0.03).sum() >= 6  # the others show two of them, with an edge between


@pytest.mark.parametrize(
    "change", [{"hands": (1.0, 0.0)}, {"hands": (0.0, 0.0, 0.0, 0.0)}, {"size": (0.5, 0.2)}, {"jpeg_share": 1.5}]
)
def test_what_cannot_be_composed_is_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        ComposedConfig(**change)
