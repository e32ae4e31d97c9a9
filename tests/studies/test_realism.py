# SPDX-License-Identifier: Apache-2.0
"""Several sets against the same photographs, prepared alike; what only one side went through is named."""

import dataclasses
import json

import pytest
import torch
from PIL import Image

from handcraft.cli.measure_realism import set_names
from handcraft.errors import HandcraftError
from handcraft.measure.realism import ACCURACY_1NN, COVERAGE, FRECHET_DISTANCE, NEAREST_NEIGHBOUR, embedding
from handcraft.report import write_report
from handcraft.studies.realism import EncodedSet, RealismConfig, encoded, measure_realism, realism_study
from handcraft.studies.realism.alike import as_jpeg, differences_in_preparation, expect_alike, jpeg_share
from handcraft.studies.realism.measuring import measures_for
from handcraft.studies.realism.pictures import _in_panel
from handcraft.studies.realism.study import verdict
from tests.studies.toy_sets import MeanColour, plain_set

REAL = plain_set(80, seed=1, source="photographs", is_real=True)
ALIKE, DARK = plain_set(40, seed=2), plain_set(50, seed=3, level=0.1)


def measured(made, **options):
    space = MeanColour()
    rows = {name: encoded(each, space) for name, each in made.items()}
    return measure_realism(encoded(REAL, space), rows, space=space.name, **{"repeats": 2, **options})


@pytest.fixture(scope="module")
def both():
    return measured({"alike": ALIKE, "dark": DARK})


def test_a_set_of_the_same_kind_is_near_its_control_and_another_is_not(both):
    assert both.size == 20
    alike, dark = (both.figure(name, ACCURACY_1NN) for name in ("alike", "dark"))
    assert abs(alike.made.value - 0.5) < 0.2
    assert dark.made.value == 1.0
    assert both.figure("dark", COVERAGE).made.value == 0.0
    assert both.figure("dark", FRECHET_DISTANCE).made_minus_control.low > 0


def test_all_sets_meet_the_same_draws_of_photographs(both):
    alone = measured({"dark": DARK}, size=20)
    for metric in both.metrics:
        figures = [both.figure("alike", metric), both.figure("dark", metric), alone.figure("dark", metric)]
        assert len({figure.control_draws for figure in figures}) == 1
        assert figures[1].made_draws == figures[2].made_draws


def test_the_tables_have_a_row_for_each_set_and_one_control(both):
    table, differences = both.tables()
    assert [row["name"] for row in table["rows"]] == ["alike", "dark", "photographs against other photographs"]
    assert [row.get("role") for row in table["rows"]] == [None, None, "control"]
    assert "2 disjoint draws of 20 images" in table["note"]
    assert "mean colour" in table["title"]
    place = both.metrics.index(ACCURACY_1NN)
    assert table["columns"][place]["better"] == "nearest to 0.5"
    assert differences["columns"][place]["better"] == "nearest to 0"
    dark = differences["rows"][1]["cells"][place]["value"]
    assert dark == pytest.approx(1.0 - table["rows"][2]["cells"][place]["value"])


def test_the_verdict_names_the_nearest_set_and_what_its_interval_allows(both):
    assert "Of 2 sets alike is nearest to photographs" in verdict(both)
    assert "do not tell it from them" in verdict(both)
    dark = measured({"dark": DARK}, repeats=4, measures=(NEAREST_NEIGHBOUR,))
    assert "dark is compared with photographs" in verdict(dark)
    assert "it can be told from them" in verdict(dark)
    assert "leaves open" in verdict(measured({"dark": DARK}, repeats=1, measures=(NEAREST_NEIGHBOUR,)))


def test_classes_are_measured_where_there_are_some_and_huge_spaces_go_without_covariances():
    features = torch.rand(8, 3)
    names = [measure.metrics[0].name for measure in measures_for(EncodedSet(features, torch.full((8, 2), 0.5)), 8)]
    assert "inception score" in names
    assert names[-1].startswith("root of the Fréchet distance")
    wide = EncodedSet(torch.rand(2, 5000), None)
    assert not any("Fréchet" in measure.metrics[0].name for measure in measures_for(wide, 8))


