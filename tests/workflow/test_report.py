"""The report: what stands in the file, and what a user sees who opens it in a browser."""

import json
import platform
import re
import shutil
from importlib.metadata import version

import pandas as pd
import pytest

from metalandscape.ground import plugins

SECTIONS = {
    "4 Analyzing the objective landscapes": ["fig1"],
    "5.1 Flatness of meta-test solutions": ["fig3"],
    "5.2 Coherence of adaptation trajectories": ["fig5"],
    "5.3 Inner products of meta-test gradients": ["fig7"],
    "Other figures": ["curvature"],
}
FIGURES = [(section, name) for section, names in SECTIONS.items() for name in names]


@pytest.fixture(scope="module")
def reported(finished, tmp_path_factory):
    """A copy of the finished project with a report, and two figures more."""
    folder = tmp_path_factory.mktemp("reported") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = type(finished)(folder)
    project.add("my_parts/figures/curvature.py")
    project.configure(lambda c: c["figures"].update(fig1=[], curvature=["letters_maml"]))
    project.run()
    project.run("--report", "report.html")
    return project


@pytest.fixture(scope="module")
def captions(reported):
    """The HTML of every caption in the file, by path."""
    page = (reported.folder / "report.html").read_text()
    start = re.search(r'<script id="results">\s*var results = ', page).end()
    found, _ = json.JSONDecoder().raw_decode(page[start:])
    return {path: result["caption"] for path, result in found.items()}


def test_a_caption_says_what_the_paper_claims_and_what_was_found(captions, reported):
    caption = captions["figures/smoke/fig3.png"]
    table = pd.read_csv(reported.folder / "results/smoke/claims.csv")
    paragraphs = plugins.described("figures", "fig3").split("\n\n")
    assert all(text in caption for text in paragraphs) and "smoke test" in caption
    for name in ("c02", "c03", "c13"):
        assert plugins.declared("claims", name, "TEXT") in caption
    rows = table[table["claim"].isin(["C2", "C3", "C13"])]
    shown = rows[rows["setting"].isin(["letters_maml", "letters_finetuning"])]
    assert 0 < len(shown) < len(rows)
    for row in shown.itertuples():
        assert f"{row.statistic} {row.value:.3g} [{row.low:.3g}, {row.high:.3g}]" in caption
    assert caption.count("<li>") == len(shown.drop_duplicates(["claim", "setting"]))
    assert "letters_first_order_maml" not in caption


def test_a_figure_without_claims_has_a_caption_too(captions):
    assert "Curvature against support loss" in captions["figures/smoke/curvature.png"]
    assert "Nothing is placed by hand" in captions["figures/smoke/fig1.png"]
    assert "claims" not in captions["figures/smoke/fig1.png"]


def test_new_verdicts_redraw_nothing(reported, finished, tmp_path):
    project = type(finished)(tmp_path / "copy")
    shutil.copytree(reported.folder, project.folder, symlinks=True)
    path = project.folder / "results/smoke/claims.csv"
    path.write_text(path.read_text().replace("inconclusive", "supported"))
    assert project.planned() == set()
    project.run("--report", "report.html")
    assert "Found here: supported" in (project.folder / "report.html").read_text()


@pytest.fixture
def page(opened, reported):
    """The report, freshly opened."""
    with opened(reported.folder / "report.html") as browser:
        yield browser


def press(element):
    """Click, even if the page is still moving."""
    element.parent.execute_script("arguments[0].click()", element)


def click(page, text):
    """Open a category; the first click may come before the page listens."""
    for _ in range(3):
        press(page.find_element("xpath", f"//nav//li/a[span[text()='{text}']]"))
        if page.find_elements("css selector", "nav tbody td"):
            return
    pytest.fail(f"{text} does not open")


def listed(page):
    """The names in the open category."""
    return [cell.text for cell in page.find_elements("css selector", "nav tbody td:first-child")]


def buttons(page, name):
    """The eye and the circle beside a name."""
    return page.find_elements("xpath", f"//nav//tr[td[1][.='{name}']]//a")


def displayed(page):
    """The text of the page that is shown beside the menu."""
    page.switch_to.frame(page.find_element("css selector", "iframe"))
    return page.find_element("css selector", "body").text


def test_the_first_page_has_the_scale_and_the_rule_graph(page):
    assert "smoke test" in page.find_element("css selector", ".prose").text
    assert page.find_element("css selector", "#rulegraph canvas").size["height"] > 100


