"""Pictures of a release and of a stream. Colours are told apart by people who do not see all of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.patches
import matplotlib.ticker
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

MIB = 2**20

# Source: Okabe and Ito, Color Universal Design.
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"
_REASONS = {"requested": BLUE, "required": ORANGE, "recommended": GREEN, "chosen": GREY}
_CHANGES = {"added": BLUE, "removed": GREY, "upgraded": ORANGE, "downgraded": RED}
_OUTCOMES = {"passed": GREEN, "failed": RED, "error": "#000000"}
_MARKS = {"passed": "✓", "failed": "✗", "error": "!"}
_NAMED = 12  # candidates of the front; more names would hide each other
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "svg.hashsalt": "atomic-kit",
}


class Picture(Figure):
    """A figure that every notebook shows, whether or not a plotting backend was chosen in it."""

    def png(self) -> bytes:
        """Return the picture as a PNG file, equal for equal figures."""
        packed = io.BytesIO()
        self.savefig(packed, format="png", dpi=110, metadata={"Software": None})
        return packed.getvalue()

    _repr_png_ = png


def package_sizes(packages: pd.DataFrame, *, count: int = 20) -> Picture:
    """Draw the largest packages of a set as bars, coloured by why they are in it.

    `packages` has the columns of PackageSet.frame.
    """
    largest = packages.nlargest(count, "install_size").iloc[::-1]
    share = largest["install_size"].sum() / max(packages["install_size"].sum(), 1)
    figure, axes = _figure(height=0.26 * len(largest) + 1.2)
    axes.barh(largest["name"], largest["install_size"] / MIB, color=[_REASONS[one] for one in largest["reason"]])
    axes.set_xlabel("installed size, MiB")
    _title(axes, f"The {len(largest)} largest of {len(packages)} packages take {share:.0%}")
    _legend(axes, {reason: color for reason, color in _REASONS.items() if reason in set(largest["reason"])})
    return figure


def package_changes(changes: pd.DataFrame, *, count: int = 30) -> Picture:
    """Draw by how much each changed package grew or shrank. `changes` has the columns of PackageChange."""
    order = changes["size_change"].abs().sort_values(ascending=False).index[:count]
    shown = changes.loc[order].iloc[::-1]
    figure, axes = _figure(height=0.26 * max(len(shown), 2) + 1.2)
    axes.barh(shown["name"], shown["size_change"].astype(float) / MIB, color=[_CHANGES[one] for one in shown["change"]])
    axes.axvline(0, color="black", linewidth=0.8)
    # A kernel's modules would hide everything else on a linear scale.
    axes.set_xscale("symlog", linthresh=0.01)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("change of the installed size, MiB (logarithmic beyond 0.01)")
    if shown.empty:
        axes.set_yticks([])
    total = float(changes["size_change"].sum()) / MIB if len(changes) else 0.0
    _title(axes, f"{len(changes)} packages changed, {total:+.1f} MiB")
    _legend(axes, {kind: color for kind, color in _CHANGES.items() if kind in set(shown["change"])})
    return figure


def checks_grid(checks: pd.DataFrame) -> Picture:
    """Draw the outcome of every check for each suite and firmware. `checks` has the columns of CheckResult."""
    columns = list(dict.fromkeys(zip(checks["suite"], checks["firmware"], strict=True)))
    names = list(dict.fromkeys(checks["check"]))[::-1]
    figure, axes = _figure(height=0.26 * len(names) + 1.3)
    for row in checks.to_dict("records"):
        x, y = columns.index((row["suite"], row["firmware"])), names.index(row["check"])
        axes.add_patch(mpl.patches.Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, color=_OUTCOMES[row["outcome"]]))
        text = f"{_MARKS[row['outcome']]} {row['seconds']:.1f} s"
        axes.text(x, y, text, ha="center", va="center", color="white", fontsize=8)
    axes.set_xlim(-0.5, max(len(columns), 1) - 0.5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(columns)), [f"{suite}\n{firmware}" for suite, firmware in columns])
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    passed = int((checks["outcome"] == "passed").sum())
    _title(axes, f"{passed} of {len(checks)} checks passed")
    return figure


def request_costs(costs: pd.DataFrame, *, count: int = 25) -> Picture:
    """Draw what each request adds to the others, and what of it is shared with them.

    `costs` has the columns of `request_sizes`; a request without a size of its own is left out.
    """
    known = costs.dropna(subset=["additional", "alone"])
    shown = known.nlargest(count, ["additional", "alone"]).iloc[::-1]
    figure, axes = _figure(height=0.26 * max(len(shown), 2) + 1.3)
    added, shared = (shown[key].astype(float) / MIB for key in ("additional", "shared"))
    axes.barh(shown["request"], added, color=ORANGE)
    axes.barh(shown["request"], shared, left=added, color=GREY, alpha=0.4)
    axes.set_xlabel("installed size, MiB")
    redundant = int(costs["is_redundant"].sum())
    _title(axes, f"{len(costs)} requests, of which {redundant} add nothing to the others")
    _legend(axes, {"in addition to the others": ORANGE, "shared with them": GREY})
    return figure


def trade_off(candidates: pd.DataFrame) -> Picture:
    """Draw the candidates of a sweep by what they keep and what they weigh, and the front that nothing beats.

    `candidates` has the columns of `sweep`.
    """
    solved = candidates[candidates["problem"] == ""]
    front = solved[solved["is_on_front"]].sort_values("install_size")
    figure, axes = _figure(height=4.6)
    axes.scatter(solved["install_size"] / MIB, solved["capabilities"], s=12, color=GREY, alpha=0.6, linewidths=0)
    axes.step(front["install_size"] / MIB, front["capabilities"], where="post", color=BLUE, linewidth=1)
    axes.scatter(front["install_size"] / MIB, front["capabilities"], s=28, color=BLUE, zorder=3)
    named = front.drop_duplicates(["install_size", "capabilities"])
    for row in named.nsmallest(_NAMED, "install_size").to_dict("records"):
        place = (row["install_size"] / MIB, row["capabilities"])
        axes.annotate(row["candidate"], place, xytext=(4, -9), textcoords="offset points", fontsize=7)
    axes.set_xlabel("installed size, MiB")
    axes.set_ylabel("capabilities kept")
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    _title(axes, f"{len(front)} of {len(candidates)} candidate sets are not beaten by another")
    _legend(axes, {"on the front": BLUE, "beaten": GREY}, place="upper left")
    return figure


def trends(history: pd.DataFrame) -> Picture:
    """Draw how a stream's releases developed, a small picture a measure.

    `history` is that of stream_history; a measure that an older record does not have is left out.
    """
    panels = (
        ("Installed size, MiB", ("installed_size",), MIB),
        ("Commit in the archive, MiB", ("commit_size",), MIB),
        ("Image, MiB", ("image_size",), MIB),
        ("Static delta, MiB", ("delta_size",), MIB),
        ("Packages", ("package_count",), 1),
        ("First boot, processor seconds", ("boot_processor_seconds",), 1),
    )
    with mpl.rc_context(_STYLE):
        figure = Picture(figsize=(8, 7), layout="constrained")
        for axes, (title, columns, unit) in zip(figure.subplots(3, 2).flat, panels, strict=True):
            _trend(axes, history, title, columns, unit)
    return figure


def _trend(axes: Axes, history: pd.DataFrame, title: str, columns: Sequence[str], unit: int) -> None:
    for column in columns:
        values = history.reindex(columns=[column])[column].astype(float) / unit
        axes.plot(range(len(values)), values, marker="o", color=BLUE)
        for place, value in enumerate(values):
            if pd.notna(value) and (len(values) < 4 or place == len(values) - 1):
                axes.annotate(
                    f"{value:,.1f}".removesuffix(".0"),
                    (place, value),
                    xytext=(0, 6),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
        highest = values.max()
        axes.set_ylim(0, highest * 1.25 if pd.notna(highest) and highest > 0 else 1)
    every = max(1, len(history) // 4)
    axes.set_xticks(range(0, len(history), every), history["version"][::every], fontsize=7)
    # All panels have all releases, also those for which nothing was measured.
    axes.set_xlim(-0.3, max(len(history) - 0.7, 0.3))
    if not values.notna().any():
        axes.text(0.5, 0.5, "not measured yet", transform=axes.transAxes, ha="center", color=GREY)
        axes.set_yticks([])
    _title(axes, title, fontsize=10)


def _figure(*, height: float) -> tuple[Picture, Axes]:
    with mpl.rc_context(_STYLE):
        figure = Picture(figsize=(8, height), layout="constrained")
        return figure, figure.subplots()


def _title(axes: Axes, text: str, **style: Any) -> None:
    """Title a picture at its left edge, where reading starts."""
    axes.set_title(text, loc="left", fontweight="bold", **style)


def _legend(axes: Axes, colors: dict[str, str], *, place: Literal["lower right", "upper left"] = "lower right") -> None:
    handles = [mpl.patches.Patch(color=color, label=label) for label, color in colors.items()]
    if handles:
        axes.legend(handles=handles, loc=place, frameon=False)
