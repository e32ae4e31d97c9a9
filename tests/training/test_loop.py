# SPDX-License-Identifier: Apache-2.0
"""Laws of the loop: whatever stops a run, going on ends where it would have ended; nothing saved is ever lost."""

import json
import multiprocessing
import random
import resource
import signal
import time

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.training import Learner, LoopConfig, RunFolder, ValidatingLearner, load_checkpoint, train
from handcraft.training.lock import only_writer_of
from tests.training.toy import (
    CONFIG,
    LOOP,
    ToyLearner,
    message_of_train_toy,
    process,
    start,
    train_toy,
    what_training_left,
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    train_toy(folder)
    return what_training_left(folder)


def stop():
    raise ZeroDivisionError("the power went")


def test_the_toy_is_a_learner():
    assert isinstance(ToyLearner(), Learner)


def test_a_run_killed_at_random_moments_ends_where_an_uninterrupted_one_ends(tmp_path, uninterrupted):
    moments = random.Random(7)
    folder, metrics = tmp_path / "run", tmp_path / "run" / "metrics.jsonl"
    survived = []
    for lines in (1, 4, 8, 12):  # the first kill comes before the first checkpoint
        victim = process(train_toy, folder, folder.exists(), LOOP, 0.004, {58: signal.pause})
        victim.start()
        while victim.is_alive() and not (metrics.exists() and metrics.read_bytes().count(b"\n") >= lines):
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.02))
        victim.kill()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        survived.append(load_checkpoint(folder / "checkpoint.pt", kind="toy").step if lines > 1 else 0)
        assert RunFolder.open(folder).record["status"] == "running"
    assert survived == sorted(survived)
    assert 0 < survived[1] < LOOP.steps
    train_toy(folder, resume=True)
    assert what_training_left(folder) == uninterrupted
    record = RunFolder.open(folder).record
    assert (record["status"], record["step"], len(record["sessions"])) == ("finished", 60, 5)


@pytest.mark.parametrize("step", [3, 9, 10, 11, 37, 59])
def test_a_run_stopped_in_any_step_ends_where_an_uninterrupted_one_ends(tmp_path, uninterrupted, step):
    with pytest.raises(ZeroDivisionError):
        train_toy(tmp_path / "run", at_step={step: stop})
    assert RunFolder.open(tmp_path / "run").record["error"] == "ZeroDivisionError: the power went"
    learner = train_toy(tmp_path / "run", resume=True)
    assert len(learner.seen) == LOOP.steps - step // 10 * 10  # only the steps after the checkpoint are done again
    assert what_training_left(tmp_path / "run") == uninterrupted


def test_half_a_line_and_leftovers_of_a_kill_vanish(tmp_path, uninterrupted):
    with pytest.raises(ZeroDivisionError):
        train_toy(tmp_path / "run", at_step={37: stop})
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "mak')
    (tmp_path / "run" / ".checkpoint.pt.123.part").write_bytes(b"half")
    (tmp_path / "run" / "pictures" / ".step-0000040.png").write_bytes(b"half")
    train_toy(tmp_path / "run", resume=True)
    assert what_training_left(tmp_path / "run") == uninterrupted
    assert not list((tmp_path / "run").glob(".*"))


def test_the_global_generator_does_not_reach_into_a_run_nor_out_of_it(tmp_path, uninterrupted):
    torch.manual_seed(123)
    before = torch.get_rng_state()
    train_toy(tmp_path / "run")
    assert what_training_left(tmp_path / "run") == uninterrupted
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_finishes_its_step_saves_and_says_how_to_go_on(tmp_path, uninterrupted, number):
    handler = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt, match=r"^Stopped after step 24 of 60 and saved it\. Go on with: .*--resume$"):
        train_toy(tmp_path / "run", at_step={23: lambda: signal.raise_signal(number)})
    assert signal.getsignal(number) is handler
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt", kind="toy").step == 24
    assert RunFolder.open(tmp_path / "run").record["status"] == "interrupted"
    train_toy(tmp_path / "run", resume=True)
    assert what_training_left(tmp_path / "run") == uninterrupted


def test_how_to_go_on_is_left_to_whoever_catches_the_interruption(tmp_path, capsys):
    learner = ToyLearner(at_step={3: lambda: signal.raise_signal(signal.SIGINT)})
    with pytest.raises(KeyboardInterrupt, match="Go on with"):
        train(learner, LOOP, start(tmp_path / "run"), resume=False)
    assert "Go on with" not in "".join(capsys.readouterr())  # said once, by the command line


