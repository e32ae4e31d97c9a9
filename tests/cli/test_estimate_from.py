# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate --from``: a network trained on for one's own photographs is a hand network like any other."""

import json
from dataclasses import replace

import pytest
import torch

from handcraft.cli import main
from handcraft.cli.estimate_from import refined_look
from handcraft.cli.prepared import write_preparation
from handcraft.data import PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand import HAND_SMOKE, TUNE_SMOKE, StreamConfig
from handcraft.estimate.hand.examples import examples_from
from handcraft.estimate.hand.export import load_hand_net
from handcraft.estimate.hand.learner import make_hand_net
from handcraft.refine import SMOKE, train_refiner
from handcraft.training import LoopConfig, save_checkpoint
from tests.data.coco.make import write_coco
from tests.data.joints_json.make import write_joints_json
from tests.data.photographs.make import write_photographs

QUICK = ["--preset", "smoke", "--workers", "1", "--stream.render-px", "32", "--stream.block", "32", "--loop.steps", "1"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A hand network and a refiner, both hardly trained, and labelled photographs in two layouts."""
    home = tmp_path_factory.mktemp("from")
    network = make_hand_net(HAND_SMOKE, generator=torch.Generator().manual_seed(0))
    state = {"learner": {"average": network.state_dict()}}
    save_checkpoint(home / "hand.pt", kind="hand", config=HAND_SMOKE.without_loop(), step=1, state=state)
    write_joints_json(home / "joints")
    entries = json.loads((home / "joints" / "joints.json").read_text())
    for row in entries[0]["joints"][8:]:
        row[2] = 0.0
    (home / "joints" / "joints.json").write_text(json.dumps(entries))
    write_coco(home / "coco")
    return home


@pytest.fixture(scope="module")
def refiner(home, hand_model):
    scene, _ = StreamConfig(render_px=32, block=32).scenes()[0]
    crops = PreprocessConfig(size=16)
    prepared = prepare(list(RenderedSet(scene, 1, 8)), crops)
    config = replace(SMOKE, batch_size=2, loop=LoopConfig(1, 1, 1, 1))
    train_refiner(prepared, replace(prepared, is_real=True), config, home / "refiner", device="cpu", progress=False)
    write_preparation(home / "refiner", crops)
    return home / "refiner"


def tuned(home, out, *options):
    return main(["estimate", "--from", str(home / "hand.pt"), "--out", str(out), *QUICK, *map(str, options)])


@pytest.mark.parametrize(("data", "partly"), [("joints", 1), ("coco", 1)])
def test_partly_labelled_sets_are_trained_on(home, tmp_path, capsys, data, partly):
    assert tuned(home, tmp_path / "run", "--data", home / data, "--photograph-share", 1) == 0
    out, err = capsys.readouterr()
    assert f"handcraft export {tmp_path / 'run'} hand.onnx" in out
    assert f"3 labelled hands of {2 if data == 'joints' else 3} people, {partly} of them partly; left out 0" in err
    assert json.loads((tmp_path / "run" / "run.json").read_text())["inputs"]["is_real"]
    _, config, _ = load_hand_net(tmp_path / "run")
    assert config.image_px == HAND_SMOKE.image_px
    assert (
        tuned(home, tmp_path / "again", "--from", tmp_path / "run", "--data", home / data, "--photograph-share", 1) == 0
    )


@pytest.mark.usefixtures("hand_model")
def test_without_photographs_it_is_other_renders(home, tmp_path):
    assert tuned(home, tmp_path / "run", "--stream.no-forearm") == 0
    inputs = json.loads((tmp_path / "run" / "run.json").read_text())["inputs"]
    assert (inputs["photographs"], inputs["refiner"], inputs["is_real"]) == (None, None, False)
    _, config, _ = load_hand_net(tmp_path / "run")
    assert not config.stream.forearm


def test_a_refiner_makes_renders_look_otherwise(home, refiner, tmp_path):
    assert tuned(home, tmp_path / "run", "--refiner", refiner) == 0
    inputs = json.loads((tmp_path / "run" / "run.json").read_text())["inputs"]
    assert inputs["refiner"]["kind"] == "cyclegan"
    assert len(inputs["refiner"]["checkpoint_sha256"]) == 64
    assert not inputs["is_real"]


def test_the_refiners_look_is_that_of_its_crops(refiner):
    """Hands change, and nothing else does; their labels stay."""
    scene, _ = StreamConfig(render_px=32, block=32).scenes()[0]
    samples = list(RenderedSet(scene, 2, 4))
    look = refined_look(refiner, TUNE_SMOKE)
    before, after = examples_from(samples), look.join([look.make(samples)])
    changed = (before.images != after.images).any(1)
    assert changed.any()
    assert not (changed & ~torch.stack([sample.mask for sample in samples])).any()
    assert torch.equal(after.keypoints_px, before.keypoints_px)


def test_mistakes_are_one_line(home, tmp_path, capsys):
    write_photographs(tmp_path / "bare")
    for options, told in [
        (["--data", tmp_path / "bare"], "labelled keypoints"),
        (["--refiner", home / "joints"], "run"),
        (["--from", tmp_path / "no.onnx"], "no such file"),
        (["--from", home / "joints" / "joints.json"], "checkpoint"),
        (["--photograph-share", 2], "photograph_share"),
        (["--image-px", 64], "--image-px"),
    ]:
        assert tuned(home, tmp_path / "run", *options) == 2
        lines = capsys.readouterr().err.splitlines()
        assert told in lines[-1], options
    assert not (tmp_path / "run").exists()
