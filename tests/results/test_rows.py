"""Tables edited or joined by hand: one sentence with file, line and column."""

import numpy as np
import pandas as pd
import pytest

from metalandscape.ground.errors import UserError
from metalandscape.results import tables

ROW = {"run": "a", "seed": 0, "epoch": 0, "split": "test", "metric": "loss", "value": 0.25}
ROW |= {"stderr": 0.1, "n_tasks": 5, "n_diverged": 0, "collapsed": 0}


def table(**changes):
    """Four epochs of one run."""
    return pd.DataFrame([ROW | {"epoch": e} for e in range(4)]).assign(**changes)


def with_cell(column, value, row=2):
    changed = table().astype(object)
    changed.loc[row, column] = value
    return changed


def test_a_run_without_rows_is_named_with_its_file(tmp_path):
    (tmp_path / "b").mkdir()
    paths = [written(tmp_path, table()), written(tmp_path / "b", table(run="c"))]
    with pytest.raises(UserError, match=r"/b/t\.csv: it has no row of run b; remove it"):
        tables.read_all(paths, ["a", "b"])


def text(content, **options):
    return content if isinstance(content, bytes | str) else content.to_csv(index=False, **options)


def written(folder, content):
    path = folder / "t.csv"
    content = text(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


FAULTS = {
    "no column": (table().drop(columns="value"), ": it has no column value; "),
    "other columns": ("a,b\n1,2\n", ": it has no column run; "),
    "semicolons": (text(table(), sep=";"), ": its columns are separated by ';' instead of commas"),
    "tabs": (text(table(), sep="\t"), r": its columns are separated by '\\t' instead of commas"),
    "nothing": ("", " is empty; "),
    "two columns": (
        table().assign(a=1).rename(columns={"a": "value"}),
        ": it has two columns value; ",
    ),
    "underscore": (with_cell("value", "1_0"), ", line 4: the column value has '1_0' instead"),
    "other digits": (
        with_cell("epoch", "\u0665"),
        ", line 4: the column epoch has '\u0665' instead",
    ),
    "no rows": (table()[:0], " has no rows; "),
    "no text": (b"\xff\xfe\x00\x80", " is no table; "),
    "zeros": (b"\0\1\2\n", ": it has no column run; "),
    "value": (with_cell("value", "hello"), ", line 4: the column value has 'hello' instead of a n"),
    "stderr": (with_cell("stderr", "?"), r", line 4: the column stderr has '\?' instead of a num"),
    "epoch text": (with_cell("epoch", "x"), ", line 4: the column epoch has 'x' instead of a whol"),
    "epoch part": (with_cell("epoch", 1.5), r", line 4: the column epoch has '1\.5' instead of"),
    "epoch before": (with_cell("epoch", -1), ", line 4: the column epoch has '-1' instead of"),
    "seed empty": (with_cell("seed", ""), ", line 4: the column seed has '' instead of a seed"),
    "seed large": (with_cell("seed", 2**64), ", line 4: the column seed has '18446744073709551616"),
    "run empty": (with_cell("run", ""), ", line 4: the column run has '' instead of text"),
    "decimal comma": (text(table()).replace("0.25", "0,25"), ", line 2: 11 cells instead of 10"),
    "one comma": (text(with_cell("value", 3.5)).replace("3.5", "3,5"), ", line 4: 11 cells inst"),
    "cut": (text(table())[:-8], ", line 5: 7 cells instead of 10"),
    "twice": (
        pd.concat([table(), table(value=0.5)]),
        ", line 6: a second row for run a, seed 0, epoch 0, split test, metric loss; remove one",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_with_its_place(tmp_path, fault):
    content, words = FAULTS[fault]
    path = written(tmp_path, content)
    with pytest.raises(UserError, match=f"t.csv{words}") as refused:
        tables.read_all([path])
    sentence = str(refused.value)
    assert sentence.startswith(str(path)) and sentence.endswith(".") and "\n" not in sentence


def test_rows_that_two_files_have_are_refused_with_the_second(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    tables.write(first, table())
    tables.write(second, table(epoch=[9, 8, 3, 7]))
    with pytest.raises(UserError, match=r"second.csv, line 4: a second row for run a, .* epoch 3"):
        tables.read_all([first, second])


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none.csv cannot be read \(No such file or directory\)"):
        tables.read_all([tmp_path / "none.csv"])


@pytest.mark.parametrize(
    "content",
    [
        text(table()),
        "\ufeff" + text(table()),
        text(table()).replace("\n", "\r\n"),
        text(table()[tables.COLUMNS[::-1]]),
        text(table(remark="by hand")),
    ],
    ids=["sound", "BOM", "CRLF", "other order", "more columns"],
)
def test_what_means_the_same_is_read(tmp_path, content):
    found = tables.read_all([written(tmp_path, content)])
    pd.testing.assert_frame_equal(found[tables.COLUMNS], table(), check_dtype=False)


def test_nan_and_infinity_are_values(tmp_path):
    values = [np.nan, np.inf, -np.inf, 1e308]
    found = tables.read_all([written(tmp_path, table(value=values, stderr=np.nan))])
    np.testing.assert_array_equal(found["value"], values)
    assert found["stderr"].isna().all()


def test_names_of_runs_are_text_whatever_they_look_like(tmp_path):
    names = ["007", "NA", "1e5", "true"]
    found = tables.read_all([written(tmp_path, table(run=names))])
    assert found["run"].tolist() == names


def test_the_largest_seed_is_exact_beside_others(tmp_path):
    largest = 2**64 - 1
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    tables.write(paths[0], table())
    tables.write(paths[1], table(seed=largest))
    assert set(tables.read_all(paths)["seed"].tolist()) == {0, largest}
