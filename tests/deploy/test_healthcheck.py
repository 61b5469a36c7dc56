"""What a health check says of a server that answers, and of one that answers nonsense."""

from __future__ import annotations

import pytest
from kit.rawserver import raw_server, reply

from worker import healthcheck


def test_whatever_a_page_answers_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with raw_server() as server:
        server.on("/good", body=b"ok")
        server.answers["/sick"] = reply("503 Service Unavailable", b"")
        server.answers["/nonsense"] = lambda connection, _: connection.sendall(b"\x00\x01\r\n\r\n")
        server.answers["/nothing"] = lambda connection, _: connection.close()
        assert healthcheck.main([server.url("/good")]) == 0
        assert capsys.readouterr().err == ""
        for path in ("/sick", "/nonsense", "/nothing"):
            assert healthcheck.main([server.url(path)]) == 1
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith(f"{server.url(path)}: "), line
