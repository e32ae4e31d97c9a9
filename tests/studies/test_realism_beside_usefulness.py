# SPDX-License-Identifier: Apache-2.0
"""The one table of realism, drift and error: raw renders first, the control last, and the words follow the figures."""

import dataclasses
from pathlib import Path

import pytest
import torch

from handcraft.measure import score_keypoints
from handcraft.studies.realism import encoded, measure_realism
from handcraft.studies.refinement import SMOKE_STUDY
from handcraft.studies.refinement import realism as realism_module
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.realism import finding, realism_of_refiners, trade_off
from handcraft.studies.refinement.sets import StudySets
from tests.studies.toy_sets import MeanColour, plain_set

NAMES = ("raw renders", "CycleGAN", "feature-map CycleGAN")
TARGET = plain_set(80, seed=1, source="photographs", level=0.8)
LEVELS = {"raw renders": 0.1, "CycleGAN": 0.8, "feature-map CycleGAN": 0.3}
DRIFT = [
    {"refiner": name, "displacement_px": {"value": 0.5 + place}, "mask_iou_before": {"value": 0.95},
     "mask_iou_after": {"value": 0.9 - place}}
    for place, name in enumerate(NAMES[1:])
]  # fmt: skip


@pytest.fixture(scope="module")
def realism():
    space = MeanColour()
    made = {name: encoded(plain_set(40, seed=2, level=level), space) for name, level in LEVELS.items()}
    return measure_realism(
        encoded(TARGET, space), made, space=space.name, repeats=2,
        measures=(realism_module.NEAREST_NEIGHBOUR, realism_module.FRECHET_SHRUNK, realism_module.PRECISION_RECALL,
                  realism_module.DENSITY_COVERAGE),
    )  # fmt: skip


def errors_of(sizes_px):
    truth, people = torch.rand(30, 21, 2) * 16, [str(image) for image in range(30)]
    return {
        name: [score_keypoints(truth + torch.tensor([px, 0.0]), truth, torch.ones(30, 21), people, seed=0).errors]
        for name, px in zip(NAMES, sizes_px, strict=True)
    }


class ArmsWithoutTraining(Arms):
    """Whose refiners are never used."""

    def refiner(self, name, seed):
        return None


def arms_of(target, source):
    return ArmsWithoutTraining(Path(), SMOKE_STUDY, StudySets(source, target, target, source, source, target))


def test_raw_renders_come_first_and_the_control_last_and_every_figure_is_in_its_column(realism, monkeypatch):
    monkeypatch.setattr(realism_module, "realism_of_refiners", lambda *_: realism)
    monkeypatch.setattr(realism_module, "feature_space", MeanColour)
    arms = arms_of(TARGET, TARGET)
    table = trade_off(arms, arms.sets, DRIFT, errors_of([3.0, 4.0, 2.0]))
    assert [row["name"] for row in table["rows"]] == [*NAMES, "photographs against others of them"]
    assert table["rows"][-1]["role"] == "control"
    values = {row["name"]: [cell and round(cell["value"], 3) for cell in row["cells"][4:]] for row in table["rows"]}
    assert values["raw renders"] == [0.0, 0.95, 3.0, None]
    assert values["CycleGAN"] == [0.5, 0.9, 4.0, 1.0]
    assert values["feature-map CycleGAN"] == [1.5, -0.1, 2.0, -1.0]
    accuracies = [row["cells"][0]["value"] for row in table["rows"]]
    assert accuracies[0] == 1.0
    assert min(accuracies, key=lambda value: abs(value - 0.5)) in (accuracies[1], accuracies[3])
    assert [column["better"] for column in table["columns"]] == [
        "nearest to 0.5", "lower", "higher", "higher", "lower", "higher", "lower", "lower",
    ]  # fmt: skip


def test_a_prettier_image_that_trains_worse_is_said_to(realism):
    said = finding(realism, errors_of([3.0, 4.0, 2.0]))
    assert said == (
        "The images most like photographs (CycleGAN, by 1-NN accuracy) do not train the best estimator: it errs by "
        "4.00 px, the one trained on feature-map CycleGAN by 2.00 px."
    )
    assert finding(realism, errors_of([3.0, 1.0, 2.0])).endswith(
        "(CycleGAN, by 1-NN accuracy) also train the best estimator."
    )


def test_too_few_images_leave_realism_out_and_the_rest_in(monkeypatch):
    few = plain_set(8, seed=1)
    arms = arms_of(few, few)
    assert realism_of_refiners(arms, arms.sets, MeanColour()) is None
    monkeypatch.setattr(realism_module, "feature_space", MeanColour)
    table = trade_off(arms, arms.sets, DRIFT, errors_of([3.0, 4.0, 2.0]))
    assert [row["name"] for row in table["rows"]] == list(NAMES)
    assert table["rows"][1]["cells"][:4] == [None] * 4
    assert "too few images" in table["note"]


def test_raw_and_refined_renders_are_the_same_hands(monkeypatch):
    shown = []

    def darkened(_, prepared):
        shown.append(prepared.keys)
        return dataclasses.replace(prepared, images=prepared.images // 4)

    monkeypatch.setattr(realism_module, "refine_prepared", darkened)
    arms = arms_of(TARGET, plain_set(60, seed=3, level=0.8))
    found = realism_of_refiners(arms, arms.sets, MeanColour())
    assert list(found.measures) == ["raw renders", *SMOKE_STUDY.refiners]
    assert shown[0] == shown[1]
    assert len(shown[0]) == found.repeats * found.size
    assert found.figure("CycleGAN", realism_module.ACCURACY_1NN).made.value == 1.0
    assert abs(found.figure("raw renders", realism_module.ACCURACY_1NN).made.value - 0.5) < 0.25