def test_the_first_page_answers_every_claim_with_links_to_figures(page, reported):
    table = pd.read_csv(reported.folder / "results/smoke/claims.csv")
    totals = table[table["role"] == "over settings"].set_index("claim")["verdict"]
    lines = page.find_elements("css selector", ".prose tbody tr")
    assert len(lines) == len(plugins.names("claims"))
    for name, line in zip(plugins.names("claims"), lines, strict=True):
        cells = [cell.text.strip() for cell in line.find_elements("css selector", "td")]
        claim = plugins.declared("claims", name, "ID")
        text = cells[1].removeprefix("beyond the paper: ")
        assert [cells[0], text] == [claim, plugins.declared("claims", name, "TEXT")]
        assert cells[2] == totals.get(claim, "not measured")
        assert bool(cells[3]) == bool(cells[6]) == (claim in totals)
        assert not (cells[4] or cells[5]) or cells[3].startswith("R of ")
    press(page.find_element("link text", "fig5"))
    assert page.find_element("css selector", "nav .prose").text.startswith("Figure 5:")
    assert page.find_element("css selector", "#app > div > div:last-child img").is_displayed()


def test_no_settings_stand_under_a_figure(page):
    click(page, "5.2 Coherence of adaptation trajectories")
    press(buttons(page, "fig5")[1])
    assert "inner_rate" not in page.find_element("css selector", "nav").text


def test_the_scale_is_text_in_the_report_whatever_it_says(reported, opened):
    hostile = (
        "<b>s</b> </script><script>alert(1)</script> {{ 7*7 }} {x} `k <javascript:alert(2)>`__ |x|"
        "\n\n.. raw:: html\n\n   <img src=x onerror=alert(3)>\n"
    )
    path = reported.folder / "config/smoke.yaml"
    before = path.read_text()
    reported.configure(lambda c: c.update(scale=hostile))
    reported.run("--report", "hostile.html")
    path.write_text(before)
    with opened(reported.folder / "hostile.html") as browser:
        assert " ".join(hostile.split()) in browser.find_element("css selector", ".prose").text
        click(browser, "5.2 Coherence of adaptation trajectories")
        press(buttons(browser, "fig5")[1])
        assert " ".join(hostile.split()) in browser.find_element("css selector", "nav .prose").text
        assert not browser.find_elements("css selector", "[onerror], [href*='alert'], b b")


def test_figures_are_listed_by_section(page):
    items = [item.text for item in page.find_elements("css selector", "nav li > a")]
    assert set(items) >= {*SECTIONS, "Claims", "Provenance"}
    assert items.index("5.3 Inner products of meta-test gradients") < items.index("Claims")
    for section, names in SECTIONS.items():
        click(page, section)
        assert listed(page) == names
        press(page.find_element("css selector", "nav ol a"))  # home


@pytest.mark.parametrize("section, name", FIGURES)
def test_a_figure_opens_with_its_caption(page, section, name):
    click(page, section)
    eye, circle = buttons(page, name)
    press(eye)
    image = page.find_element("css selector", "#app > div > div:last-child img")
    loaded = (
        "const done = arguments[1]; arguments[0].decode().then(() => done(true), () => done(false))"
    )
    assert page.execute_async_script(loaded, image)
    assert image.get_property("naturalWidth") > 0 and image.is_displayed()
    press(circle)
    caption = page.find_element("css selector", "nav .prose").text
    if name.startswith("fig"):
        assert caption.startswith(f"Figure {name[3:]}:")
    claims = plugins.declared("figures", name, "CLAIMS", ()) if name.startswith("fig") else ()
    assert caption.count("The paper claims") == caption.count("Found here") == len(claims)
    for claim in claims:
        assert plugins.declared("claims", claim, "TEXT") in caption


def test_the_claims_open_as_a_page(page, reported):
    click(page, "Claims")
    assert listed(page) == ["page", "table, CSV"]
    press(buttons(page, "page")[0])
    text = displayed(page)
    for name in plugins.names("claims"):
        assert plugins.declared("claims", name, "TEXT") in text
    tables = page.find_elements("css selector", "table")
    rows = [len(table.find_elements("css selector", "tbody tr")) for table in tables]
    verdicts = pd.read_csv(reported.folder / "results/smoke/claims.csv")
    statistics = verdicts[verdicts["role"] != "over settings"]
    assert rows == [len(plugins.names("claims")), len(statistics)]


def test_the_provenance_opens_as_a_page(page):
    click(page, "Provenance")
    press(buttons(page, "software, run times, configuration")[0])
    text = displayed(page)
    assert f"python {platform.python_version()}" in text
    for package in ("torch", "numpy", "snakemake"):
        assert f"{package} {version(package)}" in text
    assert re.search(r"^train \d+ 0:\d\d:\d\d 0:\d\d:\d\d \d+$", text, re.M)
    assert re.search(r"^measure/accuracy \d+ ", text, re.M)
    assert "config/smoke.yaml" in text and "letters_{algorithm}_T1:" in text
