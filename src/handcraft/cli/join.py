# SPDX-License-Identifier: Apache-2.0
"""``handcraft join``: put the parts of a set that ``render --range`` made together."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.data.parts import join_parts

__all__ = ["JoinCommand", "main"]


@dataclass(frozen=True)
class JoinCommand:
    """Parts of one set, and the folder they become."""

    out: Positional[Path]
    """Folder to write. Shards are linked where the file system can, so it takes no room of its own there."""
    parts: Positional[tuple[Path, ...]]
    """The folders that `handcraft render --range` wrote, in any order; they stay as they are."""


def main(argv: list[str]) -> int:
    """Join and say what came of it."""
    command = parse(
        JoinCommand,
        argv,
        prog="handcraft join",
        description="Put parts of one rendered set together; the bytes are those of a set rendered at once.",
    )
    joined = join_parts(command.parts, command.out)
    print(
        f"Joined {len(command.parts)} parts into {command.out}: {joined.count} samples in {len(joined.shards)} shards"
    )
    return 0