def test_too_few_images_are_refused_with_how_many_are_needed():
    with pytest.raises(HandcraftError, match=r"\(120 photographs, 60 made images\).*4 from 80 photographs and 40"):
        measured({"alike": ALIKE}, repeats=10)


class Roughness:
    """How much neighbouring pixels differ."""

    name = "roughness"

    def features(self, images):
        return (images[..., 1:] - images[..., :-1]).abs().mean((1, 2))


def test_jpeg_on_one_side_tells_alike_sets_apart_and_on_both_sides_does_not():
    def accuracy(real, made):
        rows = {"made": encoded(made, Roughness())}
        found = measure_realism(encoded(real, Roughness()), rows, space="roughness", repeats=2)
        return found.figure("made", ACCURACY_1NN).made.value

    assert accuracy(as_jpeg(REAL, 20), ALIKE) > 0.9
    assert abs(accuracy(as_jpeg(REAL, 20), as_jpeg(ALIKE, 20)) - 0.5) < 0.2


def test_what_only_one_side_went_through_is_named():
    shares = {"photographs": 1.0, "made": 0.0}
    (said,) = differences_in_preparation(REAL, {"made": ALIKE}, shares, compressed=False)
    assert said.startswith("100% of the photographs are JPEG files, but 0% of made")
    assert not differences_in_preparation(REAL, {"made": ALIKE}, shares, compressed=True)
    small = dataclasses.replace(ALIKE, crops=torch.tensor([[0.0, 0.0, 8.0]]).repeat(len(ALIKE), 1))
    (said,) = differences_in_preparation(REAL, {"made": small}, dict.fromkeys(shares, 0.0), compressed=False)
    assert "those of made by 2.00" in said


def test_crops_of_other_sizes_are_refused():
    with pytest.raises(HandcraftError, match="crops of small to have the photographs' 16 px, but got 8 px"):
        expect_alike(REAL, {"small": plain_set(4, seed=0, size=8)})


def test_the_share_of_jpeg_files_is_counted(tmp_path):
    for number, suffix in enumerate(("jpg", "JPEG", "png", "png")):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{number}.{suffix}")
    assert jpeg_share(tmp_path) == 0.5
    (tmp_path / "empty").mkdir()
    assert jpeg_share(tmp_path / "empty") == 0.0


def test_points_fill_the_panel_and_keep_their_shape():
    inside = _in_panel(torch.tensor([[0.0, 0.0], [10.0, 5.0], [5.0, 2.5]]))
    assert inside.min() >= 0
    assert inside.max() <= 1
    assert torch.allclose(inside[2], torch.tensor([0.5, 0.5]))
    assert torch.allclose((inside[1] - inside[0]) / 10, torch.tensor([0.092, 0.046]))


def test_a_folder_named_twice_is_refused(tmp_path):
    with pytest.raises(HandcraftError, match="different folders"):
        set_names([tmp_path, tmp_path])


def test_a_study_ends_in_figures_pictures_and_a_page(tmp_path, monkeypatch):
    def not_installed():
        raise ImportError("umap")

    monkeypatch.setattr(embedding, "_umap", not_installed)
    made = {"alike": ALIKE, "dark": DARK}
    folders = dict.fromkeys(["photographs", *made], tmp_path)
    config = RealismConfig(repeats=2, size=15, jpeg=75)
    results = realism_study(tmp_path / "run", REAL, made, MeanColour(), config, folders=folders)
    assert results == json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["config"]["size"] == 15
    assert results["realism"]["measures"]["dark"][0]["size"] == 15
    assert results["sets"]["photographs"]["is_real"]
    page = write_report(tmp_path / "run").read_text()
    assert page.count("data:image/png") == 2
    assert "nearest to 0.5 is better" in page
    with pytest.raises(HandcraftError, match="new or empty folder"):
        realism_study(tmp_path / "run", REAL, made, MeanColour(), config, folders=folders)
