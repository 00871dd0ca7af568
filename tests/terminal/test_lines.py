import io
import logging

import pytest

from metalandscape.terminal.jobs import Job
from metalandscape.terminal.lines import SENTENCES, Lines, told

SEED = {"run": "few_maml", "seed": "0"}


@pytest.fixture
def run(tmp_path):
    """A logger with a handler of the terminal, two jobs, and the lines that it has shown."""
    log = tmp_path / "train.log"
    log.write_text("epoch 1: of an earlier attempt\n")
    train = Job("train_epochs_1_to_2", SEED, logs=[str(log)])
    figure = Job("draw_figure", {"figure": "fig1"}, outputs=["figures/fig1.pdf"])
    jobs = {1: train, 2: figure, 3: Job("all")}
    terminal = logging.StreamHandler(io.StringIO())
    lines = Lines(jobs, terminal)
    logger = logging.Logger("snakemake")
    logger.addHandler(terminal)
    logger.addHandler(lines)
    yield lambda msg=None, **about: logger.info(msg, extra=about), log, lines, terminal.stream
    lines.close()


def test_a_job_is_one_line_after_its_epochs(run):
    tell, log, _, stream = run
    tell("Select jobs to execute...")
    tell("rule train", event="job_info", jobid=1)
    tell("python -m ...", event="shellcmd")
    log.write_text("reading data\nepoch 1: loss 1.5\nepoch 2: loss 1.2\n")
    tell("done", event="job_finished", job_id=1)
    tell(event="progress", done=1, total=3)
    first, second, last = stream.getvalue().splitlines()
    assert first == "      few_maml seed 0, epoch 1: loss 1.5" and second.endswith("loss 1.2")
    assert " % of the work done, " in last
    assert last.endswith("train epochs 1 to 2 few_maml seed 0 (0 s)")


def test_other_messages_stay_and_the_last_job_is_all_of_the_work(run):
    tell, _, lines, stream = run
    tell("a warning of Snakemake")
    for number in (1, 2, 3):
        tell(event="job_info", jobid=number)
        tell(event="job_finished", job_id=number)
    shown = stream.getvalue().splitlines()
    assert shown[0] == "a warning of Snakemake" and len(shown) == 3
    assert shown[-1].startswith("100 % of the work")
    assert lines.ending("make it so") == ["figures:    figures/fig1.pdf", "report:     make it so"]


def test_epochs_are_shown_once_as_they_come(run):
    tell, log, lines, stream = run
    tell(event="job_info", jobid=1)
    for text in ("", "epoch 1: loss 1.5\n", "epoch 1: loss 1.5\nepoch 2: lo"):
        log.write_text(text)
        lines._write_epochs(1)
    assert stream.getvalue().splitlines() == ["      few_maml seed 0, epoch 1: loss 1.5"]


def test_what_failed_is_told_and_forgotten_once_it_is_tried_again(run):
    tell, log, lines, _ = run
    log.write_text("metalandscape: mend this.\n")
    tell(event="job_info", jobid=1)
    tell("error", event="job_error", jobid=1)
    assert lines.mistakes() == ["metalandscape: mend this."]
    tell(event="job_info", jobid=1)
    assert lines.mistakes() == []


def test_many_failures_are_not_all_listed():
    lines = Lines({}, None)
    lines.failed = {n: Job("draw_figure", {"figure": f"fig{n}"}) for n in range(SENTENCES + 3)}
    *_, last = found = lines.mistakes()
    assert len(found) == SENTENCES + 1 and last == "metalandscape: 3 more jobs failed."


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.4, "under 1"), (1.2, "1 min"), (119, "119 min"), (150, "2 h")]
)
def test_time_left_in_words(minutes, words):
    assert told(minutes).startswith(words)
