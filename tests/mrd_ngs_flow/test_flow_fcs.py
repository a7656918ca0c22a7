"""FCS files: what is read, and what is refused with which numbers."""

from __future__ import annotations

import flowio
import numpy as np
import pytest
from ngs_flow_data import shared

from reall.base.errors import ExitCode, UnusableLaboratoryData
from reall.mrd.flow.fcs import read_fcs

TWO_EVENTS = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("path", "version", "events", "channels"),
    [
        # events and channels as stated by $TOT and $PAR of each file
        ("mrd_flow/100715.fcs", "FCS2.0", 65016, 16),
        ("mrd_flow/FlowSOM_68983.fcs", "FCS3.0", 19225, 18),
        ("mrd_flow/G11.fcs", "FCS3.1", 5785, 12),
        ("mrd_flow/diva_124500.fcs", "FCS3.0", 19090, 15),
        ("ddpr/UPN1_Basal.fcs", "FCS3.0", 100, 52),
        ("ddpr/Healthy1_Basal.fcs", "FCS3.0", 100, 52),
    ],
)
def test_real_files_give_the_values_that_flowio_gives(path, version, events, channels):
    """Gain, logarithmic amplifiers, byte order and time step are applied as FlowIO applies them: equal to the bit."""
    file = read_fcs(shared(path))
    assert (file.version, file.events, len(file.channels)) == (version, events, channels)
    np.testing.assert_array_equal(file.linear_events(), flowio.FlowData(shared(path)).as_array())


def test_a_file_of_two_data_sets_needs_a_choice():
    """Coulter LMD: an FCS 2.0 and an FCS 3.0 data set in one file. Neither is dropped silently."""
    path = shared("mrd_flow/coulter.lmd")
    with pytest.raises(UnusableLaboratoryData, match="holds 2 data sets") as refused:
        read_fcs(path)
    assert "--data-set 1" in refused.value.next
    first, second = read_fcs(path, data_set=1), read_fcs(path, data_set=2)
    assert (first.version, second.version) == ("FCS2.0", "FCS3.0")
    assert first.events == second.events == 18110
    with pytest.raises(UnusableLaboratoryData, match="no data set 3"):
        read_fcs(path, data_set=3)


def test_the_first_coulter_data_set_ends_one_byte_late_and_says_so():
    (finding,) = read_fcs(shared("mrd_flow/coulter.lmd"), data_set=1).findings
    assert "one too many" in finding.text


def test_header_and_text_that_disagree_are_refused_with_both_numbers(write_fcs):
    """HEADER says byte 2056, TEXT says 2048: reading from either place gives numbers, only one gives events."""
    path = write_fcs(TWO_EVENTS, header_data=(2056, 2071))
    with pytest.raises(UnusableLaboratoryData) as refused:
        read_fcs(path)
    assert "2056 to 2071" in refused.value.what
    assert "2048 to 2063" in refused.value.what
    assert refused.value.exit_code is ExitCode.UNUSABLE_LABORATORY_DATA


def test_a_person_may_decide_which_offsets_to_trust_and_the_result_records_it(write_fcs):
    file = read_fcs(write_fcs(TWO_EVENTS, header_data=(2056, 2071)), trust="text")
    np.testing.assert_array_equal(file.linear_events(), TWO_EVENTS)
    assert "The text was trusted" in file.findings[0].text


def test_a_disagreement_at_the_end_only_is_refused_too(write_fcs):
    with pytest.raises(UnusableLaboratoryData, match=r"2048 to 2064.*2048 to 2063"):
        read_fcs(write_fcs(TWO_EVENTS, header_data=(2048, 2064)))


