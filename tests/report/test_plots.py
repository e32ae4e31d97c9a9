# SPDX-License-Identifier: Apache-2.0
"""Laws of the charts: positions follow values, arms can be told apart without colour, colours can be seen."""

import json
import re
from pathlib import Path

import pytest

import handcraft.report
from handcraft.report.decoding import decode
from handcraft.report.plots import arm_looks, difference_chart, drift_charts, error_chart, pck_chart, training_chart
from handcraft.report.results import Results
from tests.report.make import results

RESULTS = decode(Results, json.loads(json.dumps(results())))
CSS = (Path(handcraft.report.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")


def charts():
    yield error_chart(RESULTS.arms, name="error", confidence_level=0.95)
    yield difference_chart(RESULTS.differences, name="difference", confidence_level=0.95)
    yield pck_chart(RESULTS.arms, "px", name="pck-px")
    yield pck_chart(RESULTS.arms, "hand sizes", name="pck-relative")
    yield from drift_charts(RESULTS.label_drift, name="drift", confidence_level=0.95)
    yield training_chart("refiner", [{"step": 1.0, "cycle_loss": 40.0}, {"step": 2.0, "cycle_loss": 0.5}], name="log")


def test_charts_keep_words_drop_addresses_and_leave_colours_to_the_page():
    for chart in charts():
        assert "<text" in chart.svg
        assert not re.search(r"https?:|xlink|font-family|#0[0-9a-f]{5}\b|<style|<metadata", chart.svg)
        used = set(re.findall(r"var\((--[a-z0-9-]+)\)", chart.svg))
        assert used
        assert all(f"{variable}:" in CSS for variable in used)


def test_error_dots_lie_where_their_values_are():
    chart = error_chart(RESULTS.arms, name="error", confidence_level=0.95)
    looks = arm_looks(RESULTS.arms)
    dots = {}
    for number, arm in enumerate(RESULTS.arms_of("arm"), start=1):
        uses = re.findall(rf'<use href="#[^"]+" x="([\d.]+)"[^>]*fill: var\(--series-{number}\)', chart.svg)
        assert len(uses) == 1, (arm.name, looks[arm.name])
        dots[arm.epe_mean.value] = float(uses[0])
    (low, high), places = (min(dots), max(dots)), dots
    for value, place in places.items():
        expected = places[low] + (places[high] - places[low]) * (value - low) / (high - low)
        assert place == pytest.approx(expected, abs=0.01)


def test_baselines_are_dashed_and_arms_are_not():
    chart = pck_chart(RESULTS.arms, "px", name="pck")
    curves = re.findall(r'<path d="M[^"]{400,}"[^>]*style="([^"]*fill: none[^"]*)"', chart.svg)
    assert len(curves) == len(RESULTS.arms)
    for arm, style in zip(RESULTS.arms, curves, strict=True):
        assert ("stroke-dasharray" in style) == (arm.role != "arm"), arm.name


def test_arms_differ_without_colour_and_keep_their_look_whoever_else_is_there():
    looks = arm_looks(RESULTS.arms)
    assert len({(look.marker, str(look.line)) for look in looks.values()}) == len(looks)
    assert len({look.marker for look in looks.values()}) == len(looks)
    without_ceiling = [arm for arm in RESULTS.arms if arm.role != "ceiling"]
    assert arm_looks(without_ceiling).items() <= looks.items()


def test_training_keeps_few_points_and_the_mean_of_many():
    metrics = [{"step": float(step), "loss": float(step % 2)} for step in range(10_000)]
    chart = training_chart("long", metrics, name="long")
    assert len(chart.svg) < 40_000
    assert "10000 logged steps" in chart.caption


def test_alarms_are_told_in_the_caption_and_drawn_nowhere():
    metrics = [{"step": step, "loss": 1.0, "collapse_warning": float(step > 2), "variety_warning": 0.0}
               for step in (1.0, 2.0, 3.0)]  # fmt: skip
    chart = training_chart("refiner", metrics, name="log")
    assert chart.caption == "3 logged steps. Warnings: collapse in 1 of them."
    assert "collapse" not in chart.svg
    calm = [{**line, "collapse_warning": 0.0} for line in metrics]
    assert training_chart("refiner", calm, name="log").caption == "3 logged steps. Warnings: none."


def luminance(colour):
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_what_they_stand_on(theme):
    block = re.findall(r":root \{(.*?)\}", CSS, flags=re.DOTALL)[theme]
    colours = dict(re.findall(r"(--[a-z0-9-]+): (#[0-9a-f]{6});", block))
    for text in ("--ink", "--muted", "--accent", "--good", "--bad"):
        for ground in ("--paper", "--band", "--mark", "--warn"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for number in range(1, 7):
        assert contrast(colours[f"--series-{number}"], colours["--paper"]) >= 3, number
