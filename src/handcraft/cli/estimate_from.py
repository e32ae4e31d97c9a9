# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate --from``: train a hand network on for the user's own photographs, labelled ones or unlabelled.

Labelled photographs are trained on beside renders. Unlabelled ones teach a refiner their look (``handcraft refine``),
which then refines the renders. ``estimate`` and ``refine`` do not know each other; here they meet.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cli.prepared import read_preparation
from handcraft.cores import worker_count
from handcraft.errors import expect_at_least
from handcraft.estimate.hand import TUNE_LAPTOP, TUNE_SMOKE, HandTuneConfig, tune_hand_net
from handcraft.estimate.hand.feeds import AS_RENDERED, RenderLook
from handcraft.estimate.hand.photographs import LabelledPhotographs, read_labelled_photographs
from handcraft.estimate.hand.restyled import restyled_look
from handcraft.estimate.hand.start import open_start
from handcraft.refine import Refiner
from handcraft.training import make_accelerator

__all__ = ["EstimateFromCommand", "main", "refined_look"]

PRESETS: dict[str, HandTuneConfig] = {"smoke": TUNE_SMOKE, "laptop": TUNE_LAPTOP}


@dataclass(frozen=True)
class EstimateFromCommand:
    """What a hand network is trained on with, and from where."""

    start: Annotated[str, arg(name="from")]
    """`shipped`, the run folder or checkpoint of a hand network, or its `.onnx` file."""
    out: Path
    """Run folder to write."""
    data: Path | None = None
    """Labelled photographs: any data set handcraft reads. Keypoints of confidence 0 are unknown and teach nothing."""
    refiner: Path | None = None
    """Run folder of `handcraft refine`, trained on your photographs: renders are refined by it."""
    preset: Literal["smoke", "laptop"] = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    workers: int = 0
    """Processes that render; 0 takes one per core."""
    config: Annotated[HandTuneConfig, arg(name="")] = TUNE_LAPTOP

    def __post_init__(self) -> None:
        expect_at_least(0, workers=self.workers)


def main(argv: list[str]) -> int:
    """Train on, and say what comes next."""
    if {"-h", "--help"} & set(argv):
        argv = ["--help"]  # or `--from --help` would start from a network of that name
    command = parse(
        with_defaults(EstimateFromCommand, config=preset_from(argv, PRESETS, "laptop")),
        argv,
        prog="handcraft estimate",
        description="Train a hand network on: with your labelled photographs (--data), with renders refined to the "
        "look of your photographs (--refiner), with both, or with other renders (--stream...).",
    )
    start, config = open_start(command.start), command.config
    photographs = None
    if command.data is not None:
        photographs = read_labelled_photographs(
            command.data,
            config.stream.render_px,
            scale=start.config.crops.reach,
            shape_parameters=start.network.shape_parameters,
        )
        print(_counted(command.data, photographs), file=sys.stderr)
    look = AS_RENDERED if command.refiner is None else refined_look(command.refiner, config)
    workers = worker_count(command.workers)
    tune_hand_net(
        start, config, command.out, photographs=photographs, look=look, workers=workers, resume=command.resume
    )
    print(f"Wrote {command.out}. Make it a file: handcraft export {command.out} hand.onnx")
    return 0


def refined_look(run: Path, config: HandTuneConfig) -> RenderLook:
    """Renders as the refiner in ``run`` makes them look, in crops cut as it was trained on.

    Raises:
        HandcraftError: no refiner there, or a run that did not finish.
    """
    device = str(make_accelerator(config.device, config.precision).device)
    refiner = Refiner.load(run, device=device)
    return restyled_look(
        lambda images, masks, numbers: refiner(images, masks=masks, numbers=numbers, seed=config.seed),
        read_preparation(run),
        refiner.description,
    )


def _counted(folder: Path, photographs: LabelledPhotographs) -> str:
    return (
        f"{folder}: {len(photographs)} labelled hands of {len(set(photographs.subjects))} people, "
        f"{photographs.partly_labelled} of them partly; left out {photographs.left_out} with fewer than two keypoints"
    )
