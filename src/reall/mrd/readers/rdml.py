"""RDML 1.0 to 1.4: a zip archive with one XML document, whatever that document is called.

Vendors differ in the inner file name, in namespace prefixes, in how wells are numbered and in how "no Cq" is
written, so the reader goes by element names only and takes every version.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from reall.base.errors import UnusableLaboratoryData
from reall.mrd.plate import Plate, Role, Well
from reall.mrd.readers.sheet import few
from reall.mrd.result import Finding, Severity

_ROLES = {
    "std": Role.STANDARD,
    "unkn": Role.SAMPLE,
    "ntp": Role.BACKGROUND,  # RDML: a control without the target
    "ntc": Role.NO_TEMPLATE,
    "nac": Role.NO_TEMPLATE,
    "nrt": Role.NO_TEMPLATE,
    "pos": Role.OTHER,
    "opt": Role.OTHER,
}
_UNITS = {
    "cop": "copies",
    "fold": "fraction",
    "dil": "fraction",
    "ng": "ng",
    "nMol": "nmol",
    "other": "other",
}
_ZIP_MAGIC = b"PK"
_NO_CQ = -1.0


def read_rdml(path: Path) -> Plate:
    """Read every run of an RDML file.

    Raises:
        UnusableLaboratoryData: the archive is truncated, holds no RDML document, or the document is broken.
    """
    root = _open(path)
    samples = {key: element for element in _children(root, "sample") if (key := element.get("id"))}
    wells: list[Well] = []
    findings: list[Finding] = []
    for experiment in _children(root, "experiment"):
        for run in _children(experiment, "run"):
            label = " / ".join(part for part in (experiment.get("id"), run.get("id")) if part)
            wells += _wells_of_run(run, label, samples, path, findings)
    _refuse_duplicates(wells, path)
    if not wells:
        raise UnusableLaboratoryData(
            "The RDML document has no reactions.",
            where=str(path),
            why="There is nothing to quantify.",
            next="Export the run again with its results or raw data.",
        )
    instrument = next((_text(run, "instrument") for run in root.iter("run")), "")
    return Plate(source=path.name, wells=tuple(wells), findings=tuple(findings), instrument=instrument)


def _open(path: Path) -> ElementTree.Element:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnusableLaboratoryData(
            f"The file cannot be read: {error.strerror}.", where=str(path), next="Check the path."
        ) from error
    if not raw.startswith(_ZIP_MAGIC):
        return _parse(raw, path, path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.lower().endswith(".xml"):
                    content = archive.read(name)
                    if re.search(rb"<(\w+:)?rdml[\s>]", content[:4096]):
                        return _parse(content, path, name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnusableLaboratoryData(
            f"The archive is damaged: {error}.",
            where=str(path),
            why="RDML is a zip archive; a truncated copy loses its table of contents at the end.",
            next="Copy or export the file again and compare the sizes.",
        ) from error
    raise UnusableLaboratoryData(
        "No document inside the archive is RDML.",
        where=str(path),
        why=f"It holds: {', '.join(archive.namelist()[:5])}.",
        next="Export the run as RDML, text or Excel.",
    )


def _parse(content: bytes, path: Path, name: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(content)  # expat refuses entity bombs since 2.4.1
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter two: its encoding is not known
        raise UnusableLaboratoryData(
            f"The XML is broken: {error}.",
            where=f"{path}, {name}",
            why="Wells after the break would be missing without a word.",
            next="Export the run again.",
        ) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # vendors differ in namespaces
    if root.tag.lower() != "rdml":
        raise UnusableLaboratoryData(
            f"The document is {root.tag!r}, not RDML.",
            where=f"{path}, {name}",
            next="Export the run as RDML.",
        )
    return root


def _refuse_duplicates(wells: Sequence[Well], path: Path) -> None:
    seen: set[tuple[str, str, str]] = set()
    for well in wells:
        key = (well.run, well.position, well.target)
        if key in seen:
            raise UnusableLaboratoryData(
                f"Well {well.position} has two results for {well.target!r}.",
                where=f"{path}, run {well.run}",
                why="It cannot be known which of the two is right.",
                next="Export the run again.",
            )
        seen.add(key)


def _wells_of_run(
    run: ElementTree.Element,
    label: str,
    samples: dict[str, ElementTree.Element],
    path: Path,
    findings: list[Finding],
) -> Iterator[Well]:
    columns = _columns(run)
    uncalled: list[str] = []
    for react in _children(run, "react"):
        position = _position(react.get("id", ""), columns)
        sample_id = next((child.get("id", "") for child in _children(react, "sample")), "")
        sample = samples.get(sample_id)
        if sample is None:
            findings.append(
                Finding(
                    rule="sample declared",
                    severity=Severity.WARNING,
                    text=f"Well {position} names the sample {sample_id!r}, which the file does not declare.",
                    look_at=f"The sample list of {path.name}.",
                )
            )
        for data in _children(react, "data"):
            target = next((child.get("id", "") for child in _children(data, "tar")), "")
            well = _well(data, target=target, position=position, sample_id=sample_id, sample=sample, run=label)
            if well.cq is None and (_number(_text(data, "cq")) or 0) > 0:
                uncalled.append(f"{position} ({target})")
            yield well
    if uncalled:
        text = f"A Cq at the last cycle was read as not detected in {few(uncalled)}."
        findings.append(Finding(rule="no call", severity=Severity.NOTE, text=text))


def _well(
    data: ElementTree.Element,
    *,
    target: str,
    position: str,
    sample_id: str,
    sample: ElementTree.Element | None,
    run: str,
) -> Well:
    points = [(_number(_text(adp, "cyc")), _number(_text(adp, "fluor"))) for adp in _children(data, "adp")]
    curve = sorted((c, f) for c, f in points if c is not None and f is not None)
    last = curve[-1][0] if curve else math.inf
    cq = _number(_text(data, "cq"))
    if cq is not None and cq < 0 and cq != _NO_CQ:
        raise UnusableLaboratoryData(
            f"The Cq {cq:g} is below 0.",
            where=f"well {position}, {target}",
            why="It would pass for a reaction that was not detected.",
            next="Export the run again.",
        )
    # "No Cq" is written as -1, 0, NaN or as the number of cycles.
    detected = cq is not None and 0 < cq < last
    quantity, unit = _quantity(sample)
    return Well(
        position=position,
        sample=_label(sample, sample_id),
        target=target,
        role=_role(sample, target),
        cq=cq if detected else None,
        quantity=quantity,
        unit=unit,
        run=run,
        excluded=f"excluded in the file: {_text(data, 'excl') or 'no reason given'}" if _has(data, "excl") else "",
        cycles=tuple(c for c, _ in curve),
        fluorescence=tuple(f for _, f in curve),
    )


def _role(sample: ElementTree.Element | None, target: str) -> Role:
    """RDML 1.3 lets the type differ by target; the one naming this target wins."""
    if sample is None:
        return Role.OTHER
    types = {kind.get("targetId"): (kind.text or "").strip() for kind in _children(sample, "type")}
    return _ROLES.get(types.get(target) or types.get(None) or "", Role.OTHER)


def _quantity(sample: ElementTree.Element | None) -> tuple[float | None, str]:
    if sample is None:
        return None, ""
    for quantity in _children(sample, "quantity"):
        unit = _text(quantity, "unit")
        return _number(_text(quantity, "value")), _UNITS.get(unit, unit)
    return None, ""


def _label(sample: ElementTree.Element | None, sample_id: str) -> str:
    """Some vendors use random identifiers and keep the laboratory's label in the description."""
    description = _text(sample, "description") if sample is not None else ""
    return (
        description
        if description and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sample_id)
        else sample_id
    )


def _columns(run: ElementTree.Element) -> int | None:
    for fmt in _children(run, "pcrFormat"):
        columns = _number(_text(fmt, "columns"))
        return int(columns) if columns and columns > 1 else None
    return None


def _position(react_id: str, columns: int | None) -> str:
    """Number 14 of a 12-column plate is B2; names like A1 stay."""
    if not react_id.isdigit() or columns is None:
        return react_id
    row, column = divmod(int(react_id) - 1, columns)
    letters = chr(ord("A") + row % 26)
    return f"{'A' * (row // 26)}{letters}{column + 1}"


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return iter(element.findall(name))


def _has(element: ElementTree.Element, name: str) -> bool:
    return element.find(name) is not None


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(name, default="").strip()


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
