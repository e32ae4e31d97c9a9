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
    assert hand_turns(keypoints_px).item() == pytest.approx(math.pi / 2)


def test_upright_crops_show_hands_that_point_up(examples):
    crops = cut(examples, 32, PLAIN, generator=generator())
    along = crops.labels.keypoints_px[:, MIDDLE_MCP] - crops.labels.keypoints_px[:, 0]
    assert along[:, 0].abs().max() < 1e-3
    assert (along[:, 1] < 0).all()
    assert crops.present.all()


def test_the_box_fills_its_share_of_the_crop(examples):
    places = hand_places(examples.keypoints_px, PLAIN, generator=generator())
    centre_px, longer_px = keypoint_boxes(examples.keypoints_px)
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


@pytest.mark.parametrize("wrong", [{"box_scale": 0.9}, {"scale": 0.5}, {"upright_share": 1.5}, {"beside_share": 1.0}])
def test_values_outside_their_range_are_refused(wrong):
    with pytest.raises(HandcraftError, match=next(iter(wrong))):
        HandCropConfig(**wrong)
