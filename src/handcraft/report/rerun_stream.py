# SPDX-License-Identifier: Apache-2.0
"""Samples in the Rerun viewer: pictures, depth, skeletons and cameras in space, on a time line to be played.

Space is the hand's frame where a sample knows it, so that the camera is seen to move round the hand; else the camera's.
Rerun (https://rerun.io) is an extra: nothing but this file imports it, and only when something is to be shown.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.data.projection import projection_gaps_px
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import BONES, FINGER_COLOURS, KEYPOINTS, finger_of

CAMERA = "hand/camera"
PICTURE = f"{CAMERA}/picture"


def stream_to_viewer(samples: Iterable[HandSample]) -> int:
    """Open a viewer and send it the samples; returns how many.

    Raises:
        HandcraftError: Rerun is not installed.
    """
    rerun = _rerun()
    recording = rerun.RecordingStream("handcraft")
    recording.spawn()
    return _log_all(rerun, recording, samples)


def save_recording(samples: Iterable[HandSample], path: Path) -> int:
    """Write the samples into a file for `rerun FILE`; returns how many.

    Raises:
        HandcraftError: Rerun is not installed.
    """
    rerun = _rerun()
    recording = rerun.RecordingStream("handcraft")
    path.parent.mkdir(parents=True, exist_ok=True)
    recording.save(path)
    count = _log_all(rerun, recording, samples)
    recording.disconnect()
    return count


def expect_rerun() -> None:
    """Refuse before hours of work whose end is to be seen in the viewer.

    Raises:
        HandcraftError: Rerun is not installed.
    """
    _rerun()


def _rerun() -> Any:  # noqa: ANN401 (a module that need not be there)
    try:
        import rerun
    except ImportError as error:
        raise HandcraftError(
            "Expected Rerun for `view`, but it is not installed; pip install 'handcraft[view]'."
        ) from error
    return rerun


def _log_all(rerun: Any, recording: Any, samples: Iterable[HandSample]) -> int:  # noqa: ANN401
    recording.log("hand", rerun.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
    number = -1
    for number, sample in enumerate(samples):
        recording.set_time("sample", sequence=number)
        if sample.sequence is not None and sample.frame is not None:
            recording.set_time("sequence", sequence=sample.sequence)
            recording.set_time("frame", sequence=sample.frame)
        for path, values in entities(rerun, sample):
            recording.log(path, *values)
    return number + 1


def entities(rerun: Any, sample: HandSample) -> list[tuple[str, list[Any]]]:  # noqa: ANN401
    """What is shown of a sample: paths in the viewer's tree, and the values that stand there."""
    found = [(CAMERA, [_pose(rerun, sample)]), ("sample", [rerun.TextDocument(f"{sample.key}, {sample.side} hand")])]
    pixels = (sample.image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    height, width = pixels.shape[:2]
    picture: list[Any] = [rerun.Image(pixels)]
    if sample.intrinsics is not None and projection_gaps_px(sample)[0] < 1:  # else the camera has no one place
        picture.append(rerun.Pinhole(image_from_camera=sample.intrinsics.numpy(), resolution=[width, height],
                                     camera_xyz=rerun.ViewCoordinates.RDF, image_plane_distance=0.15))  # fmt: skip
    found.append((PICTURE, picture))
    if sample.depth_m is not None:
        found.append((f"{PICTURE}/depth", [rerun.DepthImage(sample.depth_m.numpy(), meter=1.0)]))
    if sample.parts is not None:
        found.append((f"{PICTURE}/parts", [rerun.SegmentationImage(sample.parts.numpy())]))
    if sample.keypoints_px is not None:
        found.append((f"{PICTURE}/keypoints", [_skeleton(rerun, sample.keypoints_px)]))
    if sample.joints_m is not None:
        found.append((f"{CAMERA}/skeleton", [_skeleton(rerun, sample.joints_m)]))
    return found


def _pose(rerun: Any, sample: HandSample) -> Any:  # noqa: ANN401
    """Where the camera is in the hand's frame."""
    hand_from_camera = torch.eye(4)
    if sample.camera_from_hand is not None:
        rotation, offset = sample.camera_from_hand[:3, :3], sample.camera_from_hand[:3, 3]
        hand_from_camera[:3, :3], hand_from_camera[:3, 3] = rotation.T, -(rotation.T @ offset)
    return rerun.Transform3D(mat3x3=hand_from_camera[:3, :3].numpy(), translation=hand_from_camera[:3, 3].numpy())


def _skeleton(rerun: Any, points: Float[Tensor, "21 axes"]) -> Any:  # noqa: ANN401
    """Bones as lines in the colours of their fingers, in the picture or in space."""
    strips = [points[list(bone)].numpy() for bone in BONES]
    colours = [np.array(FINGER_COLOURS[finger_of(KEYPOINTS[child])]) for _, child in BONES]
    in_picture = points.shape[1] == 2
    make, radius = (rerun.LineStrips2D, 1.0) if in_picture else (rerun.LineStrips3D, 0.002)
    return make(strips, colors=(np.stack(colours) * 255).astype(np.uint8), radii=radius)
