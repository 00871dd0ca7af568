import pytest

from metalandscape.terminal.work import OTHER, SECONDS, Kind, Work, benchmarked

DRAW = Kind("draw_figure")


def benchmark(folder, seconds, run="few_maml", job="epochs0"):
    file = folder / "measure/hessian" / run / "seed0" / f"{job}.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"s\th:m:s\tcpu_time\n{seconds}\t0:00:05\t4.1\n")
    return str(file)


def test_blocks_of_epochs_of_a_run_are_one_kind():
    first = Kind.of("train_epochs_1_to_2", "b/train/few_maml/seed0/epochs1-2.tsv")
    assert first == Kind.of("train_epochs_3_to_4", "b/train/few_maml/seed1/epochs3-4.tsv")
    assert first == Kind("train_epochs", "b/train/few_maml")
    assert first.wider() == Kind("train_epochs", "b/train")
    assert Kind.of("draw_figure", None) == DRAW == DRAW.wider()


def test_what_was_never_measured_takes_the_stated_seconds():
    work = Work([DRAW, Kind("judge_claims")])
    assert work.left() == SECONDS["draw_figure"] + OTHER
    assert work.share() == 0


def test_earlier_benchmarks_of_the_run_count_before_those_of_others(tmp_path):
    own = Kind.of("measure_checkpoints", benchmark(tmp_path, 8))
    benchmark(tmp_path, 4, job="epochs1")
    other = Kind.of("measure_checkpoints", benchmark(tmp_path, 100, run="much_maml"))
    new = Kind(own.rule, own.folder.replace("few_maml", "new_maml"))
    work = Work([own, other, new])
    assert work.estimate(own) == 6 and work.estimate(other) == 100
    assert work.estimate(new) == pytest.approx((8 + 4 + 100) / 3)


def test_the_share_is_of_seconds_not_of_jobs():
    work = Work([DRAW, Kind("slow"), Kind("slow")])
    work.finish(Kind("slow"), 94.0)
    draw = SECONDS["draw_figure"] * 94 / OTHER  # this machine is that slow
    assert work.share() == pytest.approx(94 / (94 + 94 + draw))
    work.finish(Kind("slow"), 94.0)
    work.finish(DRAW, 1.0)
    assert work.share() == 1


def test_minutes_follow_the_pace_so_far():
    work = Work([Kind("slow")] * 4)
    work.finish(Kind("slow"), 60.0)
    assert work.minutes(elapsed=60.0) == pytest.approx(3)
    assert work.minutes(elapsed=30.0) == pytest.approx(1.5)  # two at a time


@pytest.mark.parametrize("text", ["", "s\n", "s\nNA\n", "seconds\n3\n"])
def test_a_benchmark_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "b.tsv").write_text(text)
    assert benchmarked(tmp_path / "b.tsv") is None
    assert benchmarked(tmp_path / "absent.tsv") is None
