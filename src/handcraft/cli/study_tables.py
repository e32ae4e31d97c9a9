# SPDX-License-Identifier: Apache-2.0
"""A study's tables on the terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table


def print_study(study: dict[str, Any]) -> None:
    """Every table of a study: our figure with its interval, and the published one after a bar."""
    console = Console()
    for table in study["tables"]:
        shown = Table(title=f"{table['name']}: {table['title']}", caption=f"ours | published. {table['note']}")
        shown.add_column("")
        for column in table["columns"]:
            unit = f", {column['unit']}" if column["unit"] else ""
            shown.add_column(f"{column['name']}{unit} ({column['better']} is better)", justify="right")
        for row in table["rows"]:
            shown.add_row(row["name"], *map(_said, row["cells"]))
        console.print(shown)
        for test in table["tests"]:
            console.print(test, highlight=False, soft_wrap=True)


def _said(cell: dict[str, Any]) -> str:
    ours, published = (f"{cell[name]:.4g}" if cell[name] is not None else "–" for name in ("value", "published"))
    has_interval = cell["low"] is not None and cell["high"] is not None
    interval = f" \\[{cell['low']:.3g}, {cell['high']:.3g}]" if has_interval else ""
    return f"{ours}{interval} | {published}"
