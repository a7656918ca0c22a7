"""Inputs that would change a call in silence: each is refused with its place, or named in a finding.

The plate is examples/mrd/plate_day35.csv: calculated, with a true level of 6e-4 for IGH (examples/mrd/README.md).
"""

import json
import random
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from reall.base.errors import ExitCode, ReallError, UnusableLaboratoryData
from reall.cli.main import reall
from reall.mrd.bridge import read_results
from reall.mrd.markers import read_markers
from reall.mrd.readers import read_plate
from reall.mrd.readers.droplets import read_droplets
from reall.mrd.readers.sheet import Row, Sheet, read_records

EXAMPLES = Path(__file__).parents[2] / "examples" / "mrd"
PLATE = (EXAMPLES / "plate_day35.csv").read_text(encoding="utf-8")
WELL = "A21,follow-up,IGH VH3-JH4,sample,30.81,,"
LABORATORY = ("--control-gene", "ALB", "--curve-dna", "diagnosis DNA", "--sample", "follow-up")


def run(*args):
    """Exit code and JSON or message of one command, in this process."""
    result = CliRunner().invoke(reall, ["mrd", *map(str, args)])
    if isinstance(result.exception, ReallError):
        return int(result.exception.exit_code), str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def plate_with(tmp_path, old, new):
    assert old in PLATE
    file = tmp_path / "plate.csv"
    file.write_text(PLATE.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("-25.3", "-25.3 is not a number of cycles"),
        ("2551", "2551 is not a number of cycles"),  # 25.51 after a lost decimal sign
        ("100", "100 is not a number of cycles"),
        ('"=A1+1"', "'=A1\\+1' is not a number"),
        ("#REF!", "'#REF!' is not a number"),
        ("#DIV/0!", "'#DIV/0!' is not a number"),
        ("1e400", "'1e400' is not a number"),
        ("inf", "neither a Cq nor a known word"),
        ("bubble", "neither a Cq nor a known word"),
        ("30,81", "The row has 8 cells, the header 7"),  # a decimal comma without quotes
    ],
)
def test_a_cell_that_is_no_cq_never_passes_for_not_detected(tmp_path, cell, words):
    file = plate_with(tmp_path, WELL, WELL.replace("30.81", cell))
    with pytest.raises(UnusableLaboratoryData, match=words) as caught:
        read_plate(file)
    assert "row 22" in caught.value.where


@pytest.mark.parametrize("word", ["", "Undetermined", "N/A", "NaN", "No Cq", "> 45", "-", "-1", "0", "45.0"])
def test_what_software_writes_for_no_call(tmp_path, word):
    file = plate_with(tmp_path, WELL, WELL.replace("30.81", word))
    (well,) = [well for well in read_plate(file).wells if well.position == "A21"]
    assert well.cq is None


def test_thousandths_stay_thousandths_beside_decimal_commas():
    """0.001 was once read as the thousands group 0.001 = 1, because the Cq column uses commas."""
    sheet = Sheet(where="a", preamble=(), columns=("cq",), rows=(), footer=(), decimal=",")
    cells = ("0.001", "1.000", "12.345,6", "0,001", "1,5")
    read = {text: sheet.number(Row(number=1, cells={"cq": text}), "cq") for text in cells}
    assert read == {"0.001": 0.001, "1.000": 1000.0, "12.345,6": 12345.6, "0,001": 0.001, "1,5": 1.5}


@pytest.mark.parametrize(
    ("unit", "severity"),
    [("%", "blocking"), ("other", "blocking"), ("", "warning"), ("fraction", None)],
)
def test_percent_is_never_read_as_a_fraction(tmp_path, unit, severity):
    file = plate_with(tmp_path, "fraction", unit)
    code, output = run("rqpcr", file, *LABORATORY, "--target", "IGH VH3-JH4", "--json")
    result = json.loads(output)
    found = {f["severity"] for f in result["findings"] if f["rule"] == "unit of the curve known"}
    assert code == ExitCode.DONE
    assert found == ({severity} if severity else set())
    assert (result["level_fraction"] is None) == (severity == "blocking")


def test_the_unit_can_be_named(tmp_path):
    file = plate_with(tmp_path, "fraction", "other")
    code, output = run("rqpcr", file, *LABORATORY, "--target", "IGH VH3-JH4", "--curve-unit", "fraction", "--json")
    assert code == ExitCode.DONE
    low, high = json.loads(output)["interval"]
    assert low <= 6e-4 <= high


