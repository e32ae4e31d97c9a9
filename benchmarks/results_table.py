# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/results.md and README.md, as Markdown, from the ``results.json`` of a run folder.

python benchmarks/results_table.py RUN
"""

import json
import sys
from pathlib import Path
from typing import Any


def table(results: dict[str, Any]) -> str:
    """One row per arm, with 95 % intervals."""
    lines = [
        "| trained on | mean error, px | median, px | AUC 0-30 px | AUC relative | images |",
        "|---|---|---|---|---|---|",
    ]
    for arm in results["arms"]:
        cells = [
            _cell(arm["epe_mean"], 2),
            _cell(arm["epe_median"], 2),
            _cell(arm["auc_30px"], 3),
            _cell(arm["auc_relative"], 3),
        ]
        name = f"*{arm['name']}*" if arm["role"] != "arm" else arm["name"]
        lines.append(f"| {name} | {' | '.join(cells)} | {arm['training_images']} |")
    return "\n".join(lines)


def per_seed(results: dict[str, Any]) -> str:
    """Mean error of every training seed."""
    seeds = results["seeds"]
    lines = [f"| trained on | {' | '.join(f'seed {seed}' for seed in seeds)} |", "|---|" + "---|" * len(seeds)]
    for arm in results["arms"]:
        if len(arm["runs"]) == len(seeds):
            values = [f"{run['scores']['epe_mean']['value']:.2f}" for run in arm["runs"]]
            lines.append(f"| {arm['name']} | {' | '.join(values)} |")
    return "\n".join(lines)


def differences(results: dict[str, Any]) -> str:
    """Paired differences of the mean error; negative is better."""
    lines = ["| arm | against | difference, px |", "|---|---|---|"]
    lines += [
        f"| {each['arm']} | {each['against']} | {_cell(each['epe_mean'], 2)} |" for each in results["differences"]
    ]
    return "\n".join(lines)


def drift(results: dict[str, Any]) -> str:
    """How far each refiner moved the hand."""
    lines = [
        "| refiner | mask IoU before | after | displacement, px | judge's error before, px | after |",
        "|---|---|---|---|---|---|",
    ]
    for each in results["label_drift"]:
        cells = [_cell(each["mask_iou_before"], 3), _cell(each["mask_iou_after"], 3), _cell(each["displacement_px"], 2),
                 _cell(each["error_before_px"], 2), _cell(each["error_after_px"], 2)]  # fmt: skip
        lines.append(f"| {each['refiner']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def study_table(of: dict[str, Any]) -> str:
    """A document's table: ours, what real images get in its place, and the published figure."""
    shown = [column for column in range(len(of["columns"])) if any(row["cells"][column] for row in of["rows"])]
    heads = [_head(of["columns"][column]) for column in shown]
    lines = [f"**{of['name']}.** {of['title']}", "", f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for row in of["rows"]:
        lines.append(f"| {row['name']} | {' | '.join(_beside_published(row['cells'][column]) for column in shown)} |")
    return "\n".join([*lines, *(f"\n{test}" for test in of["tests"])])


def _head(column: dict[str, str]) -> str:
    return f"{column['name']}, {column['unit']}" if column["unit"] else column["name"]


def _beside_published(cell: dict[str, float | None]) -> str:
    if cell["value"] is None:
        return "–" if cell["published"] is None else f"– (published {cell['published']:g})"
    digits = 0 if abs(cell["value"]) >= 100 else 2 if abs(cell["value"]) >= 1 else 3
    ours = _cell(cell, digits)
    return ours if cell["published"] is None else f"{ours} (published {cell['published']:g})"


def _cell(estimate: dict[str, float | None], digits: int) -> str:
    value = f"{estimate['value']:.{digits}f}"
    if estimate["low"] is None or estimate["high"] is None:
        return value
    return f"{value} [{estimate['low']:.{digits}f}, {estimate['high']:.{digits}f}]"


def main() -> None:
    """Print all tables of one run."""
    results = json.loads((Path(sys.argv[1]) / "results.json").read_text())
    sets = results["sets"]
    frame = f"; {results['frame']}" if "frame" in results else ""
    print(f"seeds {results['seeds']}, {results['seconds'] / 60:.0f} min, {results['preset']}{frame}\n")
    for name, each in sets.items():
        print(
            f"- {name}: {each['count']} {each['name']}, {each['people'] or 'unknown'} people, "
            f"{each['skipped']} skipped; {each['note']}"
        )
    print(f"\n{results['verdict']}\n")
    if results["arms"]:
        for part in (table, per_seed, differences, drift):
            print(f"{part(results)}\n")
    for each in results.get("study", {}).get("tables", []):
        print(f"{study_table(each)}\n")


if __name__ == "__main__":
    main()
