# SPDX-License-Identifier: Apache-2.0
"""Laws of the page: what it shows is what the folder says; nothing is fetched, run or left unescaped."""

import json
import re
import shutil
from itertools import pairwise

import pytest

from handcraft.report import write_report
from tests.report.conftest import brief
from tests.report.make import make_run, results
from tests.report.reading import Element, read_page

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=y>&amp;{{ 7*7 }}$\\frac{1}$ 手\U0001f590"


def rows_by_name(table: Element) -> dict[str, Element]:
    return {row.all("th")[0].text: row for row in table.all("tr") if row.all("td")}


def shown(cell: Element) -> tuple[float, str]:
    (figure,) = cell.all("data")
    return float(figure.attributes["value"]), cell.text


def as_shown(estimate: dict, digits: int) -> tuple[float, str]:
    value, low, high = (f"{estimate[key]:.{digits}f}" for key in ("value", "low", "high"))
    return estimate["value"], f"{value} [{low}, {high}]"


def test_every_arms_figures_are_those_of_the_json(page):
    rows = rows_by_name(page.all("table")[0])
    assert len(rows) == 7
    for arm in results()["arms"]:
        (row,) = [
            row
            for name, row in rows.items()
            if re.match(rf"{arm['name']} (lowest of the arms )?{arm['description']}", name)
        ]
        scores, cells = arm["runs"][0]["scores"], row.all("td")
        assert shown(cells[0]) == as_shown(arm["epe_mean"], 2)
        assert shown(cells[1]) == as_shown(scores["epe_median"], 2)
        assert shown(cells[2]) == as_shown(scores["auc_30px"], 3)
        assert shown(cells[3]) == as_shown(scores["auc_relative"], 3)
        assert cells[4].text == (f"{arm['training_images']:,}" if arm["training_images"] else "–")


def test_every_seed_is_shown(seeds_page):
    arms = [arm for arm in results(seeds=(0, 1, 2))["arms"] if len(arm["runs"]) > 1]
    bodies = seeds_page.all("table")[1].all("tbody")
    for arm, body in zip(arms, bodies, strict=True):
        assert body.all("th")[0].text == arm["name"]
        for run, row in zip(arm["runs"], body.all("tr"), strict=True):
            assert row.all("th", "seed")[0].text == str(run["seed"])
            assert shown(row.all("td")[0]) == as_shown(run["scores"]["epe_mean"], 2)
    row = rows_by_name(seeds_page.all("table")[0])["mean pose the mean of the training keypoints"]
    assert row.all("td")[-1].text == "–"
    means = rows_by_name(seeds_page.all("table")[0])["raw renders plain renders as they are"].all("td")
    assert means[1].text.endswith("mean of 3 seeds")
    assert means[-1].text == "3 seeds 0, 1, 2"


def test_figures_over_seeds_are_shown_when_the_run_has_them(tmp_path):
    content = results(seeds=(0, 1)) | {"training": [], "label_drift": []}
    content["arms"][2]["auc_30px"] = {"value": 0.123, "low": 0.1, "high": 0.2}
    page = read_page(write_report(make_run(tmp_path, content)))
    row = rows_by_name(page.all("table")[0])["raw renders plain renders as they are"]
    assert shown(row.all("td")[2]) == (0.123, "0.123 [0.100, 0.200]")


def test_every_difference_and_what_it_says(page):
    rows = rows_by_name(page.all("table")[1])
    for difference, reading in zip(results()["differences"], ("no difference shown", "better", "better"), strict=True):
        cells = rows[difference["arm"]].all("td")
        assert shown(cells[0])[0] == difference["epe_mean"]["value"]
        assert cells[0].text.startswith(f"−{-difference['epe_mean']['value']:.2f} [−")
        assert cells[1].text == reading


def test_every_drift_figure_is_shown(page):
    rows = rows_by_name(page.all("table")[2])
    keys = (
        ("mask_iou_before", 3),
        ("mask_iou_after", 3),
        ("displacement_px", 2),
        ("error_before_px", 2),
        ("error_after_px", 2),
    )
    for drift in results()["label_drift"]:
        cells = rows[drift["refiner"]].all("td")
        assert [shown(cell) for cell in cells[:5]] == [as_shown(drift[key], digits) for key, digits in keys]
        assert cells[5].text == str(drift["images"])


