# SPDX-License-Identifier: Apache-2.0
"""The user's own MANO file (Romero et al., "Embodied Hands", 2017), checked and plain.

``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl`` come from mano.is.tue.mpg.de under a licence for non-commercial research that
forbids passing them on, so handcraft reads the user's file and ships none. ``.npz`` files with the same entries are
read too.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from handcraft.errors import HandcraftError
from handcraft.hand.mano_keypoints import MANO_JOINTS, MANO_PARENTS
from handcraft.hand.mano_pickle import arrays_from_pickle
from handcraft.hand.skeleton import Side

SHAPES = {
    "v_template": (778, 3),
    "shapedirs": (778, 3, 10),
    "posedirs": (778, 3, 135),
    "J_regressor": (16, 778),
    "weights": (778, 16),
    "f": (1538, 3),
    "kintree_table": (2, 16),
    "hands_components": (45, 45),
    "hands_mean": (45,),
}
"""The entries a MANO file must have, under their own names."""

_MIRROR = np.array([-1.0, 1.0, 1.0])
_MIRROR_TURN = np.array([1.0, -1.0, -1.0])
"""Mirroring x turns the axis-angle vector (x, y, z) into (x, -y, -z)."""


@dataclass(frozen=True)
class MANOFile:
    """What a MANO file says: metres, radians, MANO's own axes (x along the fingers, y through the palm)."""

    template_m: Float64[np.ndarray, "778 3"]
    shape_directions_m: Float64[np.ndarray, "778 3 10"]
    pose_directions_m: Float64[np.ndarray, "778 3 135"]
    """What each entry of the 15 joints' rotations, less the identity's, adds to the vertices."""
    joint_regressor: Float64[np.ndarray, "16 778"]
    weights: Float64[np.ndarray, "778 16"]
    faces: Int64[np.ndarray, "1538 3"]
    components_rad: Float64[np.ndarray, "45 45"]
    """Principal components of poses, one a row."""
    mean_pose_rad: Float64[np.ndarray, " 45"]
    scan_coefficients: Float64[np.ndarray, "scans 45"]
    """The scanned hands' poses in components, about the mean; no rows where the file leaves them out."""

    @staticmethod
    def load(path: str | Path) -> "MANOFile":
        """Read a ``.pkl`` or ``.npz`` as it is; nothing in it is run.

        Raises:
            HandcraftError: no such file, a name in the pickle that is not admitted, an entry that is missing, of
                another shape or not finite.
        """
        path = Path(path)
        try:
            entries = _entries_of_npz(path) if path.suffix == ".npz" else arrays_from_pickle(path.read_bytes())
        except OSError as error:
            raise HandcraftError(
                f"Expected `{path}` to be a MANO file, but got {error.strerror or 'no archive'}; "
                "register at mano.is.tue.mpg.de, download it and name its path."
            ) from error
        except HandcraftError as error:
            raise HandcraftError(f"{path}: {error}") from error
        return _checked(path, entries)

    @property
    def side(self) -> Side:
        """Which hand it is: a right hand's fingers curl about the direction to the thumb, a left hand's against it."""
        joints_m = self.joint_regressor @ self.template_m
        index, little = (joints_m[MANO_JOINTS.index(f"{finger}_mcp")] for finger in ("index", "little"))
        curls = self.mean_pose_rad.reshape(15, 3)[: MANO_JOINTS.index("thumb_cmc") - 1]
        return "right" if curls.sum(0) @ (index - little) > 0 else "left"

    def mirrored(self) -> "MANOFile":
        """The other hand: x -> -x in everything. Applied twice it undoes itself."""
        of_rotation = np.outer(_MIRROR, _MIRROR).ravel()
        turn = np.tile(_MIRROR_TURN, 15)
        return replace(
            self,
            template_m=self.template_m * _MIRROR,
            shape_directions_m=self.shape_directions_m * _MIRROR[:, None],
            pose_directions_m=self.pose_directions_m * _MIRROR[:, None] * np.tile(of_rotation, 15),
            faces=self.faces[:, ::-1].copy(),
            components_rad=self.components_rad * turn,
            mean_pose_rad=self.mean_pose_rad * turn,
        )

    def has_shapes_of(self, other: "MANOFile") -> bool:
        """Whether the shape directions are those of another file, to the digits it was stored with."""
        return bool(np.abs(self.shape_directions_m - other.shape_directions_m).sum() < 1)

    @property
    def long_hands_are_wide(self) -> bool:
        """Whether length along x and width along z go together over people, as they do.

        The published left file has the right hand's shape directions beside a mirrored template (smplx issue 48): its
        hands get shorter where they ought to get longer, and so this covariance is negative.
        """
        centred_m = self.template_m - self.template_m.mean(0)
        length, _, width = np.einsum("vc,vcs->cs", centred_m, self.shape_directions_m)
        return bool(length @ width > 0)

    def with_shape_sign_mended(self) -> "MANOFile":
        """The file with the x of its shape directions turned round if its template is mirrored and they are not.

        Labels made with the unmended left file (DexYCB's are) need it unmended.
        """
        if self.side == "right" or self.long_hands_are_wide:
            return self
        return replace(self, shape_directions_m=self.shape_directions_m * _MIRROR[:, None])


def _entries_of_npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in (*SHAPES, "hands_coeffs")}
    except (ValueError, EOFError, AttributeError) as error:  # pickled objects inside; not an archive at all
        said = " ".join(str(error).split())
        raise HandcraftError(f"Expected an archive of plain arrays, but got {said}; write numbers only.") from error


def _checked(path: Path, entries: dict[str, Any]) -> MANOFile:
    arrays = {name: _array(path, entries, name, shape) for name, shape in SHAPES.items()}
    parents = tuple(int(parent) for parent in arrays["kintree_table"][0].astype(np.int64))
    faces = arrays["f"].astype(np.int64)
    if parents[1:] != MANO_PARENTS[1:] or faces.min() < 0 or faces.max() >= 778:
        raise HandcraftError(
            f"Expected {path} to have MANO's joints and triangles, but got others; use a file of MANO v1.2."
        )
    if np.abs(arrays["weights"].sum(1) - 1).max() > 1e-3:
        raise HandcraftError(f"Expected `weights` of {path} to add up to 1, but got others; use a file of MANO v1.2.")
    coefficients = np.asarray(entries.get("hands_coeffs", np.zeros((0, 45))), np.float64)
    number = {name: array.astype(np.float64) for name, array in arrays.items()}
    return MANOFile(
        number["v_template"], number["shapedirs"], number["posedirs"], number["J_regressor"], number["weights"], faces,
        number["hands_components"], number["hands_mean"], coefficients,
    )  # fmt: skip


def _array(path: Path, entries: dict[str, Any], name: str, shape: tuple[int, ...]) -> Shaped[np.ndarray, "..."]:
    if name not in entries:
        raise HandcraftError(f"Expected `{name}` in {path}, but got {sorted(entries)}; use a file of MANO v1.2.")
    array = np.asarray(entries[name])
    if array.shape != shape or array.dtype.kind not in "fiu":
        raise HandcraftError(
            f"Expected `{name}` of {path} to be numbers of shape {shape}, but got {array.dtype} of shape "
            f"{array.shape}; use a file of MANO v1.2."
        )
    if not np.isfinite(array).all():
        raise HandcraftError(f"Expected `{name}` of {path} to be finite, but got NaN or infinity; download it again.")
    return array
