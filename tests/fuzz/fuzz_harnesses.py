"""One harness per reader: bytes in, an answer or an error of ReALL out. Anything else is a fault of the program.

Used by `test_fuzz.py` (a few thousand mutations of known files, the same each time) and by `benchmarks/fuzz.py`
(atheris, guided by coverage, for minutes).
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reall.api.inputs import File, case_document, on_disk
from reall.base.documents import Document, read_document
from reall.base.errors import ReallError, UnusableCase
from reall.clones.inputs import Told, read_any
from reall.clones.roles import roles_in_table
from reall.clones.signatures import read_spectra
from reall.cohort.registry import recognise
from reall.exchange.registries import open_registry
from reall.facts.case import read_case
from reall.library.knowledge import open_knowledge
from reall.mrd.bridge import read_results, to_case_entry
from reall.mrd.course import measurement_from
from reall.mrd.flow.fcs import read_fcs
from reall.mrd.flow.read_gates import read_gates
from reall.mrd.markers import read_markers
from reall.mrd.ngs.read import open_repertoire
from reall.mrd.readers import read_plate
from reall.mrd.readers.droplets import read_droplets
from reall.mrd.ruleset import load_ruleset
from reall.options.ctgov import answer_study, read_study
from reall.options.ctml import answer_ctml
from reall.options.lookup import Lookup
from reall.stratify.assess import case_masks

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, kw_only=True)
class Harness:
    """A reader with files that it reads, or that once brought it down; `executions` are those of one test run."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    executions: int = 1_000


def _case(text: bytes) -> object:
    knowledge = open_knowledge()
    return case_masks(read_case(case_document(text), knowledge.vocabulary), knowledge)


@functools.cache
def _look() -> Lookup:
    knowledge = open_knowledge()
    case = read_case(Document({"facts": {"lineage": "B", "sex": "female"}}, {}, "case"), knowledge.vocabulary)
    return Lookup(knowledge, case, case_masks(case, knowledge))


def _ctml(text: bytes) -> object:
    return answer_ctml(read_document(text, name="trial.yaml", error=UnusableCase), _look())


def _study(text: bytes) -> object:
    return answer_study(read_study(text, name="study.json"), _look().case)


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def from_bytes(content: bytes) -> object:
        with on_disk(File(name, content)) as path:
            return read(path)

    return from_bytes


def _registry(path: Path) -> object:
    source, _ = open_registry(path, ())
    recognise(source.columns, open_knowledge().vocabulary)
    return list(source.batches)


def _fcs(path: Path) -> object:
    tube = read_fcs(path)
    return [tube.column(piece, at) for piece in tube.pieces() for at in range(len(tube.channels))]


def _mrd_results(path: Path) -> object:
    return [(to_case_entry(one), measurement_from(one, day=1.0)) for one in read_results(path)]


def _counts(path: Path) -> object:
    return read_any(path, Told())


def _ssm(content: bytes) -> object:
    """An .ssm and its params file, parted by a line of its own."""
    table, _, params = content.partition(b"\n---\n")
    with on_disk(File("x.ssm", table)) as path, on_disk(File("x.params.json", params)) as beside:
        return read_any(path, Told(params=beside))


def _example(*names: str) -> tuple[bytes, ...]:
    return tuple((EXAMPLES / name).read_bytes() for name in names)


def _small_fcs() -> bytes:
    """A list-mode file of four events: two channels of 32-bit floats."""
    data = bytes(range(32))
    keys = {
        "$BEGINDATA": "512", "$ENDDATA": str(512 + len(data) - 1), "$TOT": "4", "$PAR": "2", "$DATATYPE": "F",
        "$MODE": "L", "$BYTEORD": "1,2,3,4", "$NEXTDATA": "0", "$P1N": "FSC-A", "$P1B": "32", "$P1R": "262144",
        "$P1E": "0,0", "$P2N": "CD19", "$P2B": "32", "$P2R": "262144", "$P2E": "0,0", "$BEGINANALYSIS": "0",
        "$ENDANALYSIS": "0", "$BEGINSTEXT": "0", "$ENDSTEXT": "0",
    }  # fmt: skip
    text = "|" + "".join(f"{key}|{value}|" for key, value in keys.items())
    header = f"FCS3.1    {58:>8}{58 + len(text) - 1:>8}{512:>8}{512 + len(data) - 1:>8}{0:>8}{0:>8}"
    return (header + text).encode().ljust(512) + data


