"""What the verbs over a registry share: how a table is read, progress, lists of numbers, files that are written."""

from __future__ import annotations

import contextlib
import csv
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reall.base.errors import UnusableCase, WrongUsage
from reall.cli.registry_options import from_option, map_option, table_argument

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reall.cohort.survival.reading import Reading
    from reall.exchange.addresses import Place

FILE = click.Path(path_type=Path, dir_okay=False)
PICTURES = (".svg", ".png", ".pdf")
_DOTS_PER_INCH = 200
_INPUT = (
    table_argument,
    from_option,
    map_option,
    click.option(
        "--assume",
        multiple=True,
        metavar='"FACT = …"',
        help='Fill in where a fact is unknown: "fact = other_fact - number" or "fact = constant" (may be repeated).',
    ),
    click.option("--keep", is_flag=True, help="Pass columns through whose names are nearly those of facts."),
)


def table_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add TABLE, --from, --map, --assume and --keep."""
    return functools.reduce(lambda f, option: option(f), reversed(_INPUT), function)


class Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers joined by commas, such as 1,3,5."""

    name = "numbers"

    def __init__(self, *, above_zero: bool = False) -> None:
        self._above_zero = above_zero

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Read the numbers, each once, rising."""
        if isinstance(value, tuple):
            return value
        try:
            found = sorted({float(part) for part in str(value).split(",")})
        except ValueError:
            self.fail(f"{value!r} is no list of numbers; write them as 1,3,5.", param, ctx)
        if not all(abs(number) < float("inf") and (number > 0 or not self._above_zero) for number in found):
            self.fail(f"{value!r} holds a number that makes no sense here.", param, ctx)
        return tuple(found)


@contextlib.contextmanager
def progress_of(table: Place, doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show on standard error how much of the table is read."""
    with click.progressbar(length=1, label=f"{doing} {table.name}", file=sys.stderr, show_pos=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, done, 1)
            bar.update(done - bar.pos)

        yield progress


def report_problems(reading: Reading) -> None:
    """List on standard error what could not be read; the rows keep a stratum of their own."""
    for problem in reading.problems:
        place = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
        click.echo(str(UnusableCase(problem.reason, where=place, next=problem.repair)), err=True)
    rest = reading.problem_count - len(reading.problems)
    if rest > 0:
        click.echo(f"{rest:,} more problems.", err=True)


def check_output(path: Path, endings: Sequence[str], table: Place) -> None:
    """Refuse an output of an unknown kind, or one that would overwrite the table. Raises `WrongUsage`."""
    if path.suffix.lower() not in endings:
        raise WrongUsage(f"{path.name!r} has no known ending", where="--out", next=f"Use one of {', '.join(endings)}.")
    if isinstance(table, Path) and path.exists() and table.exists() and path.samefile(table):
        raise WrongUsage("the result would overwrite the table it is made from", where="--out")
    if not path.parent.is_dir():
        raise WrongUsage(f"there is no folder {str(path.parent)!r}", where="--out", next="Make it first.")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    click.echo(f"Wrote {path}", err=True)


def write_picture(path: Path, draw: Callable[[Axes], Axes], *, title: str, inches: tuple[float, float]) -> None:
    """Draw into a figure of its own and write it; SVG carries `title` as its text alternative."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    from reall.plots.svg import inline_svg  # noqa: PLC0415

    if path.suffix.lower() == ".svg":
        path.write_text(inline_svg(title, draw, inches=inches), encoding="utf-8")
    else:
        with mpl.rc_context({"font.size": 9}):
            figure = Figure(figsize=inches, layout="constrained")
            draw(figure.subplots())
            dates = {"CreationDate": None} if path.suffix.lower() == ".pdf" else {}
            figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Title": title, **dates})
    click.echo(f"Wrote {path}", err=True)
