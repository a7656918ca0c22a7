"""Bad input gives exit 12 with file, line and field; what is only limited is told and said so."""

import json

import pytest

from reall.base.errors import ExitCode, UnusableLaboratoryData
from reall.clones.model import Role
from reall.clones.reads import read_ssm

HEADER = "id\tname\tvar_reads\ttotal_reads\tvar_read_prob"
GOOD = ["s0\t1_100\t40,45\t100,100\t0.5,0.5", "s1\tX_7\t1,40\t100,100\t0.5,0.999"]
PARAMS = {"samples": ["D", "R1"], "clusters": [["s0"], ["s1"]], "garbage": []}


def written(folder, lines=GOOD, params=PARAMS, header=HEADER):
    (folder / "x.ssm").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    if params is not None:
        (folder / "x.params.json").write_text(json.dumps(params), encoding="utf-8")
    return folder / "x.ssm"


def test_good_input_is_read_with_roles_and_places(tmp_path):
    reads = read_ssm(written(tmp_path))
    assert [sample.role for sample in reads.samples] == [Role.DIAGNOSIS, Role.RELAPSE]
    assert reads.variant_reads.tolist() == [[40, 45], [1, 40]]
    assert (reads.variants[1].chromosome, reads.variants[1].position) == ("X", 7)
    assert reads.given_clusters == (("s0",), ("s1",))
    assert [finding.code for finding in reads.findings] == ["one-copy"]


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("s1\tv\t1\t100,100\t0.5,0.5", "line 3, field var_reads", "1 values for 2 samples"),
        ("s1\tv\t1,2\t100,100,100\t0.5,0.5", "line 3, field total_reads", "3 values for 2 samples"),
        ("s1\tv\t1,2\t100,100\t0.5", "line 3, field var_read_prob", "1 values for 2 samples"),
        ("s1\tv\t101,2\t100,100\t0.5,0.5", "line 3, field var_reads", "more variant reads than total reads"),
        ("s1\tv\t-1,2\t100,100\t0.5,0.5", "line 3, field var_reads", "negative variant reads"),
        ("s1\tv\t0,2\t-5,100\t0.5,0.5", "line 3, field total_reads", "negative total reads"),
        ("s1\tv\t,2\t100,100\t0.5,0.5", "line 3, field var_reads", "'' is not a count"),
        ("s1\tv\t1,NA\t100,100\t0.5,0.5", "line 3, field var_reads", "'NA' is not a count"),
        ("s1\tv\t1,nan\t100,100\t0.5,0.5", "line 3, field var_reads", "'nan' is not a count"),
        ("s1\tv\t1,2.5\t100,100\t0.5,0.5", "line 3, field var_reads", "'2.5' is not a count"),
        ("s1\tv\t1,2\t1e30,100\t0.5,0.5", "line 3, field total_reads", "'1e30' is not a count"),
        ("s1\tv\t1,2\t100,100\t0.5,0", "line 3, field var_read_prob", "a read probability outside (0, 1]"),
        ("s1\tv\t1,2\t100,100\t0.5,1.2", "line 3, field var_read_prob", "a read probability outside (0, 1]"),
        ("s1\tv\t1,2\t100,100", "line 3", "4 fields instead of 5"),
        ("s0\tv\t1,2\t100,100\t0.5,0.5", "line 3, field id", "id 's0' occurs twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, where, what):
    path = written(tmp_path, [GOOD[0], line])
    with pytest.raises(UnusableLaboratoryData) as caught:
        read_ssm(path)
    assert caught.value.exit_code is ExitCode.UNUSABLE_LABORATORY_DATA
    assert where in caught.value.where
    assert what in caught.value.what
    assert caught.value.next


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"clusters": [["s0"], ["s9"]]}, "field clusters[1]", "names 's9'"),
        ({"clusters": [["s0"], ["s0"]]}, "field clusters[1]", "is in clusters[0] and in clusters[1]"),
        ({"clusters": [["s0"], []]}, "field clusters[1]", "an empty cluster"),
        ({"clusters": []}, "field clusters", "no clusters given"),
        ({"garbage": ["s1"]}, "field garbage", "is in clusters[1] and in garbage"),
        ({"clusters": "s0"}, "field clusters", "not a list"),
        ({"clusters": [["s0"], [1]]}, "x.params.json, field clusters", "not a list of lists of variant ids"),
        ({"clusters": [["s0"], [["s1"]]]}, "x.params.json, field clusters", "not a list of lists of variant ids"),
        ({"garbage": ["s7"]}, "x.params.json, field garbage", "names 's7'"),
        ({"samples": [1, 2]}, "x.params.json, field samples", "not a list of names"),
        ({"roles": ["diagnosis"]}, "x.params.json, field roles", "a role for each sample"),
        ({"roles": {"D": ["diagnosis"]}}, "x.params.json, field roles", "a role for each sample"),
        ({"roles": {"D": "primary"}}, "field roles['D']", "'primary' is not a role"),
        ({"days": {"D": "first"}}, "x.params.json, field days", "a day for each sample"),
        ({"purity": {"D": 80}}, "x.params.json, field purity", "a share above 0, at most 1"),
        ({"samples": ["D", "D"]}, "field sample", "'D' occurs twice"),
    ],
)
def test_a_bad_params_file_is_named(tmp_path, change, where, what):
    path = written(tmp_path, params={**PARAMS, **change})
    with pytest.raises(UnusableLaboratoryData) as caught:
        read_ssm(path)
    assert where in caught.value.where
    assert what in caught.value.what


def test_a_missing_column_an_empty_file_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(UnusableLaboratoryData, match="no column total_reads"):
        read_ssm(written(tmp_path, header=HEADER.replace("total_reads", "depth")))
    with pytest.raises(UnusableLaboratoryData, match="no variants"):
        read_ssm(written(tmp_path, []))
    with pytest.raises(UnusableLaboratoryData, match="cannot be read"):
        read_ssm(tmp_path / "absent.ssm")


@pytest.mark.parametrize(
    ("samples", "codes"),
    [
        (["R1", "R2"], {"no-diagnosis-sample"}),
        (["D", "D2"], {"no-relapse-sample"}),
        (["Sample 1", "Sample 2"], {"no-diagnosis-sample", "no-relapse-sample"}),
    ],
)
def test_missing_roles_are_a_stated_limit(tmp_path, samples, codes):
    reads = read_ssm(written(tmp_path, params={**PARAMS, "samples": samples}))
    assert codes <= {finding.code for finding in reads.findings}
    assert all("--roles" in finding.text for finding in reads.findings if finding.code in codes)
