# SPDX-License-Identifier: Apache-2.0
"""A run explains itself: what ran (``run.json``), how it went (``metrics.jsonl``), pictures and a checkpoint.

``run.json`` says ``running`` while a run goes on and also after a kill (nobody was left to say more); then
``finished``, ``failed`` or ``interrupted``. Only the main process of a data-parallel run writes (``writes``).
"""

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from handcraft.errors import HandcraftError
from handcraft.files import write_json_atomically, write_text_atomically
from handcraft.training import provenance
from handcraft.training.disk import refused_by_disk
from handcraft.training.record import as_json, first_difference

SCHEMA = 1
Status = Literal["running", "finished", "failed", "interrupted"]


@dataclass(frozen=True)
class RunFolder:
    """A run's folder. What changes while it runs stands in its files, not here."""

    path: Path
    stage: str
    """refine, estimate, ..."""
    config: dict[str, Any]
    """The configuration as JSON data."""
    seed: int
    writes: bool = True
    """False in all but the main process: nothing is written then."""
    _earlier_s: float = 0.0
    _started_s: float = field(default_factory=time.monotonic)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        stage: str,
        config: Any,  # noqa: ANN401 (a configuration dataclass or mapping)
        seed: int,
        inputs: Mapping[str, Any],
        resume: bool = False,
        is_main_process: bool = True,
    ) -> "RunFolder":
        """Start a run in an empty or new folder; with ``resume`` go on with the run that is there, if any.

        ``inputs`` names what it reads (data sets, other runs). Raises HandcraftError when the folder holds something
        else, or when a resumed run had another stage, seed, configuration or inputs.
        """
        path, config = Path(path), as_json(config)
        if not is_main_process:
            return cls(path, stage, config, seed, writes=False)
        if not _is_in_use(path):
            run = cls(path, stage, config, seed)
            run._write_record(_new_record(run, as_json(inputs, "inputs")))
            return run
        if not resume:
            raise HandcraftError(
                f"Expected {path} to be a new or empty folder, but it has files; "
                "add --resume to go on with the run in it, or choose another folder."
            )
        return cls._resume(path, stage, config, seed, as_json(inputs, "inputs"))

    @classmethod
    def _resume(cls, path: Path, stage: str, config: dict[str, Any], seed: int, inputs: dict[str, Any]) -> "RunFolder":
        record = _read_record(path)
        for name, given in (("stage", stage), ("seed", seed), ("config", config), ("inputs", inputs)):
            difference = first_difference(record[name], given, name)
            if difference:
                place, before, now = difference
                raise HandcraftError(
                    f"Expected `{place}` to be {before!r} as when the run in {path} began, but got {now!r}; "
                    "give the same value to resume, or start in another folder."
                )
        run = cls(path, stage, config, seed, _earlier_s=record["seconds"])
        record["sessions"].append(_session(inputs))
        run._write_record(record | {"status": "running", "finished": None, "error": None})
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """A run that exists, to be read. Raises HandcraftError if there is none."""
        record = _read_record(Path(path))
        return cls(Path(path), record["stage"], record["config"], record["seed"], _earlier_s=record["seconds"])

    @property
    def pictures(self) -> Path:
        """The folder of sample pictures."""
        return self.path / "pictures"

    @property
    def checkpoint(self) -> Path:
        """The newest checkpoint's file; it is absent until the first one is written."""
        return self.path / "checkpoint.pt"

    @property
    def record(self) -> dict[str, Any]:
        """What ``run.json`` says now."""
        return _read_record(self.path)

    def log(self, step: int, values: Mapping[str, float | int]) -> None:
        """Append one line to ``metrics.jsonl``. Raises HandcraftError for NaN and infinity, and on a full disk."""
        assert "step" not in values, "the line has a step already"
        for name, value in values.items():
            if not math.isfinite(value):
                raise HandcraftError(f"Expected `{name}` to be finite at step {step}, but got {value}.")
        if self.writes:
            line = json.dumps({"step": step, **values}, allow_nan=False)
            with refused_by_disk(self._metrics), self._metrics.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def metrics(self) -> list[dict[str, float | int]]:
        """All whole lines of ``metrics.jsonl`` (a kill can leave half of the last one)."""
        if not self._metrics.exists():
            return []
        return [line for line in map(_parsed, self._metrics.read_text("utf-8", "replace").splitlines()) if line]

    def cut_metrics(self, last_step: int) -> None:
        """Drop the lines after ``last_step`` and a half-written one, so that a resumed run writes them once."""
        if self.writes and self._metrics.exists():
            kept = [json.dumps(line) + "\n" for line in self.metrics() if line["step"] <= last_step]
            with refused_by_disk(self._metrics):
                write_text_atomically(self._metrics, "".join(kept))

    def clear_leftovers(self) -> None:
        """Remove the files that earlier sessions were writing when they were killed."""
        if self.writes:
            for leftover in [*self.path.rglob(".*.part"), *self.pictures.glob(".step-*.png")]:
                leftover.unlink(missing_ok=True)

    def sync_metrics(self) -> None:
        """Bring the lines written so far to the disk itself: a checkpoint must not outlive them in a power cut."""
        if self.writes and self._metrics.exists():
            with refused_by_disk(self._metrics), self._metrics.open("rb+") as file:
                os.fsync(file.fileno())

    def update(self, **fields: Any) -> None:  # noqa: ANN401 (JSON data)
        """Set ``fields`` of ``run.json`` and bring its ``seconds`` (of all sessions together) up to date."""
        if self.writes:
            seconds = round(self._earlier_s + time.monotonic() - self._started_s, 3)
            self._write_record(self.record | {"seconds": seconds} | as_json(fields, "run"))

    def finish(self, status: Status = "finished", error: str | None = None) -> None:
        """Say in ``run.json`` how the run ended, when, and after how many seconds."""
        self.update(status=status, finished=_now(), error=error)

    @property
    def _metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    def _write_record(self, record: dict[str, Any]) -> None:
        with refused_by_disk(self.path / "run.json"):
            self.pictures.mkdir(parents=True, exist_ok=True)
            write_json_atomically(self.path / "run.json", record)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _session(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "started": _now(),
        "command": provenance.command_line(),
        "git_commit": provenance.git_commit(),
        "inputs": inputs,
        "versions": provenance.versions(),
        "machine": provenance.machine(),
    }


