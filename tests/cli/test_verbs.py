# SPDX-License-Identifier: Apache-2.0
"""The verbs work one on another's folders, on a handful of painted hands: train, apply, measure, report."""

import json

import pytest
import torch
from PIL import Image

from handcraft.cli import main
from handcraft.cli.prepared import Preparation, read_mean_pose, read_preparation, whole_picture
from handcraft.data import HandSample, PreparedSet, PreprocessConfig, ShardWriter, hand_crop, open_dataset, prepare
from handcraft.errors import HandcraftError
from handcraft.estimate import Estimator, Segmenter
from handcraft.randomness import generator_for
from handcraft.report.results import read_results

SIZE_PX = 40


def painted_hand(index, *, is_real, source):
    """A bright square with 21 keypoints inside it on a dark picture; where it lies differs from one to the next."""
    left, top = (int(place) for place in torch.randint(4, 14, (2,), generator=generator_for(5, index)))
    mask = torch.zeros(SIZE_PX, SIZE_PX, dtype=torch.bool)
    mask[top : top + 20, left : left + 20] = True
    image = torch.rand(3, SIZE_PX, SIZE_PX, generator=generator_for(6, index)) * 0.2 + 0.7 * mask
    unit = torch.rand(21, 2, generator=generator_for(7))
    return HandSample(
        key=f"hand-{index:02d}",
        image=image,
        source=source,
        is_real=is_real,
        subject=f"person-{index % 4}",
        mask=mask,
        keypoints_px=torch.tensor([left, top]) + 20 * unit,
        confidence=torch.ones(21),
    )


def write_set(folder, *, is_real, source):
    with ShardWriter(folder, samples_per_shard=8, description={"made": "by a test"}) as writer:
        for index in range(8):
            writer.write(painted_hand(index, is_real=is_real, source=source))
    return folder


