# SPDX-License-Identifier: Apache-2.0
"""Seed 002's study on a few tiny hands, the laws of its sets and tables, and what the document printed."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from handcraft.cli import main
from handcraft.data import PreparedSet, PreprocessConfig
from handcraft.errors import HandcraftError
from handcraft.measure import Confusion
from handcraft.refine import CycleGANConfig
from handcraft.report import write_report
from handcraft.studies.hgan import LAPTOP_HGAN, PAPER_HGAN, SMOKE_HGAN, HganInputs, run_hgan
from handcraft.studies.hgan.domains import CLASSES
from handcraft.studies.hgan.published import FIGURE_7, TABLE_I, TABLE_II, TABLE_III
from handcraft.studies.hgan.realism import RAW, SubsetKernelDistance, TableOne
from handcraft.studies.hgan.sets import make_sets, quarter_turned
from handcraft.studies.realism import EncodedSet, measure_realism
from tests.data.realhands.make import write_realhands
from tests.data.synthhands.make import write_synthhands

COMPOSITING = [name for name in TABLE_I if name != "GeoConGAN"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hgan") / "run"
    run_hgan(path, SMOKE_HGAN, HganInputs(), workers=1)
    return path


@pytest.fixture(scope="module")
def results(run: Path) -> dict:
    return json.loads((run / "results.json").read_text())


def table(results: dict, name: str) -> dict:
    return next(each for each in results["study"]["tables"] if each["name"] == name)


def refined(run: Path, name: str) -> PreparedSet:
    return PreparedSet.load(run / "seed-0" / f"refine-{name.lower()}" / "test_renders.safetensors")


def test_table_one_has_every_model_with_its_published_figures_and_what_it_looked_through(results: dict) -> None:
    rows = table(results, "Table I")["rows"]
    assert [row["name"] for row in rows] == [RAW, *TABLE_I]
    for row in rows[1:]:
        frechet, kernel, inception = row["cells"]
        assert (frechet["published"], kernel["published"]) == (
            TABLE_I[row["name"]].frechet,
            TABLE_I[row["name"]].kernel,
        )
        assert inception["published"] is None
        assert inception["value"] >= 1
        assert ("look through hand encoder" in row["note"]) == row["name"].startswith("msH-GAN")
        assert frechet["low"] < frechet["value"] < frechet["high"]
    assert len({row["cells"][0]["control"] for row in rows}) == 1  # the same photographs for all


def test_the_spread_over_subsets_is_no_interval(results: dict) -> None:
    for row in table(results, "Table I, its kernel distance as printed")["rows"]:
        assert [cell["low"] for cell in row["cells"]] == [None, None]
    assert "no spread over trained models" in " ".join(
        table(results, "Table I, its kernel distance as printed")["caveats"]
    )


def test_counts_have_true_rows_of_as_many_images_as_were_tested(results: dict) -> None:
    ours, published = results["confusions"]
    assert ours["names"] == list(CLASSES)
    assert [sum(row) for row in ours["counts_true_by_predicted"]] == [SMOKE_HGAN.tested_each] * 3
    recall = [row["cells"][1]["value"] for row in table(results, "Table III")["rows"][:3]]
    diagonal = [row[place] / sum(row) for place, row in enumerate(ours["counts_true_by_predicted"])]
    assert recall == pytest.approx(diagonal)
    assert "it is 465" in published["note"]


def test_table_two_tests_both_kinds_of_real_under_three_ways_of_teaching(results: dict) -> None:
    rows = table(results, "Table II")["rows"]
    assert len(rows) == len(TABLE_II) == 6
    for row, printed in zip(rows, TABLE_II.values(), strict=True):
        values = [cell["published"] for cell in row["cells"]]
        assert values == [*printed.precision, *printed.recall, *printed.f1, printed.accuracy]
        recalls, accuracy = [row["cells"][place]["value"] for place in (2, 3)], row["cells"][6]["value"]
        assert accuracy == pytest.approx(sum(recalls) / 2)  # as many images of each class


def test_models_that_composite_leave_all_else_white_in_use_too(run: Path) -> None:
    renders = PreparedSet.load(run / "sets" / "drift.safetensors")
    for name in COMPOSITING:
        made = refined(run, name)
        outside = ~renders.masks[:, None].expand_as(made.images)
        assert torch.equal(made.images[outside], renders.images[outside])
        assert not torch.equal(made.images, renders.images)


def test_what_perceptual_discriminators_look_through_is_said(results: dict) -> None:
    assert "Perceptual discriminators look through handcraft's hand encoder." in results["study"]["data"]
    assert any("see the same hand encoder" in limit for limit in results["limits"])


def test_every_model_has_its_label_drift_beside_it(results: dict) -> None:
    rows = table(results, "Label drift")["rows"]
    assert [entry["refiner"] for entry in results["label_drift"]] == [row["name"] for row in rows] == list(TABLE_I)
    for row, entry in zip(rows, results["label_drift"], strict=True):
        assert row["cells"][1]["value"] == entry["error_change_px"]["value"]
    assert all(entry["images"] == SMOKE_HGAN.hands.drift_count for entry in results["label_drift"])


def test_the_page_and_the_picture_are_there(run: Path, results: dict) -> None:
    assert (run / results["pictures"][0]["file"]).stat().st_size > 1000
    page = write_report(run).read_text()
    assert "Table III" in page
    assert "0.0479" in page  # published figures keep digits of their own


def test_a_resumed_run_trains_nothing_and_finds_the_same(run: Path, results: dict) -> None:
    stamps = {path: path.stat().st_mtime_ns for path in run.rglob("checkpoint.pt")}
    again = run_hgan(run, SMOKE_HGAN, HganInputs(), workers=1, resume=True)
    assert len(stamps) == 12  # 5 models, 4 classifiers, silhouettes, segmenter, judge
    changed = [path for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert not changed
    assert set(run.rglob("checkpoint.pt")) == set(stamps)
    for name in ("study", "confusions", "label_drift", "verdict"):
        assert json.loads(json.dumps(again[name])) == results[name]


def test_no_hand_is_taught_and_tested(run: Path) -> None:
    people = {path.stem: set(PreparedSet.load(path).subjects) for path in (run / "sets").glob("*.safetensors")}
    for tested in ("drift", "test"):
        assert not people[tested] & set.union(*(found for name, found in people.items() if name != tested))


def test_the_published_counts_fit_the_published_table_one_way_round_only() -> None:
    def misfit(counts: torch.Tensor) -> float:
        found = Confusion(CLASSES, counts)
        ours = (found.precision(), found.recall(), found.f1())
        printed = (TABLE_III.precision, TABLE_III.recall, TABLE_III.f1)
        return max(float((one - torch.tensor(other)).abs().max()) for one, other in zip(ours, printed, strict=True))

    turned = FIGURE_7.clone()
    turned[1, 2], turned[2, 1] = FIGURE_7[2, 1], FIGURE_7[1, 2]
    assert misfit(FIGURE_7) < 5e-4
    assert misfit(turned) > 0.02
    assert Confusion(CLASSES, FIGURE_7).accuracy() == pytest.approx(TABLE_III.accuracy, abs=2e-4)


@pytest.mark.parametrize("key", TABLE_II)
def test_the_published_shares_of_two_equal_classes_follow_from_each_other(key: tuple[str, str]) -> None:
    printed = TABLE_II[key]
    synthetic, real = printed.recall
    assert printed.precision == pytest.approx(
        (synthetic / (synthetic + 1 - real), real / (real + 1 - synthetic)), abs=2e-3
    )
    assert printed.accuracy == pytest.approx((synthetic + real) / 2, abs=2e-3)


def test_several_trainings_give_an_interval_over_trainings_and_one_over_its_draws() -> None:
    def features(shift: float, seed: int) -> EncodedSet:
        return EncodedSet(shift + torch.randn(40, 3, generator=torch.Generator().manual_seed(seed)), None)

    made = {RAW: features(3.0, 1)} | {f"msH-GAN4, seed {seed}": features(seed, 2 + seed) for seed in (0, 1)}
    measured = measure_realism(EncodedSet(features(0.0, 9).features.repeat(2, 1), None), made, space="toy", repeats=2)
    subsets = {name: SubsetKernelDistance(0.0, 0.0, 1, 4) for name in made}
    one, two = TableOne(measured, subsets, 4, (0,)), TableOne(measured, subsets, 4, (0, 1))
    metric = next(each for each in one.metrics if each.name == "kernel distance")
    runs = [measured.figure(f"msH-GAN4, seed {seed}", metric).made for seed in (0, 1)]
    assert one.estimate("msH-GAN4", metric) == runs[0]
    both = two.estimate("msH-GAN4", metric)
    assert both.value == pytest.approx(sum(each.value for each in runs) / 2)
    assert both.high - both.value == pytest.approx(12.7062 * abs(runs[0].value - runs[1].value) / 2, rel=1e-3)
    assert two.estimate(RAW, metric) == measured.figure(RAW, metric).made


def test_turned_photographs_keep_their_pixels_and_their_masks() -> None:
    generator = torch.Generator().manual_seed(0)
    masks = torch.rand(16, 8, 8, generator=generator) > 0.5
    images = torch.where(masks[:, None], 7, 255).to(torch.uint8).expand(-1, 3, -1, -1)
    keys = tuple(map(str, range(16)))
    prepared = PreparedSet(keys, keys, "toy", True, images, masks, None, None, torch.zeros(16, 3), 0)
    turned = quarter_turned(prepared, seed=0)
    assert torch.equal(turned.images[:, 0] == 7, turned.masks)
    assert torch.equal(turned.masks.sum((1, 2)), masks.sum((1, 2)))
    assert not torch.equal(turned.masks, masks)


def test_the_documents_own_sets_are_cut_for_training_and_test_and_share_no_recording(tmp_path: Path) -> None:
    write_synthhands(tmp_path / "synth")
    write_realhands(tmp_path / "real")
    native = PreprocessConfig(size=32, crop="native", background="white", left_hands="kept")
    whole = dataclasses.replace(native, size=128, crop="native-fixed")
    hands = dataclasses.replace(SMOKE_HGAN.hands, crops=native)
    config = dataclasses.replace(SMOKE_HGAN, scale="paper", hands=hands, test_crops=whole)
    inputs = HganInputs(synthhands=tmp_path / "synth", realhands=tmp_path / "real")
    sets = make_sets(tmp_path / "run", config, inputs, workers=1)
    for taught, tested, again in (
        (sets.renders, sets.test_renders, sets.whole_renders),
        (sets.photographs, sets.test_photographs, sets.whole_photographs),
    ):
        assert (taught.size, tested.size, again.size) == (32, 128, 128)
        assert not set(taught.subjects) & set(tested.subjects)
        assert set(again.keys) <= set(taught.keys)
        assert (tested.images[(~tested.masks)[:, None].expand_as(tested.images)] > 250).float().mean() > 0.9
    assert sets.test_photographs.is_real
    assert sets.judge.keypoints_px is not None


def test_weights_reach_what_looks_through_them_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    config = LAPTOP_HGAN.with_weights(vgg16=file, inception=file, vit=file)
    for name, model in config.hands.refiners.items():
        assert isinstance(model, CycleGANConfig)
        assert (model.discriminator.taps == "vgg16") == name.startswith("msH-GAN")
    assert config.space == "inception_v3"
    assert config.classifier.weights == file
    assert LAPTOP_HGAN.with_weights(vgg16=None, inception=None, vit=None) == LAPTOP_HGAN


def test_small_scales_change_no_loss_and_no_structure() -> None:
    for name, small in LAPTOP_HGAN.hands.refiners.items():
        paper = PAPER_HGAN.hands.refiners[name]
        assert isinstance(small, CycleGANConfig)
        assert isinstance(paper, CycleGANConfig)
        for kept in (
            "cycle_weight",
            "identity_weight",
            "composite",
            "silhouette_weight",
            "pool",
            "initialiser",
            "input",
        ):
            assert getattr(small, kept) == getattr(paper, kept), kept
        assert small.generator.blocks == paper.generator.blocks
        assert small.discriminator.kind == paper.discriminator.kind


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"synthhands": "."}, "both `synthhands` and `realhands`"),
        ({"photos": ".", "synthhands": ".", "realhands": "."}, "`photos` or `realhands`"),
        ({"photos": "nowhere"}, "nowhere is not"),
    ],
)
def test_inputs_that_make_no_study_are_refused(change: dict[str, str], said: str) -> None:
    with pytest.raises(HandcraftError, match=said):
        HganInputs(**{name: Path(value) for name, value in change.items()})


def test_scales_and_data_that_do_not_fit_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "hgan", "--scale", "paper", "--out", str(tmp_path / "run")]) == 2
    assert "Expected `synthhands` and `realhands` for the paper scale" in capsys.readouterr().err
    folders = ["--synthhands", str(tmp_path), "--realhands", str(tmp_path)]
    assert main(["study", "hgan", "--scale", "smoke", *folders, "--out", str(tmp_path / "run")]) == 2
    assert "the paper scale" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_other_models_than_the_documents_are_refused() -> None:
    names = dict(list(SMOKE_HGAN.hands.refiners.items())[1:])
    with pytest.raises(HandcraftError, match=r"`hands.refiners` to be pixCycleGAN6"):
        dataclasses.replace(SMOKE_HGAN, hands=dataclasses.replace(SMOKE_HGAN.hands, refiners=names))
