"""Writes the tables of benchmarks/README.md and the plot from results/*.csv."""

import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

HERE = Path(__file__).parent
OURS, PEAK = "metalandscape", "sgemm"  # names of what is no contender begin so
SGEMM_FLOP = 2 * 1024**3


def best_settings(times: pd.DataFrame) -> pd.DataFrame:
    """Return the medians of every contender in its best setting.

    The first round warms up and does not count: JAX compiles in it.
    """
    times = times[times["round"] > 0]
    medians = times.groupby(["work", "contender", "threads", "policy"], sort=False, as_index=False)
    medians = medians[["seconds", "flop"]].median()
    return medians.loc[medians.groupby(["work", "contender"], sort=False)["seconds"].idxmin()]


def peaks(times: pd.DataFrame) -> pd.Series:
    """Return GFLOP/s of sgemm by work and threads: the best round of the better BLAS."""
    rounds = times[times["contender"].str.startswith(PEAK)]
    alone = rounds["contender"].str.endswith("one thread")
    together = rounds["threads"].where(alone, 1)
    rate = SGEMM_FLOP * together / rounds["seconds"] / 1e9
    return rate.groupby([rounds["work"], rounds["threads"]]).max()


def summary(times: pd.DataFrame, memory: pd.DataFrame | None) -> pd.DataFrame:
    """Return a row per work: ours, the best peer, their ratio, share of the peak, any memory."""
    best, peak = best_settings(times), peaks(times)
    rows = []
    for work, group in best[~best["contender"].str.startswith(PEAK)].groupby("work", sort=False):
        by = group.set_index("contender")
        ours, peers = by.loc[OURS], by.drop(index=OURS)
        peer, ratios = peers["seconds"].idxmin(), peers["seconds"] / ours["seconds"]
        share = ours["flop"] / ours["seconds"] / 1e9 / peak[work, ours["threads"]]
        rows.append(
            {
                "work": work,
                "ours, ms": f"{1000 * ours['seconds']:.4g} ({ours['threads']} threads)",
                "best peer, ms": f"{1000 * peers['seconds'].min():.4g} ({peer})",
                "ratio": f"**{ratios.min():.2f}**",
                "ratios to all": ", ".join(f"{name} {r:.2f}" for name, r in ratios.items()),
                "share of sgemm": f"{share:.2f}" if "Hessian" not in work else "",
            }
        )
        if memory is not None:
            mib = memory.set_index(["work", "contender"])["peak_mib_above_start"]
            rows[-1]["memory, MiB (ours / peer)"] = f"{mib[work, OURS]:.0f} / {mib[work, peer]:.0f}"
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """Return the table as Markdown."""
    rows = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def plot(times: pd.DataFrame) -> plt.Figure:
    """Draw how many times longer every contender takes than ours, best settings."""
    best = best_settings(times[~times["contender"].str.startswith(PEAK)])
    ours = best[best["contender"] == OURS].set_index("work")["seconds"]
    best = best.assign(ratio=best["seconds"] / best["work"].map(ours))
    figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
    look = {"hue": "contender", "style": "contender", "palette": "colorblind", "s": 60}
    sns.scatterplot(best, y="work", x="ratio", **look, ax=ax)
    ax.set(xscale="log", xlabel="time relative to metalandscape (log scale)", ylabel="")
    ticks = [0.5, 1, 2, 3, 5, 10, 20, 30]
    ax.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.grid(axis="y", linewidth=0.4)
    sns.move_legend(ax, "center left", bbox_to_anchor=(1, 0.5), frameon=False, title=None)
    ax.axvline(1, color="black", linewidth=0.8)
    sns.despine(ax=ax)
    return figure


def main() -> None:
    """Rewrite what stands between the markers of README.md, and the plot."""
    times = pd.read_csv(HERE / "results/time.csv")
    tables = {
        "speed": summary(times, pd.read_csv(HERE / "results/memory.csv")),
        "scheduling": pd.read_csv(HERE / "results/scheduling.csv", keep_default_na=False),
    }
    if (HERE / "results/time_gpu.csv").exists():
        tables["gpu"] = summary(pd.read_csv(HERE / "results/time_gpu.csv"), None)
    text = (HERE / "README.md").read_text()
    for name, table in tables.items():
        between = f"<!-- {name} -->\n{markdown(table)}\n<!-- /{name} -->"
        text = re.sub(rf"<!-- {name} -->.*<!-- /{name} -->", between, text, flags=re.S)
    (HERE / "README.md").write_text(text)
    plot(times).savefig(HERE / "results/speed.png", dpi=120)


if __name__ == "__main__":
    main()
