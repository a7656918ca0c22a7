"""Counts from MAF, CSV and VCF: what is read, what is refused, and that a missing count is never a zero."""

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reall.base.errors import UnusableLaboratoryData
from reall.clones.copy_number import Sex
from reall.clones.counting import Context, gather
from reall.clones.inputs import Told, read_any
from reall.clones.model import Role
from reall.clones.roles import with_roles
from reall.clones.tables import read_table
from reall.clones.vcf import read_vcf

PLAIN = """mutation_id,sample_id,ref_counts,alt_counts,major_cn,minor_cn,normal_cn,tumour_content
m1,D,90,10,1,1,2,0.8
m1,R1,50,50,1,1,2,1.0
m2,D,100,0,1,1,2,0.8
m2,R1,40,60,2,1,2,1.0
"""
MAF = """#version 2.4
Hugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\tVariant_Classification\tHGVSp_Short\tTumor_Sample_Barcode\tt_depth\tt_alt_count
NT5C2\t10\t104850000\tC\tT\tMissense_Mutation\tp.R367Q\tR1\t200\t80
NT5C2\t10\t104850000\tC\tT\tMissense_Mutation\tp.R367Q\tD\t300\t0
KDM6A\tX\t44800000\tG\tA\tNonsense_Mutation\tp.R1*\tR1\t100\t90
"""
VCF = """##fileformat=VCFv4.2
##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations. Format: Allele|Consequence|SYMBOL|HGVSp">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tD\tR1
chr10\t104850000\t.\tC\tT\t.\tPASS\tCSQ=T|missense_variant|NT5C2|ENSP1:p.Arg367Gln\tGT:AD:DP\t0/0:507,0:507\t0/1:294,216:512
chr17\t7577538\t.\tC\tT,G\t.\tPASS\t.\tAD\t300,20,5\t.
chr1\t100\t.\tA\tC\t.\tLowQual\t.\tAD\t10,5\t10,5
chr2\t200\trs1\tA\tC\t.\t.\t.\tRO:AO\t95:5\t50:50
"""


def reads_of(path, **context):
    read = Context(source=path.name, **context)
    if ".vcf" in path.name:
        counts, order, findings = read_vcf(path, read)
    else:
        (counts, order), findings = read_table(path, read), ()
    samples = with_roles(order, {})
    return gather(counts, order, Context(source=path.name, samples=samples, **context)), findings


@pytest.fixture
def write(tmp_path):
    def _write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_a_pyclone_table_gives_counts_copies_and_purity(write):
    reads, _ = reads_of(write("x.csv", PLAIN))
    assert [sample.name for sample in reads.samples] == ["D", "R1"]
    assert [sample.role for sample in reads.samples] == [Role.DIAGNOSIS, Role.RELAPSE]
    assert [sample.purity for sample in reads.samples] == [0.8, 1.0]
    assert reads.variant_reads.tolist() == [[10, 50], [0, 60]]
    assert reads.total_reads.tolist() == [[100, 100], [100, 100]]
    # by hand: 0.8/2, 1/2; three copies in R1, one assumed mutated: 1/3
    np.testing.assert_allclose(reads.read_probability, [[0.4, 0.5], [0.4, 1 / 3]])


def test_a_maf_gives_genes_and_leaves_x_out_until_the_sex_is_known(write):
    path = write("x.maf", MAF)
    reads, _ = reads_of(path)
    assert [variant.gene for variant in reads.variants] == ["NT5C2", "KDM6A"]
    assert reads.variants[0].protein_change == "p.R367Q"
    assert reads.garbage == (reads.variants[1].id,)
    assert {finding.code for finding in reads.findings} == {"counts_missing", "sex_unknown", "purity_unknown"}
    boy, _ = reads_of(path, sex=Sex.MALE)
    assert boy.garbage == ()
    np.testing.assert_allclose(boy.read_probability[1], 1.0)


def test_a_variant_without_a_line_is_unknown_not_zero(write):
    reads, _ = reads_of(write("x.maf", MAF))
    row, column = 1, [sample.name for sample in reads.samples].index("D")
    assert reads.total_reads[row, column] == 0


