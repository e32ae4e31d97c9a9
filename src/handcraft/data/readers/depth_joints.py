# SPDX-License-Identifier: Apache-2.0
"""Joint files of the depth benchmarks: predictions as methods publish them, and the truth they are scored by.

What is read, one frame a row and millimetres throughout:

- ``.txt`` (or any other ending): ``u v d`` of the joints that count, one after another, parted by spaces, tabs, commas
  or semicolons; or of all joints the set annotates. A picture's name before the numbers (ICVL's labels) is passed over,
  and so is a first line that only counts the lines after it (MSRA15's ``joint.txt``).
- ``.npy``: the same numbers as an array, (frames, joints, 3) or (frames, 3 joints).
- ``.mat``: NYU's own ``joint_data.mat``, of which camera 1 is taken; or a file with one array of that shape.

``xyz`` instead of ``uvd`` means millimetres in the set's camera frame; some methods publish those (Lie-X, DenseReg).
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from scipy.io import loadmat
from torch import Tensor

from handcraft.data.depth_sets import DepthSet
from handcraft.errors import HandcraftError

Coordinates = Literal["uvd", "xyz"]

_NEAREST_MM, _FARTHEST_MM = 100.0, 5000.0  # what hands are seen at; metres or half a picture are far outside


def read_depth_joints(
    path: Path, depth_set: DepthSet, *, coordinates: Coordinates = "uvd"
) -> Float[Tensor, "frame joint 3"]:
    """The joints that count, metres in the set's camera frame, in float64.

    Raises:
        HandcraftError: no such file, another shape, numbers that are not finite, or other units than millimetres and
            pixels; the place is named.
    """
    path = Path(path)
    if not path.is_file():
        raise HandcraftError(f"Expected joints in {path}, but there is no such file; name another.")
    if path.suffix == ".npy":
        numbers = _shaped(path, _loaded_array(path), depth_set)
    elif path.suffix == ".mat":
        numbers = _shaped(path, _from_mat(path, depth_set, coordinates), depth_set)
    else:
        numbers = _shaped(path, _from_text(path, depth_set), depth_set)
    if numbers.shape[1] > len(depth_set.places):
        numbers = numbers[:, list(depth_set.places)]
    _expect_sense(path, numbers, depth_set, coordinates)
    joints = torch.from_numpy(np.ascontiguousarray(numbers))
    return depth_set.camera_m_from_uvd(joints) if coordinates == "uvd" else joints * 1e-3


def _from_text(path: Path, depth_set: DepthSet) -> np.ndarray:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise HandcraftError(f"Expected {path} to be text, but it is not; .npy and .mat need their endings.") from error
    rows = [(number, _words(line)) for number, line in enumerate(lines, 1) if line.strip()]
    if rows and rows[0][1] == [str(len(rows) - 1)]:
        del rows[0]
    if not rows:
        raise HandcraftError(f"Expected a frame a line in {path}, but it is empty; name another file.")
    widths = {3 * count for count in (len(depth_set.places), depth_set.annotated)}
    parsed = []
    for number, words in rows:
        if len(words) not in widths or len(words) != len(rows[0][1]):
            raise HandcraftError(
                f"Expected each line of {path} to hold {_say_widths(depth_set)}, but line {number} holds {len(words)}; "
                "mend it, or name another set."
            )
        try:
            parsed.append([float(word) for word in words])
        except ValueError as error:
            raise HandcraftError(f"Expected numbers in {path}, but line {number} has another word: {error}.") from error
    return np.asarray(parsed, dtype=np.float64)


def _words(line: str) -> list[str]:
    """The line's numbers; a picture's name before them is left out."""
    words = line.replace(",", " ").replace(";", " ").split()
    return words[1:] if len(words) > 1 and not _is_number(words[0]) else words


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _say_widths(depth_set: DepthSet) -> str:
    chosen, every = len(depth_set.places), depth_set.annotated
    said = f"{3 * chosen} numbers, three for each of {depth_set.name}'s {chosen} joints"
    return said if chosen == every else f"{said}, or {3 * every} for all {every}"


def _loaded_array(path: Path) -> np.ndarray:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise HandcraftError(f"Expected {path} to be an array of numbers, but it cannot be read: {error}.") from error


def _from_mat(path: Path, depth_set: DepthSet, coordinates: Coordinates) -> np.ndarray:
    try:
        held = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    except NotImplementedError as error:  # MATLAB 7.3 files are HDF5
        raise HandcraftError(f"Expected {path} to be older than MATLAB 7.3; save it again with `-v7`.") from error
    except Exception as error:  # a damaged file can raise nearly every type of error
        said = " ".join(str(error).split()) or type(error).__name__
        raise HandcraftError(f"Expected {path} to be a MATLAB file, but it cannot be read: {said}.") from error
    own = held.get(f"joint_{coordinates}")
    if own is not None and own.ndim == 4:
        return np.asarray(own[0])  # the first of NYU's three cameras; the benchmark is on its pictures
    if "pred_joint_uvconf" in held:
        raise HandcraftError(
            f"Expected {coordinates} of every joint, but {path} holds pixels and confidences without depth; it has no "
            "error in millimetres."
        )
    numeric = {name: value for name, value in held.items() if value.dtype.kind in "fiu" and value.ndim in (2, 3)}
    if len(numeric) != 1:
        raise HandcraftError(
            f"Expected {path} to hold joint_{coordinates} or one array of joints, but it holds "
            f"{', '.join(sorted(held)) or 'nothing'}; save the one that is meant alone."
        )
    return np.asarray(next(iter(numeric.values())))


def _shaped(path: Path, values: Any, depth_set: DepthSet) -> np.ndarray:  # noqa: ANN401 (what a file held)
    counts = (len(depth_set.places), depth_set.annotated)
    if values.dtype.kind in "fiu" and values.ndim == 2 and values.shape[1] in [3 * count for count in counts]:
        values = values.reshape(len(values), -1, 3)
    if values.dtype.kind not in "fiu" or values.ndim != 3 or values.shape[1] not in counts or values.shape[2] != 3:
        raise HandcraftError(
            f"Expected each frame of {path} to hold {_say_widths(depth_set)}, but got the shape "
            f"{tuple(values.shape)}; name another set, or bring it into that shape."
        )
    if len(values) == 0:
        raise HandcraftError(f"Expected frames in {path}, but it has none; name another file.")
    return values.astype(np.float64)


def _expect_sense(path: Path, numbers: np.ndarray, depth_set: DepthSet, coordinates: Coordinates) -> None:
    """Finite numbers, depths that a hand can have, and pixels that lie in the picture: by the middle one of all."""
    broken = np.flatnonzero(~np.isfinite(numbers).all(axis=(1, 2)))
    if len(broken):
        raise HandcraftError(
            f"Expected finite joints in {path}, but frame {broken[0] + 1} and {len(broken) - 1} more have others; the "
            "benchmark counts every frame, so give each one a guess."
        )
    across, down, depth = np.median(numbers.reshape(-1, 3), axis=0)
    if not _NEAREST_MM < abs(depth) < _FARTHEST_MM:
        raise HandcraftError(
            f"Expected depths in {path} in millimetres, but the middle one is {depth:.4g}; "
            f"{'multiply metres by 1000' if abs(depth) < _FARTHEST_MM / 1000 else 'see which unit it has'}."
        )
    width, height = depth_set.size_px
    if coordinates == "uvd" and not (2 < across < width and 2 < down < height):
        raise HandcraftError(
            f"Expected u and v in {path} in pixels of {width} x {height}, but the middle ones are {across:.4g} and "
            f"{down:.4g}; if these are millimetres in the camera's frame, say that they are xyz."
        )
