# SPDX-License-Identifier: Apache-2.0
"""Laws of sets of sequences, from scenes to shards and back."""

import dataclasses
import itertools

import pytest
import torch
from PIL import Image

from handcraft.cli.previews import ANIMATION_NAME, write_preview
from handcraft.data import ShardDataset, ShardWriter, open_dataset
from handcraft.data.records import files_from_sample
from handcraft.data.rendered import RenderedSet, drawn_together, render_again
from handcraft.data.sample import LABELS
from handcraft.data.scene_samples import flow_report
from handcraft.data.sequence_preview import sequences_of, write_animation
from handcraft.errors import HandcraftError
from handcraft.geometry import Camera
from handcraft.scene import MotionConfig, SceneConfig, SequenceConfig

SCENES = SceneConfig(look="photographic", size_px=48, vertices=True)
CONFIG = SequenceConfig(SCENES, 5, MotionConfig(sampled_poses=40))
FRAMES = 35


@pytest.fixture(scope="module")
def rendered():
    return list(RenderedSet(CONFIG, 6, FRAMES))


def stored(sample):
    return files_from_sample(sample, "png")


def test_any_number_of_workers_makes_the_same_bytes(rendered):
    together = RenderedSet(CONFIG, 6, FRAMES, workers=7).map_batches(stored_batch)
    assert [files for batch in together for files in batch] == [stored(sample) for sample in rendered]


def stored_batch(samples):
    return [stored(sample) for sample in samples]


def test_a_frame_alone_is_the_frame_in_its_sequence(rendered):
    for index in (0, 4, 13, 31):
        (alone,) = RenderedSet(CONFIG, 6, 1, first=index)
        assert stored(alone) == stored(rendered[index])


def test_a_record_makes_its_sample_again(rendered, tmp_path):
    with ShardWriter(tmp_path / "set", description={}) as writer:
        for sample in rendered:
            writer.write(sample)
    for read in list(ShardDataset(tmp_path / "set"))[7:35:9]:
        again = render_again(CONFIG, read)
        assert torch.equal((again.image * 255).round(), (read.image * 255).round())
        assert stored(again) == stored(rendered[read.index])
    with pytest.raises(HandcraftError, match="to know its `seed` and `index`"):
        render_again(CONFIG, dataclasses.replace(rendered[0], seed=None))


