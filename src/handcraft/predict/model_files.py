# SPDX-License-Identifier: Apache-2.0
"""The ONNX files that predictions are made with: opened by onnxruntime, and refused if they are something else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from handcraft.errors import HandcraftError

if TYPE_CHECKING:
    import onnxruntime

Kind = Literal["hand", "finder", "surface"]

FORMAT = "1"
SHIPPED = Path(__file__).with_name("models")
"""Where the networks lie that come with handcraft."""

OUTPUTS: Mapping[Kind, frozenset[str]] = {
    "hand": frozenset({
        "keypoints_px", "confidence", "keypoints_3d_m", "right", "presence", "angles_rad", "camera_from_hand", "shape",
    }),
    "finder": frozenset({"boxes_px", "scores", "turns_rad"}),
    "surface": frozenset({"vertices_m", "joints_m", "faces"}),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Network:
    """A network of one kind, ready to run."""

    session: "onnxruntime.InferenceSession"
    outputs: tuple[str, ...]
    about: Mapping[str, Any]
    """What its file says of itself: names, units, licence, training."""

    @property
    def image_px(self) -> int:
        """The side of the square pictures it takes."""
        return int(self.about["image_px"])

    def __call__(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Its outputs by name."""
        return dict(zip(self.outputs, self.session.run(None, inputs), strict=True))


def open_network(path: Path, kind: Kind, *, threads: int) -> Network:
    """Open an ONNX file that handcraft wrote.

    Args:
        path: the file.
        kind: what it must be.
        threads: processor threads that one call may use.

    Raises:
        HandcraftError: no such file, no ONNX file, one that handcraft did not write, of another kind or format.
    """
    path = Path(path)
    if not path.is_file():
        whose = "this copy of handcraft comes without it" if path.parent == SHIPPED else "there is no such file"
        raise HandcraftError(f"Expected the {kind} network in {path}, but {whose}; name yours by `--{kind}`.")
    session = _session(path, kind, threads)
    metadata = session.get_modelmeta().custom_metadata_map
    found = metadata.get("handcraft.kind", "no word of what it is")
    if found != kind:
        raise HandcraftError(f"Expected {path} to be a {kind} network, but it says: {found}.")
    if metadata.get("handcraft.format") != FORMAT:
        raise HandcraftError(
            f"Expected {path} to be of format {FORMAT}, but got {metadata.get('handcraft.format')}; "
            "export it again with this version of handcraft."
        )
    outputs = tuple(output.name for output in session.get_outputs())
    missing = sorted(OUTPUTS[kind] - set(outputs))
    if missing:
        raise HandcraftError(f"Expected {path} to give {', '.join(missing)}, but it does not; export it again.")
    return Network(session, outputs, _about(path, kind, metadata))


def _session(path: Path, kind: Kind, threads: int) -> "onnxruntime.InferenceSession":
    import onnxruntime  # only here: `handcraft predict --help` need not wait for it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, and told in one line
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no type
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise HandcraftError(f"Expected {path} to be a {kind} network as ONNX, but: {said}.") from error


def _about(path: Path, kind: Kind, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    needed = {"hand": ("image_px", "box_scale"), "finder": ("image_px",), "surface": ()}[kind]
    try:
        about = json.loads(metadata["handcraft.about"])
        if not all(isinstance(about[key], int | float) and about[key] > 0 for key in needed):
            raise ValueError("a number above 0 is missing")
    except (KeyError, TypeError, ValueError) as error:
        raise HandcraftError(
            f"Expected {path} to say {' and '.join(needed) or 'what it is'}, but its `handcraft.about` does not; "
            "export it again."
        ) from error
    return dict(about)
