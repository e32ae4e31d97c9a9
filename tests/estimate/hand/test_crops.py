# SPDX-License-Identifier: Apache-2.0
"""Labels move with pixels into crops; upright crops show hands that point up."""

import math
from dataclasses import replace

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.degrade import DegradeConfig
from handcraft.estimate.hand.crops import (
    MIDDLE_MCP,
    CropPlaces,
    HandCropConfig,
    cut,
    hand_places,
    hand_turns,
    keypoint_boxes,
)
from tests.estimate.hand.posed import joints_of_pose

UNCHANGED = DegradeConfig(colour=0.0, brightness=0.0, contrast=0.0, saturation=0.0, blur=0.0, noise=0.0)
PLAIN = HandCropConfig(
    scale=1.0,
    shift=0.0,
    upright_share=1.0,
    upright_deg=0.0,
    beside_share=0.0,
    backdrop_share=0.0,
    cover_share=0.0,
    look=UNCHANGED,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_dot_stays_under_its_keypoint():
    image = torch.zeros(1, 1, 48, 48)
    image[0, 0, 29:32, 13:16] = 1
    places = CropPlaces(torch.tensor([[20.0, 26.0]]), torch.tensor([30.0]), torch.tensor([0.7]))
    crop = places.resample(image, 60)[0, 0]
    total = crop.sum()
    centres = torch.arange(60) + 0.5
    seen = torch.stack([(crop.sum(0) * centres).sum() / total, (crop.sum(1) * centres).sum() / total])
    expected = places.keypoints_in_crop(torch.tensor([[[14.5, 30.5]]]), 60)[0, 0]
    torch.testing.assert_close(seen, expected, atol=0.05, rtol=0)


def test_a_hand_that_points_right_is_turned_by_a_quarter():
    keypoints_px = torch.zeros(1, 21, 2)
    keypoints_px[0, MIDDLE_MCP] = torch.tensor([5.0, 0.0])
    assert hand_turns(keypoints_px, torch.ones(1, 21)).item() == pytest.approx(math.pi / 2)


def test_upright_crops_show_hands_that_point_up(examples):
    crops = cut(examples, 32, PLAIN, generator=generator())
    along = crops.labels.keypoints_px[:, MIDDLE_MCP] - crops.labels.keypoints_px[:, 0]
    assert along[:, 0].abs().max() < 1e-3
    assert (along[:, 1] < 0).all()
    assert crops.present.all()


def test_the_box_fills_its_share_of_the_crop(examples):
    places = hand_places(examples, PLAIN, generator=generator())
    centre_px, longer_px = keypoint_boxes(examples.keypoints_px, examples.keypoint_weights)
    torch.testing.assert_close(places.centre_px, centre_px)
    torch.testing.assert_close(places.side_px, PLAIN.box_scale * longer_px)


def test_3d_turns_with_the_picture(examples):
    """Depth stays; of a hand in the middle of the picture, joints lie where their pixels do."""
    crops = cut(examples, 32, replace(PLAIN, upright_share=0.0), generator=generator())
    depth = examples.joints_m[:, :, 2]
    torch.testing.assert_close(crops.labels.joints_m[:, :, 2], depth)
    seen = crops.labels.keypoints_px - crops.labels.keypoints_px[:, :1]
    for pixels, joints_m in zip(seen, crops.labels.joints_m, strict=True):
        cosine = torch.cosine_similarity(pixels.flatten(), joints_m[:, :2].flatten(), dim=0)
        assert cosine > 0.9


def test_the_pose_still_tells_the_joints_in_a_turned_crop(examples, hand_model):
    labels = cut(examples, 32, replace(PLAIN, upright_share=0.0), generator=generator()).labels
    torch.testing.assert_close(joints_of_pose(labels, hand_model), labels.joints_m, atol=1e-5, rtol=0)


def test_crops_beside_the_hand_are_absent_ones(examples):
    crops = cut(examples, 32, replace(PLAIN, beside_share=0.999), generator=generator())
    assert not crops.present.any()


def test_new_backdrops_leave_the_hand_alone(examples):
    config = replace(PLAIN, backdrop_share=1.0)
    before, after = (cut(examples, 48, each, generator=generator(5)) for each in (PLAIN, config))
    assert (before.images - after.images).abs().mean() > 0.05
    solid = replace(examples, foreground=torch.ones_like(examples.foreground))
    kept = cut(solid, 48, config, generator=generator(5))
    white = replace(examples, images=torch.full_like(examples.images, 255))
    inside = cut(white, 48, PLAIN, generator=generator(5)).images.amin(1) == 1  # crops are black outside the picture
    assert torch.equal(kept.images.movedim(1, -1)[inside], before.images.movedim(1, -1)[inside])


def test_covers_hide_up_to_four_tenths(examples):
    before, after = (
        cut(examples, 48, replace(PLAIN, cover_share=share), generator=generator(2)) for share in (0.0, 1.0)
    )
    hidden = ((before.images - after.images).abs().amax(1) > 0).float().mean((1, 2))
    assert (hidden > 0).all()
    assert hidden.max() <= 0.4**2 + 0.05
    assert torch.equal(before.labels.keypoints_px, after.labels.keypoints_px)


def test_crops_of_renders_are_drawn_as_ever(examples):
    """In this order, so that a run that began with an earlier version goes on as it would have."""
    config, drawn, count = HandCropConfig(beside_share=0.3), generator(5), len(examples)
    crops = cut(examples, 32, config, generator=drawn)
    again = generator(5)

    def uniform(*shape):
        return torch.rand(count, *shape, generator=again)

    hands = examples.mirrored(uniform() < 0.5)
    low, high = hands.keypoints_px.amin(1), hands.keypoints_px.amax(1)
    longer_px = (high - low).amax(-1)
    side_px = config.box_scale * longer_px * config.scale ** (2 * uniform() - 1)
    offset = torch.stack([2 * uniform() - 1, 2 * uniform() - 1], -1) * config.shift
    widest = torch.where(uniform() < config.upright_share, math.radians(config.upright_deg), math.pi)
    along = hands.keypoints_px[:, MIDDLE_MCP] - hands.keypoints_px[:, 0]
    turn_rad = torch.atan2(along[:, 0], -along[:, 1]) + (2 * uniform() - 1) * widest
    corner, inwards = (uniform(2) < 0.5).float(), 0.2 * uniform(2)
    beside_px = 48 * (corner * (1 - inwards) + (1 - corner) * inwards)
    beside_side_px, beside_rad = 48 * (0.15 + 0.3 * uniform()), math.pi * (2 * uniform() - 1)
    missing = uniform() < 0.3
    places = CropPlaces(
        torch.where(missing[:, None], beside_px, (low + high) / 2 + offset * longer_px[:, None]),
        torch.where(missing, beside_side_px, side_px),
        torch.where(missing, beside_rad, turn_rad),
    )
    expected_px = places.keypoints_in_crop(hands.keypoints_px, 32)
    torch.testing.assert_close(crops.labels.keypoints_px, expected_px, atol=1e-3, rtol=1e-4)
    assert torch.equal(crops.present, ((expected_px > 0) & (expected_px < 32)).all(-1).sum(-1) > 7)
    assert torch.rand(1, generator=drawn).item() == pytest.approx(0.5367261)  # as many numbers were drawn for the look


def test_crops_lie_about_the_known_keypoints(examples):
    far_px = examples.keypoints_px.clone()
    far_px[:, 4:] = torch.nan
    weights = torch.ones(12, 21)
    weights[:, 4:] = 0
    centre_px, longer_px = keypoint_boxes(far_px, weights)
    known_px = examples.keypoints_px[:, :4]
    torch.testing.assert_close(longer_px, (known_px.amax(1) - known_px.amin(1)).amax(-1))
    torch.testing.assert_close(centre_px, (known_px.amax(1) + known_px.amin(1)) / 2)
    assert (hand_turns(far_px, weights) == 0).all()


def test_what_is_not_known_does_not_decide_whether_a_hand_is_there(examples):
    few = examples.keypoint_weights.clone()
    few[:, 3:] = 0
    far_px = torch.where(few[..., None] > 0, examples.keypoints_px, 1e4)
    assert cut(
        replace(examples, keypoint_weights=few, keypoints_px=far_px), 32, PLAIN, generator=generator()
    ).present.all()


def test_no_crop_lies_beside_the_hand_of_a_photograph(examples):
    photographs = replace(examples, has_pose=torch.zeros(12, dtype=torch.bool))
    assert cut(photographs, 32, replace(PLAIN, beside_share=0.999), generator=generator()).present.all()


def test_a_square_of_the_reach_holds_every_crop(examples):
    config = replace(PLAIN, scale=1.25, shift=0.1, upright_share=0.0)
    _, longer_px = keypoint_boxes(examples.keypoints_px, examples.keypoint_weights)
    for seed in range(30):
        places = hand_places(examples, config, generator=generator(seed))
        corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) - 0.5
        turned = corners @ places.picture_from_crop().mT * places.side_px[:, None, None] + places.centre_px[:, None]
        centre_px, _ = keypoint_boxes(examples.keypoints_px, examples.keypoint_weights)
        away = (turned - centre_px[:, None]).abs().amax((1, 2))
        assert (away <= config.reach * longer_px / 2).all()


@pytest.mark.parametrize("wrong", [{"box_scale": 0.9}, {"scale": 0.5}, {"upright_share": 1.5}, {"beside_share": 1.0}])
def test_values_outside_their_range_are_refused(wrong):
    with pytest.raises(HandcraftError, match=next(iter(wrong))):
        HandCropConfig(**wrong)
