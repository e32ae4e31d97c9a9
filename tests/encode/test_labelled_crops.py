# SPDX-License-Identifier: Apache-2.0
"""What the hand encoder learns from: the crops that estimators see, and labels that lie on them."""

import pytest
import torch

from handcraft.data import PreprocessConfig, prepare
from handcraft.data.mirror import mirrored
from handcraft.data.rendered import RenderedSet
from handcraft.encode import LabelledCrops, render_labelled_crops
from handcraft.encode.labelled_crops import DARKEST_TONE, RENDER_PX
from handcraft.errors import HandcraftError
from handcraft.hand.anatomy import joint_limits_rad
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.scene import SceneConfig

COUNT = 6
WITHIN_45_DEG = 0.71  # nearer to this axis than to any other
KNUCKLES = ("wrist", "index_mcp", "middle_mcp", "little_mcp")


@pytest.fixture(scope="module")
def both():
    return {look: render_labelled_crops(look, COUNT, seed=4, size=32) for look in ("photographic", "plain")}


@pytest.fixture(scope="module")
def samples():
    return list(RenderedSet(SceneConfig(look="photographic", size_px=RENDER_PX), seed=4, count=COUNT))


def test_crops_are_those_of_prepare(both, samples):
    prepared, crops = prepare(samples, PreprocessConfig(size=32)), both["photographic"]
    assert prepared.skipped == 0, "the next tests take samples and crops for the same hands"
    assert torch.equal(crops.images, prepared.images)
    assert torch.equal(crops.coverage > 127, prepared.masks)


def test_labels_are_those_of_the_hands_as_right_ones(both, samples):
    """Axes are told by keypoints: y leads from the wrist to the knuckles, z to the thumb's side, x out of the back."""
    crops, sides = both["photographic"], {sample.side for sample in samples}
    assert sides == {"left", "right"}
    lowest, highest = joint_limits_rad()
    wrist, index, middle, little = (KEYPOINTS.index(name) for name in KNUCKLES)
    for sample, pose, tone, axes in zip(samples, crops.pose, crops.tone, crops.view.reshape(-1, 2, 3), strict=True):
        torch.testing.assert_close(lowest + (pose + 1) / 2 * (highest - lowest), sample.angles_rad, atol=1e-5, rtol=0)
        assert ((tone + 1) / 2 * DARKEST_TONE).item() == pytest.approx(sample.skin_tone, abs=1e-5)
        joints_m = (mirrored(sample) if sample.side == "left" else sample).joints_m
        distal, thumbwards = joints_m[middle] - joints_m[wrist], joints_m[index] - joints_m[little]
        assert torch.cosine_similarity(axes[1], distal, dim=0) > WITHIN_45_DEG
        assert torch.cosine_similarity(torch.linalg.cross(axes[0], axes[1]), thumbwards, dim=0) > WITHIN_45_DEG


def test_labels_lie_on_the_hand(both):
    for crops in both.values():
        on_hand = crops.parts > 0
        assert on_hand[crops.coverage == 255].float().mean() > 0.99
        assert not on_hand[crops.coverage == 0].any()
        assert crops.parts.max() <= 20
        axes = crops.view.reshape(-1, 2, 3)
        torch.testing.assert_close(axes.norm(dim=-1), torch.ones(len(crops), 2), atol=1e-4, rtol=0)
        assert (axes[:, 0] * axes[:, 1]).sum(-1).abs().max() < 1e-4


def test_only_human_skin_has_a_tone(both):
    assert both["photographic"].is_photographic.all()
    assert not both["plain"].is_photographic.any()
    assert (both["plain"].tone == 0).all()


def test_joined_keeps_all_in_order(both):
    joined = LabelledCrops.joined(list(both.values()))
    assert len(joined) == sum(map(len, both.values()))
    assert torch.equal(joined.images[: len(both["photographic"])], both["photographic"].images)
    with pytest.raises(HandcraftError, match="`sets`"):
        LabelledCrops.joined([])
