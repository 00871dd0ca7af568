"""The interactive page, as a user sees it in a browser, on a desk and on a phone."""

import shutil

import pandas as pd
import pytest

pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: make page")
HOSTILE = "<script>alert('reason')</script>"
WIDTHS = {"desktop": 1400, "phone": 390}


@pytest.fixture(scope="module")
def written(finished, tmp_path_factory):
    """A copy of the finished project with the page; a few verdicts are not the usual ones."""
    project = type(finished)(tmp_path_factory.mktemp("page") / "project")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    path = project.folder / "results/smoke/claims.csv"
    table = pd.read_csv(path)
    table.loc[:2, "verdict"], table.loc[0, "reason"] = "supported", HOSTILE
    table.to_csv(path, index=False)
    assert project.planned("write_page") == {("write_page", "")}
    project.run("write_page")
    return project.folder


@pytest.fixture(params=WIDTHS)
def page(opened, written, request):
    """The page, freshly opened, with its charts drawn."""
    with opened(written / "results/smoke/page.html") as browser:
        size = {"width": WIDTHS[request.param], "height": 900, "mobile": False}
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", size | {"deviceScaleFactor": 1}
        )
        browser.refresh()
        assert browser.find_element("css selector", "#charts svg").is_displayed()
        yield browser
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def choose(page, box, *names):
    """Choose options of a box, and no others."""
    script = """
        const [box, names] = arguments;
        for (const option of box.options) option.selected = names.includes(option.text);
        box.dispatchEvent(new Event("change"));
    """
    page.execute_script(script, page.find_element("id", box), names)


def points(page, count):
    """The points of the curves, once there are as many."""
    from selenium.webdriver.support.ui import WebDriverWait

    def drawn(driver):
        groups = driver.find_elements("css selector", "#charts g.concat_0_group g.mark-symbol")
        found = [p for g in groups for p in g.find_elements("css selector", "path")]
        own = [p for p in found if "epoch" in (p.get_attribute("aria-label") or "")]
        return own if len(own) == count else None

    return WebDriverWait(page, 20).until(drawn)


def test_sections_come_in_the_papers_order_and_nothing_is_wider_than_the_screen(page):
    titles = [h.text for h in page.find_elements("css selector", "section > h2")]
    sections = [title.split()[0] for title in titles[:-3]]
    assert sections == ["5.1", "5.2", "5.3"] and titles[-3:] == [
        "Explore",
        "Verdicts",
        "Provenance",
    ]
    for image in page.find_elements("css selector", "article img"):
        assert image.get_property("naturalWidth") > 0
    width = page.execute_script("return [document.body.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


def test_what_looks_like_code_is_text(page):
    assert HOSTILE in page.find_element("css selector", "#verdicts tbody tr").text


def test_a_run_is_chosen_and_a_point_tells_what_it_is(page):
    from selenium.webdriver import ActionChains

    choose(page, "runs", "letters_maml_T1")
    point = points(page, 2 * 5)[-1]  # seeds, checkpoints
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", point)
    ActionChains(page).move_to_element(point).perform()
    told = page.find_element("css selector", "#vg-tooltip-element.visible").text
    assert "letters_maml_T1" in told and "epoch" in told and "seed" in told
    choose(page, "runs", "letters_maml_T1", "letters_first_order_maml_T1")
    points(page, 2 * 2 * 5)


def test_verdicts_are_filtered_and_sorted(page, written):
    table = pd.read_csv(written / "results/smoke/claims.csv")

    def rows():
        found = page.find_elements("css selector", "#verdicts tbody tr")
        return [row for row in found if row.is_displayed()]

    assert len(rows()) == len(table)
    words = page.find_element("id", "words")
    words.send_keys("C7 letters_maml_T1")
    own = table[(table["claim"] == "C7") & table["setting"].str.contains("letters_maml_T1")]
    assert len(rows()) == len(own) > 0
    words.clear()
    words.send_keys(" ")
    choose(page, "verdict", "supported")
    assert len(rows()) == 3
    choose(page, "verdict", "all")
    heading = page.find_element("xpath", "//th[.='value']")
    for _ in range(2):
        page.execute_script("arguments[0].click()", heading)
    assert heading.get_attribute("aria-sort") == "descending"
    values = [row.find_elements("css selector", "td")[3].text for row in rows()[:3]]
    largest = table["value"].sort_values(ascending=False)[:3]
    assert values == [f"{value:.3g}" for value in largest]


def test_the_board_has_a_folder_for_every_training(finished, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: make board")
    project = type(finished)(tmp_path / "project")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    project.run("write_board")
    written = {p.parent for p in (project.folder / "results/smoke/board").rglob("events.*")}
    trained = {p for p in (project.folder / "results/smoke/training").glob("*/seed*")}
    assert {(p.parent.name, p.name) for p in written} == {(p.parent.name, p.name) for p in trained}
