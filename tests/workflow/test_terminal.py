"""What the terminal shows of the run that the other tests look at the results of."""

import re

LINE = r"^ *(\d+) % of the work done, +.+ left: (\w+ .+) \(\d+ s\)$"


def test_every_job_is_one_line_and_the_last_is_all_of_the_work(finished):
    found = re.findall(LINE, finished.said, re.M)
    benchmarks = finished.folder.rglob("results/smoke/benchmarks/**/*.tsv")
    told = [job for _, job in found if job.startswith(("train", "measure"))]
    assert len(told) == len(set(told)) == len(list(benchmarks))
    assert found[-1][0] == "100" and "draw figure fig7" in {job for _, job in found}
    assert not re.search(r"^rule |jobid:|Select jobs|steps \(", finished.said, re.M)


def test_every_epoch_is_told_with_its_run_and_seed(finished):
    epochs = re.findall(r"^ +letters_maml seed 1, epoch (\d): loss .* s$", finished.said, re.M)
    assert epochs == ["1", "2", "3", "4"]


def test_the_last_lines_say_where_results_are(finished):
    for line in (
        "figures:    figures/smoke/fig3.pdf, figures/smoke/fig3.png,",
        "files in results/smoke/tables",
        "verdicts:   results/smoke/claims.csv, ",
        "provenance: results/smoke/provenance.html\n",
        "report:     snakemake --report report.html --configfile config/smoke.yaml\n",
    ):
        assert line in finished.said
