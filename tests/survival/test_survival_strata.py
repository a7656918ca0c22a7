"""Who stands where: unknown facts and outcomes, cut-points, landmarks, remission, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reall.base.errors import ReallError
from reall.cli.cohort import command
from reall.cohort.survival.reading import Opening, Table
from reall.cohort.survival.result import Survival
from reall.cohort.survival.run import Question, survival
from reall.library.knowledge import Knowledge

FACTS = "case,relapse_number,lineage,site_class,months_from_diagnosis"


def table(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "registry.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def asked(path: Path, knowledge: Knowledge, question: Question, **opening: Any) -> Survival:
    return survival(Table(path, knowledge, Opening(**opening)), question)[0]


def sizes(found: Survival) -> dict[str, tuple[int, int]]:
    return {s.stratum.name: (s.rows, s.n) for s in found.strata}


@pytest.mark.parametrize(
    ("months", "stratum"),
    [
        ("17.99", "< 18"),
        ("18", "18 to < 36"),
        ("35.9", "18 to < 36"),
        ("36", ">= 36"),
        ("<18", "< 18"),
        (">=18", "undetermined (18 to < 36 or >= 36)"),
        ("17..19", "undetermined (< 18 or 18 to < 36)"),
        ("", "unknown"),
    ],
)
def test_a_number_is_cut_at_points_that_belong_above(
    months: str, stratum: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    path = table(tmp_path, f"{FACTS},overall_survival_days,death", f"a,1,B,combined,{months},100,yes")
    found = asked(path, knowledge, Question(by=("months_from_diagnosis",), cuts=(18, 36)))
    assert sizes(found) == {stratum: (1, 1)}


def test_every_answer_of_a_system_is_a_stratum(tmp_path: Path, knowledge: Knowledge) -> None:
    """T-lineage marrow relapse is S4; one lacks the end of therapy, one is a second relapse, one has a wrong time."""
    path = table(
        tmp_path,
        f"{FACTS},overall_survival_days,death",
        "a,1,T,isolated_marrow,20,100,yes",
        "b,1,B,isolated_em,20,100,no",
        "c,2,B,isolated_marrow,20,100,no",
        "d,1,B,isolated_marrow,-4,100,no",
    )
    found = asked(path, knowledge, Question(by=("all_rez_bfm_s",)))
    assert sizes(found) == {
        "S4": (1, 1),
        "not eligible (relapse_number)": (1, 1),
        "undetermined (S1 or S2)": (1, 1),
        "unusable": (1, 1),
    }
    assert found.compared == ("S4",)
    assert found.log_rank is None


@pytest.mark.parametrize(
    ("days", "death", "reason"),
    [
        ("", "yes", "the time is not known"),
        ("<400", "yes", "the time is not known"),
        ("400", "", "it is not known whether an event came"),
        ("-3", "yes", "the outcome cannot be read"),
        ("400", "perhaps", "the outcome cannot be read"),
        ("soon", "yes", "the outcome cannot be read"),
    ],
)
def test_an_outcome_that_cannot_be_used_is_counted_with_its_reason(
    days: str, death: str, reason: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    """Nobody is taken for alive because nothing is known."""
    rows = ("a,1,B,combined,20,100,yes", f"b,1,B,combined,20,{days},{death}")
    found = asked(table(tmp_path, f"{FACTS},overall_survival_days,death", *rows), knowledge, Question(by=("lineage",)))
    (stratum,) = found.strata
    assert (stratum.rows, stratum.n, stratum.events) == (2, 1, 1)
    assert dict(stratum.without) == {reason: 1}


def test_years_are_read_where_days_are_empty(tmp_path: Path, knowledge: Knowledge) -> None:
    header = f"{FACTS},overall_survival_days,overall_survival_years,death"
    path = table(tmp_path, header, "a,1,B,combined,20,,2,yes", "b,1,B,combined,20,731,,no")
    (stratum,) = asked(path, knowledge, Question()).strata
    assert stratum.median_years == 2
    assert stratum.table.times.tolist() == [730.5, 731]


EVENTS = f"{FACTS},event_free_survival_days,event_type,remission_after_relapse,remission_days"


def test_disease_free_survival_starts_at_remission(tmp_path: Path, knowledge: Knowledge) -> None:
    path = table(
        tmp_path,
        EVENTS,
        "a,1,B,combined,20,400,relapse,yes,35",
        "b,1,B,combined,20,500,death,yes,50",
        "c,1,B,combined,20,60,no_remission,no,",
        "d,1,B,combined,20,700,none,yes,",
        "e,1,B,combined,20,700,none,,40",
        "f,1,B,combined,20,20,relapse,yes,40",
    )
    found = asked(path, knowledge, Question(endpoint="DFS", at=(1,)))
    (stratum,) = found.strata
    assert found.clock_start == "remission after first relapse"
    assert stratum.table.times.tolist() == [365, 450, 660]
    assert stratum.table.events.sum(axis=1).tolist() == [1, 1, 0]
    assert dict(stratum.without) == {
        "no remission was reached": 1,
        "the day of remission is not known": 1,
        "the outcome cannot be read": 1,
    }


def test_event_free_survival_keeps_the_causes_apart(tmp_path: Path, knowledge: Knowledge) -> None:
    path = table(
        tmp_path,
        EVENTS,
        "a,1,B,combined,20,40,no_remission,,",
        "b,1,B,combined,20,100,relapse,,",
        "c,1,B,combined,20,200,death,,",
        "d,1,B,combined,20,900,none,,",
    )
    (stratum,) = asked(path, knowledge, Question(endpoint="EFS", at=(1,))).strata
    shares = {cause: e[0].value for cause, e in stratum.incidence.items()}
    assert shares == {"no_remission": 0.25, "relapse": 0.25, "death": 0.25, "second_malignancy": 0.0}
    assert stratum.estimates[0].value == pytest.approx(0.25)


TREATED = f"{FACTS},overall_survival_days,death,transplant_in_this_remission,transplant_days"
TREATED_ROWS = (
    "a,1,B,combined,20,50,yes,no,",
    "b,1,B,combined,20,60,no,no,",
    "c,1,B,combined,20,400,no,yes,80",
    "d,1,B,combined,20,500,yes,yes,200",
    "e,1,B,combined,20,600,yes,no,",
    "f,1,B,combined,20,700,no,yes,",
    "g,1,B,combined,20,100,yes,no,",
)


@pytest.mark.parametrize("name", ["transplant_in_this_remission", "transplant_days", "hsct", "SCT_done"])
def test_a_naive_transplant_curve_is_refused(name: str, tmp_path: Path, knowledge: Knowledge) -> None:
    path = table(tmp_path, f"{TREATED},hsct,SCT_done", *(f"{row},," for row in TREATED_ROWS))
    with pytest.raises(ReallError, match="immortal time") as error:
        asked(path, knowledge, Question(by=(name,)))
    assert "--landmark" in error.value.next
    assert "--time-varying" in error.value.next


def test_a_landmark_counts_who_is_left_and_by_what_was_done_before_it(tmp_path: Path, knowledge: Knowledge) -> None:
    """At day 100 g dies, so it is not left; d is transplanted later and counts as not transplanted before."""
    question = Question(by=("transplant_in_this_remission",), landmark="100", at=(1,))
    found = asked(table(tmp_path, TREATED, *TREATED_ROWS), knowledge, question)
    assert found.clock_start == "day 100 after relapse"
    got = {s.stratum.name: (s.n, s.table.times.tolist(), dict(s.before_landmark)) for s in found.strata}
    assert got == {
        "transplanted before the landmark": (1, [300], {}),
        "not transplanted before the landmark": (2, [400, 500], {"event": 2, "last seen": 1}),
        "unknown": (1, [600], {}),
    }


def test_a_landmark_at_each_child_s_own_sample(tmp_path: Path, knowledge: Knowledge) -> None:
    header = f"{FACTS},overall_survival_days,death,mrd_end_of_reinduction_block1_days"
    path = table(
        tmp_path, header, "a,1,B,combined,20,400,yes,36", "b,1,B,combined,20,30,yes,", "c,1,B,combined,20,40,no,40"
    )
    (stratum,) = asked(path, knowledge, Question(landmark="end_of_reinduction_block1")).strata
    assert stratum.table.times.tolist() == [364]
    assert dict(stratum.without) == {"the day of the sample is not known": 1}
    assert dict(stratum.before_landmark) == {"last seen": 1}


def test_groups_by_response_carry_a_caveat(tmp_path: Path, knowledge: Knowledge) -> None:
    path = table(tmp_path, f"{FACTS},overall_survival_days,death", "a,1,B,combined,20,400,yes")
    assert any(
        "lived to be sampled" in text
        for text in asked(path, knowledge, Question(by=("cog_first_relapse_hr20",))).caveats
    )
    assert not asked(path, knowledge, Question(by=("cog_epidemiology_time",))).caveats


def test_several_relapses_of_one_child_carry_a_caveat(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = ("a,1,B,combined,20,400,yes", "a,2,B,combined,40,40,yes")
    found = asked(table(tmp_path, f"{FACTS},overall_survival_days,death", *rows), knowledge, Question())
    assert found.clock_start == "relapse"
    assert any("not independent" in text for text in found.caveats)


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["survival", str(path), *options])


def test_time_varying_needs_the_day_and_leaves_out_what_it_cannot_use(tmp_path: Path) -> None:
    path = table(tmp_path, TREATED, *TREATED_ROWS, "h,1,B,combined,20,90,yes,yes,70", "i,1,B,combined,20,90,yes,yes,95")
    done = run(path, "--time-varying", "--json")
    assert done.exit_code == 0, done.exception
    cox = json.loads(done.stdout)["cox"]
    assert cox["n"] == 7
    assert cox["left_out"] == {
        "it is not known whether or when the child was transplanted": 1,
        "the transplant comes after the last observation": 1,
    }
    assert isinstance(
        run(
            table(tmp_path, FACTS + ",overall_survival_days,death", "a,1,B,combined,20,9,no"), "--time-varying"
        ).exception,
        ReallError,
    )


def test_json_holds_the_contract(tmp_path: Path) -> None:
    rows = [f"{i},1,{'BT'[i % 2]},combined,20,{100 * i + 50},{'yes' if i % 3 else 'no'}" for i in range(12)]
    done = run(
        table(tmp_path, FACTS + ",overall_survival_days,death", *rows),
        "--by",
        "lineage",
        "--at",
        "1,2",
        "--json",
        "--cox",
    )
    assert done.exit_code == 0, done.exception
    data = json.loads(done.stdout)
    assert (data["schema"], data["endpoint"], data["clock_start"]) == ("reall.survival/1", "OS", "first relapse")
    assert (data["assumptions"], data["caveats"]) == ([], [])
    first = data["strata"][0]
    assert {"value", "n", "events", "median_years", "estimates"} <= set(first)
    assert (first["value"], first["n"]) == ("B", 6)
    assert {"years", "estimate", "interval", "at_risk"} <= set(first["estimates"][0])
    assert set(data["tests"]["log_rank"]) == {"chi2", "df", "p"}
    assert data["cox"]["reference"] == "B"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--by", "months_from_diagnosis"), "is a number"),
        (("--by", "lineage", "--cut", "3"), "is not a number"),
        (("--by", "linage"), "Did you mean 'lineage'"),
        (("--endpoint", "EFS"), "no column 'event_free_survival_days'"),
        (("--landmark", "0"), "is no day after relapse"),
        (("--landmark", "end_of_reinduction_block1"), "no column 'mrd_end_of_reinduction_block1_days'"),
        (("--cox",), "needs two strata"),
        (("--by", "lineage", "--cox", "--reference", "X"), "is no stratum"),
        (("--out", "figure.doc"), "has no known ending"),
    ],
)
def test_wrong_use_is_explained(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    rows = ("a,1,B,combined,20,400,yes", "b,1,T,combined,40,40,no")
    done = run(table(tmp_path, FACTS + ",overall_survival_days,death", *rows), *options)
    assert isinstance(done.exception, ReallError)
    assert words in str(done.exception)
    assert int(done.exception.exit_code) == 2


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_pictures_are_written_alike_each_time(ending: str, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        EVENTS,
        "a,1,B,combined,20,40,relapse,,",
        "b,1,T,combined,20,400,death,,",
        "c,1,,combined,20,500,none,,",
    )
    made = []
    for name in ("one", "two"):
        out = tmp_path / f"{name}.{ending}"
        done = run(path, "--endpoint", "EFS", "--by", "lineage", "--picture", "incidence", "--out", str(out))
        assert done.exit_code == 0, done.exception
        made.append(out.read_bytes())
    assert made[0] == made[1]
    if ending == "svg":
        assert b'role="img" aria-label="Cumulative incidence.' in made[0]


def test_a_table_of_figures_is_written(tmp_path: Path) -> None:
    path = table(
        tmp_path, FACTS + ",overall_survival_days,death", "a,1,B,combined,20,400,yes", "b,1,T,combined,40,40,no"
    )
    out = tmp_path / "figures.csv"
    assert run(path, "--by", "lineage", "--at", "1", "--out", str(out)).exit_code == 0
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("stratum,status,rows,n,events")
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["B", "determined", "1", "1", "1"],
        ["T", "determined", "1", "1", "0"],
    ]
