# SPDX-License-Identifier: Apache-2.0
"""What the hand encoder learns from: the crops that estimators see, and labels that lie on them."""

import pytest
import torch

from handcraft.data import PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.encode import LabelledCrops, render_labelled_crops
from handcraft.encode.labelled_crops import RENDER_PX
from handcraft.errors import HandcraftError
from handcraft.scene import SceneConfig


@pytest.fixture(scope="module")
def both():
    return {look: render_labelled_crops(look, 8, seed=4, size=32) for look in ("photographic", "plain")}


def test_crops_are_those_of_prepare(both):
    rendered = RenderedSet(SceneConfig(look="photographic", size_px=RENDER_PX), seed=4, count=8)
    prepared, crops = prepare(rendered, PreprocessConfig(size=32)), both["photographic"]
    assert torch.equal(crops.images, prepared.images)
    assert torch.equal(crops.coverage > 127, prepared.masks)


def test_labels_lie_on_the_hand(both):
    for crops in both.values():
        on_hand = crops.parts > 0
        assert on_hand[crops.coverage == 255].float().mean() > 0.99
        assert not on_hand[crops.coverage == 0].any()
        assert crops.parts.max() <= 20
        assert crops.pose.abs().max() <= 1.001
        axes = crops.view.reshape(-1, 2, 3)
        torch.testing.assert_close(axes.norm(dim=-1), torch.ones(len(crops), 2), atol=1e-4, rtol=0)
        assert (axes[:, 0] * axes[:, 1]).sum(-1).abs().max() < 1e-4


def test_only_human_skin_has_a_tone(both):
    assert both["photographic"].is_photographic.all()
    assert both["photographic"].tone.abs().max() <= 1
    assert not both["plain"].is_photographic.any()
    assert (both["plain"].tone == 0).all()


def test_joined_keeps_all_in_order(both):
    joined = LabelledCrops.joined(list(both.values()))
    assert len(joined) == sum(map(len, both.values()))
    assert torch.equal(joined.images[: len(both["photographic"])], both["photographic"].images)
    with pytest.raises(HandcraftError, match="`sets`"):
        LabelledCrops.joined([])
