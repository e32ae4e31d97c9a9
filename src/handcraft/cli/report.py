# SPDX-License-Identifier: Apache-2.0
"""``handcraft report``: run folders to one self-contained HTML page."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.report.page import write_report

__all__ = ["ReportCommand", "main"]


@dataclass(frozen=True)
class ReportCommand:
    """Run folders and the page made of them."""

    runs: Positional[tuple[Path, ...]]
    """One or more run folders, each with a results.json."""
    out: Path | None = None
    """The page to write; report.html in the first run folder if left out."""


def main(argv: list[str]) -> int:
    """Write the page and print where it is."""
    command = parse(
        ReportCommand,
        argv,
        prog="handcraft report",
        description="Make one self-contained HTML page of run folders; it reads folders only and needs no server.",
    )
    print(f"Wrote {write_report(list(command.runs), command.out)}")
    return 0
