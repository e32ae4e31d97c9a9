# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate finder``: train what finds hands in whole photographs, on scenes composed of renders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cores import worker_count
from handcraft.errors import expect_at_least
from handcraft.estimate.finder import (
    FINDER_LAPTOP,
    FINDER_SHIPPED,
    FINDER_SMOKE,
    HELD_OUT_BLOCK,
    FinderConfig,
    FinderScores,
    evaluate_finder,
    held_out_scenes,
    rendered_hands,
    train_finder,
)

__all__ = ["FinderCommand", "main"]

PRESETS: dict[str, FinderConfig] = {"smoke": FINDER_SMOKE, "laptop": FINDER_LAPTOP, "shipped": FINDER_SHIPPED}


@dataclass(frozen=True)
class FinderCommand:
    """How a finder is trained."""

    out: Path
    """Run folder to write."""
    preset: Literal["smoke", "laptop", "shipped"] = "laptop"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    workers: int = 0
    """Rendering processes; 0 takes one per core. What is trained does not depend on it."""
    held_out: int = 500
    """Scenes of new hands that the finder is tried on when it is done."""
    config: Annotated[FinderConfig, arg(name="")] = FINDER_LAPTOP

    def __post_init__(self) -> None:
        expect_at_least(0, workers=self.workers)
        expect_at_least(1, held_out=self.held_out)


def main(argv: list[str]) -> int:
    """Train, then try the finder on scenes of hands it never saw."""
    command = parse(
        with_defaults(FinderCommand, config=preset_from(argv, PRESETS, "laptop")),
        argv,
        prog="handcraft estimate finder",
        description="Train what finds hands in whole photographs, on scenes composed of hands that are rendered "
        "meanwhile; nothing is stored.",
    )
    workers = worker_count(command.workers)
    finder = train_finder(command.config, command.out, workers=workers, resume=command.resume)
    with rendered_hands(command.config, workers=workers) as blocks:
        scenes = held_out_scenes(blocks.at(HELD_OUT_BLOCK), command.config, count=command.held_out)
    print(_told(evaluate_finder(finder, scenes)))
    print(f"Wrote {command.out}")
    return 0


def _told(scores: FinderScores) -> str:
    """The scores as one line."""
    return (
        f"On {scores.scenes} scenes with {scores.hands} hands it never saw: precision {scores.precision:.1%}, recall "
        f"{scores.recall:.1%}, mean IoU {scores.mean_overlap:.3f}, turn off by {scores.turn_error_deg:.1f} degrees, "
        f"nothing found in {scores.empty_scenes_right:.1%} of scenes without."
    )
