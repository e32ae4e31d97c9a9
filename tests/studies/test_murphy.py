# SPDX-License-Identifier: Apache-2.0
"""Seed 000's study on a few tiny hands: every table, published figures beside ours, tests over models and not draws."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch

from handcraft.data import MURPHY_PHOTOGRAPHS, MURPHY_RENDERS, prepare
from handcraft.data.readers.freihand import FreiHAND
from handcraft.data.readers.rhd import RHD
from handcraft.errors import HandcraftError
from handcraft.measure import ModelFigure
from handcraft.measure.realism import INCEPTION, NEAREST_NEIGHBOUR, RepeatedFigure, embedding, over_draws
from handcraft.report import write_report
from handcraft.studies.murphy import PAPER_MURPHY, SMOKE_MURPHY, MurphyConfig, MurphyData, run_murphy
from handcraft.studies.murphy.published import CONTROL, METHODS, NORMALISED, RAW, REALISM, REFINERS, TABLE_4_1
from handcraft.studies.murphy.realism import VIEWS, ModelRealism
from handcraft.studies.murphy.sets import make_sets
from handcraft.studies.murphy.tables import pose_table, realism_tables
from handcraft.studies.over_models import compared_over_models
from tests.data.freihand.make import write_freihand
from tests.data.rhd.make import write_rhd

FIGURES = ["Table 4.1", "Figure 4.1", "Figure 4.2", "Figure 4.3", "Figure 4.4"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("murphy") / "run"

    def no_umap() -> None:
        raise ImportError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(embedding, "_umap", no_umap)  # it takes longer than all the rest
        run_murphy(path, SMOKE_MURPHY, MurphyData(), workers=1)
    return path


@pytest.fixture(scope="module")
def results(run: Path) -> dict:
    return json.loads((run / "results.json").read_text())


def test_every_table_has_ours_beside_the_published_figure_and_names_data_and_scale(results: dict) -> None:
    study = results["study"]
    tables = {table["name"]: table for table in study["tables"]}
    assert list(tables) == FIGURES
    for table in tables.values():
        rows = {row["name"]: row for row in table["rows"]}
        assert set(METHODS) <= set(rows)
        for row in table["rows"]:
            assert all(cell["value"] is not None for cell in row["cells"])
        assert all(rows[method]["cells"][0]["published"] is not None for method in METHODS)
        assert all("seed 0" in rows[name]["cells"][0]["note"] for name in REFINERS)  # both models stand there
        assert "Scale smoke" in table["note"]
        assert "simulated photographs, rendered" in table["note"]
        assert table["source"]
        assert table["caveats"]
        assert table["tests"]
    pose = {row["name"]: row["cells"] for row in tables["Table 4.1"]["rows"]}
    assert {"image centre", "mean pose", "labelled target"} <= set(pose)
    assert pose["image centre"][0]["published"] is None
    assert [pose["VAEGAN"][place]["published"] for place in range(3)] == [15.941, 16.933, 0.462]
    assert [column["better"] for column in tables["Figure 4.4"]["columns"]] == ["lower", "lower"]
    assert "stand-in for ImageNet" in tables["Figure 4.3"]["note"]


def test_embeddings_hold_as_many_points_of_each_set(results: dict) -> None:
    drawn = results["study"]["embeddings"]
    assert [each["name"] for each in drawn] == ["Figure 4.5", "Figure 4.6"] * 2
    for each in drawn:
        assert {name: len(points) for name, points in each["points"].items()} == dict.fromkeys(
            [*METHODS, "photographs"], SMOKE_MURPHY.embedded
        )


def test_the_page_shows_the_tables_and_what_they_are_worth(run: Path, results: dict) -> None:
    page = write_report(run).read_text()
    assert all(f"{name}: " in page for name in FIGURES)
    assert "no adversarial gradient reaches the generators" in page
    assert "The published embeddings were made with the sets" in page
    assert page.count("data:image/png") == len(results["pictures"])


def test_the_normalised_arm_learns_from_normalised_renders_and_is_tested_on_plain_photographs(run: Path) -> None:
    record = json.loads((run / "seed-0" / "estimate-normalised-renders" / "run.json").read_text())
    assert record["inputs"]["source"] == "normalised plain renders"
    assert record["config"]["input"] == "colour"


def test_resuming_a_finished_study_changes_no_figure(run: Path, results: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handcraft.studies.murphy.study.embeddings", lambda *_: [])  # seen above
    again = run_murphy(run, SMOKE_MURPHY, MurphyData(), workers=1, resume=True)
    assert again["study"]["tables"] == results["study"]["tables"]
    assert again["arms"] == results["arms"]
    with pytest.raises(HandcraftError, match=r"config\.study\.draws"):
        run_murphy(run, dataclasses.replace(SMOKE_MURPHY, draws=1), MurphyData(), workers=1, resume=True)


def test_the_documents_own_sets_are_cut_its_way_and_split_at_its_frame(run: Path, tmp_path: Path) -> None:
    write_rhd(tmp_path / "rhd")
    write_freihand(tmp_path / "freihand")
    for part in ("segmenter", "sets"):
        shutil.copytree(run / part, tmp_path / "run" / part)
    for name in ("source", "target", "test"):
        (tmp_path / "run" / "sets" / f"{name}.safetensors").unlink()
    config = dataclasses.replace(SMOKE_MURPHY, first_test_frame=1)
    data = MurphyData(rhd=tmp_path / "rhd", freihand=tmp_path / "freihand")
    sets = make_sets(tmp_path / "run", config, data, workers=1)
    renders = prepare(RHD(tmp_path / "rhd"), dataclasses.replace(MURPHY_RENDERS, size=32))
    assert torch.equal(sets.source.images, renders.images)
    photographs = dataclasses.replace(MURPHY_PHOTOGRAPHS, size=32)
    frames = prepare(FreiHAND(tmp_path / "freihand", versions=("gs",)), photographs)
    assert torch.equal(torch.cat([sets.target.images, sets.test.images]), frames.images)
    assert len(sets.target) == len(sets.test) == 1
    assert sets.ceiling is sets.target
    assert sets.test.is_real
    assert not sets.source.is_real
    for one in (sets.source, sets.test):
        outside = ((one.keypoints_px < 0) | (one.keypoints_px > one.size)).any(-1)
        assert (one.confidence[outside] == 0).all()
        assert (one.confidence[~outside] > 0).all()


def figure(draws: tuple[float, ...], metric=NEAREST_NEIGHBOUR.metrics[0]) -> RepeatedFigure:
    control = (0.5,) * len(draws)
    return RepeatedFigure(metric, over_draws(draws), over_draws(control), over_draws(draws), draws, control)


def measured(draws_of: dict[str, list[tuple[float, ...]]]) -> list[ModelRealism]:
    """Models with these draws of every figure; sets that no one trained have one."""
    rows = {method: draws_of.get(method, [(0.9, 0.8)]) for method in METHODS}
    return [
        ModelRealism(method, f"seed {seed}", 20, {view: figure(draws) for view in VIEWS},
                     figure(draws, INCEPTION.metrics[0]), figure(draws), figure(draws))
        for method, models in rows.items()
        for seed, draws in enumerate(models)
    ]  # fmt: skip


def test_methods_are_compared_over_models_however_often_each_is_drawn() -> None:
    means = {"VAEGAN": (0.9, 0.8), "CycleGAN": (0.7, 0.5), "feature-map CycleGAN": (0.4, 0.3)}
    few = {name: [(mean, mean) for mean in models] for name, models in means.items()}
    many = {name: [(mean - 0.1, mean + 0.1) * 20 for mean in models] for name, models in means.items()}
    tests = [realism_tables(measured(draws), note="")[0].tests for draws in (few, many)]
    assert tests[0] == tests[1]
    assert "F(2, 3) = " in tests[0][0]
    once = {name: [(0.1, 0.2, 0.3 + place)] for place, name in enumerate(means)}
    told = realism_tables(measured({RAW: [(0.5,) * 3], NORMALISED: [(0.5,) * 3], **once}), note="")[0].tests[0]
    assert "no analysis of variance" in told
    assert "1 model" in told


def test_models_of_equal_figures_are_told_to_be_equal() -> None:
    figures = [ModelFigure(method, f"seed {seed}", 1.0) for method in "ab" for seed in range(2)]
    assert "every model has the same figure, 1" in compared_over_models("1-NN accuracy", figures)


def test_a_figure_of_several_models_is_their_mean_draw_by_draw() -> None:
    table = realism_tables(measured({"CycleGAN": [(0.6, 0.8), (0.8, 1.0)]}), note="")[0]
    rows = {row.name: row.cells[0] for row in table.rows}
    ours = rows["CycleGAN"].ours
    assert ours is not None
    assert ours.value == pytest.approx(0.8)
    expected = over_draws((0.7, 0.9))
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))
    assert rows["CycleGAN"].note == "seed 0 0.7; seed 1 0.9"
    assert rows["CycleGAN"].control == 0.5
    assert (rows["photographs"].ours.value, rows["photographs"].published) == (0.5, 0.305)


def test_spaces_and_published_figures_are_not_mixed_up() -> None:
    first, second, inception, frechet = realism_tables(measured({}), note="")
    assert [column.name for column in first.columns] == ["1-NN accuracy, pixels", "1-NN accuracy, conv"]
    printed = {row.name: [cell.published for cell in row.cells] for row in (*first.rows,)}
    assert printed["feature-map CycleGAN"] == [0.936, 0.917]
    assert [cell.published for cell in second.rows[-2].cells] == [0.688, 0.890]
    assert inception.rows[1].cells[0].published == 3.19
    assert [cell.published for cell in frechet.rows[1].cells] == [0.266, None]  # the standard one was not published
    assert CONTROL.nearest_neighbour["softmax"] == 0.303
    assert set(REALISM) == set(TABLE_4_1) == set(METHODS)


def test_estimators_of_the_table_are_tested_over_their_seeds() -> None:
    def arm(name: str, values: tuple[float, ...]) -> dict:
        stored = {"value": sum(values) / len(values), "low": None, "high": None}
        figures = dict.fromkeys(("epe_median", "epe_mean", "auc_30px", "auc_relative"), stored)
        runs = [
            {"seed": seed, "scores": {name: {"value": value} for name in figures}} for seed, value in enumerate(values)
        ]
        return {"name": name, "role": "arm", "description": "", "runs": runs, **figures}

    arms = [arm(name, (9.0 + place, 9.5 + place)) for place, name in enumerate(METHODS)]
    table = pose_table([arm("mean pose", (12.0,)), *arms, arm("labelled target", (3.0, 4.0))], note="")
    assert "F(4, 5) = " in table.tests[0]  # five training sets, two estimators each; no baseline, no ceiling
    assert [row.name for row in table.rows] == ["mean pose", *METHODS, "labelled target"]
    assert "not in the document" in table.rows[0].note


@pytest.mark.parametrize(
    ("folders", "said"),
    [({"rhd": "a"}, "both `rhd` and `freihand`"), ({"rhd": "a", "freihand": "b", "photos": "c"}, "choose")],
)
def test_half_of_the_documents_data_or_too_much_is_refused(folders: dict[str, str], said: str) -> None:
    with pytest.raises(HandcraftError, match=said):
        MurphyData(**{name: Path(folder) for name, folder in folders.items()})


def test_the_studys_refiners_are_the_documents() -> None:
    assert tuple(PAPER_MURPHY.hands.refiners) == REFINERS
    assert PAPER_MURPHY.hands.refiners["CycleGAN"].loop.steps == 30 * (24_420 // 64)
    assert PAPER_MURPHY.hands.refiners["VAEGAN"].content_weight == 6e-3
    others = dataclasses.replace(SMOKE_MURPHY.hands, refiners={"CycleGAN": SMOKE_MURPHY.hands.refiners["CycleGAN"]})
    with pytest.raises(HandcraftError, match=r"hands\.refiners"):
        MurphyConfig("smoke", others)
