# SPDX-License-Identifier: Apache-2.0
"""One session of a run: nobody else writes its folder meanwhile, and ``run.json`` tells how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from handcraft.errors import HandcraftError
from handcraft.training.lock import only_writer_of
from handcraft.training.run_folder import RunFolder, Status


@contextmanager
def session_of(run: RunFolder) -> Iterator[None]:
    """Hold ``run`` for what is done in this context; afterwards it is finished, interrupted or failed.

    Raises HandcraftError while another process holds it.
    """
    with only_writer_of(run.path) if run.writes else nullcontext():
        try:
            yield
            run.finish("finished")
        except KeyboardInterrupt:
            _say_how_it_ended(run, "interrupted", None)
            raise
        except BaseException as error:
            _say_how_it_ended(run, "failed", " ".join(f"{type(error).__name__}: {error}".split()))
            raise


def _say_how_it_ended(run: RunFolder, status: Status, error: str | None) -> None:
    with suppress(HandcraftError):  # on a full disk the first error is the one to tell
        run.finish(status, error)
