# SPDX-License-Identifier: Apache-2.0
"""Seed 001's table 4.1: 256 hands of 778 vertices, 128 px, 8 samples a pixel, face normals, one image out. Prints JSON.

    python benchmarks/table_4_1.py [--workers 2] [--rounds 5] [--picture grid.png]

The published rows were measured on a GTX 1080 Ti. Ours draws a made-up hand of MANO's size on the CPU; each of
``--workers`` processes draws its share of the grid's rows, and the time is from meshes to the whole image in memory.
"""

import argparse
import json
import multiprocessing
import platform
import statistics
import sys
import time
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

sys.path.append(str(Path(__file__).parents[1]))  # the maker of made-up files lives with the tests

SIDE = 16
SIZE_PX = 128
SAMPLES = 8
PUBLISHED_S = {
    "meshrender library": 60.0,
    "for loop with cross product": 15.0,
    "vectorized cross product": 7.0,
    "geometry shader (GTX 1080 Ti)": 0.2,
}
CHUNK = 32
"""Hands drawn together."""


@cache
def hand() -> tuple[Float[Tensor, "778 3"], Int[Tensor, "1538 3"]]:
    """The made-up hand, centred, 0.19 m long, metres."""
    from tests.data.mano.make import right_entries

    entries = right_entries()
    vertices_m = torch.as_tensor(entries["v_template"]).float()
    return vertices_m - vertices_m.mean(0), torch.as_tensor(entries["f"].astype("int64"))


def draw(part: range) -> bytes:
    """The cells ``part`` of the grid: every hand turned another way; 8-bit RGB, cell after cell."""
    from handcraft.geometry import Camera
    from handcraft.geometry.rotations import Y_AXIS, rotation_about
    from handcraft.render.flat import render_flat

    torch.set_num_threads(1)
    vertices_m, faces = hand()
    pictures = []
    for first in range(part.start, part.stop, CHUNK):
        numbers = torch.arange(first, min(first + CHUNK, part.stop))
        turns = rotation_about(Y_AXIS, 2 * torch.pi * numbers / SIDE**2)
        positions_m = vertices_m @ turns.transpose(-1, -2) + torch.tensor([0.0, 0.0, 0.6])
        camera = Camera.from_focal_length(torch.full((len(numbers),), 330.0), SIZE_PX, SIZE_PX)
        images = render_flat(positions_m, faces, camera, samples=SAMPLES)
        pictures.append((images.permute(0, 2, 3, 1).clamp(0, 1) * 255).round().byte())
    return torch.cat(pictures).numpy().tobytes()


def main() -> None:
    """Draw the grid some times and print the median beside the published rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, default=None)
    arguments = parser.parse_args()
    share = -(-SIDE * SIDE // arguments.workers)
    parts = [range(first, min(first + share, SIDE * SIDE)) for first in range(0, SIDE * SIDE, share)]
    times_s = []
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        pool.map(draw, parts, chunksize=1)
        for _ in range(arguments.rounds):
            began = time.perf_counter()
            cells = torch.frombuffer(bytearray(b"".join(pool.map(draw, parts, chunksize=1))), dtype=torch.uint8)
            grid = cells.view(SIDE, SIDE, SIZE_PX, SIZE_PX, 3).transpose(1, 2).reshape(SIDE * SIZE_PX, -1, 3)
            times_s.append(time.perf_counter() - began)
    if arguments.picture:
        Image.fromarray(grid.numpy()).save(arguments.picture)
    ours = f"handcraft, {arguments.workers} CPU cores"
    print(json.dumps({
        "seconds": round(statistics.median(times_s), 3),
        "table": {**PUBLISHED_S, ours: round(statistics.median(times_s), 3)},
        "rounds": arguments.rounds, "platform": platform.platform(), "torch": torch.__version__,
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
