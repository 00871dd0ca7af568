"""The same parts as Markdown and as HTML."""

from html.parser import HTMLParser

import pytest

from metalandscape.results import pages

PARTS = [
    "# Title",
    "A < B & C.",
    "## Section",
    pages.Table(["name", "verdict"], [["a <b>", "**supported**"], ["c", "d"]]),
    pages.Listing("key: [1, 2]\n  <x>"),
]


class Parsed(HTMLParser):
    """The texts of a page with the tags that they stand in; every tag is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append((tag, dict(attributes).get("class")))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if data.strip() and self.open[-1][0] != "style":
            self.texts.append((*self.open[-1], data))


def test_markdown():
    assert pages.markdown(PARTS).split("\n\n") == [
        "# Title",
        "A < B & C.",
        "## Section",
        "| name | verdict |\n| --- | --- |\n| a <b> | **supported** |\n| c | d |",
        "```\nkey: [1, 2]\n  <x>\n```\n",
    ]


def test_html():
    assert Parsed(pages.page(PARTS)).texts == [
        ("h1", None, "Title"),
        ("p", None, "A < B & C."),
        ("h2", None, "Section"),
        ("th", None, "name"),
        ("th", None, "verdict"),
        ("td", None, "a <b>"),
        ("strong", "supported", "supported"),
        ("td", None, "c"),
        ("td", None, "d"),
        ("pre", None, "key: [1, 2]\n  <x>"),
    ]


@pytest.mark.parametrize("suffix, start", [("md", "# Title"), ("html", "<!doctype html>")])
def test_the_suffix_tells_the_kind(tmp_path, suffix, start):
    pages.write(tmp_path / f"page.{suffix}", PARTS)
    assert (tmp_path / f"page.{suffix}").read_text().startswith(start)


def test_of_a_text_of_somebody_elses_nothing_is_markup():
    quoted = [pages.Quoted("Scale: ", "**a** <b>\n\n# c | [d](e) `f`.")]
    assert Parsed(pages.page(quoted)).texts == [("p", None, "Scale: **a** <b> # c | [d](e) `f`.")]
    escaped = r"Scale: \*\*a\*\* \<b\> # c \| \[d\](e) \`f\`."
    assert pages.markdown(quoted) == escaped + "\n"
