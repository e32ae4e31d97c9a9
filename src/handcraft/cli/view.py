# SPDX-License-Identifier: Apache-2.0
"""``handcraft view``: play a data set in the Rerun viewer, pictures, depth, skeletons and cameras."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data import open_dataset
from handcraft.errors import expect_at_least
from handcraft.report.rerun_stream import save_recording, stream_to_viewer


@dataclass(frozen=True)
class ViewCommand:
    """What is shown."""

    data: Positional[Path]
    """A data set: shards, or anything else that `handcraft` reads."""
    save: Path | None = None
    """Write a recording for `rerun FILE` instead of opening a viewer, on a machine without a screen for one."""
    first: int = 0
    """Samples to leave out at the beginning."""
    count: int = 200
    """Samples to show."""

    def __post_init__(self) -> None:
        expect_at_least(0, first=self.first)
        expect_at_least(1, count=self.count)


def main(argv: list[str]) -> int:
    """Show the samples and say how many there were."""
    command = parse(
        ViewCommand, argv, prog="handcraft view",
        description="Play a data set in the Rerun viewer: pictures, depth, parts, skeletons and cameras.",
    )  # fmt: skip
    samples = islice(open_dataset(command.data), command.first, command.first + command.count)
    if command.save is None:
        print(f"Sent {stream_to_viewer(samples)} samples to the viewer")
    else:
        count = save_recording(samples, command.save)
        print(f"Wrote {count} samples into {command.save}; `rerun {command.save}` plays it")
    return 0
