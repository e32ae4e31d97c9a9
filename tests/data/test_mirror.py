# SPDX-License-Identifier: Apache-2.0
"""Laws of mirrored samples."""

import dataclasses

import torch

from handcraft.data import PreprocessConfig, prepare
from handcraft.data.mirror import mirrored
from handcraft.data.rendered import render_samples
from handcraft.data.sample import LABELS, HandSample
from handcraft.geometry import Camera
from handcraft.scene import SceneConfig


def left_hands(count: int = 3) -> list[HandSample]:
    return render_samples(SceneConfig(size_px=64, left_share=1.0), 0, range(count))


def test_mirroring_twice_changes_nothing_and_once_changes_the_side() -> None:
    for sample in left_hands():
        there = mirrored(sample)
        assert (sample.side, there.side) == ("left", "right")
        back = mirrored(there)
        assert (back.side, back.key, back.subject) == (sample.side, sample.key, sample.subject)
        assert (back.seed, back.index) == (None, None)  # they make the sample as it was
        for name in ("image", *LABELS):
            if getattr(back, name) is not None:
                torch.testing.assert_close(getattr(back, name), getattr(sample, name))


def test_labels_still_belong_to_the_pixels() -> None:
    for sample in map(mirrored, left_hands()):
        camera = Camera(sample.intrinsics, 64, 64)
        torch.testing.assert_close(camera.pixels_from_camera(sample.joints_m), sample.keypoints_px, atol=1e-3, rtol=0)
        assert torch.equal(sample.parts > 0, sample.depth_m > 0)
        inside = ((sample.keypoints_px > 1) & (sample.keypoints_px < 63)).all(-1)
        column, row = sample.keypoints_px[inside].floor().long().unbind(-1)
        near = torch.nn.functional.max_pool2d((sample.parts > 0)[None].float(), 5, 1, 2)[0]
        assert near[row, column].min() == 1


def test_the_meshs_way_into_the_camera_is_that_of_the_other_hand(hand_model) -> None:
    """A right hand, posed by the labels and put before the camera, has the mirrored sample's joints and vertices."""
    (sample,) = render_samples(SceneConfig(size_px=64, left_share=1.0, vertices=True), 0, [4])
    there = mirrored(sample)
    mesh = hand_model.with_shape(there.shape[None]).with_pose(there.angles_rad[None]).skin()
    rotation, offset = there.camera_from_hand[:3, :3], there.camera_from_hand[:3, 3]
    assert torch.det(rotation) > 0.99
    torch.testing.assert_close(mesh.keypoints_m[0] @ rotation.T + offset, there.joints_m, atol=1e-5, rtol=0)
    torch.testing.assert_close(mesh.vertices_m[0] @ rotation.T + offset, there.vertices_m, atol=1e-5, rtol=0)


def test_a_mirrored_flow_moves_the_other_way() -> None:
    flow_px = torch.zeros(2, 64, 64)
    flow_px[:, 10, 3] = torch.tensor([5.0, 2.0])
    there = mirrored(dataclasses.replace(left_hands(1)[0], flow_px=flow_px))
    assert there.flow_px[:, 10, 60].tolist() == [-5.0, 2.0]


def test_a_painted_dot_moves_with_its_keypoint() -> None:
    sample = left_hands(1)[0]
    image, keypoints_px = torch.zeros(3, 64, 64), sample.keypoints_px.clone()
    image[:, 10, 3], keypoints_px[8] = 1.0, torch.tensor([3.5, 10.5])
    there = mirrored(dataclasses.replace(sample, image=image, keypoints_px=keypoints_px))
    assert there.keypoints_px[8].tolist() == [60.5, 10.5]
    assert there.image[0, 10, 60] == 1


def test_left_hands_are_prepared_as_right_ones_unless_asked_otherwise() -> None:
    samples = left_hands()
    shown = prepare(samples, PreprocessConfig(size=32))
    by_hand = prepare([mirrored(sample) for sample in samples], PreprocessConfig(size=32))
    kept = prepare(samples, PreprocessConfig(size=32, left_hands="kept"))
    assert torch.equal(shown.images, by_hand.images)
    assert torch.equal(shown.keypoints_px, by_hand.keypoints_px)
    assert shown.mirrored.all()
    assert not by_hand.mirrored.any()
    assert not kept.mirrored.any()
    assert not torch.equal(kept.images, shown.images)
    unknown = prepare([dataclasses.replace(sample, side="unknown") for sample in samples], PreprocessConfig(size=32))
    assert torch.equal(unknown.images, kept.images)
