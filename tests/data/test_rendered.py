# SPDX-License-Identifier: Apache-2.0
"""Laws of rendered sets."""

import multiprocessing
import os
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from handcraft.data import HandSample, ShardWriter, open_dataset
from handcraft.data.rendered import RenderedSet, render_samples
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import FOREARM_ID
from handcraft.scene import SceneConfig


def test_any_number_of_workers_makes_the_same_samples() -> None:
    config = SceneConfig(look="photographic", size_px=32)
    alone = list(RenderedSet(config, 1, 262, workers=1))
    together = list(RenderedSet(config, 1, 262, workers=3))
    later = list(RenderedSet(config, 1, 6, first=256))
    assert len(RenderedSet(config, 1, 262).batches) == 9
    assert [sample.key for sample in alone] == [sample.key for sample in together]
    for one, other in [*zip(alone, together, strict=True), *zip(alone[256:], later, strict=True)]:
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.keypoints_px, other.keypoints_px)
        assert torch.equal(one.parts, other.parts)


@pytest.mark.parametrize(("first", "count"), [(0, 5), (7, 3), (31, 50), (255, 2), (270, 0)])
def test_a_sample_is_the_same_to_the_bit_whatever_is_asked_for_with_it(first: int, count: int) -> None:
    config = SceneConfig(size_px=24)
    whole = list(RenderedSet(config, 3, 272))[first : first + count]
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
        list(RenderedSet(SceneConfig(size_px=24), 1, 512, workers=2).map_batches(leave))


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


def test_a_sample_says_what_it_is_and_who_it_shows() -> None:
    config = SceneConfig(size_px=32, frames_per_person=2, left_share=1.0)
    samples = list(RenderedSet(config, 7, 4, first=3))
    assert [sample.key for sample in samples] == [f"plain-7-000000{index}" for index in (3, 4, 5, 6)]
    assert [sample.subject for sample in samples] == [f"rendered-7-{index}" for index in (1, 2, 2, 3)]
    for sample in samples:
        assert (sample.side, sample.source, sample.is_real) == ("left", "plain renders", False)
        assert torch.equal(sample.mask, (sample.parts > 0) & (sample.parts != FOREARM_ID))
    assert RenderedSet(SceneConfig(look="photographic"), 0, 1).name == "simulated photographs"
    assert len(RenderedSet(config, 7, 4, first=3)) == 4
    right = SceneConfig(size_px=32, left_share=0.0)
    assert {sample.side for sample in render_samples(right, 7, range(4))} == {"right"}


@pytest.mark.parametrize("name", ["count", "first", "workers"])
def test_a_number_below_zero_is_refused(name: str) -> None:
    with pytest.raises(HandcraftError, match=f"`{name}` to be at least 0"):
        RenderedSet(**({"config": SceneConfig(), "seed": 0, "count": 1} | {name: -1}))
