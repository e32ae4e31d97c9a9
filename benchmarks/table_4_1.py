# SPDX-License-Identifier: Apache-2.0
"""Seed 001's table 4.1: 256 hands of 778 vertices, 128 px, 8 samples a pixel, face normals, one image out. Prints JSON.

    python benchmarks/table_4_1.py [--workers 2] [--rounds 5] [--picture grid.png]

The published rows were measured on a GTX 1080 Ti. Ours draws a made-up hand of MANO's size on the CPU; each of
``--workers`` processes draws its share of the grid's rows, and the time is from meshes to the whole image in memory.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from functools import cache, partial
from multiprocessing import shared_memory
from pathlib import Path

import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

from handcraft.data.rendered import rendering_processes

sys.path.insert(0, str(Path(__file__).parents[1]))  # the maker of made-up files lives with the tests

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


def draw(part: range, image: str) -> None:
    """The cells ``part`` of the grid, every hand turned another way, into the shared 8-bit RGB ``image``."""
    from handcraft.geometry import Camera
    from handcraft.geometry.rotations import Y_AXIS, rotation_about
    from handcraft.render.flat import render_flat

    torch.set_num_threads(1)
    vertices_m, faces = hand()
    shared = shared_memory.SharedMemory(image)
    grid = torch.frombuffer(shared.buf, dtype=torch.uint8).view(SIDE, SIZE_PX, SIDE, SIZE_PX, 3)
    for first in range(part.start, part.stop, CHUNK):
        numbers = torch.arange(first, min(first + CHUNK, part.stop))
        turns = rotation_about(Y_AXIS, 2 * torch.pi * numbers / SIDE**2)
        positions_m = vertices_m @ turns.transpose(-1, -2) + torch.tensor([0.0, 0.0, 0.6])
        camera = Camera.from_focal_length(torch.full((len(numbers),), 330.0), SIZE_PX, SIZE_PX)
        images = render_flat(positions_m, faces, camera, samples=SAMPLES).mul_(255).round_().byte()
        for number, cell in zip(numbers.tolist(), images, strict=True):
            grid[number // SIDE, :, number % SIDE] = cell.permute(1, 2, 0)
    del grid
    shared.close()


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
    image = shared_memory.SharedMemory(create=True, size=(SIDE * SIZE_PX) ** 2 * 3)
    with rendering_processes(arguments.workers) as pool:
        work = partial(draw, image=image.name)
        list(pool.map(work, parts))
        for _ in range(arguments.rounds):
            began = time.perf_counter()
            list(pool.map(work, parts))
            times_s.append(time.perf_counter() - began)
    if arguments.picture:
        side = SIDE * SIZE_PX
        Image.frombytes("RGB", (side, side), bytes(image.buf[: side * side * 3])).save(arguments.picture)
    image.close()
    image.unlink()
    ours = f"handcraft, {arguments.workers} CPU cores"
    print(json.dumps({
        "seconds": round(statistics.median(times_s), 3),
        "table": {**PUBLISHED_S, ours: round(statistics.median(times_s), 3)},
        "rounds": arguments.rounds, "platform": platform.platform(), "torch": torch.__version__,
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
