"""Finding parts, and reading what they declare without importing them."""

import sys

import pytest

from metalandscape.ground import plugins
from metalandscape.ground.errors import UserError
from metalandscape.ground.options import Options, Part

METRIC = '''
"""A metric of the user's."""

import a_library_that_nobody_has
from typing import Annotated

from pydantic import Field

from ..ground import options

TASKS = ("classification",)
LIMIT = 1 + 2
Share = Annotated[float, Field(ge=0, le=1)]
broken = a_library_that_nobody_has.attribute


class Options(options.Options):
    share: Share = 0.5
    products: int = LIMIT


def measure(learner, tasks, options):
    """Yield nothing."""
'''


@pytest.fixture
def folder(tmp_path):
    """A folder of parts outside the package; afterwards it is forgotten."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/mine.py").write_text(METRIC)
    yield tmp_path
    plugins.use(None)
    for name in [n for n in sys.modules if n.startswith("metalandscape.metrics.mine")]:
        del sys.modules[name]
    path = plugins.load("metrics", "accuracy") and sys.modules["metalandscape.metrics"].__path__
    path[:] = [entry for entry in path if not entry.startswith(str(tmp_path))]


@pytest.fixture
def used(folder):
    plugins.use(folder)
    return folder


def rewrite(folder, text, name="metrics/mine.py"):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    plugins.use(folder)


# --- finding


def test_private_modules_are_no_parts():
    names = plugins.names("metrics")
    assert {"accuracy", "hessian"} <= set(names) == {n for n in names if n[0] != "_"}
    assert names == sorted(names)


def test_a_folder_outside_the_package_adds_parts(used):
    assert "mine" in plugins.names("metrics") and "accuracy" in plugins.names("metrics")
    assert plugins.path("metrics", "mine") == used / "metrics/mine.py"
    assert plugins.path("metrics", "accuracy").is_relative_to(plugins.PACKAGE)
    assert plugins.outside() == used
    plugins.use(None)
    assert "mine" not in plugins.names("metrics") and plugins.outside() is None


def test_a_name_that_exists_already_is_refused(folder):
    (folder / "metrics/accuracy.py").write_text("")
    with pytest.raises(UserError, match=r"metrics/accuracy\.py: there is a part of this name"):
        plugins.use(folder)


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_folder_without_rooms_is_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"config key plugins: .* holds none of the folders"):
        plugins.use(tmp_path / name)


@pytest.mark.parametrize("file", ["my metric.py", "my-metric.py", "1.py"])
def test_a_file_whose_name_python_cannot_import_is_refused(folder, file):
    (folder / "metrics" / file).write_text("no part")
    with pytest.raises(UserError, match=rf"metrics/{file}: the name of a part consists of letters"):
        plugins.use(folder)


def test_a_folder_named_almost_as_a_room_is_refused(folder):
    (folder / "claim").mkdir()
    plugins.use(folder)
    (folder / "claim/c21.py").write_text("")
    with pytest.raises(UserError, match=r"/claim: parts are found in .*/claims; rename the folder"):
        plugins.use(folder)


def test_a_link_to_nothing_is_named(folder):
    (folder / "metrics/lost.py").symlink_to(folder / "nowhere")
    plugins.use(folder)
    with pytest.raises(UserError, match=rf"{folder}/metrics/lost.py: .*No such file"):
        plugins.check("metrics", "lost")


@pytest.mark.parametrize("file", [".#mine.py", "._mine.py", "_help.py"])
def test_files_of_editors_and_helpers_are_no_parts(folder, file):
    before = plugins.names("metrics")
    (folder / "metrics" / file).write_text("no part")
    plugins.use(folder)
    assert set(plugins.names("metrics")) == {*before, "mine"}


# --- loading


def test_a_part_outside_imports_as_if_it_stood_in_the_package(folder):
    rewrite(folder, METRIC.replace("import a_library_that_nobody_has", "").replace("broken", "# "))
    module, options = plugins.chosen("metrics", Part(name="mine", options={"share": 0.25}))
    assert module.__name__ == "metalandscape.metrics.mine"
    assert (options.share, options.products) == (0.25, 3)
    assert type(options) is module.Options is plugins.options("metrics", "mine")


def test_a_part_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UserError, match=r"no part rnn among the networks; known: .*conv"):
        plugins.load("networks", "rnn")


def test_a_part_that_fails_to_load_is_one_sentence(used):
    with pytest.raises(UserError, match=r"metrics/mine\.py cannot be used \(ModuleNotFoundError"):
        plugins.load("metrics", "mine")


def test_a_users_error_of_a_part_is_handed_on(folder):
    rewrite(
        folder,
        "from metalandscape.ground.errors import UserError\nraise UserError('a sentence.')",
    )
    with pytest.raises(UserError, match=r"^a sentence\.$"):
        plugins.load("metrics", "mine")


# --- options, by running only the lines that they need


def test_options_need_no_library_of_the_rest_of_the_module(used):
    options = plugins.options("metrics", "mine")
    assert options().model_dump() == {"share": 0.5, "products": 3}
    assert issubclass(options, Options) and "metalandscape.metrics.mine" not in sys.modules


def test_a_module_without_options_has_none(folder):
    rewrite(folder, "TASKS = ()")
    assert plugins.options("metrics", "mine") is Options


@pytest.mark.parametrize("text", ["Options = 7", "class Options:\n    share = 0.5"])
def test_options_of_another_type_are_one_sentence(folder, text):
    rewrite(folder, text)
    with pytest.raises(UserError, match=r"mine\.py: Options should be a class derived from"):
        plugins.options("metrics", "mine")


def test_options_may_need_what_is_bound_under_a_condition(folder):
    share = "try:\n    SHARE = missing\nexcept NameError:\n    SHARE = 0.25\n"
    rewrite(folder, share + METRIC.replace("Share = 0.5", "Share = SHARE"))
    assert plugins.options("metrics", "mine")().share == 0.25


def test_options_that_fail_are_one_sentence(folder):
    rewrite(folder, "class Options(missing.Options):\n    share: float = 0.5\n")
    with pytest.raises(UserError, match=r"mine\.py cannot be used \(NameError: .*missing.*\)"):
        plugins.options("metrics", "mine")


@pytest.mark.parametrize(
    "room", ["networks", "algorithms", "optimizers", "regularizers", "metrics", "datasets"]
)
def test_options_by_slicing_are_those_of_the_module(room, monkeypatch):
    for name in plugins.names(room):
        loaded = getattr(plugins.load(room, name), "Options", Options)
        sliced = plugins._options(plugins.path(room, name), room)
        assert sliced.model_json_schema() == loaded.model_json_schema()


# --- literals


def test_declared_literals_are_read_without_importing(used):
    assert plugins.declared("metrics", "mine", "TASKS") == ("classification",)
    assert plugins.described("metrics", "mine") == "A metric of the user's."
    assert plugins.declared("metrics", "mine", "MISSING", 7) == 7


def test_a_constant_that_is_missing_is_one_sentence(used):
    with pytest.raises(UserError, match=r"mine\.py: it should assign QUANTITIES"):
        plugins.declared("metrics", "mine", "QUANTITIES")


def test_a_constant_that_is_no_literal_is_one_sentence(used):
    with pytest.raises(UserError, match=r"mine\.py: LIMIT should be a literal"):
        plugins.declared("metrics", "mine", "LIMIT")
    assert plugins.readable("metrics", "mine", "LIMIT") is None


@pytest.mark.parametrize("constant", ["TASKS", "NAME", "ROLE"])
def test_declared_literals_are_those_of_the_module(constant):
    for name in plugins.names("algorithms"):
        loaded = getattr(plugins.load("algorithms", name), constant)
        assert plugins.declared("algorithms", name, constant) == loaded


def test_a_literal_may_be_annotated(folder):
    rewrite(folder, "TASKS: tuple[str, ...] = ('regression',)")
    assert plugins.declared("metrics", "mine", "TASKS") == ("regression",)


def test_a_forgotten_comma_is_one_sentence(folder):
    rewrite(folder, "TASKS = ('regression')")
    with pytest.raises(
        UserError, match=r"TASKS should be a tuple of names, as in \('regression',\)"
    ):
        plugins.declared("metrics", "mine", "TASKS")


# --- what a module of a room must define


@pytest.mark.parametrize("room", plugins.ROOMS)
def test_the_parts_of_the_package_define_what_they_must(room):
    for name in plugins.names(room):
        plugins.check(room, name)


def test_what_a_part_lacks_is_one_sentence(folder):
    rewrite(folder, "TASKS = ()\n")
    words = (
        r"mine\.py: it should define measure; see the docstring of metalandscape/metrics/__init__"
    )
    for refuse in (plugins.check, plugins.load):
        with pytest.raises(UserError, match=words):
            refuse("metrics", "mine")


def test_a_part_may_import_what_it_must_define(folder):
    rewrite(folder, "from .accuracy import *\n")
    plugins.check("metrics", "mine")
    assert plugins.load("metrics", "mine").TASKS == ("classification", "regression")


# --- errors while a part runs


def test_an_error_inside_a_part_is_told_with_file_and_line(folder):
    rewrite(folder, "TASKS = ()\n\n\ndef measure(*_):\n    return [][1]\n")
    with pytest.raises(IndexError) as caught:
        plugins.load("metrics", "mine").measure()
    assert plugins.blamed(caught.value) == (
        f"{folder}/metrics/mine.py, line 5: IndexError: list index out of range; correct the file."
    )


def test_an_error_elsewhere_is_no_parts(used):
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert plugins.blamed(caught.value) is None


# --- broken parts


def test_a_syntax_error_is_one_sentence_with_file_and_line(folder):
    rewrite(folder, "TASKS = ()\n\ndef measure(:\n")
    for read in (
        lambda: plugins.declared("metrics", "mine", "TASKS"),
        lambda: plugins.options("metrics", "mine"),
        lambda: plugins.described("metrics", "mine"),
    ):
        with pytest.raises(UserError) as caught:
            read()
        text = str(caught.value)
        assert f"{folder}/metrics/mine.py, line 3: " in text and "\n" not in text
    assert plugins.readable("metrics", "mine", "TASKS") is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = '\x00'"])
def test_what_is_no_text_is_one_sentence(folder, content):
    (folder / "metrics/mine.py").write_bytes(content)
    plugins.use(folder)
    with pytest.raises(UserError, match=r"metrics/mine\.py.*correct the file or remove it"):
        plugins.declared("metrics", "mine", "TASKS")