def test_a_second_interruption_does_not_wait(tmp_path):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train_toy(tmp_path / "run", at_step={23: twice})
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt", kind="toy").step == 20


class LosesItsWay(ToyLearner):
    """Its judge's loss is no number from step 13 on."""

    def step(self, step):
        losses = super().step(step)
        return losses | {"judge": float("nan")} if step >= 13 else losses


def test_a_loss_that_is_no_number_stops_the_run_and_loses_nothing(tmp_path):
    run = start(tmp_path / "run")
    with pytest.raises(HandcraftError, match=r"`judge` to be finite, but got nan in step 14; .* step 10 is kept\. Try"):
        train(LosesItsWay(), LOOP, run, resume=False, progress=False)
    saved = load_checkpoint(run.checkpoint, kind="toy")
    assert saved.step == 10
    assert all(weight.isfinite().all() for weight in saved.state["learner"]["judge"].values())
    assert [line["step"] for line in run.metrics()] == [4, 8, 12]
    assert run.record["status"] == "failed"
    assert "nan" in run.record["error"]


def test_metrics_are_the_means_since_the_last_line(tmp_path):
    learner = ToyLearner()
    every = []
    step = learner.step
    learner.step = lambda number: every.append(step(number)) or every[-1]
    run = start(tmp_path / "run")
    train(learner, LoopConfig(steps=10, log_every=4), run, resume=False, progress=False)
    assert [line["step"] for line in run.metrics()] == [4, 8, 10]
    assert run.metrics()[1]["judge"] == pytest.approx(sum(losses["judge"] for losses in every[4:8]) / 4)


def test_a_finished_run_resumed_changes_nothing_and_more_steps_go_on(tmp_path, uninterrupted):
    train_toy(tmp_path / "run", loop=LoopConfig(steps=30, log_every=4, checkpoint_every=10, draw_every=30))
    assert train_toy(tmp_path / "run", resume=True, loop=LoopConfig(steps=30)).seen == []
    (tmp_path / "run" / "pictures" / "step-0000030.png").unlink()  # killed before its last picture
    train_toy(tmp_path / "run", resume=True, loop=LoopConfig(steps=30))
    assert (tmp_path / "run" / "pictures" / "step-0000030.png").exists()
    with pytest.raises(HandcraftError, match=r"Expected `steps` to be at least 30, .* but got 20"):
        train_toy(tmp_path / "run", resume=True, loop=LoopConfig(steps=20))
    train_toy(tmp_path / "run", resume=True)
    left = what_training_left(tmp_path / "run")
    assert left["checkpoint"]["state"]["learner"] == uninterrupted["checkpoint"]["state"]["learner"]


def test_a_checkpoint_that_does_not_fit_is_named_in_one_line(tmp_path):
    train_toy(tmp_path / "run", loop=LoopConfig(steps=5))
    wider = ToyLearner()
    wider.judge = torch.nn.Linear(2, 1)
    with pytest.raises(HandcraftError, match=r"checkpoint\.pt to fit the configuration, but .*size mismatch") as error:
        train(wider, LOOP, start(tmp_path / "run", resume=True), resume=True, progress=False)
    assert "\n" not in str(error.value)
    with pytest.raises(HandcraftError, match=r"no checkpoint yet, but it has one; add --resume"):
        train(ToyLearner(), LOOP, RunFolder.open(tmp_path / "run"), resume=False, progress=False)
    (tmp_path / "other").mkdir()
    other = start(tmp_path / "other", config=CONFIG | {"width": 9})
    (tmp_path / "run" / "checkpoint.pt").rename(other.checkpoint)
    with pytest.raises(HandcraftError, match=r"Expected `config\.width` to be 8 as in .*checkpoint\.pt, but got 9"):
        train(ToyLearner(), LOOP, other, resume=True, progress=False)


def small_files_only_from_step_15(folder):
    return {15: lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))}


def no_files_at_all_from_step_15(folder):
    return {15: lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))}  # not even the record of the failure


