"""Read FCS 2.0 to 3.2 files without guessing.

Everything that decides which bytes are events is checked, because a file with wrong offsets yields plausible
numbers: HEADER against TEXT, offsets against the number of events, both against the size of the file. Events
are read in pieces, so that a file of millions of events needs little memory. FlowIO is the yardstick of the
tests; it is not used here because it loads whole files and judges offsets before TEXT can be compared.

Source: ISAC, Data File Standard for Flow Cytometry, FCS 2.0, 3.0, 3.1 and 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reall.mrd.flow.fcs_text import integer_in, number_in, read_header, read_keywords, unusable
from reall.mrd.result import Finding, Severity

Floats = npt.NDArray[np.float64]

TRUST = ("header", "text")
_LARGEST_HEADER_OFFSET = 99_999_999  # eight digits; larger files put 0 into the HEADER


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One parameter of the file: `detector` is $PnN, `marker` is $PnS ("" when absent).

    A stored value v means v / gain on a linear channel and 10 ** (decades * v / scale_range) * value_at_zero
    on a channel stored with a logarithmic amplifier ($PnE); time is multiplied by `time_step`.
    """

    number: int
    detector: str
    marker: str
    gain: float
    decades: float
    value_at_zero: float
    scale_range: float
    time_step: float | None

    def linear(self, stored: Floats) -> Floats:
        """Turn stored values into linear ones, as FlowIO's `as_array` does."""
        values = stored
        if self.time_step is not None:
            return values * self.time_step
        if self.decades > 0:
            values = 10 ** (self.decades * values / self.scale_range) * self.value_at_zero
        return values / self.gain if self.gain not in (0.0, 1.0) else values


@dataclass(frozen=True, kw_only=True)
class FcsFile:
    """An opened data set: what it holds, and where its events lie. `events` counts all of them."""

    path: Path
    version: str
    channels: tuple[Channel, ...]
    events: int
    keywords: Mapping[str, str]
    data_begin: int
    event_type: np.dtype[Any]
    masks: tuple[int | None, ...]
    findings: tuple[Finding, ...]

    def pieces(self, events_per_piece: int = 32_768) -> Iterator[npt.NDArray[Any]]:
        """Give the stored events in order, as structured arrays with one field per channel (c1, c2, …)."""
        with self.path.open("rb") as file:
            file.seek(self.data_begin)
            for start in range(0, self.events, events_per_piece):
                count = min(events_per_piece, self.events - start)
                yield np.fromfile(file, dtype=self.event_type, count=count)

    def column(self, piece: npt.NDArray[Any], index: int) -> Floats:
        """Give one channel of a piece as linear values.

        Raises:
            UnusableLaboratoryData: a value is not a number, or infinite.
        """
        stored = piece[f"c{index + 1}"]
        mask = self.masks[index]
        if mask is not None:
            stored = stored & mask
        channel = self.channels[index]
        values = channel.linear(stored.astype(np.float64))
        if not np.isfinite(values).all():
            raise unusable(
                self.path,
                f"{np.count_nonzero(~np.isfinite(values))} events hold no number in {channel.detector}.",
                why="Such an event lies in no gate and outside every gate at once.",
                next="Export the file again from the cytometer.",
            )
        return values

    def linear_events(self) -> Floats:
        """Give all events as one array (events × channels). For small files, plots and checks."""
        rows = [
            np.column_stack([self.column(piece, index) for index in range(len(self.channels))])
            for piece in self.pieces()
        ]
        return np.concatenate(rows) if rows else np.empty((0, len(self.channels)))


@dataclass(frozen=True, kw_only=True)
class _Offsets:
    """First and last byte of the events, counted from the start of the data set."""

    first: int
    last: int


def read_fcs(path: Path, *, data_set: int | None = None, trust: str | None = None) -> FcsFile:
    """Open one data set of an FCS file.

    `data_set` counts from 1 and is needed when the file holds several. `trust` (`header` or `text`) decides
    where HEADER and TEXT disagree about the place of the events; the choice is recorded as a finding.

    Raises:
        UnusableLaboratoryData: not FCS, truncated, HEADER and TEXT disagree, offsets that do not fit the
            number of events, several data sets and none chosen, or a way of storing events that is not read.
    """
    if not path.is_file():
        raise unusable(path, "There is no such file.", next="Give the path of an FCS file.")
    starts = _data_set_starts(path)
    if data_set is None and len(starts) > 1:
        raise unusable(
            path,
            f"The file holds {len(starts)} data sets.",
            why="They may come from different tubes or cytometer modes, and only one can be meant.",
            next=f"Choose one with --data-set 1 to --data-set {len(starts)}.",
        )
    wanted = 1 if data_set is None else data_set
    if not 1 <= wanted <= len(starts):
        raise unusable(path, f"There is no data set {wanted}; the file holds {len(starts)}.", next="Choose another.")
    return _open(path, starts[wanted - 1], trust)


