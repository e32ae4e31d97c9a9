# SPDX-License-Identifier: Apache-2.0
"""``handcraft predict``: files in, lines out; what cannot be read is told, the rest done, torch never imported."""

import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from handcraft.cli import main
from tests.predict.networks import dots, keypoints_of, upright_hand, write_networks

HAND = upright_hand(200.0, 150.0)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    predictor = write_networks(tmp_path_factory.mktemp("networks"))
    files = {"--hand": predictor.hand_file, "--finder": predictor.finder_file, "--surface": predictor.surface_file}
    return [str(word) for option in files.items() for word in option]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photos" / "photo.png"
    path.parent.mkdir()
    Image.fromarray(dots(400, 300, HAND)).save(path)
    return path


def write_video(path, frames, code="mp4v"):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 25.0, (400, 300))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def test_one_line_a_hand_and_a_count(photo, networks, capsys):
    empty = photo.with_name("empty.jpg")
    Image.new("RGB", (50, 40)).save(empty)
    assert main(["predict", str(photo), str(empty), *networks]) == 0
    said = capsys.readouterr()
    (line,) = lines_of(said.out)
    assert line["file"] == str(photo)
    assert np.abs(np.array(line["keypoints_px"]) - keypoints_of(HAND)).max() < 0.1
    assert np.shape(line["keypoints_3d_m"]) == (21, 3)
    assert (line["side"], len(line["confidence"]), len(line["box"])) == ("right", 21, 4)
    assert said.err == "1 hand in 1 of 2 files, none in 1\n"


def test_a_folder_s_drawings_meshes_and_lines_are_written(photo, networks, tmp_path, capsys):
    (photo.parent / "below").mkdir()
    for name in ("below/photo.jpg", "picture.bmp"):
        Image.fromarray(dots(400, 300, HAND)).save(photo.parent / name)
    out, overlays, meshes = tmp_path / "new" / "hands.jsonl", tmp_path / "drawn", tmp_path / "meshes"
    options = ["--out", str(out), "--overlays", str(overlays), "--mesh", str(meshes)]
    assert main(["predict", str(photo.parent), *options, *networks]) == 0
    assert capsys.readouterr().out == ""
    lines = lines_of(out.read_text())
    assert len(lines) == 3
    drawn = sorted(path.relative_to(overlays).as_posix() for path in overlays.rglob("*.*"))
    assert drawn == ["below/photo.jpg", "photo.png", "picture.bmp.png"]
    for name in drawn:
        with Image.open(overlays / name) as picture:
            assert picture.size == (400, 300)
            assert np.abs(np.asarray(picture, int) - dots(400, 300, HAND)).max() > 100
    assert all((meshes / line["mesh"]).read_text().count("\nf ") == 4 for line in lines)
    assert len({line["mesh"] for line in lines}) == 3


