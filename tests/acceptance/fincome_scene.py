"""What does a test of the way to Fincome see? Fincome's own GET endpoints, or the workbook, and the run's report.

A scene is a folder with a YAML file, whose one connection carries the ledger at Pennylane's stand-in to Fincome's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl

from duebridge.core.app import App
from duebridge.core.edge.config import load_configuration
from duebridge.core.registry import Registry

from .scene import Clock

Row = dict[str, Any]

NAME = "acme-fincome"
SECRETS = {"PENNYLANE_TOKEN": "sandbox-pennylane", "FINCOME_API_KEY": "sandbox-fincome"}
API = 'connector: fincome\napi_key: "${{FINCOME_API_KEY}}"\nbase_url: {url}/fincome\nrequests_per_minute: 1000000'
XLSX = "connector: fincome\nmode: xlsx\ndirectory: {folder}/workbooks"
CONFIGURATION = """\
database: sqlite:///duebridge.db
connections:
  acme-fincome:
    source: {{connector: pennylane, token: "${{PENNYLANE_TOKEN}}", base_url: {url}/pennylane}}
    target:
{target}{connection}"""


@dataclass
class FincomeScene:
    """The folder, the stand-ins at `url`, and the connection in one of its two modes."""

    url: str
    folder: Path
    registry: Registry
    http: httpx.Client
    clock: Clock
    #: What Pennylane's stand-in was asked in the last run, and Fincome's: journal rows.
    asked: list[Row] = field(default_factory=list)

    # --- our side

    def configure(self, mode: str = API, *, target: str = "", connection: str = "") -> None:
        """Write the YAML file, with more lines in the target's block and the connection's."""
        block = mode.format(url=self.url, folder=self.folder)
        text = CONFIGURATION.format(
            url=self.url,
            target="".join(f"      {line}\n" for line in f"{block}\n{target}".splitlines()),
            connection="".join(f"    {line}\n" for line in connection.splitlines()),
        )
        (self.folder / "duebridge.yaml").write_text(text, encoding="utf-8")

    def app(self) -> App:
        """The application by the YAML file as it is now; close it."""
        configuration = load_configuration(self.folder / "duebridge.yaml", self.registry, SECRETS)
        return App(configuration, self.registry, now=self.clock)

    def sync(self, **asked: Any) -> Row:
        """Run the connection once; return its report as `sync --json` has it."""
        before = len(self._json("GET", "/_sandbox/journal"))
        app = self.app()
        try:
            report: Row = app.sync(NAME, **asked).as_json()
        finally:
            app.close()
        self.asked = self._json("GET", "/_sandbox/journal")[before:]
        return report

    def synced(self, **asked: Any) -> Row:
        """A sync that must succeed, with nothing rejected or left open; return the kinds of its report."""
        report = self.sync(**asked)
        assert report["status"] == "succeeded", report
        kinds: Row = report["kinds"]
        assert all(kind["rejected"] == kind["unknown"] == 0 for kind in kinds.values()), report
        return kinds

    def writes(self) -> list[tuple[str, str]]:
        """(path below /product/, id) of everything the last run wrote, in order."""
        rows = (row for row in self.asked if row["product"] == "fincome" and row["method"] != "GET")
        return [(row["path"].partition("/product/")[2], row["body"]["id"]) for row in rows]

    # --- the ledger

    def make(self, collection: str, **values: Any) -> Any:
        """Add an object to the ledger, by Pennylane's own field names; return its id."""
        return self._json("POST", f"/_sandbox/pennylane/{collection}", json=values)["id"]

    def change(self, collection: str, id: int, **values: Any) -> None:
        """Change an object of the ledger, without a trace in its change feed."""
        self._json("PATCH", f"/_sandbox/pennylane/{collection}/{id}", json=values, params={"event": "none"})

    def remove(self, collection: str, id: int) -> None:
        """Remove an object from the ledger."""
        self._json("DELETE", f"/_sandbox/pennylane/{collection}/{id}")

    def switch(self, **settings: Any) -> None:
        """Turn switches of Fincome's stand-in."""
        self._json("PUT", "/_sandbox/settings/fincome", json=settings)

    def ledger(self, collection: str) -> list[Row]:
        """Everything Pennylane lists under a collection."""
        headers = {"Authorization": f"Bearer {SECRETS['PENNYLANE_TOKEN']}"}
        rows: list[Row] = []
        query: Row = {"sort": "id", "limit": 100}
        while True:
            page = self._json("GET", f"/pennylane/api/external/v2/{collection}", params=query, headers=headers)
            rows += page["items"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def day(self, days: int) -> str:
        """The day so many days from today."""
        today: date = self.clock.today()
        return (today + timedelta(days=days)).isoformat()

    # --- what there is at Fincome

    def held(self, collection: str) -> dict[str, Row]:
        """Everything Fincome lists under a collection, by id."""
        rows: list[Row] = []
        while True:
            page = self._fincome(collection, limit=500, offset=len(rows))
            rows += page["items"]
            if len(rows) >= page["total"]:
                break
        assert len({row["id"] for row in rows}) == len(rows), "something is at Fincome twice"
        return {row["id"]: row for row in rows}

    def workbooks(self) -> list[Path]:
        """The files in the workbooks' folder, hidden ones too, oldest first."""
        return sorted((self.folder / "workbooks").iterdir(), key=lambda path: path.stat().st_mtime_ns)

    def rows(self) -> list[Row]:
        """The cells of the newest workbook's rows by header; empty ones are left out."""
        rows = openpyxl.load_workbook(self.workbooks()[-1]).active.iter_rows()  # type: ignore[union-attr]
        headers = [cell.value for cell in next(rows)]
        return [
            {header: cell for header, cell in zip(headers, row, strict=True) if cell.value is not None} for row in rows
        ]

    def _fincome(self, path: str, **query: Any) -> Any:
        headers = {"X-API-Key": SECRETS["FINCOME_API_KEY"]}
        return self._json("GET", f"/fincome/product/{path}", params=query, headers=headers)

    def _json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.http.request(method, self.url + path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None