def _new_record(run: RunFolder, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the run's first session was started with stands at the top; ``sessions`` has that and each resumption."""
    session = _session(inputs)
    own = {"schema": SCHEMA, "stage": run.stage, "status": "running", "seed": run.seed, "config": run.config}
    return own | session | {"finished": None, "seconds": 0.0, "error": None, "sessions": [session]}


def _is_in_use(path: Path) -> bool:
    """True if ``path`` holds anything but what a kill during the very first write leaves behind."""
    if path.exists() and not path.is_dir():
        raise HandcraftError(f"Expected {path} to be a folder, but it is a file; choose another folder.")
    return path.is_dir() and any(
        not (item.name.startswith(".run.json.") or (item.name == "pictures" and not any(item.iterdir())))
        for item in path.iterdir()
    )


def _read_record(path: Path) -> dict[str, Any]:
    file = path / "run.json"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise HandcraftError(f"Expected {path} to be a run's folder, but it has no run.json; name another.") from None
    except (OSError, ValueError) as error:
        raise HandcraftError(f"Expected {file} to be a run's record, but it cannot be read: {error}.") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise HandcraftError(f"Expected {file} to be a run's record of schema {SCHEMA}, but it is not; name another.")
    return record


def _parsed(line: str) -> dict[str, float | int] | None:
    try:
        values = json.loads(line)
    except ValueError:
        return None
    return values if isinstance(values, dict) and isinstance(values.get("step"), int) else None