def test_large_files_keep_their_offsets_in_text_only(write_fcs):
    """Above 99,999,999 bytes the HEADER holds 0; FCS 3.2 files may do so at any size."""
    np.testing.assert_array_equal(
        read_fcs(write_fcs(TWO_EVENTS, header_data=(0, 0), version="FCS3.2")).linear_events(), TWO_EVENTS
    )


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"cut": 3}, r"has 2061 bytes and needs 2064: 1 of 2 events are complete"),
        ({"cut": 2000}, r"TEXT segment should end at byte"),
        ({"keywords": {"$TOT": "3"}}, r"16 bytes\), but \$TOT = 3 events need 24 bytes"),
        ({"keywords": {"$MODE": "H"}}, r"\$MODE is H"),
        ({"keywords": {"$BYTEORD": "3,4,1,2"}}, r"neither rising nor falling"),
        ({"keywords": {"$P1B": "12"}}, r"Channel 1 stores 12 bits"),
        ({"keywords": {"$PAR": "three"}}, r"\$PAR is 'three'"),
        ({"keywords": {"$P2N": " "}}, r"Channel 2 has no name"),
        ({"keywords": {"$P2E": "x"}}, r"\$P2E is 'x'"),
        ({"keywords": {"$NEXTDATA": "90000"}}, r"outside the file of 2064 bytes"),
        ({"version": "PNG1.0"}, r"does not start an FCS data set"),
        ({"keywords": {"$BEGINDATA": "0", "$ENDDATA": "0"}, "header_data": (0, 0)}, r"Neither HEADER nor TEXT"),
    ],
)
def test_bad_files_are_refused_with_a_reason(write_fcs, fault, says):
    with pytest.raises(UnusableLaboratoryData, match=says):
        read_fcs(write_fcs(TWO_EVENTS, **fault))


def test_a_missing_file_and_an_empty_file_are_refused(tmp_path):
    with pytest.raises(UnusableLaboratoryData, match="no such file"):
        read_fcs(tmp_path / "absent.fcs")
    (tmp_path / "empty.fcs").write_bytes(b"")
    with pytest.raises(UnusableLaboratoryData, match="does not start an FCS data set"):
        read_fcs(tmp_path / "empty.fcs")


def test_every_truncation_of_a_file_is_refused(write_fcs):
    """No cut is survived: at every length the file is refused, never read short."""
    whole = write_fcs(TWO_EVENTS).read_bytes()
    path = write_fcs(TWO_EVENTS, name="cut.fcs")
    for length in (*range(0, 400, 7), *range(1900, len(whole), 5)):
        path.write_bytes(whole[:length])
        with pytest.raises(UnusableLaboratoryData):
            read_fcs(path)


def test_channels_may_have_types_of_their_own_in_fcs_3_2(write_fcs):
    """16 bytes per event read as one float and one 32-bit integer per $PnDATATYPE."""
    raw = np.array([(1.5, 7), (2.5, 9)], dtype="<f4,<u4").view("<u4").reshape(2, 2)
    path = write_fcs(raw, dtype="<u4", version="FCS3.2", keywords={"$P1DATATYPE": "F", "$P2R": "4294967296"})
    np.testing.assert_array_equal(read_fcs(path).linear_events(), [[1.5, 7], [2.5, 9]])


def test_bits_above_the_range_do_not_count(write_fcs):
    """$PnR = 1024 means ten bits: 1024 + 5 is 5 (FCS 3.1, section on $PnR)."""
    path = write_fcs([[1029, 5]], dtype="<u2", keywords={"$P1R": "1024", "$P2R": "1024", "$BYTEORD": "1,2"})
    np.testing.assert_array_equal(read_fcs(path).linear_events(), [[5, 5]])


def test_a_logarithmic_amplifier_is_undone(write_fcs):
    """Four decades over 1024 channels from 1: channel 512 is 10 ** (4 * 512 / 1024) = 100 (hand calculation)."""
    path = write_fcs([[512.0, 0.0]], keywords={"$P1E": "4,0", "$P1R": "1024", "$P2G": "2"})
    np.testing.assert_allclose(read_fcs(path).linear_events(), [[100.0, 0.0]], rtol=1e-12)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_event_without_a_number_is_refused_not_dropped(write_fcs, value):
    with pytest.raises(UnusableLaboratoryData, match="1 events hold no number in CD19"):
        read_fcs(write_fcs([[1, 2], [3, value]])).linear_events()