_RDML = b"""<?xml version="1.0" encoding="UTF-8"?>
<rdml version="1.2" xmlns="http://www.rdml.org"><id><publisher>p</publisher><serialNumber>1</serialNumber></id>
<sample id="s1"><type targetId="T">std</type><quantity><value>0.1</value><unit>fraction</unit></quantity></sample>
<sample id="s2"><type>unkn</type></sample><dye id="d"/><target id="T"><type>toi</type><dyeId id="d"/></target>
<experiment id="e"><run id="r"><pcrFormat><rows>8</rows><columns>12</columns><rowLabel>ABC</rowLabel>
<columnLabel>123</columnLabel></pcrFormat><react id="1"><sample id="s1"/><data><tar id="T"/><cq>24.1</cq>
<adp><cyc>1</cyc><fluor>0.1</fluor></adp></data></react><react id="2"><sample id="s2"/><data><tar id="T"/><cq>31</cq>
</data></react></run></experiment></rdml>"""
_VIDJIL = json.dumps({
    "vidjil_json_version": "2016b",
    "samples": {"number": 2, "original_names": ["a", "b"], "timestamp": ["2020-01-01", "2020-02-01"]},
    "reads": {"total": [1000, 900], "segmented": [900, 800], "germline": {"IGH": [900, 800]}},
    "clones": [{"id": "c1", "germline": "IGH", "name": "V J", "reads": [500, 3], "top": 1, "sequence": "ACGT"}],
}).encode()  # fmt: skip
_AIRR = b"junction\tv_call\tj_call\tlocus\tduplicate_count\nACGT\tIGHV1\tIGHJ4\tIGH\t120\nTTGA\tIGHV3\tIGHJ6\tIGH\t4\n"
_DAYS = b"clonotype,locus,reads_d0,reads_d33\nA,IGH,9000,0\nB,TRG,1000,9000\n"
_MAF = (
    b"Hugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\tTumor_Sample_Barcode\t"
    b"t_ref_count\tt_alt_count\nNT5C2\t10\t104857106\tG\tA\tD\t100\t0\nNT5C2\t10\t104857106\tG\tA\tR1\t60\t40\n"
)
_RESULT = json.dumps({
    "schema": "reall.mrd/1", "method": "RQ-PCR", "class": "quantified", "timepoint": "end_of_induction",
    "tissue": "marrow", "day": 33, "level_fraction": 5e-4, "interval": [4e-4, 6.5e-4], "sensitivity_fraction": 1e-5,
    "quantitative_range": [1e-4, 1e-1], "findings": [],
}).encode()  # fmt: skip
_STUDY = json.dumps({
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000000", "officialTitle": "A study"},
        "statusModule": {"overallStatus": "RECRUITING", "statusVerifiedDate": "2026-01"},
        "conditionsModule": {"conditions": ["ALL"]},
        "contactsLocationsModule": {"locations": [{"facility": "F", "city": "C", "country": "D"}]},
        "eligibilityModule": {"minimumAge": "1 Year", "maximumAge": "21 Years", "sex": "ALL"},
    }
}).encode()  # fmt: skip
_CTML = b"""protocol_no: '1'
nct_id: NCT00000000
treatment_list:
  step:
    - arm:
        - arm_code: A
          match:
            - and:
                - clinical: {age_numerical: '>=1', oncotree_primary_diagnosis: BLL}
                - genomic: {hugo_symbol: TP53, variant_category: '!Mutation'}
"""
_ROLES = b"sample,role,number,grown_from,day,purity\nD,diagnosis,1,,0,0.9\nR1,relapse,1,,420,0.8\n"
_REGISTRY = b"case,lineage,relapse_date,marrow_blasts_pct,genetics\na,B,2020-01-31,80,ETV6::RUNX1|not TP53\nb,T,,<5,\n"
_SSM = b"\n---\n".join(_example("clones/SJBALL031.ssm", "clones/SJBALL031.params.json"))
_VCF_GZ = gzip.compress(_example("clones/simulated.vcf")[0], mtime=0)

HARNESSES: dict[str, Harness] = {
    "case_yaml": Harness(
        read=_case, seeds=_example("cases/early-combined-cns.yaml", "cases/ten-lines.yaml"), executions=250
    ),
    "case_json": Harness(read=_case, seeds=_example("cases/late-testis.json")),
    "registry_csv": Harness(read=_file("r.csv", _registry), seeds=(_REGISTRY,)),
    "rdml": Harness(read=_file("p.rdml", read_plate), seeds=(_RDML,)),
    "qpcr_table": Harness(read=_file("p.csv", read_plate), seeds=_example("mrd/plate_day35.csv")),
    "droplets": Harness(read=_file("d.tsv", read_droplets), seeds=_example("mrd/fstl1_droplets.tsv"), executions=400),
    "fcs": Harness(read=_file("t.fcs", _fcs), seeds=(_small_fcs(),)),
    "gates": Harness(read=_file("g.yaml", read_gates), seeds=_example("mrd/bcp_all_gates.yaml"), executions=100),
    "vidjil": Harness(read=_file("v.vidjil", lambda path: open_repertoire([path])), seeds=(_VIDJIL,)),
    "airr": Harness(read=_file("a.tsv", lambda path: open_repertoire([path])), seeds=(_AIRR,)),
    "day_table": Harness(read=_file("d.csv", lambda path: open_repertoire([path])), seeds=(_DAYS,)),
    "ssm": Harness(read=_ssm, seeds=(_SSM,), executions=300),
    "vcf": Harness(read=_file("v.vcf", _counts), seeds=_example("clones/simulated.vcf")),
    "vcf_gz": Harness(read=_file("v.vcf.gz", _counts), seeds=(_VCF_GZ,)),
    "counts_csv": Harness(read=_file("c.csv", _counts), seeds=_example("clones/simulated.csv")),
    "maf": Harness(read=_file("m.maf", _counts), seeds=(_MAF,)),
    "roles": Harness(read=_file("r.csv", roles_in_table), seeds=(_ROLES,)),
    "spectra": Harness(read=_file("s.csv", read_spectra), seeds=(b"Type,SBS1,SBS87\nA[C>A]A,1,0.5\nA[C>A]C,2,0.1\n",)),
    "markers": Harness(read=_file("m.csv", read_markers), seeds=(*_example("mrd/markers.csv"), b"\xff\xfe")),
    "mrd_results": Harness(read=_file("m.json", _mrd_results), seeds=(_RESULT,)),
    "rule_set": Harness(read=_file("r.yaml", load_ruleset), seeds=_example("mrd/rules_template.yaml"), executions=150),
    "study": Harness(read=_study, seeds=(_STUDY,)),
    "ctml": Harness(read=_ctml, seeds=(_CTML,), executions=300),
}  # fmt: skip


def fault_of(harness: Harness, content: bytes) -> Exception | None:
    """Read some bytes. An error of ReALL is an answer; any other exception is given back."""
    try:
        harness.read(content)
    except ReallError:
        return None
    except Exception as error:
        return error
    return None
