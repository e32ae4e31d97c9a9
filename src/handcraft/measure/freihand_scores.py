# SPDX-License-Identifier: Apache-2.0
"""The figures that FreiHAND's scorer prints (Zimmermann et al., ICCV 2019), under its names, from the same definitions.

Its lines, in its order and units: centimetres for ``*_mean3d``, areas over 0 to 5 cm in 100 steps for ``*_auc3d``,
``*_al_*`` after a Procrustes alignment that lets a hand be mirrored, F-scores at 5 and 15 mm between vertices. Joints
and vertices are each aligned by themselves. A surface with another number of vertices than the truth's has no vertex
errors (-1 m and -1 there) and is moved as the joints are, about its own centroid; the scorer forgets to divide by the
predicted joints' size there, so its ``f_al_score_*`` are of a surface some three times too small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.alignment import Similarity, best_similarity
from handcraft.measure.bootstrap import DEFAULT_BOOTSTRAP, BootstrapConfig, Estimate, bootstrap, mean_of
from handcraft.measure.joint_error import image_errors
from handcraft.measure.pck import auc_shares
from handcraft.measure.surface_error import nearest_distances, vertex_errors
from handcraft.measure.thresholds import FREIHAND_MM

F_THRESHOLDS_M = (0.005, 0.015)
_CM_PER_M, _MM_PER_M, _ABSENT = 100.0, 1000.0, -1.0
_FRAMES_AT_ONCE = 256


@dataclass(frozen=True)
class FreihandScores:
    """What the scorer prints, with intervals over frames, and the aligned figures without mirroring beside it."""

    figures: dict[str, Estimate]
    """By the scorer's names, in its order and units, its mistakes too."""
    without_reflection: dict[str, Estimate]
    """The aligned ones again, a mirrored hand kept as wrong as it is, another surface scaled as its joints are."""
    mirrored: int
    """Frames whose joints the scorer's alignment mirrors."""
    frames: int

    def scores_txt(self) -> str:
        """The scorer's file: a name, a colon and six decimals a line."""
        return "".join(f"{name}: {estimate.value:f}\n" for name, estimate in self.figures.items())


def score_freihand(
    predicted_joints_m: Float[Tensor, "frame 21 3"],
    predicted_vertices_m: Float[Tensor, "frame predicted 3"],
    true_joints_m: Float[Tensor, "frame 21 3"],
    true_vertices_m: Float[Tensor, "frame true 3"],
    *,
    seed: int,
    config: BootstrapConfig = DEFAULT_BOOTSTRAP,
) -> FreihandScores:
    """Score a submission: joints and surface in metres, in the camera's frame.

    Raises:
        HandcraftError: no frame, or coordinates that are not finite.

    >>> joints_m = torch.rand(3, 21, 3, generator=torch.Generator().manual_seed(0)) / 5
    >>> scores = score_freihand(joints_m + 0.01, joints_m + 0.01, joints_m, joints_m, seed=0)
    >>> [f"{scores.figures[name].value:.3f}" for name in ("xyz_mean3d", "xyz_al_mean3d", "f_al_score_5")]
    ['1.732', '0.000', '1.000']
    """
    given = (predicted_joints_m, predicted_vertices_m, true_joints_m, true_vertices_m)
    if len(true_joints_m) == 0:
        raise HandcraftError("Expected hands to score, but got none.")
    if not all(bool(points.isfinite().all()) for points in given):
        raise HandcraftError("Expected finite joints and vertices, but some are not; the scorer counts every frame.")
    clusters = [str(frame) for frame in range(len(true_joints_m))]
    theirs = _figures(given, as_the_scorer=True)
    mirrored = best_similarity(predicted_joints_m, true_joints_m, allow_reflection=True).is_reflection
    differs = mirrored | _surface_differs(predicted_vertices_m, true_vertices_m)
    ours = {name: values for name, values in theirs.items() if "_al_" in name}
    if bool(differs.any()):
        again = _figures(tuple(points[differs] for points in given), as_the_scorer=False)
        ours = {name: values.masked_scatter(differs, again[name]) for name, values in ours.items()}
    return FreihandScores(
        {name: _estimate(values, clusters, seed, config) for name, values in theirs.items()},
        {name: _estimate(values, clusters, seed, config) for name, values in ours.items()},
        mirrored=int(mirrored.sum()),
        frames=len(true_joints_m),
    )


_Given = tuple[Tensor, ...]  # predicted joints and vertices, true joints and vertices


