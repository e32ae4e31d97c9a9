# SPDX-License-Identifier: Apache-2.0
"""What a user would pick instead, on the same hands: Open3D ray casting, VTK off-screen, trimesh with Embree.

    pip install open3d vtk trimesh embreex
    python benchmarks/rivals.py [--size 128] [--workers 2] [--seconds 5]

Prints one JSON object. Every library gets posed hands in the camera's frame, one mesh a frame because hands deform, and
uses as many cores as it likes; ours runs in ``--workers`` processes. They do less than ours: ``gives`` says what comes
out of each. A library that is not installed is reported as missing.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from render import Task, measure

FRAMES = 32


@dataclass(frozen=True)
class Hands:
    """Posed hands as rivals take them."""

    vertices_m: Any
    """(frame, vertex, 3), camera frame, numpy."""
    faces: Any
    intrinsics: Any
    """(frame, 3, 3)."""
    size_px: int


def posed_hands(size_px: int) -> Hands:
    """A batch of hands before cameras, as in ``handcraft render``."""
    from handcraft.hand import HandModel
    from handcraft.scene import SceneConfig, sample_scenes

    model = HandModel.load()
    scene, _ = sample_scenes(model, SceneConfig(size_px=size_px), 0, range(FRAMES))
    rotation, offset = scene.camera_from_hand[:, :3, :3], scene.camera_from_hand[:, None, :3, 3]
    vertices_m = scene.mesh.vertices_m @ rotation.transpose(-1, -2) + offset
    return Hands(vertices_m.numpy(), model.topology.faces.numpy(), scene.camera.intrinsics.numpy(), size_px)


def with_open3d(hands: Hands) -> Callable[[int], object]:
    """Depth and triangle ids by ``RaycastingScene``."""
    import open3d as o3d

    faces = o3d.core.Tensor(hands.faces.astype(np.uint32))
    eye = o3d.core.Tensor(np.eye(4))

    def draw(frame: int) -> object:
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(o3d.core.Tensor(hands.vertices_m[frame]), faces)
        intrinsics = o3d.core.Tensor(hands.intrinsics[frame].astype(np.float64))
        rays = scene.create_rays_pinhole(intrinsics, eye, hands.size_px, hands.size_px)
        found = scene.cast_rays(rays)
        return found["t_hit"].numpy(), found["primitive_ids"].numpy()

    return draw


def with_vtk(hands: Hands) -> Callable[[int], object]:
    """A shaded colour picture from an off-screen window."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

    cells = vtk.vtkCellArray()
    corners = np.concatenate([np.full((len(hands.faces), 1), 3), hands.faces], 1).astype(np.int64)
    cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(corners.ravel(), deep=True))
    mesh, mapper, actor = vtk.vtkPolyData(), vtk.vtkPolyDataMapper(), vtk.vtkActor()
    points = vtk.vtkPoints()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    mapper.SetInputData(mesh)
    actor.SetMapper(mapper)
    renderer, window = vtk.vtkRenderer(), vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(hands.size_px, hands.size_px)
    window.AddRenderer(renderer)
    renderer.AddActor(actor)
    camera = renderer.GetActiveCamera()
    camera.SetPosition(0, 0, 0)
    camera.SetFocalPoint(0, 0, 1)
    camera.SetViewUp(0, -1, 0)
    camera.SetClippingRange(0.05, 5.0)
    grabber = vtk.vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.ReadFrontBufferOff()

    def draw(frame: int) -> object:
        points.SetData(numpy_to_vtk(hands.vertices_m[frame], deep=True))
        points.Modified()
        focal_px = hands.intrinsics[frame, 1, 1]
        camera.SetViewAngle(float(np.degrees(2 * np.arctan(0.5 * hands.size_px / focal_px))))
        window.Render()
        grabber.Modified()
        grabber.Update()
        return vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars())

    return draw


def with_trimesh(hands: Hands) -> Callable[[int], object]:
    """Triangle ids of one ray a pixel, by trimesh's Embree."""
    import trimesh
    from trimesh.ray.ray_pyembree import RayMeshIntersector

    centres = np.arange(hands.size_px) + 0.5
    columns, rows = (each.ravel() for each in np.meshgrid(centres, centres))
    origins = np.zeros((len(columns), 3))

    def draw(frame: int) -> object:
        focal_px, middle_px = hands.intrinsics[frame, 0, 0], hands.intrinsics[frame, 0, 2]
        directions = np.stack([(columns - middle_px) / focal_px, (rows - middle_px) / focal_px, np.ones_like(rows)], 1)
        mesh = trimesh.Trimesh(hands.vertices_m[frame], hands.faces, process=False)
        return RayMeshIntersector(mesh).intersects_first(origins, directions)

    return draw


RIVALS = (
    ("Open3D ray casting", "open3d", with_open3d, "depth, triangle ids"),
    ("VTK off-screen", "vtk", with_vtk, "RGB"),
    ("trimesh with Embree", "embreex", with_trimesh, "triangle ids"),
)


def rate(draw: Callable[[int], object], seconds: float) -> float:
    """Frames a second after a warm-up."""
    for frame in range(FRAMES):
        draw(frame)
    frames, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        draw(frames % FRAMES)
        frames += 1
    return frames / (time.perf_counter() - began)


def main() -> None:
    """Measure ours, then whoever is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        ours = pool.map(measure, [Task("plain", arguments.size, 1, arguments.seconds)] * arguments.workers, chunksize=1)
    gives = "RGB, depth, mask, parts, normals, 2D and 3D keypoints, visibility"
    rows = [{"name": "handcraft", "frames_per_second": round(sum(each["frames"] for each in ours), 1), "gives": gives}]
    hands = posed_hands(arguments.size)
    for name, package, prepare, gives in RIVALS:
        if find_spec(package) is None:
            rows.append({"name": name, "missing": f"pip install {package}", "gives": gives})
            continue
        rows.append(
            {"name": name, "frames_per_second": round(rate(prepare(hands), arguments.seconds), 1), "gives": gives}
        )
    print(json.dumps({"size_px": arguments.size, "cores": torch.get_num_threads(), "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
