# SPDX-License-Identifier: Apache-2.0
"""What is made of files: lines of JSON as hands are found, drawings of them, a file for each surface."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from handcraft.errors import HandcraftError
from handcraft.files import atomic_path
from handcraft.predict.hand import Hand
from handcraft.predict.json_lines import json_line
from handcraft.predict.overlay import draw_hands
from handcraft.predict.pictures import open_picture, whole_image
from handcraft.predict.predictor import Predictor
from handcraft.predict.sources import Source
from handcraft.predict.surface import Surface, write_obj
from handcraft.predict.tracking import TrackedHand, Tracker
from handcraft.predict.videos import Frame, Video, VideoWriter, video_writer

_JPEG_SUFFIXES = (".jpg", ".jpeg")


class Results:
    """Looks for hands in one file after another and writes each at once, so that it stays if all ends early."""

    def __init__(
        self,
        predictor: Predictor,
        write_line: Callable[[str], None],
        *,
        overlays: Path | None = None,
        meshes: Path | None = None,
    ) -> None:
        """``write_line`` gets each line without its end; ``overlays`` and ``meshes`` are folders, None makes none."""
        self._predictor, self._write = predictor, write_line
        self._overlays, self._meshes = overlays, meshes
        self._files = self._files_with_hands = self._hands = 0

    @property
    def summary(self) -> str:
        """How many hands in how many files."""
        without = self._files - self._files_with_hands
        return (
            f"{self._hands} hand{'s' * (self._hands != 1)} in {self._files_with_hands} of {self._files} "
            f"file{'s' * (self._files != 1)}, none in {without}"
        )

    def add(self, source: Source) -> None:
        """Look into a photograph or a video.

        Raises:
            HandcraftError: it cannot be read, or a drawing would be written over it.
        """
        if self._overlays is not None and _overlay_path(self._overlays, source).resolve() == source.path.resolve():
            raise HandcraftError(
                f"Expected `overlays` to be another folder than that of {source.path}, which it holds."
            )
        if source.is_video:
            self._add_video(Video(source.path), source)
        else:
            self._add_picture(source)

    def add_camera(self, number: int) -> None:
        """Look at a webcam until it ends or is interrupted."""
        self._add_video(Video(number), Source(Path(f"camera:{number}"), Path(f"camera-{number}.mp4")))

    def _add_picture(self, source: Source) -> None:
        picture = open_picture(source.path)
        hands = self._predictor.hands(picture)
        surfaces = self._surfaces(hands)
        for index, hand in enumerate(hands):
            self._write_line(hand, file=str(source.path), **self._mesh_of(surfaces, index, source, f"{index}"))
        if self._overlays is not None:
            drawn = draw_hands(whole_image(picture), hands, surfaces)
            with atomic_path(_overlay_path(self._overlays, source)) as beside:
                is_jpeg = source.path.suffix.lower() in _JPEG_SUFFIXES
                drawn.save(beside, **({"format": "JPEG", "quality": 92} if is_jpeg else {"format": "PNG"}))
        self._count(len(hands))

    def _add_video(self, video: Video, source: Source) -> None:
        tracker, found = Tracker(self._predictor), 0
        try:
            with self._overlay_video(source, video.rate_hz) as writer:
                for frame in video:
                    tracked = tracker.hands(frame.pixels, frame.time_s)
                    self._add_frame(source, frame, tracked, writer)
                    found += len(tracked)
        except KeyboardInterrupt:  # what was found until then stays, and counts
            self._count(found)
            raise
        self._count(found)

    def _add_frame(
        self, source: Source, frame: Frame, tracked: Sequence[TrackedHand], writer: VideoWriter | None
    ) -> None:
        hands = [each.hand for each in tracked]
        surfaces = self._surfaces(hands)
        for index, (track, hand) in enumerate(tracked):
            mesh = self._mesh_of(surfaces, index, source, f"{frame.number:06d}-{track}")
            time_s = round(frame.time_s, 4)
            self._write_line(hand, file=str(source.path), frame=frame.number, time_s=time_s, track=track, **mesh)
        if writer is not None:
            writer.write(np.asarray(draw_hands(Image.fromarray(frame.pixels), hands, surfaces)))

    @contextmanager
    def _overlay_video(self, source: Source, rate_hz: float) -> Iterator[VideoWriter | None]:
        if self._overlays is None:
            yield None
            return
        with video_writer(_overlay_path(self._overlays, source), rate_hz) as writer:
            yield writer

    def _surfaces(self, hands: Sequence[Hand]) -> list[Surface]:
        return [self._predictor.surface(hand) for hand in hands] if self._meshes is not None else []

    def _mesh_of(self, surfaces: Sequence[Surface], index: int, source: Source, number: str) -> dict[str, str]:
        """Write one surface, if there are any, and say where."""
        if self._meshes is None:
            return {}
        path = self._meshes / source.name.with_name(f"{source.name.name}-{number}.obj")
        write_obj(path, surfaces[index])
        return {"mesh": str(path)}

    def _write_line(self, hand: Hand, **where: str | int | float) -> None:
        self._write(json_line(hand, **where))

    def _count(self, hands: int) -> None:
        self._files += 1
        self._files_with_hands += hands > 0
        self._hands += hands


def _overlay_path(folder: Path, source: Source) -> Path:
    """The name of the file itself where its format can be written, with ``.png`` or ``.mp4`` behind it elsewhere."""
    suffix = source.name.suffix.lower()
    kept = (".mp4",) if source.is_video else (*_JPEG_SUFFIXES, ".png")
    added = "" if suffix in kept else (".mp4" if source.is_video else ".png")
    return folder / source.name.with_name(source.name.name + added)
