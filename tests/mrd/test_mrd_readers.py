"""Laboratory files: what is read, and what is refused with place, reason and repair."""

import zipfile

import openpyxl
import pytest

from reall.base.errors import ExitCode, UnusableLaboratoryData
from reall.mrd.plate import Role
from reall.mrd.readers import read_plate
from reall.mrd.readers.droplets import read_droplets

STEPONE = """\
* Block Type = 96fast
* Instrument Type = steponeplus

[Results]
Well\tSample Name\tTarget Name\tTask\tReporter\tQuencher\tCт\tCт Mean\tQuantity\tQuantity Mean
A1\tS1\tALB\tSTANDARD\tFAM\tNFQ-MGB\t21.5\t21.5\t10,000.0\t
A2\tS2\tALB\tSTANDARD\tFAM\tNFQ-MGB\t25.1\t25.1\t1,000.0\t
A3\tp1\tALB\tUNKNOWN\tFAM\tNFQ-MGB\tUndetermined\t\t\t
A4\tp2\tALB\tUNKNOWN\tFAM\tNFQ-MGB\t24.0\t24.0\t2050.0\t2050.0
A5\twater\tALB\tNTC\tFAM\tNFQ-MGB\t40.0\t\t\t

Analysis Type\tSingleplex
"""
LIGHTCYCLER = """\
Experiment: run3  Selected Filter: FAM (465-510)
Include\tColor\tPos\tName\tCp\tConcentration\tStandard\tStatus
True\t255\tA1\tDx 1E-1\t21,45\t1,00E-01\t1,00E-01\t
True\t255\tA2\tDx 1E-2\t24,95\t1,00E-02\t1,00E-02\t
False\t255\tA3\tFU d33\t\t\t\t
True\t255\tA4\tFU d33\t33,21\t1,0E-4\t\t>
"""
CSV = "well,sample,target,role,cq,quantity,unit\nA1,dx,IGH,standard,22.1,0.1,fraction\nA2,FU,IGH,sample,,,\n"


def write(tmp_path, name, text, encoding="utf-8"):
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_stepone_text(tmp_path, encoding):
    plate = read_plate(write(tmp_path, "results.txt", STEPONE, encoding))
    assert [(well.position, well.role, well.cq, well.quantity) for well in plate.wells] == [
        ("A1", Role.STANDARD, 21.5, 10_000),
        ("A2", Role.STANDARD, 25.1, 1_000),
        ("A3", Role.SAMPLE, None, None),
        ("A4", Role.SAMPLE, 24.0, None),  # its quantity is a result, not an input
        ("A5", Role.NO_TEMPLATE, None, None),  # exactly 40 cycles: never crossed
    ]
    assert any("A5" in finding.text for finding in plate.findings)
    assert any("Analysis Type" in finding.text for finding in plate.findings)


def test_quantstudio_positions_win_over_running_numbers(tmp_path):
    text = "Well\tWell Position\tOmit\tSample\tTarget\tTask\tCq\n25\tB1\tfalse\tFU\tIGH\tUNKNOWN\t31.2\n"
    (well,) = read_plate(write(tmp_path, "qs.txt", text)).wells
    assert (well.position, well.cq, well.used) == ("B1", 31.2, True)


def test_lightcycler_text_with_decimal_commas(tmp_path):
    plate = read_plate(write(tmp_path, "lc480.txt", LIGHTCYCLER))
    assert [(well.role, well.cq, well.quantity, well.used) for well in plate.wells] == [
        (Role.STANDARD, 21.45, 0.1, True),
        (Role.STANDARD, 24.95, 0.01, True),
        (Role.SAMPLE, None, None, False),
        (Role.SAMPLE, 33.21, None, True),
    ]


