# SPDX-License-Identifier: Apache-2.0
"""Laws of rendered sets."""

import dataclasses
import multiprocessing
import os
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from handcraft.data import HandSample, PreparedSet, PreprocessConfig, ShardWriter, open_dataset, prepare
from handcraft.data.rendered import RenderedSet, render_samples
from handcraft.errors import HandcraftError
from handcraft.scene import SceneConfig


def test_any_number_of_workers_makes_the_same_samples() -> None:
    config = SceneConfig(look="photographic", size_px=32)
    alone = list(RenderedSet(config, 1, 70, workers=1))
    together = list(RenderedSet(config, 1, 70, workers=3))
    later = list(RenderedSet(config, 1, 6, first=64))
    assert len(RenderedSet(config, 1, 70).batches) == 3
    assert [sample.key for sample in alone] == [sample.key for sample in together]
    for one, other in [*zip(alone, together, strict=True), *zip(alone[64:], later, strict=True)]:
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.keypoints_px, other.keypoints_px)
        assert torch.equal(one.parts, other.parts)


@pytest.mark.parametrize(("first", "count"), [(0, 5), (7, 3), (20, 30), (31, 2), (40, 0)])
def test_a_sample_is_the_same_to_the_bit_whatever_is_asked_for_with_it(first: int, count: int) -> None:
    config = SceneConfig(size_px=24)
    whole = list(RenderedSet(config, 3, 64))[first : first + count]
    part = list(RenderedSet(config, 3, count, first=first))
    assert [sample.key for sample in part] == [sample.key for sample in whole]
    for one, other in zip(part, whole, strict=True):
        for name in ("image", "keypoints_px", "joints_m", "depth_m", "normals", "intrinsics"):
            assert torch.equal(getattr(one, name), getattr(other, name)), name


def render_and_wait(pipe: Connection) -> None:
    """In a process of its own: send what the workers are called, once they work."""
    batches = RenderedSet(SceneConfig(size_px=24), 1, 3200, workers=2).map_batches(len)
    next(batches)
    pipe.send([process.pid for process in multiprocessing.active_children()])
    time.sleep(60)


def is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")


def test_workers_leave_when_their_parent_is_killed() -> None:
    here, there = multiprocessing.Pipe()
    parent = multiprocessing.get_context("forkserver").Process(target=render_and_wait, args=(there,))
    parent.start()
    assert here.poll(300)
    workers = here.recv()
    assert len(workers) == 2
    assert all(is_running(pid) for pid in workers)
    parent.kill()
    parent.join()
    for _ in range(200):
        if not any(is_running(pid) for pid in workers):
            return
        time.sleep(0.1)
    pytest.fail(f"workers {workers} outlived their parent")


def leave(samples: list[HandSample]) -> None:
    os._exit(9)  # as a worker does that the system ends


def test_a_worker_that_dies_is_told_in_one_line() -> None:
    with pytest.raises(HandcraftError, match="give fewer `workers`"):
        list(RenderedSet(SceneConfig(size_px=24), 1, 64, workers=2).map_batches(leave))


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