@pytest.mark.parametrize(
    "options",
    [
        ("rqpcr", EXAMPLES / "plate_day35.csv", *LABORATORY, "--day", "nan"),
        ("rqpcr", EXAMPLES / "plate_day35.csv", *LABORATORY, "--pg-per-genome", "inf"),
        ("rqpcr", EXAMPLES / "plate_day35.csv", "--curve-genomes", "nan"),
        ("ddpcr", EXAMPLES / "fstl1_droplets.tsv", "--droplet-volume", "nan"),
        ("ddpcr", EXAMPLES / "fstl1_droplets.tsv", "--target", "FSTL_1_F_109", "--reference", "FSTL_1_F_109"),
        ("design", "cells", "--level", "nan"),
        ("design", "dna", "--ng", "inf"),
        ("course", f"{EXAMPLES / 'plate_day35.csv'}@nan"),
    ],
)
def test_options_that_hold_no_number_are_wrong_usage(options):
    code, _ = run(*options, "--json")
    assert code == ExitCode.WRONG_USAGE


# ---------------------------------------------------------------- files cut off or changed on the way


@pytest.mark.parametrize("seed", range(20))
def test_a_table_cut_anywhere_in_a_row_is_refused(tmp_path, seed):
    """Cut inside a row before its last cell; a cut at a row end cannot be told from a shorter plate."""
    rows = PLATE.splitlines()
    chance = random.Random(seed)
    number = chance.randrange(2, len(rows))
    kept = rows[number][: chance.randrange(1, rows[number].rfind(","))]
    file = tmp_path / "cut.csv"
    file.write_text("\n".join([*rows[:number], kept]), encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match="no line end"):
        read_plate(file)


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_rdml_archive_is_refused(tmp_path, seed):
    """One byte of the compressed stream is changed; the check sum or the stream itself tells."""
    file = tmp_path / "run.rdml"
    chance = random.Random(seed)
    filling = "".join(f"<x id='{chance.random()}'/>" for _ in range(200))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rdml_data.xml", f'<rdml xmlns="http://www.rdml.org" version="1.2">{filling}</rdml>')
    content = bytearray(file.read_bytes())
    content[chance.randrange(60, 2000)] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(UnusableLaboratoryData, match="damaged"):
        read_plate(file)


@pytest.mark.parametrize(
    ("cq", "words"), [("-25.3", "below 0"), ("22.5</cq></data></react><react id='1'><sample id='s'/>", "two results")]
)
def test_rdml_wells_that_cannot_be_meant(tmp_path, cq, words):
    data = "<data><tar id='IGH'/><cq>{}</cq></data>"
    again = data.format("23.5") if "react" in cq else ""
    first = data.format(cq.partition("<")[0])
    text = (
        "<rdml version='1.2'><sample id='s'><type>unkn</type></sample><experiment id='e'><run id='r'>"
        f"<react id='1'><sample id='s'/>{first}{again}</react></run></experiment></rdml>"
    )
    file = tmp_path / "run.rdml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match=words):
        read_plate(file)


def test_droplet_rows_that_are_no_wells_are_named(tmp_path):
    text = (EXAMPLES / "fstl1_droplets.tsv").read_text(encoding="utf-8")
    file = tmp_path / "qx.tsv"
    file.write_text(f"{text.rstrip()}\n\nmade by hand\n", encoding="utf-8")
    assert ["made by hand" in finding.text for finding in read_droplets(file).findings] == [True]


def test_a_record_table_is_read_whole_or_refused(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a;b\n1;2\n3\n", encoding="cp1252")
    with pytest.raises(UnusableLaboratoryData, match="1 cells, the header 2") as caught:
        read_records(file)
    assert caught.value.where.endswith("line 3")
    file.write_text('a,b\n1,"2\n', encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData):
        read_records(file)


@pytest.mark.parametrize("sensitivity", ["nan", "-1", "0", "5", "often"])
def test_a_marker_with_an_impossible_sensitivity(tmp_path, sensitivity):
    file = tmp_path / "markers.csv"
    file.write_text(f"marker,kind,sensitivity\nm,IGH,{sensitivity}\n", encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match="not a sensitivity"):
        read_markers(file)


# ---------------------------------------------------------------- results of other programs

RESULT = {"schema": "reall.mrd/1", "method": "RQ-PCR", "class": "quantified", "level_fraction": 5e-4, "day": 35}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level_fraction": 5}, "5 is greater than the maximum"),  # percent given as a fraction
        ({"level_fraction": 0}, "0 is less than or equal to the minimum"),  # a bare zero
        ({"level_fraction": "5e-4"}, "not of type"),
        ({"interval": [1e-3, 1e-4]}, "not an interval"),
        ({"interval": [0, 0]}, "not an interval"),
        ({"interval": [1e-3]}, "too short"),
        ({"class": "neg"}, "is not one of"),
        ({"method": None}, "not of type 'string'"),
        ({"schema": "reall.case/1"}, "was expected"),
        ({"day": "35"}, "not of type"),
    ],
)
def test_results_of_other_programs_are_checked(tmp_path, change, words):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(RESULT | change), encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match=words):
        read_results(file)


@pytest.mark.parametrize("text", ['{"level_fraction": NaN}', "[" * 100_000, "{", ""])
def test_json_that_is_none(tmp_path, text):
    file = tmp_path / "result.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableLaboratoryData, match="cannot be read as JSON"):
        read_results(file)
