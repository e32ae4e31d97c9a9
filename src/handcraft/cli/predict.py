# SPDX-License-Identifier: Apache-2.0
"""``handcraft predict``: hands in photographs, folders, videos or before a webcam, as JSON lines and as drawings."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tyro.conf import Positional

from handcraft.cli.parse import parse
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.predict.model_files import SHIPPED
from handcraft.predict.predictor import LEAST_PLACE_SCORE, Predictor
from handcraft.predict.results import Results
from handcraft.predict.sources import Source, sources_of

__all__ = ["PredictCommand", "main"]

_NO_CAMERA = -1


@dataclass(frozen=True)
class PredictCommand:
    """Where hands are looked for, and what is made of them."""

    sources: Positional[tuple[str, ...]] = ()
    """Photographs, videos, folders of them, globs."""
    camera: int = _NO_CAMERA
    """The number of a webcam, 0 for the first one, instead of files; Ctrl-C ends it."""
    out: Path | None = None
    """A file for the JSON lines, which otherwise go to the terminal."""
    overlays: Path | None = None
    """A folder for pictures and videos with the hands drawn over them."""
    mesh: Path | None = None
    """A folder for each hand's surface as an OBJ file; surfaces are then drawn in the overlays too."""
    hand: Path = SHIPPED / "hand.onnx"
    """Your own network that reads hands."""
    finder: Path = SHIPPED / "finder.onnx"
    """Your own network that finds hands."""
    surface: Path = SHIPPED / "surface.onnx"
    """Your own surface of hands."""
    least_score: float = 0.5
    """Hands that are less probable are left out."""
    least_place_score: float = LEAST_PLACE_SCORE
    """Places where the finder takes a hand for less probable are not looked at: lower it if hands are missed."""
    threads: int = 1
    """Processor threads for the networks."""

    def __post_init__(self) -> None:
        expect_at_least(_NO_CAMERA, camera=self.camera)
        if bool(self.sources) == (self.camera != _NO_CAMERA):
            found = "both" if self.sources else "neither"
            raise HandcraftError(f"Expected either files or `--camera`, but got {found}.")


def main(argv: list[str]) -> int:
    """Look for hands everywhere, then say in one line how it went."""
    command = parse(
        PredictCommand, argv, prog="handcraft predict",
        description="Find hands in photographs and videos: one JSON object a hand, and drawings of them.",
    )  # fmt: skip
    sources, problems = sources_of(command.sources)
    for problem in problems:
        _say(str(problem))
    predictor = Predictor(
        command.hand, command.finder, command.surface, command.threads, command.least_score, command.least_place_score
    )
    predictor.open(with_surface=command.mesh is not None)
    with _lines_into(command.out) as write_line:
        results = Results(predictor, write_line, overlays=command.overlays, meshes=command.mesh)
        try:
            if command.camera != _NO_CAMERA:
                _watch(results, command.camera)
                return 0
            failed = len(problems) + _look(results, sources, has_room_for_a_bar=command.out is not None)
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(f"Interrupted; what was found is kept: {results.summary}.") from interrupt
    if sources:
        _say(results.summary)
    if failed:
        raise HandcraftError(f"Expected to read all that was named, but {failed} could not be; the lines are above.")
    return 0


def _look(results: Results, sources: Sequence[Source], *, has_room_for_a_bar: bool) -> int:
    """Look into each file; returns how many could not be read."""
    failed = 0
    for source in _with_bar(sources) if has_room_for_a_bar or not sys.stdout.isatty() else sources:
        try:
            results.add(source)
        except HandcraftError as error:
            failed += 1
            _say(str(error))
    return failed


def _watch(results: Results, camera: int) -> None:
    """Until Ctrl-C, which is how one leaves."""
    try:
        results.add_camera(camera)
    except KeyboardInterrupt:
        _say(results.summary)


def _with_bar(sources: Sequence[Source]) -> Iterable[Source]:
    """With a progress bar on stderr if it is a terminal and there are several files."""
    if len(sources) < 2 or not sys.stderr.isatty():
        return sources
    from rich.console import Console  # only here: a single photograph need not wait for it
    from rich.progress import track

    return track(sources, "looking for hands", console=Console(stderr=True))


@contextmanager
def _lines_into(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Each line is written at once: who reads along, or interrupts, has all that was found."""
    if path is None:
        yield partial(print, flush=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        yield partial(print, file=file, flush=True)


def _say(line: str) -> None:
    print(" ".join(line.split()), file=sys.stderr)
