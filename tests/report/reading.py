# SPDX-License-Identifier: Apache-2.0
"""Reading a page back, as a browser or a screen reader would: elements, attributes and the words inside them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "img", "br", "hr", "link", "input"}


@dataclass
class Element:
    """An element with its attributes, its children and its own words."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: list["Element"] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Of the element and all below it, in order."""

    @property
    def text(self) -> str:
        """All words below, spaces collapsed."""
        return " ".join("".join(self.words).split())

    @property
    def classes(self) -> list[str]:
        """The element's classes."""
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", css: str = "") -> list["Element"]:
        """Elements below, in order, of a tag and class (both, either or any)."""
        found = []
        for child in self.children:
            if tag in ("", child.tag) and (not css or css in child.classes):
                found.append(child)
            found += child.all(tag, css)
        return found


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root", {})
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {key: value or "" for key, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.at.tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        above: Element | None = self.at
        while above is not None:
            above.words.append(data)
            above = above.parent


def read_page(path: Path) -> Element:
    """The page as a tree; every element must be closed where it should be."""
    builder = _Builder()
    builder.feed(path.read_text(encoding="utf-8"))
    builder.close()
    assert builder.at is builder.root, f"<{builder.at.tag}> is never closed"
    return builder.root
