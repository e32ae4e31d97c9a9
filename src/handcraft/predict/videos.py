# SPDX-License-Identifier: Apache-2.0
"""Videos and webcams, frame by frame, by OpenCV: an extra that is imported here and nowhere else."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from handcraft.errors import HandcraftError

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
"""In small or capital letters."""

_RATE_HZ = 30.0
"""Where a file does not say."""


class Frame(NamedTuple):
    """A frame, upright."""

    number: int
    """From 0."""
    time_s: float
    pixels: UInt8[np.ndarray, "height width 3"]
    """RGB."""


class Video:
    """A file of frames, or a webcam.

    Raises:
        HandcraftError: OpenCV is not installed, or nothing can be opened there.
    """

    def __init__(self, source: Path | int) -> None:
        cv2 = _opencv()
        self._name = str(source) if isinstance(source, Path) else f"webcam {source}"
        self._is_live = isinstance(source, int)
        if isinstance(source, Path) and not source.is_file():
            raise HandcraftError(f"Expected {source} to be a video, but there is no such file.")
        self._capture: Any = cv2.VideoCapture(str(source) if isinstance(source, Path) else source)
        if not self._capture.isOpened():
            cure = "is it plugged in, and free?" if self._is_live else "OpenCV reads nothing in it."
            raise HandcraftError(f"Expected {self._name} to give frames, but it cannot be opened; {cure}")
        said = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.rate_hz = said if 0 < said < 1000 else _RATE_HZ
        self.frames = 0 if self._is_live else max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        """As many as the file promises; 0 if it does not say, or for a webcam."""

    def __iter__(self) -> Iterator[Frame]:
        """All frames, once.

        Raises:
            HandcraftError: not a single frame.
        """
        number, began_s = 0, time.monotonic()
        try:
            while True:
                is_there, frame = self._capture.read()
                if not is_there:
                    break
                time_s = time.monotonic() - began_s if self._is_live else number / self.rate_hz
                yield Frame(number, time_s, frame[..., ::-1])  # OpenCV has BGR
                number += 1
        finally:
            self._capture.release()
        if number == 0:
            raise HandcraftError(f"Expected {self._name} to be a video, but it has no frames that can be read.")


class VideoWriter:
    """Writes frames as MPEG-4 into an .mp4 file; what was written stays if it is interrupted."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._writer: Any = None

    def write(self, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
        """Add a frame in RGB; all have the size of the first one."""
        cv2 = _opencv()
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            size = (pixels.shape[1], pixels.shape[0])
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate_hz, size)
            if not self._writer.isOpened():
                raise HandcraftError(f"Expected to be able to write the video {self._path}, but OpenCV refuses.")
        self._writer.write(np.ascontiguousarray(pixels[..., ::-1]))

    def close(self) -> None:
        """End the file, if anything was written."""
        if self._writer is not None:
            self._writer.release()


@contextmanager
def video_writer(path: Path, rate_hz: float) -> Iterator[VideoWriter]:
    """A writer whose file is ended whatever happens within."""
    writer = VideoWriter(path, rate_hz)
    try:
        yield writer
    finally:
        writer.close()


def _opencv() -> ModuleType:
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # what goes wrong is told in one line
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        import cv2
    except ImportError as error:
        raise HandcraftError(
            "Expected OpenCV to be installed for videos and webcams, but it is not; `pip install 'handcraft[video]'`."
        ) from error
    module: ModuleType = cv2
    return module
