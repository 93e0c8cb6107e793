"""The token of a folder."""

import os

import pytest

from kerasdream.errors import OutputError
from kerasdream.web.secret import token_in


def test_a_token_is_made_once_and_a_spoilt_one_is_refused(tmp_path, monkeypatch):
    token = token_in(tmp_path)
    assert len(token) >= 32
    assert token_in(tmp_path) == token
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "token").write_text(" \n")
    with pytest.raises(OutputError, match=r"token in .* is empty\. Delete the file"):
        token_in(tmp_path)
    (tmp_path / "token").write_bytes("gehäuse".encode())
    with pytest.raises(OutputError, match="cannot be read or written"):
        token_in(tmp_path)
    (tmp_path / "token").unlink()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        token_in(tmp_path)
    assert list(tmp_path.iterdir()) == []
