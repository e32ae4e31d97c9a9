# SPDX-License-Identifier: Apache-2.0
"""Frames a second of the generator with all labels, and whether memory grows with their number. Prints one JSON object.

    python benchmarks/render.py [--size 128] [--workers 2] [--seconds 10]

Three rates of every look, in ``--workers`` processes: ``frames_per_second``, the renderer alone, scenes in, picture,
depth, mask, parts, normals, keypoints and visibility out; ``samples_per_second``, from drawing poses, shapes, cameras
and lights to whole records in memory; ``written_per_second``, on to finished shards on disk (PNG).
The figures at the top are those of the plain look with one sample a pixel.
"""

import argparse
import json
import platform
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from handcraft.data.rendered import rendering_processes

BATCH = 128


@dataclass(frozen=True)
class Task:
    """What one process measures."""

    look: str
    size_px: int
    supersampling: int
    seconds: float


def measure(task: Task) -> dict[str, float]:
    """Rates of one process, and how many MiB it grew by while it rendered."""
    from handcraft.data import ShardWriter
    from handcraft.data.rendered import RenderedSet
    from handcraft.data.scene_samples import RENDERED_TOGETHER, renderer_of
    from handcraft.scene import SceneConfig, sample_scenes

    torch.set_num_threads(1)
    look = "plain" if task.look == "plain" else "photographic"
    config = SceneConfig(look=look, size_px=task.size_px, supersampling=task.supersampling)
    renderer = renderer_of(None, task.supersampling)
    drawn, _ = sample_scenes(renderer.model, config, 0, range(BATCH))
    scenes = [drawn.rows(slice(i, i + RENDERED_TOGETHER)) for i in range(0, BATCH, RENDERED_TOGETHER)]
    for scene in scenes:
        renderer.render(scene)
    before_mib = _peak_mib()
    frames, began = 0, time.perf_counter()
    while time.perf_counter() - began < task.seconds:
        renderer.render(scenes[frames // RENDERED_TOGETHER % len(scenes)])
        frames += RENDERED_TOGETHER
    rendering_s = time.perf_counter() - began
    grown_mib = _peak_mib() - before_mib
    samples, began = 0, time.perf_counter()
    for _ in RenderedSet(config, 0, 1_000_000):
        samples += 1
        if time.perf_counter() - began >= task.seconds:
            break
    sampling_s = time.perf_counter() - began
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with ShardWriter(Path(folder) / "set", description={}) as writer:
            for sample in RenderedSet(config, 0, 1_000_000):
                writer.write(sample)
                written += 1
                if time.perf_counter() - began >= task.seconds:
                    break
        writing_s = time.perf_counter() - began
    rates = {"frames": frames / rendering_s, "samples": samples / sampling_s, "written": written / writing_s}
    return rates | {"grown_mib": grown_mib}


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
    with rendering_processes(arguments.workers) as pool:
        for look, samples in (("plain", 1), ("plain", 2), ("photographic", 2)):
            task = Task(look, arguments.size, samples, arguments.seconds)
            results = list(pool.map(measure, [task] * arguments.workers))
            measured[f"{look}, {samples}x{samples} samples a pixel"] = {
                "frames_per_second": round(sum(each["frames"] for each in results), 1),
                "samples_per_second": round(sum(each["samples"] for each in results), 1),
                "written_per_second": round(sum(each["written"] for each in results), 1),
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