def test_a_video_is_followed_and_drawn(networks, tmp_path, capsys):
    frames = [dots(400, 300, HAND + np.array([2.0 * number, 0.0]), radius_px=8) for number in range(6)] + [
        dots(400, 300)
    ] * 2
    clip, overlays = write_video(tmp_path / "clip.mp4", frames), tmp_path / "drawn"
    assert main(["predict", str(clip), "--overlays", str(overlays), *networks]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert [line["frame"] for line in lines] == list(range(6))
    assert {line["track"] for line in lines} == {0}
    assert lines[5]["time_s"] == 0.2
    assert np.abs(np.array(lines[0]["keypoints_px"]) - keypoints_of(HAND)).max() < 2  # the codec's blur
    drawn = cv2.VideoCapture(str(overlays / "clip.mp4"))
    assert (int(drawn.get(cv2.CAP_PROP_FRAME_COUNT)), drawn.get(cv2.CAP_PROP_FPS)) == (8, 25.0)


def test_what_cannot_be_read_is_told_and_the_rest_is_done(photo, networks, tmp_path, capsys):
    cut, words, none = tmp_path / "cut.jpg", tmp_path / "words.png", write_video(tmp_path / "none.mp4", [])
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), dtype=np.uint8)).save(cut)
    cut.write_bytes(cut.read_bytes()[:2000])
    words.write_text("no picture")
    (tmp_path / "bytes.avi").write_bytes(b"no video" * 100)
    bad = [cut, words, none, tmp_path / "bytes.avi", tmp_path / "missing.jpg"]
    assert main(["predict", *map(str, bad), str(photo), *networks]) == 2
    said = capsys.readouterr()
    assert len(lines_of(said.out)) == 1
    lines = said.err.splitlines()
    assert len(lines) == len(bad) + 2
    for path in bad:
        assert sum(str(path) in line for line in lines) == 1
    assert lines[-2] == "1 hand in 1 of 1 file, none in 0"
    assert lines[-1].endswith("but 5 could not be; the lines are above.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "either files or `--camera`, but got neither"),
        (["a.jpg", "--camera", "0"], "either files or `--camera`, but got both"),
        (["a.jpg", "--threads", "0"], "`threads` to be at least 1"),
        (["--camera", "93"], "webcam 93 to give frames"),
    ],
)
def test_mistakes_are_one_line(words, said, networks, capsys):
    assert main(["predict", *words, *networks]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.splitlines()[-1].startswith("handcraft: Expected")


def test_a_model_of_the_wrong_kind_ends_it_before_it_begins(photo, networks, capsys):
    files = dict(zip(networks[::2], networks[1::2], strict=True))
    assert main(["predict", str(photo), "--hand", files["--finder"], "--finder", files["--finder"]]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"handcraft: Expected {files['--finder']} to be a hand network, but it says: finder."
    ]


def test_a_copy_without_networks_says_so(photo, tmp_path, capsys):
    assert main(["predict", str(photo), "--hand", str(tmp_path / "hand.onnx")]) == 2
    err = capsys.readouterr().err
    assert "there is no such file" in err
    assert "`--hand`" in err


def test_drawings_are_not_written_over_photographs(photo, networks, capsys):
    before = photo.read_bytes()
    assert main(["predict", str(photo), "--overlays", str(photo.parent), *networks]) == 2
    assert "another folder" in capsys.readouterr().err
    assert photo.read_bytes() == before


def test_without_opencv_the_cure_is_one_line_and_photographs_are_done(photo, networks, tmp_path, capsys, monkeypatch):
    clip = write_video(tmp_path / "clip.mp4", [dots(400, 300, HAND)])
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert main(["predict", str(clip), str(photo), *networks]) == 2
    said = capsys.readouterr()
    assert "pip install 'handcraft[video]'" in said.err
    assert len(lines_of(said.out)) == 1


@pytest.mark.parametrize("words", [["--help"], ["PHOTO"]])
def test_neither_the_help_nor_a_prediction_imports_torch(words, photo, networks):
    code = (
        "import sys; from handcraft.cli import main\n"
        "try: code = main(sys.argv[1:])\n"
        "except SystemExit as leaving: code = leaving.code\n"
        "heavy = {'torch', 'cv2', 'scipy', 'matplotlib', 'warp', 'rich.progress'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    given = [str(photo), *networks] if words == ["PHOTO"] else words
    done = subprocess.run([sys.executable, "-c", code, "predict", *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "keypoints_px" in done.stdout or "--overlays" in done.stdout


FRAMES = 2_000
"""Some seconds of work, so that a signal finds it in the middle however busy the machine is."""


def hear_interrupts():
    """A shell's background job ignores SIGINT, and so would what it starts; a test run may be such a job."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_what_was_found(networks, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", [dots(400, 300, HAND)] * FRAMES)
    out, overlays = tmp_path / "hands.jsonl", tmp_path / "drawn"
    running = subprocess.Popen(
        [sys.executable, "-m", "handcraft.cli", "predict", str(clip), "--out", str(out), "--overlays", str(overlays),
         *networks], stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (out.is_file() and out.read_text().count("\n") > 3):
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert err.startswith("handcraft: Interrupted; what was found is kept: ")
    found = lines_of(out.read_text())
    assert 3 < len(found) < FRAMES
    assert cv2.VideoCapture(str(overlays / "clip.mp4")).read()[0]


def test_a_camera_is_watched_until_ctrl_c(networks, capsys, monkeypatch):
    class Camera:
        def __init__(self, source):
            self.left = [dots(400, 300, HAND)] * 3

        def isOpened(self):
            return True

        def get(self, what):
            return 0.0

        def read(self):
            if not self.left:
                raise KeyboardInterrupt
            return True, self.left.pop()[..., ::-1]

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    assert main(["predict", "--camera", "0", *networks]) == 0
    said = capsys.readouterr()
    lines = lines_of(said.out)
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert {line["file"] for line in lines} == {"camera:0"}
    assert said.err == "3 hands in 1 of 1 file, none in 0\n"


def test_a_hand_that_is_less_probable_than_asked_is_left_out(photo, networks, capsys):
    assert main(["predict", str(photo), *networks, "--least-score", "1.1"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "0 hands in 0 of 1 file, none in 1\n"
