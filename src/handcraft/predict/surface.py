# SPDX-License-Identifier: Apache-2.0
"""The surface of one hand: a mesh before the camera, its place in the picture, and the file that viewers open."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from handcraft.files import write_text_atomically
from handcraft.predict.hand import Hand, nearest_rotation
from handcraft.predict.model_files import Network

_MIRROR = np.array([1, 1, -1], np.float32)
"""A left hand is the mirror image of a right one, across the plane between palm's and thumb's direction."""

_ON_ONE_LINE = 1e-3
"""Points whose second spread is a smaller share of the first do not tell how they are turned."""

_VIEWER_FROM_CAMERA = np.array([1, -1, -1], np.float32)
"""Viewers of meshes have y up and look along -z; half a turn about x, so nothing is mirrored."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A hand's mesh."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    """Metres from the wrist along the camera's axes: x right, y down, z away from the camera."""
    faces: Int[np.ndarray, "faces 3"]
    """Triangles as indices of vertices, anticlockwise seen from outside."""
    vertices_px: Float[np.ndarray, "vertices 2"]
    """Where they lie in the picture, by the scale and the place at which the mesh's keypoints fit the 2D ones best."""


def surface_of(hand: Hand, network: Network) -> Surface:
    """The mesh of a hand's pose and shape, turned and placed so that its keypoints are nearest to the hand's."""
    given = network(angles_rad=hand.angles_rad[None], shape=hand.shape[None])
    vertices_m, joints_m, faces = given["vertices_m"][0], given["joints_m"][0], given["faces"].astype(np.int32)
    if hand.side == "left":
        vertices_m, joints_m, faces = vertices_m * _MIRROR, joints_m * _MIRROR, faces[:, ::-1]
    camera_from_hand = best_turn(joints_m, hand)
    vertices_m, joints_m = vertices_m @ camera_from_hand.T, joints_m @ camera_from_hand.T
    px_for_m, offset_px = weak_perspective(joints_m, hand)
    return Surface(vertices_m, faces, vertices_m[:, :2] * np.float32(px_for_m) + offset_px)


def best_turn(joints_m: Float[np.ndarray, "21 3"], hand: Hand) -> Float[np.ndarray, "3 3"]:
    """The rotation that brings joints nearest to the hand's 3D keypoints (Kabsch 1976), about their means.

    Keypoints tell it better than ``camera_from_hand``, which stands in for it where they lie on one line.
    """
    weights = _weights(hand)
    cross = (weights * _apart(hand.keypoints_3d_m, weights)).T @ _apart(joints_m, weights)
    spread = np.linalg.svd(cross, compute_uv=False)
    return nearest_rotation(cross) if spread[1] > _ON_ONE_LINE * spread[0] else hand.camera_from_hand


def weak_perspective(joints_m: Float[np.ndarray, "21 3"], hand: Hand) -> tuple[float, Float[np.ndarray, " 2"]]:
    """Scale and offset in ``px = scale * m + offset`` that bring joints before the camera to the hand's keypoints.

    Least squares over x and y of all keypoints, weighted by their confidence.
    """
    weights, flat_m = _weights(hand), joints_m[:, :2]
    apart_m, apart_px = _apart(flat_m, weights), _apart(hand.keypoints_px, weights)
    spread = float((weights * apart_m**2).sum())
    scale = float((weights * apart_m * apart_px).sum()) / spread if spread > 0 else 0.0
    mean_m, mean_px = ((weights * points).sum(axis=0) for points in (flat_m, hand.keypoints_px))
    return scale, (mean_px - np.float32(scale) * mean_m).astype(np.float32)


def _weights(hand: Hand) -> Float[np.ndarray, "21 1"]:
    """Confidences as shares of 1, none of them quite 0."""
    known = np.maximum(hand.confidence, 1e-3)[:, None]
    return known / known.sum()


def _apart(points: Float[np.ndarray, "21 axes"], weights: Float[np.ndarray, "21 1"]) -> Float[np.ndarray, "21 axes"]:
    return points - (weights * points).sum(axis=0)


def write_obj(path: Path, surface: Surface) -> None:
    """Write the mesh as Wavefront OBJ in metres: x right, y up, z towards the camera, as viewers expect."""
    vertices = surface.vertices_m * _VIEWER_FROM_CAMERA
    lines = ["# a hand by handcraft; metres from the wrist; x right, y up, z towards the camera"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (surface.faces + 1).tolist()]
    write_text_atomically(path, "\n".join(lines) + "\n")
