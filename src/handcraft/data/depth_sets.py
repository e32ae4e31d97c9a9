# SPDX-License-Identifier: Apache-2.0
"""The depth benchmarks whose predictions people publish: which joints count, and the camera that made the pictures.

Their files say a joint as ``u v d``: its pixel and its depth in millimetres. Numbers of all three sets come from one
pinhole each, so whoever scores with another focal length gets another error.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

_M_PER_MM = 1e-3


@dataclass(frozen=True)
class DepthSet:
    """One benchmark.

    >>> (1000 * NYU.camera_m_from_uvd(torch.tensor([320 + 58.803, 240 - 58.707, 500.0]))).round().tolist()
    [50.0, 50.0, 500.0]
    """

    name: str
    joints: tuple[str, ...]
    """Those that count, in the order of its files."""
    places: tuple[int, ...]
    """Where they stand among all joints that its annotations have."""
    annotated: int
    """How many joints its annotations have."""
    focal_px: tuple[float, float]
    """Along u and v; the second is below 0 where the set's y points up."""
    centre_px: tuple[float, float]
    size_px: tuple[int, int]
    """Width and height of its pictures."""
    test_frames: str
    """How many there are, in words for a message."""

    def camera_m_from_uvd(self, uvd: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
        """Metres in the set's camera frame: ``x = (u - c_u) d / f_u``, ``y = (v - c_v) d / f_v``, ``z = d``.

        Args:
            uvd: pixels, pixels, millimetres. The centre (320, 240) of 640 x 480 is taken as it is, as the sets do.
        """
        centre, focal = uvd.new_tensor(self.centre_px), uvd.new_tensor(self.focal_px)
        depth = uvd[..., 2:]
        return torch.cat([(uvd[..., :2] - centre) * depth / focal, depth], dim=-1) * _M_PER_MM


_FINGERS_INWARDS = ("little", "ring", "middle", "index")
_FINGERS_OUTWARDS = ("index", "middle", "ring", "little")

NYU = DepthSet(
    name="NYU",
    joints=(
        *(f"{finger}_{joint}" for finger in _FINGERS_INWARDS for joint in ("tip", "knu2")),
        "thumb_tip", "thumb_knu3", "thumb_knu2", "palm_1", "palm_2", "palm_3",
    ),
    places=(0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32),
    annotated=36,
    focal_px=(588.03, -587.07),
    centre_px=(320.0, 240.0),
    size_px=(640, 480),
    test_frames="8252",
)  # fmt: skip
"""Tompson et al., "Real-Time Continuous Pose Recovery" (TOG 2014); 14 of 36 joints of camera 1, y up. Research only.

``knu2`` and ``knu3`` are its KNU2_B and KNU3_B; palm_1 and palm_2 are the wrist's sides, palm_3 the palm's centre."""

ICVL = DepthSet(
    name="ICVL",
    joints=(
        "palm",
        *(f"{finger}_{joint}" for finger in ("thumb", *_FINGERS_OUTWARDS) for joint in ("root", "middle", "tip")),
    ),
    places=tuple(range(16)),
    annotated=16,
    focal_px=(240.99, 240.96),
    centre_px=(160.0, 120.0),
    size_px=(320, 240),
    test_frames="1596",
)
"""Tang et al., "Latent Regression Forest" (CVPR 2014). Research only."""

MSRA15 = DepthSet(
    name="MSRA15",
    joints=(
        "wrist",
        *(f"{finger}_{joint}" for finger in (*_FINGERS_OUTWARDS, "thumb") for joint in ("mcp", "pip", "dip", "tip")),
    ),
    places=tuple(range(21)),
    annotated=21,
    focal_px=(241.42, 241.42),
    centre_px=(160.0, 120.0),
    size_px=(320, 240),
    test_frames="76391",
)
"""Sun et al., "Cascaded Hand Pose Regression" (CVPR 2015); the thumb's joints stand last. Research only."""
