"""What differs between two configurations, without secrets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.config.differences import differences

BEFORE = """
sources:
  - {id: wire, url: "https://ann:PLANTED1@wire.example/feed?key=PLANTED2", publisher: Wire}
  - {id: home, url: https://home.example, publisher: Home}
subscribers:
  - id: desk  # was slack://PLANTED3/x
    channels:
      chat: https://hooks.slack.com/services/PLANTED4
      mail: "${MAIL}"
      phone: "tgram:\\/\\/PLANTED5\\
        PLANTED6"
      console: console://
"""


def shown(before: str, after: str) -> list[str]:
    found = list(differences([("alerts.yaml", before.encode())], [("alerts.yaml", after.encode())]))
    return [line for _, lines in found for line in lines]


def test_a_secret_is_never_shown_and_its_change_is() -> None:
    after = BEFORE.replace("PLANTED4", "PLANTED7").replace("Wire}", "The Wire}")
    lines = shown(BEFORE, after)
    assert "PLANTED" not in "\n".join(lines)
    changed = [line for line in lines if line[0] in "+-"]
    old, new = [line for line in changed if "hooks" in line]
    assert old.startswith("-      chat: https://hooks.slack.com/***")
    assert new.startswith("+      chat: https://hooks.slack.com/***")
    assert old[1:] != new[1:], "another secret has another number"
    wires = [line for line in changed if "wire.example" in line]
    assert [line.rpartition("publisher")[2] for line in wires] == [": Wire}", ": The Wire}"]
    assert wires[0][1:].rpartition("publisher")[0] == wires[1][1:].rpartition("publisher")[0]
    assert '       mail: "${MAIL}"' in lines, "what stands outside the file is no secret"


def test_files_that_are_the_same_are_left_out_and_new_ones_are_whole() -> None:
    before = [("a.yaml", b"topics: []\n"), ("b.yaml", b"x: 1\n")]
    after = [("a.yaml", b"topics: []\n"), ("c.yaml", b"y: 2\n")]
    assert list(differences(before, after)) == [
        ("b.yaml", ["@@ -1 +0,0 @@", "-x: 1"]),
        ("c.yaml", ["@@ -0,0 +1 @@", "+y: 2"]),
    ]
    assert list(differences(before, before)) == []


@given(st.text("ab/:@?#'\"\\ \n,{}", max_size=30), st.sampled_from(["", "'", '"']))
def test_no_address_is_shown_whatever_stands_around_it(around: str, quote: str) -> None:
    text = f"{around}\nchat: {quote}slack://PLANTED/{quote}\n{around}"
    assert "PLANTED" not in "\n".join(shown("", text))
