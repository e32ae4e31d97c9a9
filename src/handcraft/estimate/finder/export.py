# SPDX-License-Identifier: Apache-2.0
"""``finder.onnx``: a finder as a file that answers without torch."""

from collections.abc import Mapping
from pathlib import Path

from handcraft.estimate.finder.finder import Finder
from handcraft.estimate.parity import example_crops, write_onnx
from handcraft.hand.skeleton import KEYPOINTS

FORMAT = "1"
OUTPUTS = ("boxes_px", "scores", "turns_rad")
UNITS = {
    "boxes_px": "pixels of the square input: left, top, right, bottom of the 21 keypoints",
    "scores": "0 to 1",
    "turns_rad": "radians, clockwise as seen, from pointing up (wrist to middle_mcp)",
}


def export_finder(finder: Finder, path: Path, *, licence: str, training: Mapping[str, object]) -> None:
    """Write ``finder`` as ONNX: ``images`` (bytes, N x side x side x 3) to boxes, scores and turns, best first.

    Args:
        finder: what is exported.
        path: the file.
        licence: of the weights.
        training: what is told of the training run, JSON data.

    Raises:
        HandcraftError: onnx is not installed, or onnxruntime's answers differ from torch's by more than 1e-4 (boxes:
            of the picture's side).
    """
    side = finder.config.image_px
    write_onnx(
        finder.graph.cpu().eval(),
        (example_crops(side),),
        path,
        input_names=("images",),
        output_names=OUTPUTS,
        dynamic_batch=True,
        metadata={
            "handcraft.kind": "finder",
            "handcraft.format": FORMAT,
            "handcraft.about": {
                "image_px": side,
                "peaks": finder.config.peaks,
                "keypoints": list(KEYPOINTS),
                "units": UNITS,
                "licence": licence,
                "training": dict(training),
            },
        },
        units={"boxes_px": float(side)},
    )
