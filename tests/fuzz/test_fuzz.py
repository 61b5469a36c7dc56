"""Every seed and mutations of the seeds go through every target; `make fuzz` looks further."""

from __future__ import annotations

import pytest
from fuzz.targets import SEEDS, TARGETS
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

# What separates and escapes in the formats that are read.
PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            *(b"\n", b"\n\n", b"\r\n", b"\t", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
            *(b"<![CDATA[", b"]]>", b"&#0;", b"&#x110000;", b"&lt;", b"</item>", b"<!DOCTYPE a [", b"<?xml "),
            *(b"{", b"}", b"[", b"]", b'"', b"\\ud800", b"\\u0000", b": ", b"- ", b"null", b"1e999", b"NaN"),
            *(b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00Z", b"99999999999999999999", b"-1", b"%00", b"../"),
            *("\u202e".encode(), "İ".encode(), "ß".encode(), "北".encode(), "\u200b".encode()),
        ]
    ),
)
MUTATIONS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 20), PIECES), min_size=1, max_size=5)


def seeds(target: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted((SEEDS / target).iterdir())]


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target: str) -> None:
    assert seeds(target)
    for data in seeds(target):
        TARGETS[target](data)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
@settings(max_examples=examples(60), deadline=None)
def test_mutations_of_seeds(target: str, data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from(seeds(target)))
    for place, removed, piece in data.draw(MUTATIONS):
        at = int(place * (len(raw) + 1))
        raw = raw[:at] + piece + raw[at + removed :]
    TARGETS[target](raw)
