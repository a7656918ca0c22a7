"""`reall clones` from the outside: words, JSON, page, folder, errors and exit codes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from reall.base.errors import ReallError
from reall.cli.clones import command
from reall.clones.signatures import CONTEXTS

EXAMPLES = Path(__file__).parents[2] / "examples" / "clones"


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if isinstance(result.exception, ReallError):
        raise result.exception
    assert result.exception is None, result.exception
    return result


def told(*arguments):
    return json.loads(run(*arguments, "--json").stdout)


@pytest.fixture(scope="module")
def story():
    return told(EXAMPLES / "SJBALL022611.ssm")


def test_the_story_is_told_in_about_a_dozen_lines():
    lines = run(EXAMPLES / "SJBALL031.ssm").stdout.splitlines()
    assert 8 <= len(lines) <= 16
    text = "\n".join(lines)
    # origin_reference.csv: trunk at 78 % of cells at diagnosis, hence the major clone
    assert "Origin of R1: major clone at diagnosis" in text
    assert "42 variants in 13 samples" in text
    assert "epigenetic" in text


def test_the_json_keeps_its_contract(story):
    assert {"samples", "clusters", "trees", "origin", "resistance", "trunk_markers", "seed"} <= story.keys()
    assert {"D", "R1", "R2"} <= {sample["name"] for sample in story["samples"]}
    assert all(0 < sample["detection_limit_ccf"] < 0.1 for sample in story["samples"])
    size = len(story["clusters"])
    assert all(len(tree["parents"]) == size for tree in story["trees"])
    shares = [tree["probability"] for tree in story["trees"]]
    assert shares == sorted(shares, reverse=True)
    for origin in story["origin"]:
        assert sum(origin["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    for cluster in story["clusters"]:
        for estimate, low, high in cluster["ccf"].values():
            assert 0 <= low <= estimate <= high <= 1


def test_the_known_resistance_mutations_of_a_published_patient_are_found(story):
    """Positions read off the data: NT5C2 10_104857106 and CREBBP 16_3788617, absent or one read at diagnosis."""
    found = {(hit["gene"], tuple(hit["drugs"])) for hit in story["resistance"]}
    assert ("NT5C2", ("mercaptopurine", "tioguanine")) in found
    assert {"CREBBP", "NRAS"} <= {gene for gene, _ in found}
    assert told(EXAMPLES / "SJBALL022611.ssm", "--genome", "none")["resistance"] == []


def test_a_borderline_origin_comes_out_uncertain(story):
    """The last ancestor seen at diagnosis is in 49.2 % of cells: neither major nor minor can be sure."""
    shares = story["origin"][0]["probabilities"]
    assert shares["major clone at diagnosis"] > 0.05
    assert shares["minor subclone at diagnosis"] > 0.05


def test_the_same_seed_gives_the_same_answer(story):
    assert told(EXAMPLES / "SJBALL022611.ssm") == story


def test_trees_limits_what_is_written():
    assert len(told(EXAMPLES / "SJBALL022611.ssm", "--trees", 2)["trees"]) <= 2


@pytest.mark.parametrize("name", ["simulated.csv", "simulated.vcf"])
def test_a_simulated_patient_is_told_from_a_table_and_from_a_vcf(name):
    """Truth: the relapse descends from a subclone that was in 14.4 % of leukaemic cells at diagnosis."""
    origin = told(EXAMPLES / name)["origin"][0]
    assert origin["relapse"] == "R1"
    assert origin["call"] == "minor subclone at diagnosis"
    _, high = origin["last_ancestor_seen_at_diagnosis"]["interval"]
    assert high < 0.3


def test_roles_can_be_said():
    text = run(EXAMPLES / "SJBALL022611.ssm", "--roles", "R1=other").stdout
    assert "Origin of R2" in text
    assert "Origin of R1" not in text


def test_a_page_is_written(tmp_path):
    page = tmp_path / "story.html"
    result = run(EXAMPLES / "SJBALL031.ssm", "--html", page)
    assert result.stdout == ""
    assert page.read_text(encoding="utf-8").count("<svg") == 5


def test_a_folder_is_told_alike_by_one_process_and_by_two(tmp_path):
    folder = tmp_path / "patients"
    folder.mkdir()
    for name in ("SJBALL031.ssm", "SJBALL031.params.json", "simulated.csv"):
        shutil.copy(EXAMPLES / name, folder)
    alone = told(folder)
    assert [patient["input"] for patient in alone["patients"]] == ["SJBALL031.ssm", "simulated.csv"]
    assert told(folder, "--jobs", 2) == alone
    lines = run(folder).stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["SJBALL031", "simulated"]
    run(folder, "--html", tmp_path / "pages")
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {"SJBALL031.ssm.html", "simulated.csv.html"}


def test_one_bad_patient_does_not_stop_the_others(tmp_path):
    shutil.copy(EXAMPLES / "simulated.csv", tmp_path)
    (tmp_path / "bad.csv").write_text("variant_id,sample,total_reads,variant_reads\ns1,D,10,20\n")
    result = CliRunner().invoke(command, [str(tmp_path)])
    assert isinstance(result.exception, ReallError)
    assert result.exception.exit_code == 12
    assert "simulated:" in result.stdout
    assert "bad.csv, line 2" in result.stderr


SSM = "id\tname\tvar_reads\ttotal_reads\tvar_read_prob\ns0\ta\t1,2\t10,10\t0.5,0.5\n"
BAD = [
    (SSM.replace("1,2\t", "1,2,3\t"), None, 12, "line 2"),
    (SSM.replace("10,10", "10,1"), None, 12, "var_reads"),
    (SSM.replace("1,2", "-1,2"), None, 12, "var_reads"),
    (SSM.replace("1,2", "1,"), None, 12, "var_reads"),
    (SSM + SSM.splitlines()[1] + "\n", None, 12, "s0"),
    (SSM, {"samples": ["D", "R1"], "clusters": [["s7"]], "garbage": []}, 12, "s7"),
]


@pytest.mark.parametrize(("text", "params", "code", "said"), BAD)
def test_bad_counts_end_with_exit_code_12_and_the_place(tmp_path, text, params, code, said):
    path = tmp_path / "x.ssm"
    path.write_text(text)
    (tmp_path / "x.params.json").write_text(json.dumps(params or {"samples": ["D", "R1"]}))
    with pytest.raises(ReallError) as caught:
        run(path)
    assert caught.value.exit_code == code
    assert said in str(caught.value)


def test_an_unknown_kind_of_file_is_wrong_usage(tmp_path):
    path = tmp_path / "x.docx"
    path.write_text("")
    with pytest.raises(ReallError) as caught:
        run(path)
    assert caught.value.exit_code == 2
    with pytest.raises(ReallError) as caught:
        run(EXAMPLES / "simulated.csv", "--signatures", EXAMPLES / "simulated.csv")
    assert caught.value.exit_code == 2


def test_a_thiopurine_share_is_told_where_a_reference_is_given(tmp_path):
    rng = np.random.default_rng(1)
    spectra = {name: rng.dirichlet(np.full(96, 0.2)) for name in ("SBS1", "SBS87")}
    counts = rng.multinomial(200, 0.5 * spectra["SBS1"] + 0.5 * spectra["SBS87"])
    reference, contexts = tmp_path / "reference.csv", tmp_path / "contexts.csv"
    rows = [f"{context},{spectra['SBS1'][i]},{spectra['SBS87'][i]}" for i, context in enumerate(CONTEXTS)]
    reference.write_text("\n".join(["Type,SBS1,SBS87", *rows]))
    contexts.write_text("\n".join(["Type,R1", *(f"{c},{counts[i]}" for i, c in enumerate(CONTEXTS))]))
    more = ("--signatures", reference, "--contexts", contexts)
    assert "Signature SBS87 (thiopurines) in R1" in run(EXAMPLES / "simulated.csv", *more).stdout
    share, low, high = told(EXAMPLES / "simulated.csv", *more)["signature"]["R1"]["share"]
    assert low < 0.5 < high
    assert low < share < high