def test_excel_gives_the_same_as_text(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for line in STEPONE.splitlines():
        sheet.append([_typed(cell) for cell in line.split("\t")])
    file = tmp_path / "results.xlsx"
    book.save(file)
    text = read_plate(write(tmp_path, "results.txt", STEPONE))
    excel = read_plate(file)
    assert [(w.position, w.role, w.cq, w.quantity) for w in excel.wells] == [
        (w.position, w.role, w.cq, w.quantity) for w in text.wells
    ]


def _typed(cell):
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return cell or None


def test_semicolons_and_plain_csv(tmp_path):
    comma = read_plate(write(tmp_path, "a.csv", CSV))
    semicolon = read_plate(write(tmp_path, "b.csv", CSV.replace(",", ";").replace("22.1", "22,1")))
    assert [w.cq for w in comma.wells] == [w.cq for w in semicolon.wells] == [22.1, None]


def test_a_repeated_header_inside_the_file_is_no_well(tmp_path):
    text = CSV + "\n" + CSV.splitlines()[0] + "\nB1,FU2,IGH,sample,30.0,,\n"
    assert [w.position for w in read_plate(write(tmp_path, "a.csv", text)).wells] == ["A1", "A2", "B1"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("empty.csv", "", "empty"),
        ("header.csv", CSV.splitlines()[0] + "\n", "no well below"),
        ("columns.csv", "well,name\nA1,x\n", "columns sample, cq"),
        ("role.csv", CSV.replace("standard", "controll"), "'controll' is not a role"),
        ("number.csv", CSV.replace("22.1", "22.1.3"), "not a number"),
        ("twice.csv", CSV.replace("A2", "A1").replace("FU", "dx"), "two results"),
        ("second.csv", CSV + "sample,well,cq\nFU,B1,30\n", "second table"),
    ],
)
def test_tables_that_cannot_be_read_whole_are_refused(tmp_path, name, text, words):
    with pytest.raises(UnusableLaboratoryData, match=words) as caught:
        read_plate(write(tmp_path, name, text))
    assert caught.value.exit_code == ExitCode.UNUSABLE_LABORATORY_DATA
    assert caught.value.where
    assert caught.value.next


def test_binary_data_is_not_taken_for_a_table(tmp_path):
    file = tmp_path / "run.txt"
    file.write_bytes(b"\x01\x00\x02")
    with pytest.raises(UnusableLaboratoryData, match="not a text file"):
        read_plate(file)


# ---------------------------------------------------------------- RDML

RDML = """<?xml version="1.0"?>
<{p}rdml {ns} version="{version}">
  <{p}sample id="std"><{p}type>std</{p}type>
    <{p}quantity><{p}value>100</{p}value><{p}unit>cop</{p}unit></{p}quantity></{p}sample>
  <{p}sample id="s1"><{p}type>unkn</{p}type></{p}sample>
  <{p}sample id="nmc"><{p}type>ntp</{p}type></{p}sample>
  <{p}sample id="w"><{p}type targetId="IGH">ntc</{p}type></{p}sample>
  <{p}experiment id="e"><{p}run id="r">
    <{p}pcrFormat><{p}rows>8</{p}rows><{p}columns>12</{p}columns></{p}pcrFormat>
    <{p}react id="1"><{p}sample id="std"/><{p}data><{p}tar id="IGH"/><{p}cq>22.5</{p}cq></{p}data></{p}react>
    <{p}react id="14"><{p}sample id="s1"/><{p}data><{p}tar id="IGH"/><{p}cq>-1.0</{p}cq></{p}data></{p}react>
    <{p}react id="15"><{p}sample id="nmc"/><{p}data><{p}tar id="IGH"/><{p}cq>NaN</{p}cq></{p}data></{p}react>
    <{p}react id="16"><{p}sample id="w"/>
      <{p}data><{p}tar id="IGH"/><{p}excl>bubble</{p}excl></{p}data></{p}react>
  </{p}run></{p}experiment>
</{p}rdml>
"""


def rdml_text(version="1.2", prefix=""):
    ns = f'xmlns{":" + prefix if prefix else ""}="http://www.rdml.org"'
    return RDML.format(version=version, p=f"{prefix}:" if prefix else "", ns=ns)


