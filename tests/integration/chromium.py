"""A headless Chromium, driven over its DevTools protocol: one page, real keys and clicks, what it fetched and said."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

from atomic_kit import command

# As tests/tools.tsv has it.
_PROGRAM = "/usr/bin/chromium|/usr/bin/chromium-browser"
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"),
)
_CONTROL, _SHIFT = 2, 8
_CODES = {"Enter": 13, "Escape": 27, "Tab": 9, "Backspace": 8, " ": 32, "Home": 36, "End": 35, "F2": 113}
_CODES |= {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "PageUp": 33, "PageDown": 34}


class Tab:
    """One page of the browser. `said` are errors of the console, `hosts` those it asked for anything."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self.said: list[str] = []
        self.hosts: set[str] = set()
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                result: dict[str, Any] = message["result"]
                return result
            self._hear(message)

    def _hear(self, event: dict[str, Any]) -> None:
        kind, about = event.get("method"), event.get("params", {})
        if kind == "Network.requestWillBeSent":
            self.hosts.add(urlsplit(about["request"]["url"]).netloc)
        elif kind == "Page.javascriptDialogOpening":  # a page that asks whether it may be left
            accept = {"id": next(self._numbers), "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            self._socket.send(json.dumps(accept))
        elif kind == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.said.append(details.get("exception", {}).get("description") or details["text"])
        elif kind == "Runtime.consoleAPICalled" and about["type"] == "error":
            self.said.append(" ".join(str(one.get("value", one.get("description"))) for one in about["args"]))
        elif kind == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.said.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")

    def value(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, expression: str, *, seconds: float = 30) -> Any:
        """Return the value of an expression when it is true; fail when it does not become so in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.value(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"{expression} did not become true in {seconds} s; the page said {self.said}")

    def open(self, address: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=address)

    def resize(self, width: int, height: int) -> None:
        """Give the page a size in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def press(self, key: str, *, control: bool = False, shift: bool = False) -> None:
        """Press and let go a key, by its name in the DOM."""
        modifiers = _CONTROL * control + _SHIFT * shift
        about: dict[str, Any] = {"key": key, "modifiers": modifiers}
        about["windowsVirtualKeyCode"] = _CODES.get(key) or ord(key.upper())
        if key == "Enter":
            about["text"] = "\r"
        elif len(key) == 1 and not control:
            about["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **{name: about[name] for name in about if name != "text"})

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        for letter in text:
            self.press(letter)

    def click(self, selector: str, *, count: int = 1) -> None:
        """Click into the middle of the first element that a selector finds, once it is there."""
        found = f"document.querySelector({json.dumps(selector)})"
        place = f"(r => [r.x + r.width / 2, r.y + r.height / 2])({found}.getBoundingClientRect())"
        self.wait(f"!!{found}")
        x, y = self.value(f"({found}.scrollIntoView({{block: 'nearest'}}), {place})")
        about = {"x": x, "y": y, "button": "left", "clickCount": count}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **about)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select element."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.value(
            f"({found}.value = {json.dumps(value)}, {found}.dispatchEvent(new Event('change', {{bubbles: true}})))"
        )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write a PNG of the page, as far as it is in sight or whole."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """Run a browser with a profile of its own beside the block; its downloads come into `folder`/downloads."""
    profile, downloads = folder / "profile", folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    argv = [_PROGRAM, *_FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
    with command.start(argv, log=folder / "chromium.log"):
        port = _port(profile / "DevToolsActivePort")
        with urlopen(Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT"), timeout=10) as answer:
            target = json.load(answer)
        with connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
            tab = Tab(socket)
            tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
            yield tab


def _port(file: Path) -> int:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if file.is_file() and (text := file.read_text()):
            return int(text.split()[0])
        time.sleep(0.05)
    raise AssertionError("chromium did not start")
