# SPDX-License-Identifier: Apache-2.0
"""Pose libraries of people's joints, and how two libraries cover each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError, expect_above
from handcraft.fit.inverse_kinematics import FittedPoses, fit_angles
from handcraft.hand import HandModel
from handcraft.hand.joint_checks import expect_hands, hand_like
from handcraft.hand.pose_library import PoseLibrary

FitPoses = Callable[[Float[Tensor, "pose 21 3"]], FittedPoses]
"""Joints of right hands to angles: inverse kinematics or a trained network."""

_CHUNK = 512


@dataclass(frozen=True)
class BuiltLibrary:
    """A library and how well it stands for the joints it was made of."""

    library: PoseLibrary
    residual_mm: Float[Tensor, " pose"]
    """Of the poses that were kept."""
    given: int
    unlike_hands: int
    """Rows that no hand can be: bones too short or too long, knuckles out of place."""
    too_far: int
    """Rows whose residual was too large."""

    def summary(self) -> dict[str, float | int]:
        """In numbers, for the data card."""
        ordered = self.residual_mm.sort().values
        median, p95 = (float(ordered[round(share * (len(ordered) - 1))]) for share in (0.5, 0.95))
        counts = {"given": self.given, "kept": len(self.library), "unlike_hands": self.unlike_hands}
        return {**counts, "too_far": self.too_far, "residual_mm_median": median, "residual_mm_p95": p95}


def build_library(
    model: HandModel,
    joints_m: Float[Tensor, "pose 21 3"],
    source: str,
    *,
    max_residual_mm: float = 10.0,
    fit: FitPoses | None = None,
    progress: Callable[[Iterator[FittedPoses], int], Iterator[FittedPoses]] = lambda fitted, _: fitted,
) -> BuiltLibrary:
    """The poses of right hands' joints; what is no hand and what the hand model cannot take is left out and counted.

    Args:
        model: the hand whose angles are sought.
        joints_m: right hands (mirror left ones first), metres, our order.
        source: where they are from, for the library.
        max_residual_mm: a pose further from its joints is left out.
        fit: what finds the angles; inverse kinematics if left out.
        progress: shows how far it is: given the parts as they come and their number, it passes them on.

    Raises:
        HandcraftError: joints that are not finite, in another unit or order, or of which no pose is left.
    """
    expect_above(0, max_residual_mm=max_residual_mm)
    expect_hands(joints_m)
    hands_m = joints_m[hand_like(joints_m)]
    find = fit or (lambda chunk_m: fit_angles(model, chunk_m))
    chunks = hands_m.split(_CHUNK)
    parts = list(progress(map(find, chunks), len(chunks)))
    residual_mm = torch.cat([part.residual_mm for part in parts])
    near = residual_mm <= max_residual_mm
    if not near.any():
        raise HandcraftError(
            f"Expected poses within {max_residual_mm:g} mm, but the nearest of {len(near)} is "
            f"{float(residual_mm.min()):.1f} mm away; if these are left hands say so, else allow more."
        )
    angles_rad = torch.cat([part.angles_rad for part in parts])[near]
    return BuiltLibrary(
        library=PoseLibrary.from_angles(model, angles_rad, source),
        residual_mm=residual_mm[near],
        given=len(joints_m),
        unlike_hands=len(joints_m) - len(hands_m),
        too_far=int((~near).sum()),
    )


@dataclass(frozen=True)
class Coverage:
    """How near two libraries lie: distances to the nearest pose, mean over the joints."""

    from_reference_mm: Float[Tensor, " sample"]
    """From each sample to the nearest reference pose: small means that samples look like it."""
    to_reference_mm: Float[Tensor, " reference"]
    """From each reference pose to the nearest sample: small means that nothing of it is missing."""

    def summary(self) -> dict[str, float]:
        """Medians and what 95 of 100 stay below, in millimetres."""
        named = {"samples_to_reference_mm": self.from_reference_mm, "reference_to_samples_mm": self.to_reference_mm}
        return {
            f"{name}_{word}": float(distances.quantile(share))
            for name, distances in named.items()
            for word, share in (("median", 0.5), ("p95", 0.95))
        }


def coverage(samples: PoseLibrary, reference: PoseLibrary) -> Coverage:
    """Compare ``samples`` (of a prior, say) with the library they stand for."""
    return Coverage(1000 * reference.distances_m(samples.joints_m), 1000 * samples.distances_m(reference.joints_m))