def paint_photographs(folder):
    """Pictures alone, without a label."""
    folder.mkdir()
    for index in range(3):
        pixels = (painted_hand(index, is_real=True, source="x").image * 255).to(torch.uint8).permute(1, 2, 0)
        Image.fromarray(pixels.numpy()).save(folder / f"{index}.png")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with two data sets and what every training verb makes of them in its smoke preset."""
    home = tmp_path_factory.mktemp("verbs")
    write_set(home / "renders", is_real=False, source="plain renders")
    write_set(home / "photos", is_real=True, source="photographs")
    small = ["--preset", "smoke", "--size", "32"]
    commands = [
        ["refine", "--rendered", "renders", "--photos", "photos", "--out", "refiner", *small],
        ["refine", "apply", "--refiner", "refiner", "--data", "renders", "--out", "refined"],
        ["estimate", "--data", "refined", "--out", "estimator", "--preset", "smoke"],
        ["estimate", "segmenter", "--data", "renders", "--out", "segmenter", "--preset", "smoke"],
        ["measure", "--estimator", "estimator", "--data", "photos"],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        codes = [main(command) for command in commands]
    assert codes == [0] * len(commands)
    return home


@pytest.fixture
def at_home(home, monkeypatch):
    monkeypatch.chdir(home)
    return home


def refused(command, capsys):
    assert main(command) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("handcraft: ")
    return line


def test_a_run_remembers_how_its_crops_were_cut(home):
    assert read_preparation(home / "refiner") == PreprocessConfig(size=32)
    assert read_preparation(home / "refined") == PreprocessConfig(size=32)
    assert read_preparation(home / "estimator") == PreprocessConfig(size=32)


def test_refined_crops_keep_keys_and_labels(home):
    before = prepare(open_dataset(home / "renders"), PreprocessConfig(size=32))
    after = PreparedSet.load(home / "refined" / "prepared.safetensors")
    assert after.keys == before.keys
    assert torch.equal(after.keypoints_px, before.keypoints_px)
    assert not torch.equal(after.images, before.images)


def test_the_mean_pose_is_remembered_in_crop_sides(home):
    keypoints_px = PreparedSet.load(home / "refined" / "prepared.safetensors").keypoints_px
    assert torch.allclose(read_mean_pose(home / "estimator", 32).keypoints_px, keypoints_px.mean(0), atol=1e-4)
    assert torch.allclose(read_mean_pose(home / "estimator", 64).keypoints_px, 2 * keypoints_px.mean(0), atol=1e-4)


def test_measured_figures_are_those_of_the_labels(home):
    results = read_results(home / "estimator" / "measured" / "photos")
    test = prepare(open_dataset(home / "photos"), PreprocessConfig(size=32))
    errors = {
        "image centre": (16.0 - test.keypoints_px).norm(dim=-1),
        "mean pose": (read_mean_pose(home / "estimator", 32).keypoints_px - test.keypoints_px).norm(dim=-1),
        "estimator": (Estimator.load(home / "estimator")(test.float_images()) - test.keypoints_px).norm(dim=-1),
    }
    assert [arm.name for arm in results.arms] == list(errors)
    for arm in results.arms:
        assert arm.epe_mean.value == pytest.approx(errors[arm.name].mean().item(), rel=1e-4)
    assert results.sets["test"].is_real
    assert results.sets["test"].people == 4


def test_the_table_names_the_baselines_and_what_was_measured(at_home, capsys):
    assert main(["measure", "--estimator", "estimator", "--data", "renders", "--out", "again"]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("image centre", "mean pose", "estimator", "plain renders"))
    assert "not photographs" in printed


def test_the_report_is_one_page_of_what_was_measured(at_home, capsys):
    assert main(["report", "estimator/measured/photos", "--out", "page.html"]) == 0
    assert "estimator on photographs" in (at_home / "page.html").read_text(encoding="utf-8")
    assert "page.html" in capsys.readouterr().out


def test_whole_pictures_are_refined_shard_by_shard(at_home):
    command = [
        "refine",
        "apply",
        "--refiner",
        "refiner",
        "--data",
        "renders",
        "--out",
        "pictures",
        "--keep",
        "pictures",
    ]
    assert main(command) == 0
    before, after = (list(open_dataset(at_home / folder)) for folder in ("renders", "pictures"))
    assert [sample.key for sample in after] == [sample.key for sample in before]
    assert torch.equal(after[3].keypoints_px, before[3].keypoints_px)
    assert after[3].image.shape == before[3].image.shape


def test_a_second_run_into_the_same_folder_is_refused_unless_resumed(at_home, capsys):
    command = ["estimate", "--data", "refined", "--out", "estimator", "--preset", "smoke"]
    assert "--resume" in refused(command, capsys)
    assert main([*command, "--resume"]) == 0


def test_what_is_no_estimator_s_run_is_refused(at_home, capsys):
    assert "preparation.json" in refused(["measure", "--estimator", "renders", "--data", "photos"], capsys)
    assert "cyclegan" in refused(["measure", "--estimator", "refiner", "--data", "photos"], capsys)
    with pytest.raises(HandcraftError, match="mean pose"):
        read_mean_pose(at_home / "refiner", 32)


@pytest.mark.parametrize("keep", ["crops", "pictures"])
@pytest.mark.parametrize("used", ["estimator", "photos", "page"])
def test_refined_hands_do_not_go_into_a_folder_of_something_else(at_home, capsys, keep, used):
    (at_home / "page").mkdir(exist_ok=True)
    (at_home / "page" / "thesis.txt").write_text("the only copy")
    before = {path: path.read_bytes() for path in (at_home / used).rglob("*") if path.is_file()}
    command = ["refine", "apply", "--refiner", "refiner", "--data", "renders", "--out", used, "--keep", keep]
    assert "another folder" in refused(command, capsys)
    assert {path: path.read_bytes() for path in (at_home / used).rglob("*") if path.is_file()} == before


def test_crops_that_a_kill_left_unfinished_are_made_again(at_home):
    (at_home / "unfinished").mkdir()
    for name in ("preparation.json", ".prepared.safetensors.7.part"):
        (at_home / "unfinished" / name).write_text("half")
    assert main(["refine", "apply", "--refiner", "refiner", "--data", "renders", "--out", "unfinished"]) == 0
    refined, again = (PreparedSet.load(at_home / name / "prepared.safetensors") for name in ("refined", "unfinished"))
    assert torch.equal(again.images, refined.images)


def test_a_device_this_machine_has_not_is_refused(at_home, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    command = ["refine", "apply", "--refiner", "refiner", "--data", "renders", "--out", "on-a-gpu"]
    assert "--device cpu" in refused([*command, "--device", "cuda"], capsys)
    assert not (at_home / "on-a-gpu").exists()


@pytest.mark.parametrize("limit", ["0", "-1"])
@pytest.mark.parametrize("what", [["segmenter"], []])
def test_a_limit_below_one_is_refused(at_home, capsys, what, limit):
    command = ["estimate", *what, "--data", "renders", "--out", "new", "--limit", limit]
    assert f"`limit` to be at least 1, but got {limit}" in refused(command, capsys)


def test_pictures_that_cannot_be_read_are_left_out_and_counted(at_home, capsys):
    paint_photographs(at_home / "damaged")
    for number in range(3, 20):
        (at_home / "damaged" / f"{number:02d}.jpg").write_bytes(b"half a picture")
    prepared = Preparation(PreprocessConfig(size=32, background="kept")).load(at_home / "damaged")
    assert len(prepared) == 3
    said = capsys.readouterr().err
    assert "3 crops; left out 17 files that cannot be read" in said
    assert said.count("\n") == 11  # ten of them by name


def test_going_on_with_other_pictures_is_refused(at_home, capsys):
    command = ["estimate", "--data", "refined", "--out", "estimator", "--preset", "smoke", "--resume", "--limit", "5"]
    assert "inputs.images" in refused(command, capsys)


def test_ready_crops_that_were_cut_otherwise_are_refused(at_home, capsys):
    line = refused(["measure", "--estimator", "estimator", "--data", "refined", "--crop-scale", "1.75"], capsys)
    assert "crop_scale=1.75" in line


def test_a_missing_data_set_is_named(at_home, capsys):
    assert "nowhere" in refused(["estimate", "--data", "nowhere", "--out", "new"], capsys)
    assert not (at_home / "new").exists()


def test_pictures_without_masks_ask_for_a_segmenter(at_home, capsys):
    paint_photographs(at_home / "plain")
    command = ["refine", "--rendered", "renders", "--photos", "plain", "--out", "other", "--preset", "smoke"]
    assert "--segmenter" in refused(command, capsys)
    assert main([*command, "--background", "kept", "--size", "32"]) == 0
    unlabelled = refused(["measure", "--estimator", "estimator", "--data", "plain", "--background", "kept"], capsys)
    assert "labelled" in unlabelled


def outcome(load):
    """The crops' places, or what was said instead: a segmenter of four steps may well find no hand."""
    try:
        return load().crops.tolist()
    except HandcraftError as error:
        return str(error)


