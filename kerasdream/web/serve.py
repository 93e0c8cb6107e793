"""Start the studio: `kerasdream-studio`.

kerasdream-studio                        opens http://127.0.0.1:8765
kerasdream-studio --weights=inception.h5 with InceptionV3 from a file
kerasdream-studio --host=0.0.0.0         for others too, who need the token that is printed
"""

import importlib.util
import ipaddress
import pathlib
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from typing import NoReturn

from absl import flags

from kerasdream import cli
from kerasdream.errors import ConfigError, DreamError
from kerasdream.web.views import Settings

ANY = ("0.0.0.0", "::")  # every address of this machine
FLAGS = (
    "host",
    "port",
    "name",
    "data_dir",
    "max_upload_mb",
    "max_pixels",
    "queue",
    "weights",
    "model",
    "open",
    "backend",
    "help",
)


def define() -> flags.FlagValues:
    """Return the flags of the studio."""
    values = flags.FlagValues()
    flags.DEFINE_string(
        "host", "127.0.0.1", "address to listen on; any but this machine's own asks for a token", flag_values=values
    )
    flags.DEFINE_integer("port", 8765, "port to listen on", 1, 65535, flag_values=values)
    flags.DEFINE_multi_string("name", [], "name under which others call this machine; once a name", flag_values=values)
    flags.DEFINE_string("data_dir", "kerasdream-studio", "folder of pictures, dreams and jobs", flag_values=values)
    flags.DEFINE_integer("max_upload_mb", 25, "largest picture file to accept", 1, flag_values=values)
    flags.DEFINE_integer(
        "max_pixels",
        6_000_000,
        "largest picture to dream on, in pixels; larger ones are shrunk to that",
        1,
        flag_values=values,
    )
    flags.DEFINE_integer("queue", 20, "dreams that may wait", 1, flag_values=values)
    flags.DEFINE_string(
        "weights", None, "weights file of InceptionV3; default: Keras's cache, where it is there", flag_values=values
    )
    flags.DEFINE_multi_string(
        "model", [], "model that kerasdream teach has written, to be listed too; once a file", flag_values=values
    )
    flags.DEFINE_boolean("open", True, "open the page in a browser", flag_values=values)
    cli.define_backend(values)
    flags.DEFINE_boolean("help", False, "print this help, and end", short_name="h", flag_values=values)
    return values


def models_of(weights: str | None, files: Sequence[str] = ()) -> dict[str, Settings]:
    """Return the models at hand, each with the settings of the machine for it; the best one first.

    `files` are models that were taught, which come last.
    """
    from kerasdream.model.weights import cache_folder
    from kerasdream.model.zoo import ZOO
    from kerasdream.web.models import add_taught

    own, entry = dict(map(add_taught, files)), ZOO["inception_v3"]
    if weights is not None:
        if not pathlib.Path(weights).is_file():
            raise ConfigError(f"There is no weights file {weights!r}. A file for InceptionV3 was expected.")
        return {"inception_v3": {"weights": weights}, "mini": {}} | own
    there = entry.url is not None and (cache_folder() / entry.url.rsplit("/", 1)[-1]).is_file()
    return ({"inception_v3": {}, "mini": {}} if there else {"mini": {}}) | own


def is_own(host: str) -> bool:
    """Return whether only this machine can reach that address.

    >>> is_own("127.0.0.1"), is_own("0.0.0.0")
    (True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts_of(host: str, names: list[str]) -> set[str]:
    """Return the names under which the studio may be called."""
    own = {"127.0.0.1", "localhost", "::1"} if is_own(host) or host in ANY else set()
    return own | {host} | set(names) | ({socket.gethostname()} if host in ANY else set())


def serve(values: flags.FlagValues) -> None:
    """Listen until Ctrl-C."""
    if missing := [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]:
        raise ConfigError(f'The studio needs {" and ".join(missing)}: pip install "kerasdream[web]".')
    from kerasdream.web.server import listen

    host, port, names = values["host"].value, values["port"].value, values["name"].value
    with listen(host, port) as listener:  # before the framework is loaded, and before anything is printed
        cli.quiet_start()
        from kerasdream.web.app import app
        from kerasdream.web.secret import token_in
        from kerasdream.web.server import Server, allow_connections
        from kerasdream.web.store import Store
        from kerasdream.web.studio import Studio

        store = Store(pathlib.Path(values["data_dir"].value))
        # A name of one's own means that others come, through a proxy on this machine.
        token = None if is_own(host) and all(map(is_own, names)) else token_in(store.folder)
        studio = Studio(
            store,
            models_of(values["weights"].value, values["model"].value),
            max_upload=values["max_upload_mb"].value * 1_000_000,
            max_pixels=values["max_pixels"].value,
            queue=values["queue"].value,
            welcomes=True,
        )
        address = address_of(host, port, names, token)
        print(f"The studio is at {address}  (Ctrl-C ends it)", flush=True)
        if values["open"].value and token is None:
            threading.Timer(1.0, webbrowser.open, (address,)).start()
        allow_connections()
        # Only a proxy on this machine, which a name of one's own tells of, may say for whom it asks.
        proxied = not all(map(is_own, names))
        Server(app(studio, hosts_of(host, names), token), studio.close, proxied=proxied).run([listener])


def address_of(host: str, port: int, names: list[str], token: str | None) -> str:
    """Return the address that is printed.

    >>> address_of("::1", 8765, [], None)
    'http://[::1]:8765/'
    """
    name = names[0] if names else socket.gethostname() if host in ANY else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/" + (f"?token={token}" if token else "")


def help_text(values: flags.FlagValues) -> str:
    """Return the whole help."""
    lines = [(__doc__ or "").strip(), ""]
    for name in FLAGS:
        default = f"={values[name].value}" if values[name].value not in (None, [], True, False) else ""
        lines += [f"  --{name}{default}", f"        {values[name].help.splitlines()[0].rstrip(';')}"]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run a command line, and return its exit status."""
    try:
        cli.set_backend(argv)
        values = define()
        rest = values(argv)[1:]
        if values["help"].value:
            print(help_text(values))
            return 0
        if rest:
            raise ConfigError(f"{rest[0]!r} was given; the studio takes flags only.")
        serve(values)
    except (flags.Error, ConfigError) as fault:
        return cli.complain(f"{fault} --help lists all flags." if isinstance(fault, flags.Error) else fault, 2)
    except DreamError as fault:
        return cli.complain(fault, 1)
    except KeyboardInterrupt:
        return 0
    return 0


def run() -> NoReturn:
    """Run the program `kerasdream-studio`."""
    sys.exit(main(sys.argv))
