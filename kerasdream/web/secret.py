"""The token: the secret for those who come from elsewhere."""

import os
import pathlib
import secrets

from kerasdream.errors import OutputError


def token_in(folder: pathlib.Path) -> str:
    """Return the token of a folder; it is made once, so that open pages outlive a restart.

    Raises OutputError where its file is empty, unreadable, or cannot be written.

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> token_in(folder) == token_in(folder)
    True
    """
    path = folder / "token"
    try:
        if not path.exists():
            write_token(path, secrets.token_urlsafe(24))
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise OutputError(
            f"The token in {str(path)!r} cannot be read or written: {fault}. Make room, or delete the file."
        ) from fault
    if not token:
        raise OutputError(f"The token in {str(path)!r} is empty. Delete the file, and the studio makes a new one.")
    return token


def write_token(path: pathlib.Path, token: str) -> None:
    """Write a secret for this user alone, beside its place first: a full disk leaves no empty one."""
    beside = path.with_name(f".kerasdream-{secrets.token_hex(8)}.tmp")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
