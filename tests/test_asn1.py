"""The walker: exact, bounded, and strict where DER is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Limits
from pecverify._asn1 import Asn1Error, Asn1LimitError, check_der, decode_oid, read_element, read_elements
from tests.pki import der, indefinite, oid

LIMITS = Limits()


def read(data: bytes, depth: int = 32) -> tuple[int, ...]:
    return tuple(read_element(data, 0, len(data), depth))


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_definite_lengths(size: int) -> None:
    data = der(0x04, bytes(size))
    element = read_element(data, 0, len(data), 0)
    assert element.is_der_header
    assert data[element.content_start : element.content_stop] == bytes(size)
    assert element.stop == len(data)
    check_der(data, LIMITS)


def test_lengths_that_are_not_minimal() -> None:
    for data in (b"\x04\x81\x01x", b"\x04\x82\x00\x80" + bytes(128), der(0x04, b"x", minimal=False)):
        assert not read_element(data, 0, len(data), 0).is_der_header
        with pytest.raises(Asn1Error, match="not in DER"):
            check_der(data, LIMITS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut off"),
        (b"\x30", "cut off"),
        (b"\x30\x01", "outside its parent"),
        (b"\x04\x85\x00\x00\x00\x00\x01x", "length out of bounds"),
        (b"\x04\x82\x01", "length out of bounds"),
        (b"\x1f\x01\x00", "multi-byte tag"),
        (b"\x04\x80x\x00\x00", "indefinite length of a primitive"),
        (b"\x30\x80\x04\x01x", "cut off"),
        (b"\x30\x80\x04\x01x\x00", "cut off"),
        (b"\x30\x80\x04\x05x\x00\x00", "outside its parent"),
    ],
)
def test_malformed_headers(data: bytes, message: str) -> None:
    with pytest.raises(Asn1Error, match=message):
        read(data)


def test_indefinite_lengths_end_at_their_own_end_of_contents() -> None:
    data = indefinite(0x30, indefinite(0x30, der(0x04, b"\x00\x00")), der(0x02, b"\x01"))
    element = read_element(data, 0, len(data), 3)
    assert (element.content_start, element.content_stop, element.stop) == (2, len(data) - 2, len(data))
    assert not element.is_der_header
    with pytest.raises(Asn1Error, match="not in DER"):
        check_der(data, LIMITS)


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_elements_inside_an_indefinite_length_are_bounded(excess: int) -> None:
    # The beginning and the end of the outer and of the inner one count as well.
    data = indefinite(0x30, der(0x05) * 50_000, indefinite(0x30), der(0x05) * (49_996 + excess))
    if excess <= 0:
        assert read_element(data, 0, len(data), 2).stop == len(data)
    else:
        with pytest.raises(Asn1LimitError, match="more than 100000 elements"):
            read_element(data, 0, len(data), 2)


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_children_are_bounded(excess: int) -> None:
    data = der(0x05) * (40_000 + excess)
    if excess <= 0:
        assert len(read_elements(data, 0, len(data), 1)) == 40_000 + excess
    else:
        with pytest.raises(Asn1LimitError, match="more than 40000 elements"):
            read_elements(data, 0, len(data), 1)


def test_end_of_contents_outside_the_parent() -> None:
    data = b"\x30\x80\x00\x00"
    with pytest.raises(Asn1Error, match="outside its parent"):
        read_element(data, 0, 3, 1)


@pytest.mark.parametrize("levels", [31, 32, 33])
def test_depth_is_bounded(levels: int) -> None:
    data, ber = b"", b""
    for _ in range(levels + 1):
        data, ber = der(0x30, data), indefinite(0x30, ber)
    if levels <= LIMITS.asn1_depth:
        check_der(data, LIMITS)
        read(ber, levels)
    else:
        with pytest.raises(Asn1LimitError, match="nested too deeply"):
            check_der(data, LIMITS)
        with pytest.raises(Asn1LimitError, match="nested too deeply"):
            read(ber, LIMITS.asn1_depth)


@pytest.mark.parametrize("size", [63, 64, 65])
def test_object_identifiers_are_bounded(size: int) -> None:
    data = der(0x06, b"\x2a" + b"\x81" * (size - 2) + b"\x01")
    if size <= LIMITS.oid_bytes:
        check_der(data, LIMITS)
    else:
        with pytest.raises(Asn1LimitError, match="OBJECT IDENTIFIER of 65 bytes"):
            check_der(data, LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        oid("1.2.840.113549.1.7.2"),
        b"\x02\x01\x00",
        b"\x02\x01\x80",
        b"\x02\x02\x00\x80",
        b"\x02\x02\xff\x7f",
        b"\x01\x01\xff",
        b"\x01\x01\x00",
        b"\x03\x01\x00",
        b"\x03\x02\x07\x80",
        b"\x05\x00",
        b"\x31\x00",
        b"\xa0\x03\x02\x01\x01",
        b"\x80\x01x",
    ],
)
def test_der(data: bytes) -> None:
    check_der(data, LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"\x06\x00",
        b"\x06\x02\x2a\x86",
        b"\x06\x03\x2a\x80\x01",
        b"\x02\x00",
        b"\x02\x02\x00\x7f",
        b"\x02\x02\xff\x80",
        b"\x01\x01\x01",
        b"\x01\x02\xff\xff",
        b"\x03\x00",
        b"\x03\x01\x01",
        b"\x03\x02\x08\x80",
        b"\x05\x01x",
        b"\x10\x00",
        b"\x11\x00",
        b"\x24\x03\x04\x01x",
        b"\x30\x00\x00",
        b"\x30\x03\x02\x02\x00",
    ],
)
def test_not_der(data: bytes) -> None:
    with pytest.raises(Asn1Error):
        check_der(data, LIMITS)


def test_elements_fill_their_parent() -> None:
    data = der(0x02, b"\x01") + der(0x04, b"xy")
    assert [element.tag for element in read_elements(data, 0, len(data), 1)] == [0x02, 0x04]
    with pytest.raises(Asn1Error):
        read_elements(data, 0, len(data) - 1, 1)


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    try:
        check_der(data, LIMITS)
    except Asn1Error:
        return
    element = read_element(data, 0, len(data), 32)
    assert data == der(element.tag, data[element.content_start : element.content_stop])


@pytest.mark.parametrize(
    ("content", "dotted"),
    [
        (b"\x2a\x86\x48\x86\xf7\x0d", "1.2.840.113549"),
        (b"\x00", "0.0"),
        (b"\x27", "0.39"),
        (b"\x28", "1.0"),
        (b"\x50", "2.0"),
        (b"\x88\x37\x03", "2.999.3"),
        (b"\x55\x1d\x20\x00", "2.5.29.32.0"),
    ],
)
def test_object_identifiers_in_dots(content: bytes, dotted: str) -> None:
    assert decode_oid(content) == dotted


@pytest.mark.parametrize("content", [b"", b"\x80\x01", b"\x2a\x86"])
def test_object_identifiers_that_are_none(content: bytes) -> None:
    with pytest.raises(Asn1Error, match="malformed OBJECT IDENTIFIER"):
        decode_oid(content)
