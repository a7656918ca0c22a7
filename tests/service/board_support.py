"""What the tests of the board page share: reading its answers, and its fields as a browser would send them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples" / "cases"
BETWEEN_CUT_OFFS = "late-marrow-mrd-between-cut-offs"


class Fields(HTMLParser):
    """Collects the fields of the form `board` of a page with what stands in them, as a browser sends them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.ids: list[str] = []
        self.text = ""
        self._inside = False
        self._select = ""
        self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {key: value or "" for key, value in attrs}
        if "id" in got:
            self.ids.append(got["id"])
        if tag == "form":
            self._inside = got.get("id") == "board"
        if not self._inside:
            return
        name = got.get("name", "")
        if tag == "input" and (got.get("type") != "radio" or "checked" in got):
            self.fields[name] = got.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in got or self._select not in self.fields):
            self.fields[self._select] = got.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        self._textarea = "" if tag == "textarea" else self._textarea
        self._select = "" if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._textarea:
            self.fields[self._textarea] += data


def answers_of(html: str, head: str) -> dict[str, str]:
    """Give the answers of the table under a heading (its id), by the name of the system."""
    part = html[html.index(f'id="{head}"') :]
    part = part[: part.index("</section>")]
    found: dict[str, str] = {}
    for row in part.split("<tr")[2:]:
        name = _plain(row.split('<th scope="row">')[1].split("</th>")[0])
        answer = _plain(row.split('<td class="answer')[1].split(">", 1)[1].split("</td>")[0])
        found[name.removesuffix("conflict").strip()] = answer.split(" was:")[0].removesuffix("draft").strip()
    return found


def _plain(html: str) -> str:
    parser = Fields(html)
    return " ".join(parser.text.split())