def metrics_on_a_full_disk_from_step_15(folder):
    def fill():
        (folder / "metrics.jsonl").rename(folder / "metrics.kept")
        (folder / "metrics.jsonl").symlink_to("/dev/full")

    return {15: fill}


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (small_files_only_from_step_15, "checkpoint.pt (File too large)"),
        (no_files_at_all_from_step_15, "metrics.jsonl (File too large)"),
        (metrics_on_a_full_disk_from_step_15, "metrics.jsonl (No space left on device)"),
    ],
)
def test_a_full_disk_ends_the_run_in_one_line_and_loses_no_checkpoint(tmp_path, uninterrupted, prepare, message):
    here, there = multiprocessing.Pipe()
    child = process(message_of_train_toy, tmp_path / "run", there, prepare)
    child.start()
    assert here.poll(30)
    said = here.recv()
    child.join(30)
    assert said.startswith(f"Cannot write {tmp_path / 'run'}/{message};")
    assert "\n" not in said
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt", kind="toy").step == 10
    assert not list((tmp_path / "run").glob(".*.part"))
    if (tmp_path / "run" / "metrics.kept").exists():
        (tmp_path / "run" / "metrics.kept").replace(tmp_path / "run" / "metrics.jsonl")
    train_toy(tmp_path / "run", resume=True)
    assert what_training_left(tmp_path / "run") == uninterrupted


def test_two_processes_do_not_train_into_one_folder(tmp_path):
    run = start(tmp_path / "run")
    with only_writer_of(run.path), pytest.raises(HandcraftError, match="another process is training into it"):
        train(ToyLearner(), LOOP, run, resume=False, progress=False)
    assert run.record["status"] == "running"  # the other one's, untouched
    train(ToyLearner(), LoopConfig(steps=1), run, resume=False, progress=False)


def test_other_processes_than_the_main_one_write_nothing(tmp_path):
    run = RunFolder.create(tmp_path / "run", stage="refine", config=CONFIG, seed=5, inputs={}, is_main_process=False)
    train(ToyLearner(), LoopConfig(steps=3), run, resume=False, progress=False)
    assert not (tmp_path / "run").exists()


def test_progress_is_plain_lines_without_a_terminal(tmp_path, capsys):
    train(ToyLearner(), LoopConfig(steps=6, log_every=2), start(tmp_path / "run"), resume=False)
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0].startswith("refine: step 2 of 6  maker ")
    assert lines[-1].startswith("refine: step 6 of 6  maker ")


def test_tensorboard_gets_the_same_losses(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_toy(tmp_path / "run", loop=LoopConfig(steps=8, log_every=2))
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    steps = [(event.step, event.value) for event in events.Scalars("judge")]
    assert steps == [
        (line["step"], pytest.approx(line["judge"])) for line in RunFolder.open(tmp_path / "run").metrics()
    ]


@pytest.mark.parametrize("name", ["steps", "log_every", "checkpoint_every", "draw_every"])
def test_a_loop_counts_from_one(name):
    with pytest.raises(HandcraftError, match=rf"Expected `{name}` to be at least 1, but got 0\."):
        LoopConfig(**({"steps": 1} | {name: 0}))


def test_the_loop_is_recorded(tmp_path):
    train_toy(tmp_path / "run", loop=LoopConfig(steps=2))
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["loop"]["steps"] == 2
    assert record["seconds"] > 0


class ValidatedToy(ToyLearner):
    """Judges itself, carelessly: with the global generator."""

    def validate(self):
        return {"validation": self.maker[2].bias.item() + 0 * torch.rand(1).item()}


def test_a_validating_learner_s_figures_stand_beside_its_losses_and_change_nothing(tmp_path):
    learner = ValidatedToy()
    assert isinstance(learner, ValidatingLearner)
    assert not isinstance(ToyLearner(), ValidatingLearner)
    loop = LoopConfig(steps=60, log_every=4, checkpoint_every=10, draw_every=30, validate_every=6)
    train(learner, loop, start(tmp_path / "run"), resume=False, progress=False)
    lines = RunFolder.open(tmp_path / "run").metrics()
    judged = [line["step"] for line in lines if "validation" in line]
    assert judged == list(range(6, 61, 6))
    losses = [{name: value for name, value in line.items() if name != "validation"} for line in lines]
    plain = tmp_path / "plain"
    train_toy(plain)
    assert [line for line in losses if len(line) > 1] == RunFolder.open(plain).metrics()
