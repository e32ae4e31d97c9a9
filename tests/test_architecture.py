# SPDX-License-Identifier: Apache-2.0
"""The drawing in ARCHITECTURE.md is true: imports point upstream only, and files stay short."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
FILES = sorted(SOURCE.glob("handcraft/**/*.py"))
FLOW = (
    "errors randomness cores files predict geometry hand scene render data networks measure training encode "
    "refine|estimate|fit studies"
)
LEVEL = {room: level for level, rooms in enumerate([*FLOW.split(), "report", "cli"]) for room in rooms.split("|")}
UNWANTED = ("timm", "torchvision")  # beside a torch it was not built for, torchvision fails on import, and timm with it
MENDED = "networks/backbones.py"  # imports timm when a network of timm's is asked for, and mends torchvision first


def imported_names(file):
    parts = file.relative_to(SOURCE).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = [*(parts[: -node.level] if node.level else ()), *filter(None, [node.module])]
            yield from (".".join([*origin, alias.name]) for alias in node.names)


def test_imports_point_upstream_only():
    violations = []
    for file in FILES:
        own = file.relative_to(SOURCE / "handcraft").parts[0].removesuffix(".py")
        rooms = {name.split(".")[1] for name in imported_names(file) if name.startswith("handcraft.")}
        for room in rooms - {own, "__version__"}:
            if LEVEL.get(room, len(LEVEL)) >= LEVEL.get(own, -1):
                violations.append(
                    f"{file.relative_to(SOURCE)} imports handcraft.{room}, which is not upstream of {own}"
                )
    assert not violations, "\n".join(violations)


def test_every_room_has_its_place_in_the_flow():
    rooms = {file.relative_to(SOURCE / "handcraft").parts[0].removesuffix(".py") for file in FILES}
    assert rooms - {"__init__"} <= set(LEVEL), f"rooms that FLOW does not name: {sorted(rooms - set(LEVEL))}"


def test_files_are_short():
    long = [f"{file.name}: {count} lines" for file in FILES if (count := len(file.read_text().splitlines())) > 350]
    assert not long, f"two rooms in one file? {long}"


def test_only_backbones_imports_timm():
    files = [file for file in FILES if file.relative_to(SOURCE / "handcraft").as_posix() != MENDED]
    found = {file.name: name for file in files for name in imported_names(file) if name.split(".")[0] in UNWANTED}
    assert not found, found
