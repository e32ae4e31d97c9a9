# SPDX-License-Identifier: Apache-2.0
"""Trains the hand network with every source of variety and without each, and tests all on the same hands.

The test renders have everything: an arm that never saw forearms is judged on hands that have them. Photographs, where
the user names labelled ones, say what renders cannot.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handcraft.data import open_dataset
from handcraft.estimate.hand import train_hand_net
from handcraft.estimate.hand.examples import HandExamples, examples_from, joined
from handcraft.estimate.hand.export import load_hand_net
from handcraft.estimate.hand.reading import HandErrors, reading_errors
from handcraft.estimate.render_blocks import RenderBlocks
from handcraft.files import write_json_atomically
from handcraft.measure import Estimate, Metric, bootstrap, mean_of
from handcraft.randomness import seed_for
from handcraft.studies.described import provenance
from handcraft.studies.tables import Cell, Row, StudyTable
from handcraft.studies.variety.config import EVERYTHING, VarietyConfig
from handcraft.studies.variety.photographs import wholly_labelled
from handcraft.training import RunFolder, session_of

TEST_STREAM = 0x7E57
KEYPOINT_ERROR = Metric("keypoints off, share of hand", unit="", better="lower")
MPJPE = Metric("MPJPE from the wrist", unit="mm", better="lower")
PA_MPJPE = Metric("PA-MPJPE", unit="mm", better="lower")
SIDE = Metric("side told rightly", unit="", better="higher")
PHOTOGRAPHED = Metric("on photographs, share of hand", unit="", better="lower")


@dataclass(frozen=True)
class HeldOut:
    """Hands to test on, and whose they are."""

    examples: HandExamples
    people: tuple[str, ...]


def run_variety(
    run_path: Path, config: VarietyConfig, *, photographs: Path | None = None, workers: int = 1, resume: bool = False
) -> dict[str, Any]:
    """Run the study into ``run_path`` and return what ``results.json`` there holds.

    Args:
        run_path: the run folder; finished trainings in it are kept when ``resume`` is set.
        config: the trainings.
        photographs: a labelled set to test on as well.
        workers: rendering processes.
        resume: go on with a run that was stopped.

    Raises:
        HandcraftError: a folder in use, another configuration than the resumed run's, photographs without labels.
    """
    inputs = {"photographs": None if photographs is None else str(photographs)}
    run = RunFolder.create(run_path, stage="study", config=config, seed=config.seeds[0], inputs=inputs, resume=resume)
    with session_of(run):
        tests = {"renders": held_out_renders(config, workers=workers)}
        if photographs is not None:
            size = 2 * config.hand.image_px
            labelled = wholly_labelled(open_dataset(photographs), size)
            tests["photographs"] = HeldOut(labelled.examples, labelled.subjects)
        errors = {
            (name, seed): _arm(run_path, name, seed, config, tests, workers=workers)
            for seed in config.seeds
            for name in config.arms(seed)
        }
        run.update()
        results = _results(run, config, tests, errors)
        write_json_atomically(run_path / "results.json", results)
    return results


def held_out_renders(config: VarietyConfig, *, workers: int) -> HeldOut:
    """Renders with every source of variety, of hands that no arm is trained on."""
    whole = config.hand.stream
    share = config.test_count / whole.block
    scenes = [(scene, max(1, round(count * share))) for scene, count in whole.scenes()]
    seed = seed_for(config.seeds[0], TEST_STREAM)
    with RenderBlocks(scenes, seed=seed, make=examples_from, join=joined, workers=workers) as blocks:
        examples = blocks.at(0)
    people = [
        f"{place}-{index // scene.frames_per_person}"
        for place, (scene, count) in enumerate(scenes)
        for index in range(count)
    ]
    return HeldOut(examples, tuple(people))


def _arm(
    run: Path, name: str, seed: int, config: VarietyConfig, tests: Mapping[str, HeldOut], *, workers: int
) -> dict[str, HandErrors]:
    """Train one arm, unless it is trained, and test it."""
    folder = _folder(run, name, seed)
    print(f"variety: {name}, seed {seed}", file=sys.stderr)
    train_hand_net(config.arms(seed)[name], folder, workers=workers, resume=(folder / "run.json").exists())
    network, hand, _ = load_hand_net(folder)
    return {
        kind: reading_errors(network, test.examples, image_px=hand.image_px, box_scale=hand.crops.box_scale)
        for kind, test in tests.items()
    }


def _folder(run: Path, name: str, seed: int) -> Path:
    return run / f"seed-{seed}" / name.replace(" ", "-")


def _results(
    run: RunFolder,
    config: VarietyConfig,
    tests: Mapping[str, HeldOut],
    errors: Mapping[tuple[str, int], Mapping[str, HandErrors]],
) -> dict[str, Any]:
    names = list(config.arms(config.seeds[0]))
    rows = {name: _figures([errors[name, seed] for seed in config.seeds], tests) for name in names}
    metrics = (KEYPOINT_ERROR, MPJPE, PA_MPJPE, SIDE, *((PHOTOGRAPHED,) if "photographs" in tests else ()))
    steps, batch = config.hand.loop.steps, config.hand.batch_size
    table = StudyTable(
        name="Variety",
        title="What each source of variety is worth",
        columns=metrics,
        rows=tuple(Row(name, tuple(Cell(rows[name][metric]) for metric in metrics)) for name in names),
        source="no document has these figures",
        note=f"{len(tests['renders'].people)} test renders with everything; {steps} steps of {batch} crops an arm; "
        f"{_seeds(config)}; intervals are over people.",
    )
    return {
        "schema": 1,
        "title": "What each source of variety is worth to the hand network",
        "preset": f"{steps} steps of {batch} crops",
        "seeds": list(config.seeds),
        "seconds": round(run.record["seconds"], 1),
        "config": run.record["config"],
        **provenance(run.record),
        "sets": {kind: _described(kind, test) for kind, test in tests.items()},
        "arms": [],
        "study": {"document": "handcraft", "scale": f"{steps} steps", "data": "renders", "tables": [table.to_json()]},
        "pictures": [],
        "training": [
            {"name": name, "metrics": f"{_folder(Path(), name, config.seeds[0])}/metrics.jsonl"} for name in names
        ],
        "verdict": _verdict({name: figures[KEYPOINT_ERROR] for name, figures in rows.items()}),
        "limits": [
            "Short trainings: what a source of variety is worth to a long one may differ.",
            "Test renders share the generator with training: what helps on them need not help on photographs.",
        ],
    }


def _figures(errors: list[Mapping[str, HandErrors]], tests: Mapping[str, HeldOut]) -> dict[Metric, Estimate]:
    """Means over crops and seeds, with intervals over people."""

    def mean(kind: str, name: str) -> Estimate:
        runs = [mean_of(getattr(each[kind], name).double()) for each in errors]
        return bootstrap(runs, tests[kind].people, seed=0)

    figures = {
        KEYPOINT_ERROR: mean("renders", "keypoints"),
        MPJPE: mean("renders", "joints_mm"),
        PA_MPJPE: mean("renders", "aligned_joints_mm"),
        SIDE: mean("renders", "side_is_right"),
    }
    return {**figures, PHOTOGRAPHED: mean("photographs", "keypoints")} if "photographs" in tests else figures


def _described(kind: str, test: HeldOut) -> dict[str, Any]:
    is_real = kind == "photographs"
    return {
        "name": kind,
        "count": len(test.people),
        "people": len(set(test.people)),
        "is_real": is_real,
        "labelled": True,
        "note": "labelled photographs" if is_real else "simulated photographs of hands that no arm is trained on",
        "skipped": 0,
    }


def _verdict(by_arm: Mapping[str, Estimate]) -> str:
    whole = by_arm[EVERYTHING]
    others = {name: each for name, each in by_arm.items() if name != EVERYTHING}
    most = max(others, key=lambda name: others[name].value)
    is_beyond = others[most].has_interval and others[most].low > whole.high
    return f"With everything the keypoint error is {whole.value:.3f} of the hand, {most} {others[most].value:.3f}: " + (
        "that is what is missed most." if is_beyond else "nothing is missed beyond doubt at this length."
    )


def _seeds(config: VarietyConfig) -> str:
    return f"seed {config.seeds[0]}" if len(config.seeds) == 1 else f"seeds {', '.join(map(str, config.seeds))}"
