# SPDX-License-Identifier: Apache-2.0
"""A preset decides the kind of refiner and its options; pictures are refined to pictures of the same names."""

import dataclasses

import pytest
import torch
from PIL import Image

from handcraft.cli import main
from handcraft.cli.prepared import Preparation, write_preparation
from handcraft.cli.refine import PRESETS
from handcraft.data import PreprocessConfig, open_picture
from handcraft.refine import SMOKE, STYLE_SMOKE, train_refiner
from handcraft.training import LoopConfig
from tests.refine.toy import SIZE, photographs, renders


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run folder as ``handcraft refine`` leaves it."""
    run = tmp_path_factory.mktemp("refine") / "run"
    config = dataclasses.replace(SMOKE, loop=LoopConfig(steps=1))
    train_refiner(renders(), photographs(), config, run, device="cpu", progress=False)
    write_preparation(run, PreprocessConfig(size=SIZE))
    return run


@pytest.mark.parametrize(
    ("preset", "own_option"),
    [("laptop", "--cycle-weight"), ("style", "--style-weight"), ("vaegan", "--vae-steps"), ("santa", "--path-weight")],
)
def test_a_preset_brings_the_options_of_its_own_kind(preset, own_option, capsys):
    with pytest.raises(SystemExit):
        main(["refine", "--rendered", "r", "--photos", "p", "--out", "o", "--preset", preset, "--help"])
    page = capsys.readouterr().out
    assert own_option in page
    others = {"--cycle-weight", "--style-weight", "--vae-steps"} - {own_option}
    assert not any(option in page for option in others)


def test_options_of_the_parts_reach_the_parts(capsys):
    base = ["refine", "--rendered", "nowhere", "--photos", "p", "--out", "o"]
    assert main([*base, "--generator.width", "0"]) == 2
    assert "Expected `width` to be at least 1, but got 0." in capsys.readouterr().err
    assert main([*base, "--optimiser.learning-rate", "0"]) == 2
    assert "Expected `learning_rate` to be above 0" in capsys.readouterr().err
    assert main([*base, "--preset", "unknown"]) == 2
    assert all(name in capsys.readouterr().err for name in ("geocongan",))
    assert "paper-wasserstein" in PRESETS


def test_one_picture_and_a_folder_of_them_keep_their_names(trained, tmp_path, capsys):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name, size in (("a.png", (20, 17)), ("deep/b.jpg", (16, 16))):
        Image.new("RGB", size, (150, 140, 130)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "c.png").write_bytes(b"")
    apply = ["refine", "apply", "--refiner", str(trained), "--keep", "pictures"]
    assert main([*apply, "--data", str(tmp_path / "in"), "--out", str(tmp_path / "all")]) == 0
    assert sorted(str(each.relative_to(tmp_path / "all")) for each in (tmp_path / "all").rglob("*.*")) == [
        "a.png",
        "deep/b.jpg",
    ]
    assert "left out" in capsys.readouterr().err
    assert main([*apply, "--data", str(tmp_path / "in" / "a.png"), "--out", str(tmp_path / "one")]) == 0
    assert (tmp_path / "one" / "a.png").read_bytes() == (tmp_path / "all" / "a.png").read_bytes()


def test_an_exemplar_is_cut_and_painted_after(tmp_path, capsys):
    run = tmp_path / "run"
    config = dataclasses.replace(STYLE_SMOKE, loop=LoopConfig(steps=1))
    trained = train_refiner(renders(), photographs(), config, run, device="cpu", progress=False)
    write_preparation(run, PreprocessConfig(size=SIZE))
    Image.new("RGB", (20, 17), (90, 120, 200)).save(tmp_path / "a.png")
    exemplar = Image.new("RGBA", (40, 40))
    exemplar.paste((200, 60, 40, 255), (10, 10, 30, 30))
    exemplar.save(tmp_path / "exemplar.png")
    apply = ["refine", "apply", "--refiner", str(run), "--data", str(tmp_path / "a.png"), "--keep", "pictures"]
    assert main([*apply, "--out", str(tmp_path / "o"), "--exemplar", str(tmp_path / "exemplar.png")]) == 0
    crop = Preparation(PreprocessConfig(size=SIZE)).load_picture(tmp_path / "exemplar.png")
    assert crop.shape == (3, SIZE, SIZE)
    expected = trained.in_style_of(crop)(open_picture(tmp_path / "a.png").image[None])[0]
    torch.testing.assert_close(open_picture(tmp_path / "o" / "a.png").image, expected, rtol=0, atol=0.51 / 255)
    assert main([*apply, "--out", str(tmp_path / "p"), "--exemplar", str(tmp_path / "a.png")]) == 2
    assert "Expected masks of the hands in" in capsys.readouterr().err


def test_crops_of_one_file_are_one_line(trained, tmp_path, capsys):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    apply = ["refine", "apply", "--refiner", str(trained), "--data", str(tmp_path / "a.png")]
    assert main([*apply, "--out", str(tmp_path / "o")]) == 2
    assert "is one file; refine a picture as it is with --keep pictures." in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--copies", "2"), ("--strength", "0.5")])
def test_what_a_refiner_cannot_do_is_one_line(trained, tmp_path, capsys, option, value):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    apply = ["refine", "apply", "--refiner", str(trained), "--data", str(tmp_path / "a.png")]
    assert main([*apply, "--out", str(tmp_path / "o"), "--keep", "pictures", option, value]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"handcraft: Expected `{option[2:]}` to be 1")
