"""The YAML files of the therapy knowledge to the rows of `library.therapy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reall.base.documents import Document
from reall.base.errors import InvalidKnowledge
from reall.library.files import open_file
from reall.library.therapy import Therapy
from reall.library.therapy_rows import (
    Agent,
    AgeTable,
    Arm,
    Block,
    Criterion,
    CumulativeLimit,
    Dose,
    Effect,
    EvidenceRow,
    Factor,
    FactorSet,
    FamilyPage,
    FamilyText,
    LabelEvent,
    LabelRow,
    Limit,
    Note,
    Option,
    Population,
    PValue,
    Regimen,
    Supply,
    Trial,
    TrialArm,
)
from reall.rules.table import Citation

Data = Mapping[str, Any]


def load_therapy(root: Path) -> Therapy:
    """Read agents, regimens, options, evidence, trials, factor sets and family pages below `root`, where there are any.

    Raises `InvalidKnowledge` with file and line: schema, a doubled id, an id that is not the file's name, or an agent,
    regimen, population or evidence row that does not exist.
    """
    agents = {
        a.id: a
        for path in _paths(root, "agents")
        for a in _each(open_file(path, "agents", root=root), "agents", _agent)
    }
    factors = [open_file(path, "anthracycline", root=root) for path in _paths(root, "anthracycline")]
    therapy = Therapy(
        agents=agents,
        regimens={r.id: r for r in _one_per_file(root, "regimens", "regimen", _regimen)},
        options={o.id: o for o in _one_per_file(root, "options", "option", _option)},
        populations={
            id_: population
            for path in _paths(root, "options/evidence")
            if path.stem == "populations"
            for id_, population in _unique(
                open_file(path, "evidence_populations", root=root), "populations", _population
            ).items()
        },
        evidence={
            id_: row
            for path in _paths(root, "options/evidence")
            if path.stem == "rows"
            for id_, row in _evidence_rows(open_file(path, "evidence_rows", root=root)).items()
        },
        trials={t.id: t for t in _one_per_file(root, "trials", "trial", _trial)},
        factor_sets=tuple(f for d in factors for f in _each(d, "sets", _factor_set)),
        cumulative_limits=tuple(c for d in factors for c in _each(d, "limits", _cumulative)),
        pages={p.id: p for p in _one_per_file(root, "explain", "explain", _page)},
        ctml={k: v for path in _paths(root, "ctml") for k, v in _answers(open_file(path, "ctml", root=root).data)},
    )
    _check_links(therapy)
    return therapy


def _evidence_rows(document: Document) -> dict[str, EvidenceRow]:
    places = {row["id"]: document.where("rows", i) for i, row in enumerate(document.data["rows"])}
    return {id_: replace(row, where=places[id_]) for id_, row in _unique(document, "rows", _evidence).items()}


def _paths(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).glob("*.yaml"))


def _each(document: Document, key: str, make: Any) -> list[Any]:
    made = [make(entry) for entry in document.data[key]]
    seen: set[str] = set()
    for i, entry in enumerate(made):
        if entry.id in seen:
            raise InvalidKnowledge(f"the id {entry.id!r} is given twice", where=document.where(key, i))
        seen.add(entry.id)
    return made


def _unique(document: Document, key: str, make: Any) -> dict[str, Any]:
    return {entry.id: entry for entry in _each(document, key, make)}


def _one_per_file(root: Path, folder: str, schema: str, make: Any) -> list[Any]:
    made = []
    for path in _paths(root, folder):
        document = open_file(path, schema, root=root)
        if document.data["id"] != path.stem:
            raise InvalidKnowledge(
                f"the id {document.data['id']!r} does not match the file", where=document.where("id")
            )
        made.append(make(document.data))
    return made


def _answers(data: Data) -> list[tuple[str, Data]]:
    return [(field, answers) for field, answers in data.items() if isinstance(answers, dict)]


def _citation(row: Data) -> Citation:
    return Citation(source=row["source"], at=row["at"], status=row.get("status", row.get("knowledge_status")))


def _criterion(row: Data) -> Criterion:
    return Criterion(
        id=row["id"], must=row["must"], words=row["words"], citation=_citation(row),
        genomic=row.get("genomic") == "yes", fails_with=row.get("fails_with", {}),
    )  # fmt: skip


def _criteria(data: Data) -> tuple[Criterion, ...]:
    return tuple(_criterion(row) for row in data.get("criteria", ()))


def _notes(data: Data, key: str) -> tuple[Note, ...]:
    return tuple(
        Note(id=row["id"], words=row["words"], citation=_citation(row), when=row.get("when", ""))
        for row in data.get(key, ())
    )


def _label(row: Data) -> LabelRow:
    return LabelRow(
        id=row["id"], country=row["country"], valid_from=row["valid_from"], valid_until=row.get("valid_until", ""),
        seen_on=row.get("seen_on", ""), indication=row["indication"], on_label_when=row["on_label_when"],
        review=row.get("review", ""), citation=_citation(row), valid_from_note=row.get("valid_from_note", ""),
    )  # fmt: skip


def _agent(data: Data) -> Agent:
    return Agent(
        id=data["id"],
        name=data["name"],
        drug_class=data["class"],
        target=data["target"],
        codes=data["codes"],
        also=tuple(data.get("also", ())),
        codes_note=data.get("codes_note", ""),
        resistance_genes=tuple(data.get("resistance_genes", ())),
        never_route=tuple(data.get("never_route", ())),
        anthracycline=data.get("anthracycline", False),
        labels=tuple(_label(row) for row in data.get("labels", ())),
        label_events=tuple(
            LabelEvent(
                id=row["id"], country=row["country"], valid_from=row["valid_from"],
                valid_until=row.get("valid_until", ""), words=row["words"], citation=_citation(row),
            )
            for row in data.get("label_events", ())
        ),
        labels_not_seen=data.get("labels_not_seen", ""),
        limits=tuple(
            Limit(id=r["id"], words=r["words"], value=r["value"], unit=r["unit"], citation=_citation(r))
            for r in data.get("limits", ())
        ),
        cautions=_notes(data, "cautions"),
        supply=tuple(
            Supply(country=r["country"], as_of=r["as_of"], words=r["words"], citation=_citation(r))
            for r in data.get("supply", ())
        ),
    )  # fmt: skip


def _dose(row: Data) -> Dose:
    days = row.get("days", "")
    return Dose(
        agent=row["agent"], dose="" if "dose" not in row else f"{row['dose']}", unit=row.get("unit", ""),
        per=row.get("per", ""), maximum=row.get("max", ""), route=row.get("route", ""),
        days=", ".join(map(str, days)) if isinstance(days, list) else str(days), frequency=row.get("frequency", ""),
        infusion_hours=row.get("infusion_hours"), only_if=row.get("only_if", ""), until=row.get("until", ""),
        note=row.get("note", ""), dose_note=row.get("dose_note", ""),
    )  # fmt: skip


def _regimen(data: Data) -> Regimen:
    return Regimen(
        id=data["id"],
        title=data["title"],
        group=data["group"],
        phase=data["phase"],
        complete=data["complete"],
        blocks=tuple(
            Block(
                id=b["id"],
                phase=b.get("phase", data["phase"]),
                words=b["words"],
                drugs=tuple(_dose(row) for row in b["drugs"]),
            )
            for b in data["blocks"]
        ),
        age_tables=tuple(
            AgeTable(id=t["id"], words=t["words"], unit=t["unit"], rows=tuple(t["rows"]))
            for t in data.get("age_tables", ())
        ),
        notes=tuple(data.get("notes", ())),
        not_seen=tuple(data["not_seen"]),
        citation=_citation(data),
    )


def _option(data: Data) -> Option:
    return Option(
        id=data["id"],
        title=data["title"],
        purpose=data["purpose"],
        words=data["words"],
        criteria=_criteria(data),
        agents=tuple(data.get("agents", ())),
        regimens=tuple(data.get("regimens", ())),
        label_agent=data.get("label_agent", ""),
        cautions=_notes(data, "cautions"),
        sequencing=_notes(data, "sequencing"),
        evidence=tuple(data.get("evidence", ())),
        example=data["example"],
        file=f"options/{data['id']}.yaml",
    )


def _population(data: Data) -> Population:
    return Population(
        id=data["id"], words=data["words"], criteria=_criteria(data), by_hand=tuple(data.get("by_hand", ()))
    )


def _pair(value: Any) -> Any:
    return None if value is None else tuple(value)


def _evidence(data: Data) -> EvidenceRow:
    effect, p = data.get("effect"), data.get("p")
    return EvidenceRow(
        id=data["id"],
        trial=data["trial"],
        design=data["design"],
        population=data["population"],
        endpoint=data["endpoint"],
        denominator=data["denominator"],
        arms=tuple(
            Arm(
                **{
                    **a,
                    "interval_pct": _pair(a.get("interval_pct")),
                    "median_interval": _pair(a.get("median_interval")),
                }
            )
            for a in data["arms"]
        ),
        citation=_citation(data),
        read_in=data["read_in"],
        phase=data.get("phase", ""),
        endpoint_words=data.get("endpoint_words", ""),
        time_months=data.get("time_months"),
        median_follow_up_months=data.get("median_follow_up_months"),
        effect=Effect(**{**effect, "interval": _pair(effect.get("interval"))}) if effect else None,
        p=PValue(**p) if p else None,
        assay=data.get("assay", ""),
        mrd_threshold_fraction=data.get("mrd_threshold_fraction"),
        data_cutoff=data.get("data_cutoff", ""),
        notes=tuple(data.get("notes", ())),
    )


def _trial(data: Data) -> Trial:
    return Trial(
        id=data["id"],
        nct=data["nct"],
        acronym=data["acronym"],
        title=data["title"],
        phase=data["phase"],
        status=data["status"],
        status_as_of=data["status_as_of"],
        citation=_citation({**data, "status": data["knowledge_status"]}),
        criteria=_criteria(data),
        arms=tuple(TrialArm(id=a["id"], words=a["words"], criteria=_criteria(a)) for a in data["arms"]),
        by_hand=tuple(data["by_hand"]),
        status_note=data.get("status_note", ""),
        nct_status=data.get("nct_status", ""),
    )


def _factor(row: Data) -> Factor:
    factor = row["factor"]
    low, high = factor if isinstance(factor, list) else (factor, factor)
    return Factor(
        agent=row["agent"], low=low, high=high, interval=_pair(row.get("interval")), level=row.get("level"),
        why=row.get("why", ""),
    )  # fmt: skip


def _factor_set(data: Data) -> FactorSet:
    return FactorSet(
        id=data["id"], title=data["title"], words=data["words"], citation=_citation(data),
        factors=tuple(_factor(row) for row in data["factors"]),
    )  # fmt: skip


def _cumulative(data: Data) -> CumulativeLimit:
    return CumulativeLimit(id=data["id"], mg_m2=data["mg_m2"], words=data["words"], citation=_citation(data))


def _page(data: Data) -> FamilyPage:
    return FamilyPage(
        id=data["id"], title=data["title"], also=tuple(data.get("also", ())), paragraphs=tuple(data["paragraphs"]),
        questions=tuple(data["questions"]), sources=tuple(data["sources"]),
        translations={"de": _family_text(data["de"])} if "de" in data else {},
    )  # fmt: skip


def _family_text(data: Data) -> FamilyText:
    return FamilyText(
        title=data["title"], paragraphs=tuple(data["paragraphs"]), questions=tuple(data["questions"]),
        status=data["status"],
    )  # fmt: skip


_MIXTURES = frozenset({"triple_intrathecal"})


def _check_links(therapy: Therapy) -> None:
    """Refuse a name that leads nowhere."""
    for option in therapy.options.values():
        named = {
            "agent": ({*option.agents, *([option.label_agent] if option.label_agent else [])}, therapy.agents),
            "regimen": (set(option.regimens), therapy.regimens),
            "evidence row": (set(option.evidence), therapy.evidence),
        }
        for what, (names, known) in named.items():
            for name in sorted(names - set(known)):
                raise InvalidKnowledge(f"there is no {what} {name!r}", where=option.file)
    for regimen in therapy.regimens.values():
        drugs = {dose.agent for block in regimen.blocks for dose in block.drugs}
        for name in sorted(drugs - set(therapy.agents) - _MIXTURES):
            raise InvalidKnowledge(f"there is no agent {name!r}", where=f"regimens/{regimen.id}.yaml")
    for row in therapy.evidence.values():
        if row.population not in therapy.populations:
            raise InvalidKnowledge(f"there is no population {row.population!r}", where=row.where)
