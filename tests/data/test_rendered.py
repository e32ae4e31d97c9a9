# SPDX-License-Identifier: Apache-2.0
"""Laws of rendered sets."""

import dataclasses
from pathlib import Path

import pytest
import torch

from handcraft.data import PreparedSet, PreprocessConfig, ShardWriter, open_dataset, prepare
from handcraft.data.rendered import RenderedSet, render_samples
from handcraft.errors import HandcraftError
from handcraft.scene import SceneConfig


def test_any_number_of_workers_makes_the_same_samples() -> None:
    config = SceneConfig(look="photographic", size_px=32)
    alone = list(RenderedSet(config, 1, 70, workers=1))
    together = list(RenderedSet(config, 1, 70, workers=3))
    later = list(RenderedSet(config, 1, 6, first=64))
    assert [sample.key for sample in alone] == [sample.key for sample in together]
    for one, other in [*zip(alone, together, strict=True), *zip(alone[64:], later, strict=True)]:
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.keypoints_px, other.keypoints_px)
        assert torch.equal(one.parts, other.parts)


def test_rendered_shards_read_back_with_all_labels(tmp_path: Path) -> None:
    samples = render_samples(SceneConfig(size_px=48), 0, range(3))
    with ShardWriter(tmp_path / "set", description={}) as writer:
        for sample in samples:
            writer.write(sample)
    for sample, read in zip(samples, open_dataset(tmp_path / "set"), strict=True):
        torch.testing.assert_close(read.image, sample.image, atol=0.5 / 255, rtol=0)
        torch.testing.assert_close(read.depth_m, sample.depth_m, atol=5.1e-5, rtol=0)
        assert torch.equal(read.mask, sample.mask)
        assert torch.equal(read.parts, sample.parts)
        assert torch.equal(read.visible, sample.visible)
        torch.testing.assert_close(read.joints_m, sample.joints_m)
        assert (read.side, read.subject) == (sample.side, sample.subject)


def test_joined_sets_keep_every_sample_and_refuse_mixtures() -> None:
    batches = (render_samples(SceneConfig(size_px=48), 0, range(start, start + 3)) for start in (0, 3))
    sets = [prepare(batch, PreprocessConfig(size=16)) for batch in batches]
    joined = PreparedSet.joined(sets, source="both")
    assert joined.keys == sets[0].keys + sets[1].keys
    assert torch.equal(joined.images[3:], sets[1].images)
    assert joined.source == "both"
    unlabelled = dataclasses.replace(sets[1], keypoints_px=None, confidence=None)
    with pytest.raises(HandcraftError, match="one size, origin and kind of label"):
        PreparedSet.joined([sets[0], unlabelled], source="mixed")
