# SPDX-License-Identifier: Apache-2.0
"""Reading our own Markdown: its code blocks and the commands it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(document, language):
    """(line number, code) of every fenced block in ``language``."""
    text = document.read_text(encoding="utf-8")
    for match in re.finditer(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        yield text[: match.start(1)].count("\n") + 1, match.group(1)


def run(document):
    """Execute a document's Python blocks in order, in one namespace, so that a traceback names the document's line."""
    namespace = {"__name__": document.stem}
    for line, code in blocks(document, "python"):
        exec(compile("\n" * (line - 1) + code, str(document), "exec"), namespace)
    return namespace


def commands(document):
    """Every command line in the document's bash blocks, continued lines joined."""
    for _, code in blocks(document, "bash"):
        for line in code.replace("\\\n", " ").splitlines():
            if command := line.partition("#")[0].split():
                yield command
