"""Lists of feeds as other programs write and read them: OPML 2.0. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from xml.parsers import expat
from xml.sax.xmlreader import AttributesImpl

from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator

from .limits import SOURCES_MAX

BYTES_MAX = 2_000_000
NESTING_MAX = 20


class NotOpmlError(Exception):
    """The file can't be read; the message completes the sentence "the file ..."."""


@dataclass(frozen=True)
class Outline:
    """A feed of the list. `categories` are the folders that it is in, and the categories that it names itself."""

    url: str
    name: str
    categories: tuple[str, ...] = ()


def read_opml(data: bytes, topic_names: Collection[str] = ()) -> list[Outline]:
    """Return the feeds of a list, each URL once. Entities are refused, not read. Raises NotOpmlError.

    Categories with a comma or slash are one if they are among `topic_names`, which are in lower case.
    """
    if len(data) > BYTES_MAX:
        raise NotOpmlError(_("has more than %(most)s MB") % {"most": BYTES_MAX // 1_000_000})
    reader = _Reader(topic_names)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(data.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotOpmlError(_("is not well-formed XML: %(error)s") % {"error": error}) from None
    if not reader.is_opml:
        raise NotOpmlError(_("is not OPML"))
    return list(reader.outlines.values())


def write_opml(title: str, outlines: Iterable[Outline]) -> str:
    stream = StringIO()
    xml = SimplerXMLGenerator(stream, "utf-8")
    xml.startDocument()
    xml.startElement("opml", AttributesImpl({"version": "2.0"}))
    xml.startElement("head", AttributesImpl({}))
    xml.addQuickElement("title", title)
    xml.endElement("head")
    xml.startElement("body", AttributesImpl({}))
    for outline in outlines:
        attributes = {"type": "rss", "text": outline.name, "title": outline.name, "xmlUrl": outline.url}
        if outline.categories:
            attributes["category"] = ",".join(f"/{name}" for name in outline.categories)
        stream.write("\n  ")
        xml.startElement("outline", AttributesImpl(attributes))
        xml.endElement("outline")
    stream.write("\n")
    xml.endElement("body")
    xml.endElement("opml")
    return stream.getvalue() + "\n"


def _refuse_entities(*declaration: object) -> None:
    raise NotOpmlError(_("defines entities, which no list of feeds needs"))


class _Reader:
    def __init__(self, topic_names: Collection[str]) -> None:
        self.is_opml = False
        self._topic_names = topic_names
        self._commas_max = max((name.count(",") for name in topic_names), default=0)
        self._slashes_max = max((name.count("/") for name in topic_names), default=0)
        self.outlines: dict[str, Outline] = {}
        self._folders: list[str] = []  # of each open element; empty for those that are no folder

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._folders) >= NESTING_MAX:
            raise NotOpmlError(_("is nested more than %(most)s levels deep") % {"most": NESTING_MAX})
        is_outline = name.lower() == "outline"
        self.is_opml = self.is_opml or (name.lower() == "opml" and not self._folders)
        values = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        label = values.get("title") or values.get("text") or ""
        url = values.get("xmlurl", "") if is_outline else ""
        if url:
            self._add(Outline(url, label, self._categories(values.get("category", ""))))
        self._folders.append(label if is_outline and not url else "")

    def end(self, name: str) -> None:
        self._folders.pop()

    def _add(self, outline: Outline) -> None:
        if len(self.outlines) >= SOURCES_MAX:
            raise NotOpmlError(_("lists more than %(most)s feeds") % {"most": f"{SOURCES_MAX:,}"})
        self.outlines.setdefault(outline.url, outline)

    def _categories(self, stated: str) -> tuple[str, ...]:
        """Return the folders around an outline, and its own categories."""
        return tuple(dict.fromkeys(name for name in [*self._folders, *self._own_categories(stated)] if name))

    def _own_categories(self, stated: str) -> Iterator[str]:
        """Yield the longest names of topics that follow each other, else the last parts of paths such as /News/AI."""
        pieces = stated.split(",")
        start = 0
        while start < len(pieces):
            size, name = self._topic_at(pieces[start : start + self._commas_max + 1])
            yield name or pieces[start].strip("/ ").rpartition("/")[2]
            start += size or 1

    def _topic_at(self, pieces: list[str]) -> tuple[int, str]:
        """Return the topic whose name begins in the first piece, and how many pieces it has; 0 if there is none."""
        parts = pieces[0].split("/")
        for size in range(len(pieces), 0, -1):
            for first in range(max(0, len(parts) - 1 - self._slashes_max), len(parts)):
                name = ",".join(["/".join(parts[first:]), *pieces[1:size]]).strip()
                if name.lower() in self._topic_names:
                    return size, name
        return 0, ""