def test_the_named_segmenter_stands_in_for_missing_masks(at_home):
    paint_photographs(at_home / "unmasked")
    config = PreprocessConfig(size=32)
    segmenter = Segmenter.load(at_home / "segmenter")
    expected = outcome(lambda: prepare(open_dataset(at_home / "unmasked"), config, segment=segmenter))
    assert outcome(lambda: Preparation(config, at_home / "segmenter").load(at_home / "unmasked")) == expected


@pytest.mark.parametrize(("height", "width"), [(40, 40), (30, 60), (64, 48)])
@pytest.mark.parametrize("crop_scale", [1.0, 1.75, 2.1])
def test_without_masks_the_crop_is_the_middle_with_the_picture_s_area(height, width, crop_scale):
    mask = whole_picture(crop_scale)(torch.rand(1, 3, height, width))[0] > 0.5
    box = hand_crop(mask, crop_scale)
    assert box.side_px == pytest.approx((height * width) ** 0.5, rel=0.06)
    assert box.left_px + box.side_px / 2 == pytest.approx(width / 2)
    assert box.top_px + box.side_px / 2 == pytest.approx(height / 2)


def test_results_are_plain_json(home):
    text = (home / "estimator" / "measured" / "photos" / "results.json").read_text(encoding="utf-8")
    assert json.loads(text)["frame"].startswith("32 px crops")
