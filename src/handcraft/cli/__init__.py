# SPDX-License-Identifier: Apache-2.0
"""The command line: one verb per stage, one module per verb, and the one place where errors become lines.

This module imports neither torch nor tyro, so that ``handcraft --help`` answers at once; a verb's module is imported
when the verb is called. Whatever goes wrong in a verb is handled here and nowhere else: mistakes a user can mend end
with one line on stderr and exit code 2, our own bugs keep their traceback.
"""

import contextlib
import difflib
import errno
import importlib
import os
import sys
from collections.abc import Sequence

from handcraft import __version__
from handcraft.errors import HandcraftError

__all__ = ["VERBS", "main"]

VERBS = {
    "render": "draw hands with all their labels into a data set",
    "join": "put the parts of a set that `render --range` made together",
    "verify": "check every shard and every sample of a data set",
    "export": "write a data set in another tool's layout, or a trained estimator as an ONNX file",
    "poses": "gather hand poses: from joints, sampled or from a prior; and how far their fingers move",
    "view": "play a data set in the Rerun viewer: pictures, depth, skeletons and cameras",
    "refine": "move rendered hands towards the look of photographs (`refine apply` uses the result)",
    "estimate": "train a keypoint estimator on labelled hands (`estimate segmenter` trains the segmenter)",
    "tune": "search a refiner's settings by the error of the estimator trained on what it makes",
    "measure": "score an estimator, or files of joints, on labelled hands; compare images with photographs",
    "study": "documents' tables and figures again: murphy, hgan; and what the renders' variety is worth: variety",
    "predict": "find hands in photographs, videos or before a webcam: keypoints, side, pose, surface",
    "report": "make one self-contained HTML page of run folders",
    "demo": "the whole flow, from a hand to a report, on this machine",
}

_HOW_TO_GO_ON = "Interrupted; finished work is kept. The same command goes on, with --resume if it has that option."

USER_MISTAKE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BROKEN_PIPE = 141  # 128 + SIGPIPE
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # a full disk, a used-up quota, a limit on the size of files


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()  # a reader that left is noticed here and not at interpreter exit
    except BrokenPipeError:
        _drop_what_is_unread()
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        return _say(str(interrupt) or _HOW_TO_GO_ON, INTERRUPTED)
    except HandcraftError as error:
        return _say(str(error), USER_MISTAKE)
    except OSError as error:
        if error.errno not in NO_ROOM and error.filename is None:
            raise
        return _say(_describe_os_error(error), USER_MISTAKE)
    return code


def _run(arguments: list[str]) -> int:
    match arguments:
        case []:
            print(_overview(), file=sys.stderr)
            return USER_MISTAKE
        case ["-h" | "--help", *_]:
            print(_overview())
            return 0
        case ["-V" | "--version", *_]:
            print(f"handcraft {__version__}")
            return 0
        case [verb, *rest] if verb in VERBS:
            return int(importlib.import_module(f"handcraft.cli.{verb}").main(rest))
        case _:
            raise HandcraftError(_unknown_verb(arguments[0]))


def _overview() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {description}" for verb, description in VERBS.items())
    return (
        "usage: handcraft VERB [options]\n\n"
        "Train hand-pose estimators for real cameras from synthetic hands.\n\n"
        f"{verbs}\n\n"
        "`handcraft VERB --help` lists a verb's options; `handcraft --version` prints the version."
    )


def _unknown_verb(word: str) -> str:
    close = difflib.get_close_matches(word, VERBS, n=1, cutoff=0.5)
    cure = f"did you mean `{close[0]}`?" if close else "`handcraft --help` lists them."
    return f"Expected a verb ({', '.join(VERBS)}), but got `{word}`; {cure}"


def _describe_os_error(error: OSError) -> str:
    if error.errno in NO_ROOM:
        place = f"`{error.filename}`" if error.filename else "the output folder"
        return f"The disk is full: {place} could not be written. Finished work is kept; free some space and go on."
    return f"Expected to be able to use `{error.filename}`, but the system says: {error.strerror}."


def _drop_what_is_unread() -> None:
    """Else the interpreter writes what is left in the buffer once more when it ends, and complains."""
    with contextlib.suppress(OSError):  # a stream without a file has nothing to fail with
        descriptor = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _say(message: str, code: int) -> int:
    print(f"handcraft: {' '.join(message.split())}", file=sys.stderr)
    return code