def zipped(tmp_path, text, inner="rdml_data.xml"):
    file = tmp_path / "run.rdml"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.xml", "<manifest/>")
        archive.writestr(inner, text)
    return file


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
@pytest.mark.parametrize(("prefix", "inner"), [("", "rdml_data.xml"), ("rdml", "vendor_name.xml")])
def test_every_version_prefix_and_inner_name(tmp_path, version, prefix, inner):
    plate = read_plate(zipped(tmp_path, rdml_text(version, prefix), inner))
    assert [(w.position, w.role, w.cq, w.used) for w in plate.wells] == [
        ("A1", Role.STANDARD, 22.5, True),
        ("B2", Role.SAMPLE, None, True),
        ("B3", Role.BACKGROUND, None, True),
        ("B4", Role.NO_TEMPLATE, None, False),
    ]
    assert (plate.wells[0].quantity, plate.wells[0].unit) == (100, "copies")


def test_rdml_without_the_zip_around_it(tmp_path):
    assert len(read_plate(write(tmp_path, "run.xml", rdml_text())).wells) == 4


def test_an_undeclared_sample_is_reported(tmp_path):
    plate = read_plate(zipped(tmp_path, rdml_text().replace('<sample id="s1"><type>unkn</type></sample>', "")))
    assert any("'s1'" in finding.text for finding in plate.findings)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_archive_is_refused(tmp_path, keep):
    file = zipped(tmp_path, rdml_text())
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnusableLaboratoryData, match="damaged"):
        read_plate(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rdml_text()[:400], "broken"),
        ("<other/>", "RDML"),
        ('<rdml xmlns="http://www.rdml.org" version="1.2"></rdml>', "no reactions"),
    ],
)
def test_broken_documents_are_refused(tmp_path, text, words):
    with pytest.raises(UnusableLaboratoryData, match=words):
        read_plate(zipped(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    for name in ("absent.rdml", "absent.csv", "absent.xlsx"):
        with pytest.raises(UnusableLaboratoryData):
            read_plate(tmp_path / name)


# ---------------------------------------------------------------- droplets

DROPLETS = """\
Well,Sample,TypeAssay,Assay,Concentration,PoissonConfMax,PoissonConfMin,Positives,Negatives,AcceptedDroplets
A01,FU,Ch1Unknown,IGH,0.5,1.1,0.2,6,12966,12972
A01,FU,Ch2Unknown,ALB,800,820,780,6000,6972,12972
B01,water,Ch1NTC,IGH,No Call,,,0,12972,12972
M01,FU,Ch1Unknown,IGH,0.5,1.1,0.2,6,12966,12972
"""


def test_droplet_counts(tmp_path):
    plate = read_droplets(write(tmp_path, "qx.csv", DROPLETS))
    assert [(w.position, w.target, w.role, w.positives, w.droplets) for w in plate.wells] == [
        ("A01", "IGH", Role.SAMPLE, 6, 12_972),
        ("A01", "ALB", Role.SAMPLE, 6_000, 12_972),
        ("B01", "IGH", Role.NO_TEMPLATE, 0, 12_972),
        ("M01", "IGH", Role.SAMPLE, 6, 12_972),
    ]
    assert plate.wells[3].merged_by_instrument


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("6,12966,12972\nA01", "6,12966,13000\nA01", "make 12972, but 13000"),
        ("6,12966,12972\nA01", "-6,12966,12960\nA01", "not a number of droplets"),
        ("6,12966,12972\nA01", ",12966,\nA01", "not a number of droplets"),
        ("M01", "A01", "two rows"),
        ("Positives", "Hits", "columns well, target, positives"),
    ],
)
def test_droplet_counts_that_contradict_are_refused(tmp_path, old, new, words):
    with pytest.raises(UnusableLaboratoryData, match=words):
        read_droplets(write(tmp_path, "qx.csv", DROPLETS.replace(old, new, 1)))