def test_frames_know_their_sequence_and_batches_hold_whole_ones(rendered):
    assert [(sample.sequence, sample.frame) for sample in rendered] == [(i // 5, i % 5) for i in range(FRAMES)]
    assert [sample.index for sample in rendered] == list(range(FRAMES))
    assert {sample.seed for sample in rendered} == {6}
    assert drawn_together(CONFIG) == 30
    assert drawn_together(dataclasses.replace(CONFIG, frames=100)) == 32
    for frames in sequences_of(rendered):
        for label in ("subject", "side", "skin_tone"):
            assert len({getattr(sample, label) for sample in frames}) == 1
        assert all(torch.equal(sample.shape, frames[0].shape) for sample in frames)
        assert len({sample.angles_rad for sample in frames}) == 5
        assert [sample.flow_px is None for sample in frames] == [False] * 4 + [True]
    assert all(0 <= sample.skin_tone <= 9 for sample in rendered)


def test_a_long_sequence_crosses_batches_without_a_seam():
    """A frame at the end of a batch has its flow, and the frame after it goes on from there."""
    long = SequenceConfig(SceneConfig(size_px=48), 40, MotionConfig(sampled_poses=40))
    last, first = RenderedSet(long, 6, 2, first=31)
    assert (last.frame, first.frame) == (31, 32)
    assert last.flow_px is not None
    assert (last.keypoints_px - first.keypoints_px).norm(dim=1).max() < 3


def test_labels_of_a_stored_sample_agree_with_each_other(rendered, tmp_path, hand_model):
    """Pose, shape and camera make the vertices and the joints; the flow carries visible vertices to the next frame."""
    with ShardWriter(tmp_path / "set", description={}) as writer:
        for sample in rendered[:5]:
            writer.write(sample)
    read = list(open_dataset(tmp_path / "set"))
    carried = []
    for now, after in itertools.pairwise(read):
        mesh = hand_model.with_shape(now.shape[None]).with_pose(now.angles_rad[None]).skin()
        mesh = mesh.mirror_where(torch.tensor([now.side == "left"]))
        rotation, offset = now.camera_from_hand[:3, :3], now.camera_from_hand[:3, 3]
        torch.testing.assert_close(mesh.vertices_m[0] @ rotation.T + offset, now.vertices_m, atol=1e-5, rtol=0)
        torch.testing.assert_close(mesh.keypoints_m[0] @ rotation.T + offset, now.joints_m, atol=1e-5, rtol=0)
        carried.append(carrying_errors_px(now, after))
    errors_px = torch.cat(carried)
    assert len(errors_px) > 100
    assert errors_px.median() < 0.05
    assert errors_px.quantile(0.98) < 0.5


def carrying_errors_px(now, after):
    """How far flow misses, for vertices seen away from rims: pixel + flow against the same vertex in the next frame."""
    now_px, then_px = (Camera(each.intrinsics, 48, 48).pixels_from_camera(each.vertices_m) for each in (now, after))
    grid = now_px[None, :, None] * 2 / 48 - 1
    inner = torch.nn.functional.avg_pool2d((now.parts > 0)[None, None].float(), 5, 1, 2) == 1

    def at(image):
        return torch.nn.functional.grid_sample(image[None], grid, align_corners=False)[0, ..., 0]

    seen = (at(inner[0].float())[0] == 1) & ((at(now.depth_m[None])[0] - now.vertices_m[:, 2]).abs() < 4e-4)
    return (now_px + at(now.flow_px).T - then_px).norm(dim=1)[seen]


def test_still_hands_have_everything_but_a_motion():
    (sample,) = RenderedSet(SceneConfig(size_px=32), 2, 1, first=4)
    absent = {label for label in LABELS if getattr(sample, label) is None}
    assert absent == {"sensed_depth_m", "flow_px", "vertices_m", "skin_tone", "sequence", "frame"}
    assert (sample.seed, sample.index) == (2, 4)


def test_flows_of_a_set_can_be_reported_without_rendering_it():
    report = flow_report(CONFIG, 6, range(20))
    assert report.flows == 20
    assert report.distinct_frames == 5
    assert report.progress == pytest.approx(CONFIG.motion.flow.arrival(5), abs=1e-4)


def test_a_preview_plays_and_a_sheet_shows(tmp_path):
    write_preview(RenderedSet(CONFIG, 6, FRAMES), tmp_path)
    with Image.open(tmp_path / ANIMATION_NAME) as animation:
        assert (animation.n_frames, animation.is_animated) == (5, True)
    with Image.open(tmp_path / "preview.png") as sheet:
        assert sheet.width >= 5 * 48
    write_preview(RenderedSet(SCENES, 6, 3), tmp_path / "still")
    assert sorted(path.name for path in (tmp_path / "still").iterdir()) == ["preview.png"]


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_animations_show_every_frame_in_order(tmp_path, name):
    write_animation([Image.new("RGB", (8, 6), (80 * shade, 0, 0)) for shade in range(3)], tmp_path / name, frame_s=0.2)
    with Image.open(tmp_path / name) as animation:
        assert animation.n_frames == 3
        for number in range(3):
            animation.seek(number)
            assert abs(animation.convert("RGB").getpixel((3, 3))[0] - 80 * number) < 12
            assert animation.info["duration"] == 200


def test_what_does_not_move_is_refused(tmp_path, rendered):
    with pytest.raises(HandcraftError, match=r"ends in \.webp, \.gif, \.png"):
        write_animation([Image.new("RGB", (8, 6))], tmp_path / "a.jpg")
    with pytest.raises(HandcraftError, match="render with more than 1 of `frames`"):
        sequences_of([dataclasses.replace(rendered[0], sequence=None)])