def test_only_the_best_arm_is_marked_and_no_ceiling_competes(page):
    (best,) = page.all("tr", "best")
    assert best.all("th")[0].text.startswith("feature-map CycleGAN lowest of the arms")
    assert {role: len(page.all("table")[0].all("tr", role)) for role in ("baseline", "arm", "ceiling")} == {
        "baseline": 2,
        "arm": 4,
        "ceiling": 1,
    }


def test_an_unbeaten_baseline_is_not_kept_quiet(page, tmp_path):
    assert "No arm beats the baselines." not in page.text
    content = brief() | {"preset": "48 renders, 6 steps"}
    content["arms"][1]["epe_mean"] = {"value": 7.1, "low": 7.0, "high": 7.2}
    beaten = read_page(write_report(make_run(tmp_path, content)))
    assert "No arm beats the baselines. “mean pose” has an error of 7.10 px, the best arm 7.83 px." in beaten.text
    assert beaten.all("tr", "best")[0].all("th")[0].text.startswith("feature-map CycleGAN")
    assert "· 48 renders, 6 steps · seed 0" in beaten.text


def test_differences_stand_by_reference_in_the_order_of_the_file(tmp_path):
    content = brief()
    blind = {"arm": "CycleGAN", "against": "mean pose", "epe_mean": {"value": -5.0, "low": -6.0, "high": -4.0}}
    page = read_page(write_report(make_run(tmp_path, content | {"differences": [*content["differences"], blind]})))
    headings = [heading.text for heading in page.all("h3") if heading.text.startswith("Against")]
    assert headings == ["Against raw renders", "Against mean pose"]
    assert [len(table.all("td", "figure")) for table in page.all("table")[1:3]] == [3, 1]


def test_every_number_of_images_and_people_is_there(page):
    assert "All arms were measured on the same 509 images of 64 people (10,652 keypoints)." in page.text
    rows = rows_by_name(page.all("table")[3])
    for use, one in results()["sets"].items():
        cells = rows[use].all("td")
        assert cells[0].text.startswith(f"{one['name']} rendered, not real")
        assert cells[1].text == f"{one['count']:,}" + (f" {one['skipped']} skipped" if one.get("skipped") else "")
        assert cells[2].text == f"{one['people']:,}"


def test_arms_measured_on_different_images_say_so(tmp_path):
    content = brief()
    content["arms"][3]["runs"][0]["scores"] |= {"images": 77, "people": 1, "keypoints": 1600}
    page = read_page(write_report(make_run(tmp_path, content)))
    assert "were measured on the same" not in page.text
    assert "77 images of 1 person (1,600 keypoints)" in page.all("table")[0].text


def test_words_and_settings_are_there(page):
    content = results()
    for text in (
        content["title"],
        content["verdict"],
        content["command"],
        content["commit"],
        "6 min 52 s",
        *content["limits"],
    ):
        assert text in page.text
    settings = {item.all("dt")[0].text: item.all("dd")[0].text for box in page.all("dl") for item in box.all("div")}
    assert settings["refine.cycle_weight"] == "10.0"
    assert settings["estimate.augment.rotation_deg"] == "25.0"
    assert settings["torch"] == "2.13.0"
    assert settings["memory_gib"] == "23.4"


def test_pictures_come_before_figures_in_the_order_of_the_file(folder, page):
    named = results()["pictures"]
    images = page.all("img")
    assert [image.attributes["alt"] for image in images] == [f"{one['title']}. {one['caption']}" for one in named]
    order = [element.tag for element in page.all() if element.tag in ("img", "table")]
    assert order[:3] == ["img", "img", "img"]
    for image in images:
        assert image.attributes["src"].startswith("data:image/png;base64,")


def test_a_stand_in_is_called_one_and_a_photograph_is_not(page, tmp_path):
    assert "No real photograph was measured." in page.text
    content = brief()
    content["sets"]["test"]["is_real"] = True
    real = read_page(write_report(make_run(tmp_path, content)))
    assert "No real photograph was measured." not in real.text
    assert len(real.all(css="real")) == 1


