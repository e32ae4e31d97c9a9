# SPDX-License-Identifier: Apache-2.0
"""Writes a submission to FreiHAND's challenge: ``pred.json``, joints and vertices of every evaluation photograph.

The server has closed; the truth is public, and ``handcraft measure freihand`` computes what it printed. HO-3D takes the
same file, in its own joint order and with y up and z towards the viewer.
"""

import json
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.files import atomic_path


def write_freihand_predictions(
    path: Path, joints_m: Float[Tensor, "frame 21 3"], vertices_m: Float[Tensor, "surface vertex 3"]
) -> None:
    """Write ``[joints, vertices]``, metres in the camera's frame (z away from it), in the order of the photographs.

    Args:
        path: usually called ``pred.json``; the challenge wanted it alone in a zip.
        joints_m: absolute, in our order, which is FreiHAND's.
        vertices_m: MANO's 778; another surface has no vertex error but has F-scores.

    Raises:
        HandcraftError: other numbers of frames, none, or coordinates that are not finite.
    """
    if len(joints_m) != len(vertices_m) or len(joints_m) == 0:
        raise HandcraftError(
            f"Expected joints and vertices of the same frames, but got {len(joints_m)} and {len(vertices_m)} of them."
        )
    if not (bool(joints_m.isfinite().all()) and bool(vertices_m.isfinite().all())):
        raise HandcraftError("Expected finite joints and vertices, but some are not; the challenge counts every frame.")
    with atomic_path(path) as beside, beside.open("w", encoding="utf-8") as file:
        for before, points in (("[[", joints_m), ("],\n[", vertices_m)):
            file.write(before)
            for frame, each in enumerate(points.tolist()):
                file.write((",\n" if frame else "") + json.dumps(each, allow_nan=False))
        file.write("]]\n")
