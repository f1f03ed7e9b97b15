"""A headless Chromium with a profile of its own, without a network, and what was asked of it."""

from __future__ import annotations

import base64
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1100,1400"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class Browser:
    """One window."""

    def __init__(self, driver: Any) -> None:  # noqa: ANN401 (selenium's)
        self._driver = driver

    def reset(self) -> None:
        """Forget sizes, media and what was logged."""
        self.command("Emulation.clearDeviceMetricsOverride")
        self.command("Emulation.setEmulatedMedia", media="", features=[])
        self.complaints()

    def open(self, file: Path) -> None:
        self._driver.get_log("performance")  # what was before is forgotten
        self._driver.get(file.as_uri())

    def ask(self, script: str) -> Any:  # noqa: ANN401 (JSON values)
        """The value of a JavaScript expression in the page."""
        return self._driver.execute_script(f"return {script}")

    def command(self, name: str, **parameters: object) -> Any:  # noqa: ANN401 (JSON values)
        """One of the DevTools protocol."""
        return self._driver.execute_cdp_cmd(name, parameters)

    def requests(self) -> list[str]:
        """What was asked of the network, or would have been, since the page was opened."""
        events = (json.loads(entry["message"])["message"] for entry in self._driver.get_log("performance"))
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the console says, such as of a policy that was broken."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def resize(self, width: int, height: int = 900) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def prefer(self, **features: str) -> None:
        """Media features such as `prefers_color_scheme="dark"`."""
        chosen = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", features=chosen)

    def print(self) -> bytes:
        """The page as a PDF on A4."""
        printed = self.command(
            "Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True, printBackground=True
        )
        return base64.b64decode(printed["data"])

    def roles(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is told of."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"] and "role" in node
        ]


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromium-driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # selenium leaves pipes to the driver open
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        try:
            driver.execute_cdp_cmd("Network.enable", {})
            yield Browser(driver)
        finally:
            driver.quit()
