"""Cell fractions of each cluster over the samples, with intervals and the limit of detection."""

from __future__ import annotations

from matplotlib.axes import Axes

from reall.base.written import percent
from reall.clones.model import Story
from reall.plots.clone_style import colour_of, columns_in_time

_UPRIGHT_UP_TO = 6  # samples whose names fit side by side
_LINEAR_BELOW = 0.01  # the axis is logarithmic above, so that a 2 % clone and the trunk can both be read


def draw_cell_fractions(ax: Axes, story: Story, *, xenografts: bool = False) -> Axes:
    """Draw each cluster's estimate with its 95 % interval; grey marks what the sample could not have shown."""
    columns = columns_in_time(story, xenografts=xenografts)
    samples = [story.reads.samples[column] for column in columns]
    limits = {summary.sample.name: summary.detection_limit_ccf for summary in story.samples}
    for at, sample in enumerate(samples):
        limit = limits.get(sample.name)
        if limit is not None:
            ax.fill_between([at - 0.45, at + 0.45], 0, limit, color="#999999", alpha=0.3, linewidth=0)
    count = len(story.clusters)
    for index, cluster in enumerate(story.clusters):
        offset = 0.0 if count == 1 else 0.5 * (index / (count - 1) - 0.5)
        xs = [at + offset for at in range(len(samples))]
        fractions = [cluster.ccf[sample.name] for sample in samples]
        middle = [fraction.estimate for fraction in fractions]
        spread = [
            [max(0.0, fraction.estimate - fraction.low) for fraction in fractions],
            [max(0.0, fraction.high - fraction.estimate) for fraction in fractions],
        ]
        colour = colour_of(cluster.id)
        patient = sum(sample.from_patient for sample in samples)  # xenografts come last and are no time points
        ax.plot(xs[:patient], middle[:patient], color=colour, linewidth=0.8, alpha=0.5)
        ax.errorbar(
            xs, middle, spread, fmt="o", color=colour, markersize=4, elinewidth=1.3, capsize=2, label=f"{cluster.id}"
        )  # fmt: skip
    ax.set_yscale("symlog", linthresh=_LINEAR_BELOW, linscale=0.6)
    ax.set_ylim(0, 1.15)
    ticks = [0, 0.01, 0.03, 0.1, 0.3, 1]
    ax.set_yticks(ticks, ["0", "1 %", "3 %", "10 %", "30 %", "100 %"])
    ax.minorticks_off()
    ax.set_ylabel("cells with the cluster")
    ax.set_xticks(range(len(samples)), [sample.name for sample in samples], rotation=0 if len(samples) <=
    _UPRIGHT_UP_TO else 60,
                  ha="center" if len(samples) <= _UPRIGHT_UP_TO else "right")  # fmt: skip
    ax.set_xlim(-0.6, len(samples) - 0.4)
    ax.set_title("Grey: below what the sample could show", fontsize=7, loc="right")
    ax.grid(axis="y", linewidth=0.4, alpha=0.4)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    ax.legend(title="cluster", fontsize=7, title_fontsize=7, ncols=max(1, count // 10 + 1), frameon=False,
              loc="center left", bbox_to_anchor=(1.0, 0.5))  # fmt: skip
    return ax


def describe_cell_fractions(story: Story) -> str:
    """Say each fraction with its interval, sample by sample."""
    parts = []
    for column in columns_in_time(story):
        name = story.reads.samples[column].name
        values = [
            f"cluster {cluster.id} {percent(ccf.estimate)} ({percent(ccf.low)} to {percent(ccf.high)})"
            for cluster in story.clusters
            for ccf in (cluster.ccf[name],)
        ]
        parts.append(f"{name}: " + ", ".join(values))
    return "Share of cells with each cluster and 95 % interval. " + ". ".join(parts) + "."
