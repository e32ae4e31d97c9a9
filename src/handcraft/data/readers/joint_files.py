# SPDX-License-Identifier: Apache-2.0
"""3D joints without pictures: the poses people took, from label files of any set."""

import csv
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.data.sample import HandSample
from handcraft.errors import HandcraftError
from handcraft.hand.mano_file import MANOFile
from handcraft.hand.mano_layer import MANOLayer
from handcraft.hand.skeleton import FINGERS, KEYPOINTS, Side, reorder

Unit = Literal["m", "cm", "mm"]
METRES: dict[Unit, float] = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}

BIGHAND_JOINTS = (
    "wrist", "thumb_cmc", *(f"{finger}_mcp" for finger in FINGERS[1:]), "thumb_mcp", "thumb_ip", "thumb_tip",
    *(f"{finger}_{joint}" for finger in FINGERS[1:] for joint in ("pip", "dip", "tip")),
)  # fmt: skip
"""BigHand2.2M, HANDS17 and the First-Person Hand Action set: the palm first, then each finger outwards."""

MANO_KEYPOINTS = (
    "wrist",
    *(f"{finger}_{joint}" for finger in ("index", "middle", "little", "ring") for joint in ("mcp", "pip", "dip")),
    "thumb_cmc", "thumb_mcp", "thumb_ip", *(f"{finger}_tip" for finger in FINGERS),
)  # fmt: skip
"""MANO's 16 joints with five fingertips after them, thumb first."""


@dataclass(frozen=True)
class JointSet:
    """Joints in metres, each hand in any frame of its own, and where they are from."""

    joints_m: Float[Tensor, "pose 21 3"]
    is_left: Bool[Tensor, " pose"]
    source: str

    def __len__(self) -> int:
        return len(self.joints_m)

    def right_joints_m(self) -> Float[Tensor, "pose 21 3"]:
        """All as right hands: left ones are mirrored, z -> -z."""
        sign = torch.where(self.is_left, -1.0, 1.0)[:, None, None]
        return torch.cat([self.joints_m[..., :2], self.joints_m[..., 2:] * sign], -1)


def read_joint_file(
    path: Path, *, order: tuple[str, ...] = KEYPOINTS, unit: Unit = "m", side: Side = "right"
) -> JointSet:
    """Joints of a label file, by its ending.

    - ``.txt``: BigHand2.2M (Yuan et al., 2017) and HANDS17: a picture's name and 63 millimetres per line, parted by
      tabs, in ``BIGHAND_JOINTS``. Research only; on request from its authors. A folder means all such files in it.
    - ``.json``: a list of 21 x 3 lists, such as FreiHAND's ``training_xyz.json`` (metres, our order, right hands).
    - ``.npy``: an array (n, 21, 3) or (n, 63).
    - ``.csv``: 63 numbers a line; or a heading with the columns ``wrist_x``, ``wrist_y``, ... in whatever order.
    - ``.pkl``, ``.npz``: MANO's own file, whose ``hands_coeffs`` are the poses of its 1554 scans, on its mean shape
      with FreiHAND's fingertips. It says itself which hand it is. Research only, as the file is.

    Args:
        path: the file, or BigHand's folder.
        order: names of the joints of a json, npy or csv file without heading, as they stand there.
        unit: of these files' numbers.
        side: which hands they are.

    Raises:
        HandcraftError: no such file, nothing in it, or something else than joints; the place is named.
    """
    path = Path(path)
    if not path.exists():
        raise HandcraftError(f"Expected joints in {path}, but there is no such file; name another.")
    if path.suffix in (".pkl", ".npz"):
        return _read_scans(path)
    if path.is_dir() or path.suffix == ".txt":
        numbers, order, unit = _read_bighand(path), BIGHAND_JOINTS, "mm"
    elif path.suffix == ".json":
        numbers = _as_numbers(path, _parsed_json(path))
    elif path.suffix == ".npy":
        numbers = _as_numbers(path, _loaded_array(path))
    elif path.suffix == ".csv":
        numbers, order = _read_csv(path, order)
    else:
        raise HandcraftError(
            f"Expected {path} to end in .txt, .json, .npy, .csv, .pkl or .npz, but it does not; convert it."
        )
    joints_m = torch.from_numpy(numbers).reshape(-1, 21, 3)[:, _from_order(order)].float() * METRES[unit]
    return JointSet(joints_m, torch.full((len(joints_m),), side == "left"), path.name)


