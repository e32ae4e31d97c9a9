# SPDX-License-Identifier: Apache-2.0
"""What a page refuses: one line that names the file, the place in it and the cure."""

import json

import pytest

from handcraft.errors import HandcraftError
from handcraft.report import write_report
from tests.report.make import make_run, results


@pytest.fixture
def message(tmp_path):
    """What write_report says of a run with this text, or this content, for its results.json."""

    def of(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "results.json").write_text(text, encoding="utf-8")
        with pytest.raises(HandcraftError) as caught:
            write_report(tmp_path)
        assert not (tmp_path / "report.html").exists()
        said = str(caught.value)
        assert "\n" not in said
        assert str(tmp_path / "results.json") in said
        return said

    return of


def changed(path, value):
    """The whole content with one place set, or removed with ``...``."""
    content = at = results()
    *way, last = path
    for step in way:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["verdict"], ..., "Expected `verdict` to be there, but it is missing"),
        (["arms", 1, "runs", 0, "scores", "epe_median", "value"], "8", "epe_median.value` to be a number, but got '8'"),
        (["arms", 0, "epe_mean"], 14.2, "`arms[0].epe_mean` to be an object with `value`, `low`"),
        (["arms", 1, "runs", 0, "seed"], "0", "Expected `arms[1].runs[0].seed` to be a whole number"),
        (["arms", 0, "epe_mean", "low"], "x", "`arms[0].epe_mean.low` to be a number"),
        (["arms", 2, "role"], "winner", "`arms[2].role` to be one of 'baseline', 'arm', 'ceiling', but got 'winner'"),
        (["arms", 2, "runs"], [], "the arm 'raw renders' to have at least one of `runs`"),
        (["arms"], [], "Expected at least one of `arms`, but got none"),
        (["arms", 3, "name"], "CycleGAN", "every arm to have a name of its own, but 'CycleGAN' is there twice"),
        (["arms", 2, "runs", 0, "scores", "images"], 12.5, "scores.images` to be a whole number, but got 12.5"),
        (["arms", 2, "runs", 0, "scores", "pck_px", "values"], [0.5], "as many values as thresholds, but got 1"),
        (["differences", 0, "against"], "nobody", "there is no arm 'nobody'"),
        (["sets", "test", "is_real"], "yes", "`sets.test.is_real` to be true or false, but got 'yes'"),
        (["sets", "test", "count"], True, "`sets.test.count` to be a whole number, but got True"),
        (["seeds"], 0, "`seeds` to be a list, but got 0"),
        (["sets"], [], "`sets` to be an object, but got []"),
        (["pictures", 0, "group"], "other", "`pictures[0].group` to be one of 'look'"),
        (["schema"], 2, "to have `schema` 1, but got 2"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named_by_its_place(message, path, value, said):
    assert said in message(changed(path, value))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '{"schema": 1, "seconds": NaN}', "[" * 100_000])
def test_a_broken_file_is_refused(message, text):
    assert "make the run again" in message(text)


def test_a_file_that_is_not_utf8_is_refused(message, tmp_path):
    (tmp_path / "results.json").write_bytes(b'{"title": "\xff"}')
    with pytest.raises(HandcraftError, match=r"readable JSON"):
        write_report(tmp_path)


def test_a_folder_without_results_says_what_to_do(tmp_path):
    with pytest.raises(HandcraftError, match=r"with a results\.json, but there is none; finish the run first"):
        write_report(tmp_path / "nowhere")


def test_a_missing_picture_is_named(message):
    said = message(results())
    assert "renders.png" in said
    assert "is missing; make the run again or put it back" in said


@pytest.mark.parametrize("content", [b"no picture", b"", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_refused(folder, tmp_path, content):
    broken = tmp_path / "run"
    broken.mkdir()
    (broken / "pictures").mkdir()
    (broken / "pictures" / "renders.png").write_bytes(content)
    (broken / "results.json").write_bytes((folder / "results.json").read_bytes())
    with pytest.raises(HandcraftError, match=r"renders.png to be a whole PNG, JPEG or WebP picture"):
        write_report(broken)


def test_a_picture_cut_short_is_refused(tmp_path):
    run = make_run(tmp_path)
    path = run / "pictures" / "refined.png"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(HandcraftError, match=r"refined.png to be a whole PNG"):
        write_report(run)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "pictures/../../secret.png"])
def test_no_file_outside_the_run_folder_is_carried_away(message, name):
    assert "`pictures.file`" in message(changed(["pictures", 0, "file"], name))


def test_metrics_that_are_missing_or_empty_are_named(tmp_path):
    run = make_run(tmp_path)
    (run / "estimate-raw" / "metrics.jsonl").write_text('{"step": 1}\nnot json\n', encoding="utf-8")
    with pytest.raises(HandcraftError, match=r"metrics.jsonl to hold lines such as"):
        write_report(run)
    (run / "estimate-raw" / "metrics.jsonl").unlink()
    with pytest.raises(HandcraftError, match=r"metrics.jsonl, which .*results.json names, but it cannot be read"):
        write_report(run)


def test_the_page_needs_a_run_and_a_place(folder, tmp_path):
    with pytest.raises(HandcraftError, match=r"at least one run folder"):
        write_report([])
    with pytest.raises(HandcraftError, match=r"is a folder; name a file such as report.html"):
        write_report(folder, tmp_path)
