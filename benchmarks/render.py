# SPDX-License-Identifier: Apache-2.0
"""Frames a second of the renderer with all labels, and whether memory grows with their number. Prints one JSON object.

    python benchmarks/render.py [--size 128] [--workers 2] [--seconds 10]

``frames_per_second`` is the renderer alone, plain look, one sample a pixel: scenes in, picture, depth, mask,
parts, normals, keypoints and visibility out, in two processes. ``runs`` has the other looks and ``samples_per_second``,
which adds drawing poses, shapes, cameras and lights, and the picture's transfer curve or camera: all but writing.
"""

import argparse
import json
import multiprocessing
import platform
import resource
import time
from dataclasses import dataclass

import torch

BATCH = 32


@dataclass(frozen=True)
class Task:
    """What one process measures."""

    look: str
    size_px: int
    supersampling: int
    seconds: float


def measure(task: Task) -> dict[str, float]:
    """Rates of one process, and how many MiB it grew by while it rendered."""
    from handcraft.hand import HandModel
    from handcraft.render import Renderer, take_pictures
    from handcraft.scene import SceneConfig, sample_scenes

    torch.set_num_threads(1)
    renderer = Renderer(HandModel.load(), task.supersampling)
    config = SceneConfig(look="plain" if task.look == "plain" else "photographic", size_px=task.size_px)
    scenes = [sample_scenes(renderer.model, config, 0, range(i, i + BATCH))[0] for i in range(0, 4 * BATCH, BATCH)]
    for scene in scenes:
        renderer.render(scene)
    before_mib = _peak_mib()
    frames, began = 0, time.perf_counter()
    while time.perf_counter() - began < task.seconds:
        renderer.render(scenes[frames // BATCH % len(scenes)])
        frames += BATCH
    rendering_s = time.perf_counter() - began
    samples, began = 0, time.perf_counter()
    while time.perf_counter() - began < task.seconds:
        indices = range(samples, samples + BATCH)
        rendering = renderer.render(sample_scenes(renderer.model, config, 0, indices)[0])
        take_pictures(rendering, config.effects, 0, indices)
        samples += BATCH
    sampling_s = time.perf_counter() - began
    return {"frames": frames / rendering_s, "samples": samples / sampling_s, "grown_mib": _peak_mib() - before_mib}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure both looks and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    measured: dict[str, dict[str, float]] = {}
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for look, samples in (("plain", 1), ("plain", 2), ("photographic", 2)):
            task = Task(look, arguments.size, samples, arguments.seconds)
            results = pool.map(measure, [task] * arguments.workers, chunksize=1)
            measured[f"{look}, {samples}x{samples} samples a pixel"] = {
                "frames_per_second": round(sum(each["frames"] for each in results), 1),
                "samples_per_second": round(sum(each["samples"] for each in results), 1),
                "memory_growth_mib": round(max(each["grown_mib"] for each in results), 1),
            }
    about = {
        "size_px": arguments.size,
        "processes": arguments.workers,
        "device": "cpu",
        "platform": platform.platform(),
        "torch": torch.__version__,
    }
    first = next(iter(measured.values()))
    print(json.dumps({"frames_per_second": first["frames_per_second"], "runs": measured, **about}))


if __name__ == "__main__":
    main()