def _figures(given: _Given, *, as_the_scorer: bool) -> dict[str, Float[Tensor, " frame"]]:
    chunks = zip(*(points.split(_FRAMES_AT_ONCE) for points in given), strict=True)
    parts = [_by_frame(*chunk, as_the_scorer=as_the_scorer) for chunk in chunks]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _surface_differs(
    predicted_m: Float[Tensor, "frame predicted 3"], true_m: Float[Tensor, "frame true 3"]
) -> Bool[Tensor, " frame"]:
    """Where the scorer's alignment of a surface is not ours."""
    if predicted_m.shape != true_m.shape:
        return torch.ones(len(true_m), dtype=torch.bool)
    return best_similarity(predicted_m, true_m, allow_reflection=True).is_reflection


def _by_frame(
    predicted_joints_m: Float[Tensor, "frame 21 3"],
    predicted_vertices_m: Float[Tensor, "frame predicted 3"],
    true_joints_m: Float[Tensor, "frame 21 3"],
    true_vertices_m: Float[Tensor, "frame true 3"],
    *,
    as_the_scorer: bool,
) -> dict[str, Float[Tensor, " frame"]]:
    """Each figure of each frame; every one of them is a mean over frames."""
    of_joints = best_similarity(predicted_joints_m, true_joints_m, allow_reflection=as_the_scorer)
    comparable = predicted_vertices_m.shape == true_vertices_m.shape
    if comparable:
        of_surface = best_similarity(predicted_vertices_m, true_vertices_m, allow_reflection=as_the_scorer)
        aligned_m = of_surface.apply(predicted_vertices_m)
    else:
        aligned_m = _moved_as_joints(predicted_vertices_m, predicted_joints_m, true_joints_m, of_joints, as_the_scorer)
    figures = _errors("xyz", predicted_joints_m, true_joints_m)
    figures |= _errors("xyz_al", of_joints.apply(predicted_joints_m), true_joints_m)
    for name, vertices_m in (("mesh", predicted_vertices_m), ("mesh_al", aligned_m)):
        figures |= _errors(name, vertices_m, true_vertices_m) if comparable else _no_errors(name, len(true_joints_m))
    plain, aligned = _f_scores(predicted_vertices_m, true_vertices_m), _f_scores(aligned_m, true_vertices_m)
    for column, threshold_m in enumerate(F_THRESHOLDS_M):
        figures[f"f_score_{threshold_m * _MM_PER_M:.0f}"] = plain[:, column]
        figures[f"f_al_score_{threshold_m * _MM_PER_M:.0f}"] = aligned[:, column]
    return figures


def _moved_as_joints(
    vertices_m: Float[Tensor, "frame vertex 3"],
    predicted_joints_m: Float[Tensor, "frame 21 3"],
    true_joints_m: Float[Tensor, "frame 21 3"],
    of_joints: Similarity,
    as_the_scorer: bool,
) -> Float[Tensor, "frame vertex 3"]:
    """Joints' turn, scale and shift, about the surface's own centroid."""
    centre_m = vertices_m.double().mean(1, keepdim=True)
    from_m, to_m = (joints_m.double().mean(1, keepdim=True) for joints_m in (predicted_joints_m, true_joints_m))
    scale = of_joints.scale[:, None, None]
    if as_the_scorer:
        scale = scale * (predicted_joints_m - from_m).norm(dim=(1, 2), keepdim=True)
    turned_m = (vertices_m - centre_m) @ of_joints.rotation.transpose(-1, -2)
    return turned_m * scale + to_m - from_m + centre_m


def _no_errors(name: str, frames: int) -> dict[str, Float[Tensor, " frame"]]:
    absent = torch.full((frames,), _ABSENT, dtype=torch.float64)
    return {f"{name}_mean3d": absent * _CM_PER_M, f"{name}_auc3d": absent}


def _errors(
    name: str, predicted_m: Float[Tensor, "frame point 3"], true_m: Float[Tensor, "frame point 3"]
) -> dict[str, Float[Tensor, " frame"]]:
    errors_m = vertex_errors(predicted_m, true_m)
    shares = auc_shares(errors_m * _MM_PER_M, FREIHAND_MM.values())
    return {f"{name}_mean3d": image_errors(errors_m) * _CM_PER_M, f"{name}_auc3d": image_errors(shares)}


def _f_scores(
    predicted_m: Float[Tensor, "frame predicted 3"], true_m: Float[Tensor, "frame true 3"]
) -> Float[Tensor, "frame threshold"]:
    rows = []
    for predicted, true in zip(predicted_m, true_m, strict=True):
        distances = nearest_distances(predicted, true)
        rows.append([distances.f_score(threshold_m) for threshold_m in F_THRESHOLDS_M])
    return torch.tensor(rows, dtype=torch.float64)


def _estimate(values: Float[Tensor, " frame"], clusters: Sequence[str], seed: int, config: BootstrapConfig) -> Estimate:
    return bootstrap([mean_of(values)], clusters, seed=seed, config=config)
