# SPDX-License-Identifier: Apache-2.0
"""``handcraft verify``: is this data set whole, and do its labels fit each other?"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track
from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.cores import worker_count
from handcraft.data.inventory import Inventory
from handcraft.data.manifest import Manifest
from handcraft.data.processes import rendering_processes
from handcraft.data.verify import ShardReport, check_shard, set_problems
from handcraft.errors import HandcraftError, expect_at_least

__all__ = ["VerifyCommand", "main"]


@dataclass(frozen=True)
class VerifyCommand:
    """What is checked."""

    data: Positional[Path]
    """A folder of shards with its dataset.json; nothing is written."""
    workers: int = 1
    """Processes, one shard each at a time; 0 takes one per core."""

    def __post_init__(self) -> None:
        expect_at_least(0, workers=self.workers)


def main(argv: list[str]) -> int:
    """Check all shards, list all damage, then say in one line how it stands."""
    command = parse(
        VerifyCommand,
        argv,
        prog="handcraft verify",
        description="Check every shard and every sample of a data set: sizes, checksums, pictures, labels, counts.",
    )
    folder, manifest = command.data, Manifest.read(command.data)
    if not manifest.shards:
        raise HandcraftError(
            f"Expected {folder} to have finished shards, but it was only begun; run the command that writes it again."
        )
    checks = _reports(folder, manifest, command.workers)
    reports = list(track(checks, "verifying", total=len(manifest.shards), console=Console(stderr=True)))
    problems = [problem for report in reports for problem in report.problems]
    problems += set_problems(folder, manifest, reports)
    for problem in problems:
        print(" ".join(problem.split()), file=sys.stderr)
    damaged = sum(bool(report.problems) for report in reports)
    if problems:
        raise HandcraftError(
            f"Expected {folder} to be whole, but {damaged} of {len(reports)} shards are damaged and there are "
            f"{len(problems)} lines to act on; they stand above."
        )
    print(f"{folder} is whole: {_summary(sum((report.inventory for report in reports), start=Inventory()), reports)}")
    return 0


def _reports(folder: Path, manifest: Manifest, workers: int) -> Iterator[ShardReport]:
    check = partial(check_shard, folder, manifest)
    processes = min(worker_count(workers), len(manifest.shards))
    if processes <= 1:
        yield from map(check, manifest.shards)
        return
    with rendering_processes(processes) as pool:
        yield from pool.map(check, manifest.shards)


def _summary(found: Inventory, reports: list[ShardReport]) -> str:
    sides = " and ".join(f"{count} {side}" for side, count in sorted(found.sides.items()))
    return (
        f"{found.samples} samples in {len(reports)} shards, {len(found.people)} people, {sides}; "
        "every checksum, picture and label holds"
    )
