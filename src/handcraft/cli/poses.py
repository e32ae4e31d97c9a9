# SPDX-License-Identifier: Apache-2.0
"""``handcraft poses``: libraries of hand poses, what they are made of, and how far their fingers move."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from rich.console import Console
from rich.progress import track
from tyro.conf import arg

from handcraft.cli.parse import parse
from handcraft.data import open_dataset
from handcraft.data.readers.joint_files import (
    BIGHAND_JOINTS,
    MANO_KEYPOINTS,
    JointSet,
    Unit,
    joints_of_samples,
    read_joint_file,
)
from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.files import write_json_atomically
from handcraft.fit import (
    FittedPoses,
    PoseNetworkConfig,
    PosePredictor,
    PosePrior,
    PosePriorConfig,
    build_library,
    coverage,
    train_pose_network,
    train_pose_prior,
)
from handcraft.hand import KEYPOINTS, HandModel, Side
from handcraft.hand.pose_library import PoseLibrary
from handcraft.measure.range_of_motion import range_of_motion
from handcraft.report.range_of_motion import draw_range_of_motion

__all__ = ["BuildCommand", "RangeCommand", "SampleCommand", "TrainNetworkCommand", "TrainPriorCommand", "main"]

Order = Literal["handcraft", "bighand", "mano"]
ORDERS: dict[Order, tuple[str, ...]] = {"handcraft": KEYPOINTS, "bighand": BIGHAND_JOINTS, "mano": MANO_KEYPOINTS}

LIBRARY_SUFFIX = ".safetensors"

_WORDS = "build, train-prior, train-network, sample or rom"
_USAGE = """usage: handcraft poses WORD [options]

Hand poses: gather them, learn them, draw new ones, measure them.

  build          a pose library of joints people took, or of sampled poses
  train-prior    a variational prior over the poses of a library
  train-network  a network from joints to poses, quicker than inverse kinematics
  sample         a pose library of new poses, drawn from a prior
  rom            the range of motion of any poses: JSON and a picture

`handcraft poses WORD --help` lists a word's options."""


@dataclass(frozen=True)
class FileOptions:
    """How json, npy and csv files say their joints; BigHand's and data sets say it themselves."""

    order: Order = "handcraft"
    """Of the joints of a json, npy or csv file (FreiHAND, OpenPose and MediaPipe have handcraft's)."""
    unit: Unit = "m"
    """Of such a file's numbers."""
    side: Side = "right"
    """Which hands a label file is of; left ones are mirrored."""


@dataclass(frozen=True)
class BuildCommand:
    """What a pose library is made of."""

    out: Path
    """Pose library to write (.safetensors)."""
    joints: Path | None = None
    """A data set with 3D joints, BigHand2.2M's annotations, MANO's file, or a label file (.txt .json .npy .csv)."""
    sampled: int | None = None
    """Instead of `--joints`: so many poses, drawn as `handcraft render` draws them."""
    seed: int = 0
    """Of `--sampled`."""
    network: Path | None = None
    """Run folder of `handcraft poses train-network`; inverse kinematics if left out."""
    max_residual_mm: float = 10.0
    """Poses further than this from their joints are left out."""
    file: Annotated[FileOptions, arg(name="")] = field(default_factory=FileOptions)

    def __post_init__(self) -> None:
        expect_above(0, max_residual_mm=self.max_residual_mm)
        if (self.joints is None) == (self.sampled is None):
            raise HandcraftError("Expected one of `--joints` and `--sampled`, but got both or none; give one.")
        _expect_library_name(self.out)


@dataclass(frozen=True)
class TrainPriorCommand:
    """What a pose prior is trained on, and how."""

    library: Path
    """Pose library of `handcraft poses build`."""
    out: Path
    """Run folder to write."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    config: Annotated[PosePriorConfig, arg(name="")] = field(default_factory=PosePriorConfig)


@dataclass(frozen=True)
class TrainNetworkCommand:
    """What a joints-to-pose network is trained on, and how."""

    library: Path
    """Pose library of `handcraft poses build`."""
    out: Path
    """Run folder to write."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    config: Annotated[PoseNetworkConfig, arg(name="")] = field(default_factory=PoseNetworkConfig)


@dataclass(frozen=True)
class SampleCommand:
    """How many poses of which prior."""

    prior: Path
    """Run folder of `handcraft poses train-prior`."""
    out: Path
    """Pose library to write (.safetensors)."""
    count: int = 10_000
    seed: int = 0
    reference: Path | None = None
    """Pose library to say how near the new poses are to, such as the one the prior was trained on."""

    def __post_init__(self) -> None:
        expect_at_least(1, count=self.count)
        _expect_library_name(self.out)


@dataclass(frozen=True)
class RangeCommand:
    """Whose range of motion."""

    poses: Path
    """A pose library, a data set with 3D joints, BigHand2.2M's annotations, MANO's file, or a label file."""
    out: Path
    """Folder for range-of-motion.json and range-of-motion.png."""
    file: Annotated[FileOptions, arg(name="")] = field(default_factory=FileOptions)


def _expect_library_name(out: Path) -> None:
    if out.suffix != LIBRARY_SUFFIX:
        raise HandcraftError(f"Expected `--out` to end in {LIBRARY_SUFFIX}, but got {out}; name it so.")


