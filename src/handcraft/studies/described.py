# SPDX-License-Identifier: Apache-2.0
"""What every study says of its sets and its run in ``results.json``, and how it picks what it shows."""

from typing import Any

import torch

from handcraft.data import PreparedSet


def described_set(prepared: PreparedSet, *, labelled: bool, note: str) -> dict[str, Any]:
    """A set's entry below ``sets``."""
    return {
        "name": prepared.source,
        "count": len(prepared),
        # Where nobody knows who is shown, a picture's key stands for its person.
        "people": None if prepared.subjects == prepared.keys else len(set(prepared.subjects)),
        "is_real": prepared.is_real,
        "labelled": labelled,
        "note": note,
        "skipped": prepared.skipped,
    }


def provenance(record: dict[str, Any]) -> dict[str, Any]:
    """Machine, versions, command and commit of a run's last session."""
    session = record["sessions"][-1]
    kept = {name: session[name] for name in ("machine", "versions", "command")}
    return {**kept, "commit": session["git_commit"]}


def evenly(count: int, wanted: int) -> list[int]:
    """``wanted`` indices spread evenly over ``count`` items (fewer if there are fewer)."""
    return torch.linspace(0, count - 1, min(wanted, count)).round().long().tolist()