def _data_set_starts(path: Path) -> list[int]:
    """Follow $NEXTDATA, which counts from the start of the current data set, to its end."""
    starts, size = [0], path.stat().st_size
    while True:
        keywords = read_keywords(path, starts[-1])
        step = integer_in(path, keywords, "nextdata", absent=0)
        if step == 0:
            return starts
        if step < 0 or starts[-1] + step >= size:
            raise unusable(
                path,
                f"$NEXTDATA of data set {len(starts)} points to byte {starts[-1] + step}, "
                f"outside the file of {size} bytes.",
                why="A further data set is announced and missing; the file may be truncated.",
                next="Export the file again from the cytometer.",
            )
        starts.append(starts[-1] + step)


def _open(path: Path, start: int, trust: str | None) -> FcsFile:
    version, header = read_header(path, start)
    keywords = read_keywords(path, start)
    mode = keywords.get("mode", "L").strip().upper()
    if mode != "L":
        raise unusable(path, f"$MODE is {mode}: histograms, not single events.", next="Export list mode data.")
    event_type, masks = _event_layout(path, keywords)
    findings: list[Finding] = []
    offsets = _data_offsets(
        path=path, version=version, header=header, keywords=keywords, trust=trust, findings=findings
    )
    events = _event_count(path, keywords, offsets, event_type.itemsize, findings)
    _refuse_truncated(path, start + offsets.first, events, event_type.itemsize)
    return FcsFile(
        path=path,
        version=version,
        channels=tuple(_channel(path, keywords, number) for number in range(1, len(masks) + 1)),
        events=events,
        keywords=keywords,
        data_begin=start + offsets.first,
        event_type=event_type,
        masks=masks,
        findings=tuple(findings),
    )


def _data_offsets(
    *,
    path: Path,
    version: str,
    header: list[int],
    keywords: Mapping[str, str],
    trust: str | None,
    findings: list[Finding],
) -> _Offsets:
    in_header = _Offsets(first=header[2], last=header[3])
    in_text = _Offsets(
        first=integer_in(path, keywords, "begindata", absent=0),
        last=integer_in(path, keywords, "enddata", absent=0),
    )
    header_says, text_says = in_header.last > 0, in_text.last > 0
    if not header_says and not text_says:
        raise unusable(path, "Neither HEADER nor TEXT says where the events are.", next="Export the file again.")
    if not text_says:
        return in_header
    too_large_for_header = in_text.last > _LARGEST_HEADER_OFFSET
    if not header_says and (too_large_for_header or version == "FCS3.2"):
        return in_text
    if in_header == in_text:
        return in_text
    disagreement = (
        f"HEADER puts the events at bytes {in_header.first} to {in_header.last}, "
        f"TEXT at bytes {in_text.first} to {in_text.last}."
    )
    if trust not in TRUST:
        raise unusable(
            path,
            disagreement,
            why="Read from the wrong place, a file gives plausible but wrong events.",
            next="Export the file again, or decide with --trust-offsets header or --trust-offsets text; "
            "the choice is recorded in the result.",
        )
    findings.append(
        Finding(rule="data offsets", severity=Severity.WARNING, text=f"{disagreement} The {trust} was trusted.")
    )
    return in_header if trust == "header" else in_text


def _event_count(
    path: Path, keywords: Mapping[str, str], offsets: _Offsets, bytes_per_event: int, findings: list[Finding]
) -> int:
    available = offsets.last - offsets.first + 1
    stated = integer_in(path, keywords, "tot", absent=-1)
    if stated < 0:
        if available % bytes_per_event:
            raise unusable(path, f"$TOT is missing and {available} bytes are no whole number of events.")
        return available // bytes_per_event
    needed = stated * bytes_per_event
    if available == needed:
        return stated
    if available == needed + 1:
        findings.append(
            Finding(
                rule="data offsets",
                severity=Severity.NOTE,
                text=f"The last byte of the events is given as {offsets.last}, one too many for $TOT = {stated}; "
                "a common slip that does not move any event.",
            )
        )
        return stated
    raise unusable(
        path,
        f"The events are said to take bytes {offsets.first} to {offsets.last} ({available} bytes), "
        f"but $TOT = {stated} events need {needed} bytes.",
        why="Either the number or the place of the events is wrong.",
        next="Export the file again from the cytometer.",
    )