def main(argv: list[str]) -> int:
    """One word, one thing to do."""
    match argv:
        case ["build", *rest]:
            return _build(rest)
        case ["train-prior", *rest]:
            return _train_prior(rest)
        case ["train-network", *rest]:
            return _train_network(rest)
        case ["sample", *rest]:
            return _sample(rest)
        case ["rom", *rest]:
            return _range(rest)
        case ["-h" | "--help", *_]:
            print(_USAGE)
            return 0
    got = f"`{argv[0]}`" if argv else "nothing"
    raise HandcraftError(f"Expected {_WORDS} after `handcraft poses`, but got {got}; `--help` says what each does.")


def _build(argv: list[str]) -> int:
    command = parse(BuildCommand, argv, prog="handcraft poses build", description="Make a library of hand poses.")
    if command.sampled is not None:
        PoseLibrary.sampled(HandModel.load(), command.sampled, command.seed).save(command.out)
        print(f"Wrote {command.sampled} sampled poses to {command.out}")
        return 0
    assert command.joints is not None
    given = _read_joints(command.joints, command.file)
    model = HandModel.load()
    built = build_library(
        model, given.right_joints_m(), given.source, max_residual_mm=command.max_residual_mm, progress=_shown,
        fit=PosePredictor.load(model, command.network) if command.network else None,
    )  # fmt: skip
    built.library.save(command.out)
    told = built.summary()
    print(
        f"Wrote {told['kept']} of {told['given']} poses to {command.out}; left out: {told['unlike_hands']} unlike "
        f"hands, {told['too_far']} further than {command.max_residual_mm:g} mm. Residual: median "
        f"{told['residual_mm_median']:.2f} mm, 95 of 100 below {told['residual_mm_p95']:.2f} mm."
    )
    return 0


def _train_prior(argv: list[str]) -> int:
    command = parse(
        TrainPriorCommand, argv, prog="handcraft poses train-prior",
        description="Train a variational prior over the poses of a library.",
    )  # fmt: skip
    library, model = PoseLibrary.load(command.library), HandModel.load()
    prior = train_pose_prior(library, model, command.config, command.out, resume=command.resume)
    drawn = prior.sample_library(model, min(len(library), 1000), command.config.seed)
    near = coverage(drawn, library).summary()
    write_json_atomically(command.out / "coverage.json", near)
    print(f"Wrote {command.out}. {_in_words(near)} Draw poses: handcraft poses sample --prior {command.out}")
    return 0


def _train_network(argv: list[str]) -> int:
    command = parse(
        TrainNetworkCommand, argv, prog="handcraft poses train-network",
        description="Train a network from joints to poses on a library.",
    )  # fmt: skip
    library, model = PoseLibrary.load(command.library), HandModel.load()
    train_pose_network(library, model, command.config, command.out, resume=command.resume)
    print(f"Wrote {command.out}. Use it: handcraft poses build --network {command.out}")
    return 0


def _sample(argv: list[str]) -> int:
    command = parse(
        SampleCommand, argv, prog="handcraft poses sample", description="Draw new poses from a prior into a library."
    )
    prior = PosePrior.load(command.prior)
    reference = [PoseLibrary.load(command.reference)] if command.reference else []
    drawn = prior.sample_library(HandModel.load(), command.count, command.seed)
    drawn.save(command.out)
    told = [_in_words(coverage(drawn, library).summary()) for library in reference]
    print(" ".join([f"Wrote {len(drawn)} poses to {command.out}.", *told]))
    return 0


def _range(argv: list[str]) -> int:
    command = parse(
        RangeCommand, argv, prog="handcraft poses rom",
        description="Measure how far the fingers' joints move in any set of poses.",
    )  # fmt: skip
    if command.poses.suffix == LIBRARY_SUFFIX:
        library = PoseLibrary.load(command.poses)
        measured = range_of_motion(library.joints_m, library.source)
    else:
        given = _read_joints(command.poses, command.file)
        measured = range_of_motion(given.right_joints_m(), given.source)
    write_json_atomically(command.out / "range-of-motion.json", measured.to_json())
    draw_range_of_motion(measured, command.out / "range-of-motion.png")
    beyond = ", ".join(measured.beyond_reference()) or "none"
    print(f"Wrote {command.out / 'range-of-motion.json'} and .png; joints beyond the reference: {beyond}")
    return 0


def _read_joints(path: Path, options: FileOptions) -> JointSet:
    """A folder with text files only is BigHand's; any other folder is a data set."""
    if path.is_dir() and (any(path.glob("*.json")) or not any(path.rglob("*.txt"))):
        return joints_of_samples(open_dataset(path), path.resolve().name)
    return read_joint_file(path, order=ORDERS[options.order], unit=options.unit, side=options.side)


def _shown(fitted: Iterator[FittedPoses], parts: int) -> Iterator[FittedPoses]:
    yield from track(fitted, "fitting", total=parts, console=Console(stderr=True))


def _in_words(near: dict[str, float]) -> str:
    samples, reference = (near[f"{name}_median"] for name in ("samples_to_reference_mm", "reference_to_samples_mm"))
    return f"Half of the new poses are within {samples:.1f} mm of a given one, half of those within {reference:.1f} mm."
