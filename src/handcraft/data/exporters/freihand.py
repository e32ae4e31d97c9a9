# SPDX-License-Identifier: Apache-2.0
"""Writes the layout of FreiHAND_pub_v2: numbered photographs and masks, one JSON list per kind of label.

- ``training/rgb/%08d.jpg``, ``training/mask/%08d.jpg``; ``training_{xyz,K,scale}.json`` with one entry per picture:
  metres in the camera's frame, 3 x 3, and the length of the middle finger's proximal bone.
- Right hands only, as there: a left hand is written as its mirror image (pixels, joints and principal point).
- Pixels are FreiHAND's own: a principal point of (112, 112) is the centre of 224 px, so nothing is moved. Pictures keep
  their size; loaders written for FreiHAND expect 224 px (``handcraft render --size-px 224``) and 32,560 frames.
- Each picture is a frame in FreiHAND's first version; versions are not imitated. ``training_verts.json`` is written
  where the mesh is MANO's (its 778 vertices, without the forearm); ``training_mano.json`` never, for its parameters
  are those of a fit.
- Beyond FreiHAND: ``handcraft.json`` tells source, is_real, and key, subject and side of every picture, so that no
  render passes for a photograph and no person stands on both sides of a split.
- Lost: visibility, confidences, depth, parts, normals.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from handcraft.data.exporters.folder import whole_folder
from handcraft.data.mirror import mirrored
from handcraft.data.pixels import jpg_from_rgb
from handcraft.data.projection import projection_gaps_px
from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.skeleton import KEYPOINTS

ORIGIN_NAME = "handcraft.json"

_PINHOLE_PX = 0.5
_MANO_VERTICES, _MANO_SHAPE = 778, 10
_MIDDLE_PROXIMAL = tuple(KEYPOINTS.index(f"middle_{joint}") for joint in ("mcp", "pip"))


def export_freihand(samples: Iterable[HandSample], out: Path, *, licence: str = "") -> int:
    """Write samples one by one; return how many.

    Raises:
        HandcraftError: no samples, one without 3D joints, camera, mask or side, or an ``out`` that holds something.
    """
    written: list[dict[str, str]] = []
    origin: dict[str, Any] = {}
    with whole_folder(out) as folder, ExitStack() as stack:
        for kind in ("rgb", "mask"):
            (folder / "training" / kind).mkdir(parents=True)
        lists: dict[str, TextIO] = {}
        for number, sample in enumerate(samples):
            origin = origin or {"source": sample.source, "is_real": sample.is_real, "licence": licence}
            written.append({"key": sample.key, "subject": sample.subject, "side": sample.side})
            labels = _write_pictures(sample, folder / "training", number)
            lists = lists or {
                name: stack.enter_context(_json_list(folder / f"training_{name}.json")) for name in labels
            }
            for name, file in lists.items():
                file.write((",\n" if number else "") + json.dumps(labels[name], allow_nan=False))
        if not written:
            raise HandcraftError(f"Expected samples to write into {out}, but got none; nothing was written.")
        (folder / ORIGIN_NAME).write_text(json.dumps({**origin, "frames": written}), encoding="utf-8")
    return len(written)


def exported_origin(folder: Path) -> dict[str, Any]:
    """What ``handcraft.json`` tells of an exported folder; empty where there is none, as in FreiHAND itself."""
    path = folder / ORIGIN_NAME
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except ValueError as error:
        raise HandcraftError(
            f"Expected {path} to be JSON, but it is damaged ({error}); export the set again."
        ) from error


def _write_pictures(sample: HandSample, folder: Path, number: int) -> dict[str, Any]:
    lacking = [name for name in ("joints_m", "intrinsics", "mask") if getattr(sample, name) is None]
    if lacking or sample.side == "unknown":
        raise HandcraftError(
            f"Expected every sample to have joints_m, intrinsics, mask and a side, as FreiHAND has, but {sample.key!r} "
            f"lacks {', '.join([*lacking, *(['a side'] if sample.side == 'unknown' else [])])}; export to coco or yolo."
        )
    if projection_gaps_px(sample)[0] > _PINHOLE_PX:
        raise HandcraftError(
            f"Expected every keypoint to be the pinhole projection of its joint, as in FreiHAND, but {sample.key!r} "
            "has another camera; render with a pinhole camera, or export to coco or yolo."
        )
    right = mirrored(sample) if sample.side == "left" else sample
    assert right.joints_m is not None
    assert right.intrinsics is not None
    assert right.mask is not None
    (folder / "rgb" / f"{number:08d}.jpg").write_bytes(jpg_from_rgb(right.image))
    mask = right.mask.float().expand(3, *right.mask.shape)
    (folder / "mask" / f"{number:08d}.jpg").write_bytes(jpg_from_rgb(mask))
    start, end = right.joints_m[list(_MIDDLE_PROXIMAL)]
    is_mano = right.shape is not None and len(right.shape) == _MANO_SHAPE
    # the forearm that we add comes after MANO's own vertices
    verts = {"verts": right.vertices_m[:_MANO_VERTICES].tolist()} if right.vertices_m is not None and is_mano else {}
    scale = float((start - end).norm())
    return {"xyz": right.joints_m.tolist(), "K": right.intrinsics.tolist(), "scale": scale, **verts}


@contextmanager
def _json_list(path: Path) -> Iterator[TextIO]:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        yield file
        file.write("]\n")
