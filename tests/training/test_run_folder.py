# SPDX-License-Identifier: Apache-2.0
"""Laws of the run folder: it says what ran, it is never half written, and it goes on only as what it was."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from handcraft.errors import HandcraftError
from handcraft.training import RunFolder
from handcraft.training.provenance import git_commit


@dataclass(frozen=True)
class Inner:
    rates: tuple[float, ...] = (0.1, 0.2)


@dataclass(frozen=True)
class Config:
    width: int = 8
    inner: Inner = field(default_factory=Inner)


def create(path, stage="refine", config=None, seed=3, real="r", **options):
    return RunFolder.create(
        path, stage=stage, config=config or Config(), seed=seed, inputs={"real": Path(real)}, **options
    )


def test_it_says_what_ran(tmp_path):
    run = create(tmp_path / "deep" / "run")
    record = json.loads((run.path / "run.json").read_text())
    assert record["stage"] == "refine"
    assert record["seed"] == 3
    assert record["status"] == "running"
    assert record["config"] == {"width": 8, "inner": {"rates": [0.1, 0.2]}}
    assert record["inputs"] == {"real": "r"}
    assert set(record["versions"]) == {"python", "handcraft", "torch", "warp", "anny", "accelerate"}
    assert "not installed" not in record["versions"].values()
    assert set(record["machine"]) == {"platform", "cores", "memory_gib", "device"}
    assert record["machine"]["cores"] >= 1
    assert record["machine"]["memory_gib"] > 0
    assert "pytest" in record["command"]
    run.finish()
    assert run.record["status"] == "finished"
    assert run.record["finished"] >= run.record["started"]
    assert run.record["seconds"] >= 0


def test_opening_gives_what_was_created(tmp_path):
    run = create(tmp_path / "run")
    opened = RunFolder.open(tmp_path / "run")
    assert (opened.path, opened.stage, opened.config, opened.seed) == (run.path, run.stage, run.config, run.seed)
    assert opened.pictures.is_dir()


def test_a_folder_in_use_is_refused_with_its_cure(tmp_path):
    create(tmp_path / "run")
    with pytest.raises(HandcraftError, match=r"it has files; add --resume to go on .*, or choose another folder\.$"):
        create(tmp_path / "run")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("")
    for resume in (False, True):
        with pytest.raises(HandcraftError, match=r"thesis"):
            create(tmp_path / "thesis", resume=resume)
    with pytest.raises(HandcraftError, match=r"it is a file; choose another folder"):
        create(tmp_path / "thesis" / "chapter.tex")
    assert [item.name for item in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_what_a_kill_leaves_before_the_first_record_is_no_use(tmp_path):
    (tmp_path / "run" / "pictures").mkdir(parents=True)
    (tmp_path / "run" / ".run.json.99.part").write_text('{"sta')
    assert create(tmp_path / "run").record["status"] == "running"


def test_resuming_without_a_run_begins_one(tmp_path):
    assert len(create(tmp_path / "run", resume=True).record["sessions"]) == 1


def test_a_resumed_run_remembers_each_session(tmp_path):
    create(tmp_path / "run").finish("failed", "no luck")
    first = RunFolder.open(tmp_path / "run").record | {"seconds": 100.0}
    (tmp_path / "run" / "run.json").write_text(json.dumps(first))
    run = create(tmp_path / "run", resume=True)
    assert (run.record["status"], run.record["error"], run.record["finished"]) == ("running", None, None)
    assert len(run.record["sessions"]) == 2
    assert run.record["sessions"][0] == first["sessions"][0]
    run.finish()
    assert run.record["seconds"] >= 100.0
    assert run.record["started"] == first["started"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"config": Config(width=9)}, r"Expected `config\.width` to be 8 as when .* began, but got 9;"),
        (
            {"config": Config(inner=Inner((0.1, 0.3)))},
            r"`config\.inner\.rates` to be \[0\.1, 0\.2\] .*got \[0\.1, 0\.3\]",
        ),
        ({"config": {"width": 8}}, r"`config\.inner` to be \{'rates': .* but got '\(absent\)'"),
        ({"stage": "estimate"}, r"Expected `stage` to be 'refine' .* but got 'estimate'"),
        ({"seed": 4}, r"Expected `seed` to be 3 .* but got 4"),
        ({"real": "s"}, r"Expected `inputs\.real` to be 'r' .* but got 's'"),
    ],
)
def test_a_run_goes_on_only_as_what_it_was(tmp_path, changed, message):
    create(tmp_path / "run")
    before = (tmp_path / "run" / "run.json").read_bytes()
    with pytest.raises(HandcraftError, match=message) as error:
        create(tmp_path / "run", resume=True, **changed)
    assert "\n" not in str(error.value)
    assert (tmp_path / "run" / "run.json").read_bytes() == before


@pytest.mark.parametrize("content", ["", '{"stage": "ref', "[]", '{"schema": 99}'])
def test_a_record_that_is_none_is_named(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(HandcraftError, match=r"Expected .*run\.json to be a run's record"):
        RunFolder.open(tmp_path)


def test_a_folder_without_a_record_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(HandcraftError, match=r"to be a run's folder, but it has no run\.json"):
            RunFolder.open(path)


def test_metrics_come_back_as_logged(tmp_path):
    run = create(tmp_path / "run")
    run.log(1, {"loss": 0.1 + 0.2, "images": 3})
    run.log(2, {"loss": 1e-300})
    lines = [{"loss": 0.1 + 0.2, "images": 3, "step": 1}, {"loss": 1e-300, "step": 2}]
    assert run.metrics() == lines
    assert [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()] == lines


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_no_number_is_logged_that_json_lacks(tmp_path, value):
    run = create(tmp_path / "run")
    with pytest.raises(HandcraftError, match=r"Expected `loss` to be finite at step 4, but got"):
        run.log(4, {"fine": 1.0, "loss": value})
    assert run.metrics() == []
    with pytest.raises(HandcraftError, match=r"Expected `config\.rate` to be a finite number"):
        create(tmp_path / "other", config={"rate": value})


def test_metrics_are_cut_back_to_a_step_even_after_half_a_line(tmp_path):
    run = create(tmp_path / "run")
    for step in (10, 20, 30):
        run.log(step, {"loss": float(step)})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4')
    assert [line["step"] for line in run.metrics()] == [10, 20, 30]
    whole = (run.path / "metrics.jsonl").read_text().splitlines()[:2]
    run.cut_metrics(20)
    assert (run.path / "metrics.jsonl").read_text().splitlines() == whole
    run.log(30, {"loss": 1.0})
    assert [line["step"] for line in run.metrics()] == [10, 20, 30]


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_the_commit_is_found_where_there_is_one(tmp_path):
    assert git_commit(tmp_path) is None
    git(tmp_path, "init")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    assert git_commit(tmp_path) is None
    git(tmp_path, "commit", "-m", "one")
    commit = git_commit(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    (tmp_path / "code.py").write_text("2")
    assert git_commit(tmp_path) == f"{commit}+modified"
    (tmp_path / "environment").mkdir()  # an installed handcraft in somebody's project is not at their commit
    assert git_commit(tmp_path / "environment") is None


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() is None