@pytest.mark.parametrize("which", ["page", "seeds_page", "several"])
def test_nothing_is_fetched_and_nothing_runs(which, request):
    page = request.getfixturevalue(which)
    assert not {"script", "link", "iframe", "object", "base", "form"} & {element.tag for element in page.all()}
    ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.all():
        for name, value in element.attributes.items():
            assert not name.startswith("on"), name
            if name in ("src", "href"):
                assert value.startswith(("data:image/png;base64,", "#")), value
            assert "://" not in value, name
            assert not re.search(r"url\((?!#)", value), name
        if element.attributes.get("href", "").startswith("#"):
            assert element.attributes["href"][1:] in ids
        if "aria-labelledby" in element.attributes:
            assert element.attributes["aria-labelledby"] in ids
    (style,) = page.all("style")
    assert not re.search(r"@import|url\(", style.text)
    (policy,) = [meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes]
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("which", ["page", "seeds_page", "several"])
def test_headings_tables_and_pictures_can_be_read_aloud(which, request):
    page = request.getfixturevalue(which)
    levels = [int(element.tag[1]) for element in page.all() if re.fullmatch(r"h[1-6]", element.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len({element.tag for element in page.all(css="part")}) == 1
    assert all(cell.attributes.get("scope") in ("col", "row", "rowgroup") for cell in page.all("th"))
    for image in page.all("img"):
        assert image.attributes["alt"].strip()
    for drawing in page.all("svg"):
        assert drawing.attributes["role"] == "img"
        assert re.search(r"\d", drawing.attributes["aria-label"])
    for box in page.all("div", "scroll"):
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["aria-label"]
    assert page.all("html")[0].attributes["lang"] == "en"


def hostile(value, key=""):
    """The same JSON with every word a page shows turned into an attack; what the page needs to work stays."""
    if isinstance(value, dict):
        shown_keys = key in ("config", "machine", "versions", "sets")
        return {HOSTILE + name if shown_keys else name: hostile(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, key) for item in value]
    return HOSTILE + value if isinstance(value, str) and key not in ("role", "group", "file", "metrics") else value


def test_everything_from_the_file_is_escaped(tmp_path):
    content = hostile(results())
    page = read_page(write_report(make_run(tmp_path, content)))
    assert page.all("h1")[0].text == " ".join(content["title"].split())
    assert page.text.count("alert('x')") > 100
    assert not page.all("script")
    assert len(page.all("img")) == 4
    assert not [name for element in page.all() for name in element.attributes if name.startswith("on")]
    assert any(HOSTILE[:20] in words.text for drawing in page.all("svg") for words in drawing.all("text"))


def test_letters_no_page_can_hold_are_replaced(tmp_path):
    content = brief()
    content["title"] = "bell\x07 and half \ud83d of a pair"
    page = read_page(write_report(make_run(tmp_path, content)))
    assert page.all("h1")[0].text == "bell\ufffd and half \ufffd of a pair"


def test_an_unknown_interval_is_not_zero_wide(tmp_path):
    content = brief()
    content["arms"][2]["epe_mean"] = {"value": 10.27, "low": None, "high": None}
    content["differences"][0]["epe_mean"] = {"value": -0.4, "low": None, "high": None}
    page = read_page(write_report(make_run(tmp_path, content)))
    row = rows_by_name(page.all("table")[0])["raw renders plain renders as they are"]
    assert row.all("td")[0].text == "10.27 no interval"
    assert rows_by_name(page.all("table")[1])["normalised colours"].all("td")[1].text == "no interval"


def test_a_run_with_the_least_makes_a_page(tmp_path):
    whole = results()
    content = {key: whole[key] for key in ("schema", "title", "verdict", "sets")} | {"arms": whole["arms"][2:3]}
    (tmp_path / "results.json").write_text(json.dumps(content), encoding="utf-8")
    page = read_page(write_report(tmp_path))
    assert len(page.all("table")) == 2
    assert not page.all("img")


def test_several_runs_stand_one_after_another_with_a_list(several):
    assert several.all("h1")[0].text == "2 runs"
    articles = several.all("article")
    assert [len(article.all("table")) for article in articles] == [3, 3]
    listed = [link.attributes["href"] for link in several.all("nav")[0].all("a")]
    assert listed == ["#run-1", "#run-2"]


def test_the_same_folder_gives_the_same_bytes_wherever_it_lies(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere)
    (elsewhere / "report.html").unlink()
    assert write_report(elsewhere) == elsewhere / "report.html"
    assert (elsewhere / "report.html").read_bytes() == (folder / "report.html").read_bytes()
