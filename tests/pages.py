"""Pages read back: what one holds and would load, by parsing and in a browser."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import re
import shutil
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

NOW = datetime(2026, 1, 31, 12, 0)
LOADING = {"src", "srcset", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """What a page holds: ids, pictures, texts, and every address it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append((tag, held))
        self._silent = tag in ("style", "script")
        if held.get("id"):
            self.ids.append(str(held["id"]))
        self.loads += [str(value) for name, value in attrs if name in LOADING]
        if "href" in held:
            (self.links if tag == "a" else self.loads).append(str(held["href"]))

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words = " ".join([self.words, *data.split()])

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [held for name, held in self.tags if name == tag]


def check_self_contained(text: str) -> Page:
    """Raise where a page would load anything, repeats an id, has a dead link, or a picture without words."""
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert all(address.startswith("data:") for address in page.loads), page.loads
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert not re.search(r"url\(|@import", text)
    assert page.named("html")[0]["lang"] == "en"
    for image in page.named("img"):
        assert len(str(image.get("alt"))) > 10
        assert base64.b64decode(str(image["src"]).partition(",")[2])
    return page


def browser() -> tuple[Any, str] | None:
    """Playwright's functions and a Chromium, where both are there."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None or importlib.util.find_spec("playwright") is None:
        return None
    return importlib.import_module("playwright.sync_api"), found


def check_view(view: Any, path: Path) -> None:
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(path.resolve().as_uri())
    view.wait_for_function("[...document.images].every(image => image.complete)")
    assert not said
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert view.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert view.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    view.click("table.sortable thead button >> nth=0")
    assert view.evaluate("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "ascending"
    view.focus("figure.plot img >> nth=0")
    view.keyboard.press("Enter")
    assert view.evaluate("document.querySelector('dialog').open")
    view.keyboard.press("Escape")
    assert not view.evaluate("document.querySelector('dialog').open")
    view.close()
