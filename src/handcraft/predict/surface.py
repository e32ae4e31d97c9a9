# SPDX-License-Identifier: Apache-2.0
"""The surface of one hand: a mesh before the camera, its place in the picture, and the file that viewers open."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from handcraft.files import write_text_atomically
from handcraft.predict.hand import Hand
from handcraft.predict.model_files import Network

_MIRROR = np.array([1, 1, -1], np.float32)
"""A left hand is the mirror image of a right one, across the plane between palm's and thumb's direction."""

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
    """Where they lie in the picture, by the scale and the place at which the 3D keypoints fit the 2D ones best."""


def surface_of(hand: Hand, network: Network) -> Surface:
    """The mesh of a hand's pose and shape, turned and placed as the hand is."""
    given = network(angles_rad=hand.angles_rad[None], shape=hand.shape[None])
    vertices_m, faces = given["vertices_m"][0], given["faces"].astype(np.int32)
    if hand.side == "left":
        vertices_m, faces = vertices_m * _MIRROR, faces[:, ::-1]
    vertices_m = vertices_m @ hand.camera_from_hand.T
    px_for_m, offset_px = weak_perspective(hand)
    return Surface(vertices_m, faces, vertices_m[:, :2] * np.float32(px_for_m) + offset_px)


def weak_perspective(hand: Hand) -> tuple[float, Float[np.ndarray, " 2"]]:
    """Scale and offset in ``px = scale * m + offset`` that bring the 3D keypoints to the 2D ones.

    Least squares over x and y of all keypoints, weighted by their confidence.
    """
    weights = np.maximum(hand.confidence, 1e-3)[:, None] / np.maximum(hand.confidence, 1e-3).sum()
    mean_m, mean_px = ((weights * points).sum(axis=0) for points in (hand.keypoints_3d_m[:, :2], hand.keypoints_px))
    apart_m, apart_px = hand.keypoints_3d_m[:, :2] - mean_m, hand.keypoints_px - mean_px
    spread = float((weights * apart_m**2).sum())
    scale = float((weights * apart_m * apart_px).sum()) / spread if spread > 0 else 0.0
    return scale, (mean_px - np.float32(scale) * mean_m).astype(np.float32)


def write_obj(path: Path, surface: Surface) -> None:
    """Write the mesh as Wavefront OBJ in metres: x right, y up, z towards the camera, as viewers expect."""
    vertices = surface.vertices_m * _VIEWER_FROM_CAMERA
    lines = ["# a hand by handcraft; metres from the wrist; x right, y up, z towards the camera"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (surface.faces + 1).tolist()]
    write_text_atomically(path, "\n".join(lines) + "\n")