def joints_of_samples(samples: Iterable[HandSample], source: str) -> JointSet:
    """The 3D joints of a data set's samples; those without are left out.

    Raises:
        HandcraftError: no sample has 3D joints.
    """
    found = [(sample.joints_m, sample.side == "left") for sample in samples if sample.joints_m is not None]
    if not found:
        raise HandcraftError(f"Expected {source} to have 3D joints, but no sample has any; name another data set.")
    joints_m, is_left = zip(*found, strict=True)
    return JointSet(torch.stack(joints_m), torch.tensor(is_left), source)


def _from_order(order: tuple[str, ...]) -> list[int]:
    try:
        return reorder(target=KEYPOINTS, source=order)
    except ValueError as error:
        raise HandcraftError(f"Expected `order` to name all 21 joints, but got another: {error}") from error


def _read_scans(path: Path) -> JointSet:
    file = MANOFile.load(path).with_shape_sign_mended()
    layer, components = MANOLayer.from_file(file), torch.from_numpy(file.scan_coefficients).float()
    if len(components) == 0:
        raise HandcraftError(f"Expected {path} to have hands_coeffs, but it has none; use MANO's own file.")
    poses_rad = layer.mean_pose_rad + layer.pose_from_components(components)
    parts = [
        layer.skin(chunk.new_zeros(len(chunk), 10), chunk.new_zeros(len(chunk), 3), chunk).keypoints_m("freihand")
        for chunk in poses_rad.split(256)
    ]
    return JointSet(torch.cat(parts), torch.full((len(components),), file.side == "left"), path.name)


def _read_bighand(path: Path) -> np.ndarray:
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    if not files:
        raise HandcraftError(f"Expected files like *_loc_shift_made_by_qi_*.txt in {path}, but found none.")
    return np.concatenate([_read_lines(file) for file in files])


def _read_lines(file: Path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of an empty file; it is refused below
        try:
            numbers = np.loadtxt(
                file, dtype=np.float64, delimiter="\t", usecols=range(1, 64), ndmin=2, encoding="utf-8"
            )
        except (ValueError, UnicodeDecodeError) as error:
            raise HandcraftError(
                f"Expected each line of {file} to be a name and 63 numbers parted by tabs, but {error}."
            ) from error
    return _as_numbers(file, numbers)


def _parsed_json(path: Path) -> Any:  # noqa: ANN401 (anybody's file)
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise HandcraftError(f"Expected {path} to be json, but it cannot be read: {error}.") from error


def _loaded_array(path: Path) -> np.ndarray:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise HandcraftError(f"Expected {path} to be an array of numbers, but it cannot be read: {error}.") from error


def _read_csv(path: Path, order: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    if rows and not _is_number(rows[0][0]):
        heading, columns = rows.pop(0), [f"{name}_{axis}" for name in KEYPOINTS for axis in "xyz"]
        missing = [column for column in columns if column not in heading]
        if missing:
            raise HandcraftError(f"Expected the heading of {path} to have {missing[0]}, but it has not; name it so.")
        places = [heading.index(column) for column in columns]
        rows, order = [[row[place] if place < len(row) else "" for place in places] for row in rows], KEYPOINTS
    return _as_numbers(path, rows), order


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_numbers(path: Path, values: Any) -> np.ndarray:  # noqa: ANN401 (what a file held)
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise HandcraftError(f"Expected {path} to hold 63 numbers a hand, but {error}.") from error
    if numbers.size == 0:
        raise HandcraftError(f"Expected joints in {path}, but it is empty; name another file.")
    if numbers.shape[1:] not in ((21, 3), (63,)):
        raise HandcraftError(
            f"Expected {path} to hold 21 joints of 3 numbers a hand, but got the shape {tuple(numbers.shape)}."
        )
    return numbers