def test_a_vcf_gives_alleles_annotation_and_filters(write, tmp_path):
    path = write("x.vcf", VCF)
    reads, findings = reads_of(path)
    assert [v.name for v in reads.variants] == ["10_104850000_C>T", "17_7577538_C>T", "17_7577538_C>G", "2_200_A>C"]
    assert reads.variants[0].gene == "NT5C2"
    assert reads.variants[0].variant_class == "missense_variant"
    assert reads.variants[3].id == "rs1"
    # 512 by DP (two reads of neither allele); second allele of 325; RO and AO add up to 100
    assert reads.variant_reads.tolist() == [[0, 216], [20, 0], [5, 0], [5, 50]]
    assert reads.total_reads.tolist() == [[507, 512], [325, 0], [325, 0], [100, 100]]
    assert [finding.code for finding in findings] == ["filtered"]
    zipped = tmp_path / "x.vcf.gz"
    zipped.write_bytes(gzip.compress(VCF.encode()))
    again, _ = reads_of(zipped)
    assert (again.variant_reads == reads.variant_reads).all()


BAD = [
    ("x.csv", PLAIN + "m1,D,90,10,1,1,2,0.8\n", "line 6", "counted twice"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,-1,5"), "line 4", "negative"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,100,-3"), "line 4", "negative"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,100,"), "line 4", "missing"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,,4"), "line 4", "missing"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,100,many"), "line 4, column alt_counts", "not a number"),
    ("x.csv", PLAIN.replace("m2,D,100,0", "m2,D,100,1.5"), "line 4", "not a whole number"),
    ("x.csv", PLAIN.replace("0.8\nm2", "0.8\nm2").replace("100,0,1,1,2,0.8", "100,0,1,1,2,0.7"), "line 4", "differs"),
    ("x.csv", PLAIN.replace(",0.8", ",1.8"), "line 2", "Purity"),
    ("x.csv", PLAIN.replace("alt_counts", "something"), "line 1", "variant_reads"),
    ("x.csv", "mutation_id,sample_id,ref_counts,alt_counts\n", "x.csv", "No variant"),
    ("x.csv", PLAIN + "m3,D,1,1,1,1,2,0.8,surplus\n", "line 6", "fields"),
    ("x.maf", MAF.replace("200\t80", "200\t280"), "line 3", "280 variant reads of 200"),
    ("x.vcf", VCF.replace("#CHROM", "CHROM"), "line 1", "not a VCF"),
    ("x.vcf", VCF.replace("\tD\tR1", "\tD\tD"), "line 3", "same name"),
    ("x.vcf", VCF.replace("507,0:507", "507,x:507"), "line 4", "not numbers"),
    ("x.vcf", VCF.replace("95:5\t50:50", "95:5"), "line 7", "fields"),
]


@pytest.mark.parametrize(("name", "text", "where", "what"), BAD)
def test_unusable_counts_are_refused_with_line_and_reason(write, name, text, where, what):
    with pytest.raises(UnusableLaboratoryData) as caught:
        reads_of(write(name, text))
    assert where in caught.value.where
    assert what in caught.value.what
    assert caught.value.exit_code == 12


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.csv", b"\xff\xfe\x00mutation"), ("x.vcf.gz", b"not gzip"), ("x.vcf.gz", gzip.compress(VCF.encode())[:-20])],
)
def test_a_file_that_is_not_whole_text_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnusableLaboratoryData):
        read_any(path, Told())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([("x.csv", PLAIN), ("x.maf", MAF), ("x.vcf", VCF)]),
    st.integers(0, 10_000),
    st.sampled_from(["", "\t", ",", "-", "9" * 30, "nan", "inf", ".", ":", "|", "x", '"', "\n", "0.5", "é"]),
    st.integers(0, 4),
)
def test_a_damaged_file_is_read_or_refused_but_never_breaks(tmp_path, made, at, put, cut):
    """One place of a good file is overwritten by what files get damaged with."""
    name, text = made
    at %= len(text)
    path = tmp_path / name
    path.write_text(text[:at] + put + text[at + cut :], encoding="utf-8")
    refused = ""
    reads = None
    try:
        reads = read_any(path, Told())
    except UnusableLaboratoryData as error:
        refused = error.where
    if reads is None:
        assert name in refused
    else:
        assert (reads.variant_reads <= reads.total_reads).all()
        assert ((reads.read_probability > 0) & (reads.read_probability <= 1)).all()


def test_variants_lost_to_copy_number_are_left_out_and_named(write):
    text = PLAIN.replace("m2,R1,40,60,2,1", "m2,R1,40,0,0,0")
    reads, _ = reads_of(write("x.csv", text))
    assert reads.garbage == ("m2",)
    lost = [finding for finding in reads.findings if finding.code == "lost_to_copy_number"]
    assert "m2" in lost[0].text
