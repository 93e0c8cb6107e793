"""What docs/http_api.md says of the studio's addresses."""

import pathlib
import re

from starlette.routing import Mount

from kerasdream.web.app import app

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "http_api.md"


def test_the_page_on_the_http_api_names_every_route_and_no_other(studio):
    table = PAGE.read_text().split("## Routes")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(GET|POST|PATCH|DELETE) ([^`]+)` \|", table, re.MULTILINE)
    there = set()
    for route in app(studio, {"testserver"}).inner.routes:
        if isinstance(route, Mount):
            there.add(("GET", f"{route.path}/{{path}}"))
            continue
        path = re.sub(r"{(\w+)(:\w+)?}", r"{\1}", route.path)
        there |= {(method, path) for method in route.methods - {"HEAD"}}
    assert sorted(rows) == sorted(there)
    assert all(row.count("|") == 5 for row in table.splitlines() if row.startswith("| `"))
