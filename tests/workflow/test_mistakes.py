"""A user's mistake is one sentence, no traceback, a non-zero exit, and nothing half-written."""

import pytest
import torch


def last_line(text):
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


@pytest.fixture
def empty(fresh):
    return fresh()


def test_an_unknown_key_is_refused_by_name(empty):
    empty.configure(lambda config: config["defaults"].update(inner_rte=0.1))
    sentence = last_line(empty.run("-n", "--quiet", ok=False))
    assert sentence.startswith("metalandscape: ") and "inner_rte" in sentence
    assert not (empty.folder / "results").exists()


def use_real_data(config):
    config["datasets"]["letters"] = {"kind": "omniglot"}


def test_missing_archives_stop_before_anything_runs(empty, tmp_path):
    empty.configure(use_real_data)
    staged = {"METALANDSCAPE_ARCHIVES": str(tmp_path)}
    sentence = last_line(empty.run(ok=False, **staged))
    assert "datasets.letters" in sentence and "images_background.zip" in sentence
    assert not (empty.folder / "results").exists()


def test_a_dry_run_needs_no_archives(empty, tmp_path):
    empty.configure(use_real_data)
    empty.run("-n", METALANDSCAPE_ARCHIVES=str(tmp_path))


def test_a_broken_archive_is_named_and_leaves_nothing(empty, tmp_path):
    empty.configure(use_real_data)
    for name in ("images_background.zip", "images_evaluation.zip"):
        (tmp_path / name).write_bytes(b"not a zip")
    target = "results/smoke/data/letters.safetensors"
    text = empty.run(target, ok=False, METALANDSCAPE_ARCHIVES=str(tmp_path))
    assert "Traceback" not in text
    (sentence,) = {line.strip() for line in text.splitlines() if "metalandscape: " in line}
    assert "images_background.zip" in sentence
    assert not list((empty.folder / "results/smoke/data").glob("*"))


def test_a_key_given_twice_is_refused_with_its_line(empty):
    path = empty.folder / "config/smoke.yaml"
    path.write_text(path.read_text() + "scale: again\n")
    assert "line " in (sentence := last_line(empty.run("-n", ok=False)))
    assert "'scale' is repeated" in sentence


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_sentence(empty):
    empty.configure(lambda config: config.update(device="cuda"))
    target = "results/smoke/checkpoints/waves_maml/seed0/epoch2.safetensors"
    text = empty.run(target, "--quiet", ok=False)
    assert "Traceback" not in text
    (sentence,) = [line.strip() for line in text.splitlines() if "metalandscape: " in line]
    assert "config key device: cuda" in sentence and "set auto or cpu" in sentence
    assert not list((empty.folder / "results/smoke/checkpoints").rglob("*.safetensors"))


def test_targets_after_the_configuration_are_told_where_they_belong(empty):
    swallowed = ("--configfile", "config/smoke.yaml", "figures/smoke/fig7.pdf")
    sentence = last_line(empty.run("--quiet", *swallowed, ok=False))
    assert sentence.startswith("metalandscape: --configfile takes every word after it")
    right = "snakemake --cores 8 figures/smoke/fig7.pdf --configfile config/smoke.yaml"
    assert sentence.endswith(right)


def test_a_configuration_that_is_not_there_is_named(empty):
    (empty.folder / "config/smoke.yaml").unlink()
    sentence = last_line(empty.run("-n", "--quiet", ok=False))
    assert sentence.startswith("metalandscape: --configfile config/smoke.yaml: there is no")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1\n", "config/smoke.yaml is no YAML that can be read: while parsing a flow sequence"),
        ("a:\n\tb: 1\n", "line 2, column 1"),
        ("", "config/smoke.yaml: the configuration is empty or no mapping"),
        ("- a\n", "config/smoke.yaml: the configuration is empty or no mapping"),
        ("caf\xe9: 1\n", "config/smoke.yaml is no YAML that can be read: 'utf-8' codec"),
        ("__use_yte__: true\n", "config/smoke.yaml: Snakemake would run it as a program"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(empty, text, words):
    (empty.folder / "config/smoke.yaml").write_bytes(text.encode("latin-1"))
    sentence = last_line(empty.run("-n", ok=False))
    assert sentence.startswith("metalandscape: config/smoke.yaml") and words in sentence


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--configfile", "config.yaml"], "of several --configfile only the last counts"),
        (["--configfile=config.yaml"], "of several --configfile only the last counts"),
        (["--config", "threads=1", "figures/smoke/fig7.pdf"], "also figures/smoke/fig7.pdf; put"),
    ],
)
def test_words_that_snakemake_would_drop_or_trip_over_are_refused(empty, words, complaint):
    sentence = last_line(empty.run("-n", *words, ok=False))
    assert sentence.startswith("metalandscape: ") and complaint in sentence


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("tables/waves_mml/accuracy.csv", "No rule to produce results/smoke/tables/waves_mml"),
        ("data/leters.safetensors", "No rule to produce results/smoke/data/leters"),
        ("tables/sharpness.csv", "metalandscape: no figure of the configuration shows sharpness"),
        ("tables/waves_maml/embeddings.csv", "run waves_maml cannot have the metric embeddings"),
    ],
)
def test_a_target_that_cannot_be_made_is_refused_before_anything_runs(empty, target, complaint):
    text = empty.run("-n", f"results/smoke/{target}", ok=False)
    assert "Traceback" not in text and complaint in text


def test_a_part_that_fails_while_settings_are_read_is_named(empty):
    (folder := empty.folder / "mine/networks").mkdir(parents=True)
    (folder / "odd.py").write_text(ODD)
    empty.configure(lambda config: config.update(plugins="mine"))
    empty.configure(lambda config: config["defaults"].update(network="odd"))
    sentence = last_line(empty.run("-n", ok=False))
    assert "mine/networks/odd.py, line 10: ZeroDivisionError: " in sentence


ODD = """from ..ground import options

TASKS = ("classification", "regression")
INPUTS = "vectors"
Network = None


class Options(options.Options):
    def complaint(self, shape):
        return 1 / 0
"""