def _refuse_truncated(path: Path, first: int, events: int, bytes_per_event: int) -> None:
    size = path.stat().st_size
    needed = first + events * bytes_per_event
    if size < needed:
        whole = max(0, (size - first) // bytes_per_event)
        raise unusable(
            path,
            f"The file has {size} bytes and needs {needed}: {whole} of {events} events are complete.",
            why="The file is truncated; a level from a part of the events would be wrong.",
            next="Copy or export it again.",
        )


_INTEGER_BYTES = {8: 1, 16: 2, 32: 4, 64: 8}
_TYPE_OF_LETTER = {"F": "f4", "D": "f8"}


def _event_layout(path: Path, keywords: Mapping[str, str]) -> tuple[np.dtype[Any], tuple[int | None, ...]]:
    """Give the layout of one event, and per integer channel the mask of the bits that count."""
    channels = integer_in(path, keywords, "par")
    order = _byte_order(path, keywords)
    fields: list[tuple[str, str]] = []
    masks: list[int | None] = []
    for number in range(1, channels + 1):
        # FCS 3.2 lets a channel have a type of its own.
        letter = keywords.get(f"p{number}datatype", keywords.get("datatype", "")).strip().upper()
        bits = integer_in(path, keywords, f"p{number}b")
        if letter in _TYPE_OF_LETTER and bits == 8 * int(_TYPE_OF_LETTER[letter][1]):
            fields.append((f"c{number}", order + _TYPE_OF_LETTER[letter]))
            masks.append(None)
        elif letter == "I" and bits in _INTEGER_BYTES:
            fields.append((f"c{number}", f"{order}u{_INTEGER_BYTES[bits]}"))
            masks.append(_bit_mask(path, keywords, number, bits))
        else:
            raise unusable(
                path,
                f"Channel {number} stores {bits} bits of type {letter or 'unknown'}.",
                why="Read are integers of 8, 16, 32 and 64 bits and floating point numbers (F 32, D 64 bits).",
                next="Export the file as FCS 3.1 with floating point numbers.",
            )
    return np.dtype(fields), tuple(masks)


def _bit_mask(path: Path, keywords: Mapping[str, str], number: int, bits: int) -> int | None:
    """Bits above the range $PnR do not belong to the value."""
    scale_range = int(number_in(path, keywords, f"p{number}r"))
    used = max(1, scale_range - 1).bit_length()
    return (1 << used) - 1 if used < bits else None


def _byte_order(path: Path, keywords: Mapping[str, str]) -> str:
    order = [part.strip() for part in keywords.get("byteord", "").split(",")]
    counted = [str(place) for place in range(1, len(order) + 1)]
    if order == counted:
        return "<"
    if order == counted[::-1]:
        return ">"
    raise unusable(path, f"$BYTEORD is {keywords.get('byteord')!r}: neither rising nor falling.")


def _channel(path: Path, keywords: Mapping[str, str], number: int) -> Channel:
    detector = keywords.get(f"p{number}n", "").strip()
    if not detector:
        raise unusable(path, f"Channel {number} has no name ($P{number}N).", next="Export the file again.")
    amplifier = re.split(r"\s*,\s*", keywords.get(f"p{number}e", "0,0").strip())
    try:
        decades, value_at_zero = float(amplifier[0]), float(amplifier[1])
    except (ValueError, IndexError) as error:
        raise unusable(path, f"$P{number}E is {keywords.get(f'p{number}e')!r}, not two numbers.") from error
    is_time = detector.lower() == "time"
    step = keywords.get("timestep", "").strip()
    return Channel(
        number=number,
        detector=detector,
        marker=keywords.get(f"p{number}s", "").strip(),
        gain=number_in(path, keywords, f"p{number}g", absent=1.0),
        decades=decades,
        # The standard says: read 0 as 1 where a logarithmic amplifier is stated.
        value_at_zero=1.0 if decades > 0 and value_at_zero == 0 else value_at_zero,
        scale_range=number_in(path, keywords, f"p{number}r"),
        time_step=float(step) if is_time and step else (1.0 if is_time else None),
    )
