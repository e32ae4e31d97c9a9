# SPDX-License-Identifier: Apache-2.0
"""Layers: pixels go where points go, forearms reach the picture's border, small copies keep their brightness."""

import math

import pytest
import torch

from handcraft.estimate.finder.layers import Arms, Layer, Shapes, Views, hand_layers, sampled, shape_layer, turned_views
from tests.estimate.finder.painted import ARM, painted_hands

SIZE = 64
AREA = 14 * 8 + 6 * 4
MIDDLE_X, MIDDLE_Y = (112 * 16 + 24 * 10) / AREA, (112 * 13 + 24 * 15) / AREA


def views(turn_rad=0.0, scale=1.0, *, mirrored=False, offset=(0.0, 0.0)):
    linear = turned_views(torch.tensor([turn_rad]), torch.tensor([mirrored])) * scale
    return Views(linear, torch.tensor([offset]))


def bare(sleeve_start_px=math.inf):
    return Arms(torch.zeros(1), torch.tensor([sleeve_start_px]), torch.tensor([[0.2, 0.3, 0.9]]))


def middle_of(mask):
    centres = torch.arange(SIZE) + 0.5
    return torch.stack([(mask.sum(0) * centres).sum(), (mask.sum(1) * centres).sum()]) / mask.sum()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("turn_rad", "scale"), [(0.0, 1.0), (0.7, 1.5), (2.5, 0.6)])
def test_pixels_go_where_points_go(turn_rad, scale, mirrored):
    hands = painted_hands(1)
    laid = views(turn_rad, scale, mirrored=mirrored)
    offset_px = torch.tensor([[32.0, 30.0]]) - laid.picture_from_render(torch.tensor([[[MIDDLE_X, MIDDLE_Y]]]))[:, 0]
    laid = Views(laid.linear, offset_px)
    _, _, mask = hand_layers(hands, laid, bare(), SIZE)
    expected = laid.picture_from_render(torch.tensor([[[MIDDLE_X, MIDDLE_Y]]]))[0, 0]
    torch.testing.assert_close(middle_of(mask[0, 0]), expected, atol=0.3, rtol=0)
    assert mask.sum().item() == pytest.approx(AREA * scale**2, rel=0.1)


def test_a_turn_is_clockwise_as_seen_and_a_mirror_changes_left_and_right():
    up, right = torch.tensor([0.0, -1.0]), torch.tensor([1.0, 0.0])
    quarter, mirror = views(math.pi / 2).linear[0], views(mirrored=True).linear[0]
    torch.testing.assert_close(quarter @ up, right, atol=1e-6, rtol=0)
    torch.testing.assert_close(mirror @ right, -right)
    torch.testing.assert_close(mirror @ up, up)
    assert torch.linalg.det(mirror) < 0


@pytest.mark.parametrize("turn_rad", [0.0, 1.0, math.pi])
def test_forearms_go_on_to_the_border_without_a_seam(turn_rad):
    hands = painted_hands(1)
    laid = views(turn_rad)
    laid = Views(laid.linear, torch.tensor([[32.0, 32.0]]) - laid.picture_from_render(hands.keypoints_px[:, :1])[:, 0])
    arm, hand, _ = hand_layers(hands, laid, bare(), SIZE)
    picture = hand.over(arm.over(torch.ones(1, 3, SIZE, SIZE)))
    along = laid.linear[0] @ torch.tensor([0.0, 1.0])
    steps = torch.arange(2, 30)[:, None] * along + 32
    at = picture[0][:, steps[:, 1].floor().long(), steps[:, 0].floor().long()]
    torch.testing.assert_close(at, torch.tensor(ARM)[:, None].expand_as(at), atol=0.05, rtol=0)
    before = 32 - 12 * along
    assert arm.opacity[0, 0, int(before[1]), int(before[0])] == 0  # not on the hand's side


def test_a_sleeve_begins_where_it_should():
    hands = painted_hands(1)
    arm, _, _ = hand_layers(hands, views(offset=(16.0, 0.0)), bare(sleeve_start_px=10.0), SIZE)
    blue = arm.colours[0, 2, :, 32] > arm.colours[0, 1, :, 32]
    assert not blue[:37].any()
    assert blue[40:].all()
    assert arm.opacity[0, 0, 50].sum() > arm.opacity[0, 0, 34].sum() + 0.5  # wider


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.3, 0.1])
def test_small_copies_keep_what_they_show(scale):
    """A fine checkerboard becomes grey, whatever the size; picking pixels would give black or white."""
    board = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float()[None, None]
    laid = views(scale=scale)
    seen = sampled(board, laid.grid(SIZE, 64), laid.scale)
    inner = seen[0, 0, 2 : int(64 * scale) - 2, 2 : int(64 * scale) - 2]
    assert inner.mean().item() == pytest.approx(0.5, abs=0.06)
    if scale <= 0.5:
        assert inner.std() < 0.05


def test_laying_over_is_alpha_compositing():
    picture, half = torch.full((1, 3, 2, 2), 0.4), torch.full((1, 1, 2, 2), 0.5)
    torch.testing.assert_close(
        Layer(half * 0.8 * torch.ones(1, 3, 1, 1), half).over(picture), torch.full((1, 3, 2, 2), 0.6)
    )
    nothing = Layer(torch.zeros(1, 3, 2, 2), torch.zeros(1, 1, 2, 2))
    assert torch.equal(nothing.over(picture), picture)


@pytest.mark.parametrize(("kind", "area"), [(0, math.pi * 20 * 8), (1, 4 * 20 * 8), (2, math.pi * 64 + 2 * 12 * 16)])
def test_shapes_have_their_areas(kind, area):
    shape = Shapes(
        torch.tensor([kind]), torch.tensor([[32.0, 32.0]]), torch.tensor([[20.0, 8.0]]), torch.tensor([0.4]),
        torch.tensor([[0.5, 0.5, 0.5]]), torch.zeros(1),
    )  # fmt: skip
    assert shape_layer(shape, SIZE).opacity.sum().item() == pytest.approx(area, rel=0.03)
