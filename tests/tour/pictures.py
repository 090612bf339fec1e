"""`make pictures`: the pictures of the README, taken of a demo that has lived through its day. The same seed gives the same day.

Needs chromium, as the tests of the pages do.
"""

import io
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes import NO_BROWSER, Served, browser_program, environment, free_port, started

FOLDER = Path(__file__).with_name("pictures")
DAY_OVER, PATIENCE = "desk verify:", 300
PHONE, DESKTOP = (390, 780), (1180, 860)
GAP, COLOURS = 24, 128
FLAGS = ["--no-sandbox", "--disable-gpu"]


def main() -> int:
    """Live through the day, take every picture, end the demo."""
    chromium = browser_program()
    if chromium is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="desk-pictures-") as folder:
        asked = ("demo", "--port", str(port), "--speed", "3600", "--lang", "en")
        with started(Path(folder), *asked, url=f"http://127.0.0.1:{port}", env=environment(Path(folder))) as demo:
            _wait(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                _take_all(browser, demo.url)
            os.killpg(demo.process.pid, signal.SIGINT)
            demo.process.wait(30)
    print(*sorted(str(file) for file in FOLDER.glob("*.png")), sep="\n")
    return 0


def _wait(demo: Served) -> None:
    deadline = time.monotonic() + PATIENCE
    while DAY_OVER not in demo.output:
        if demo.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(demo.output[-2_000:])
        time.sleep(0.2)


def _take_all(browser: Browser, url: str) -> None:
    _keep("queue", _seat(browser, url, "clerk", "en", DESKTOP))
    phones = [_seat(browser, url, "visitor", language, PHONE) for language in ("zh-CN", "en")]
    poster = _page(browser, "zh-CN", PHONE)
    poster.goto(f"{url}/q/huangshan/north-gate")
    _keep("phone", poster, *phones)
    clerk = _seat(browser, url, "clerk", "en", DESKTOP)
    clerk.goto(f"{url}/desk?view=all")
    clerk.locator(".queue a.reference").first.click()
    _keep("claim", clerk)


def _page(browser: Browser, language: str, size: tuple[int, int]) -> Page:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, locale=language, java_script_enabled=False)
    return context.new_page()


def _seat(browser: Browser, url: str, seat: str, language: str, size: tuple[int, int]) -> Page:
    """A window of somebody who has just taken a seat."""
    page = _page(browser, language, size)
    page.goto(f"{url}/s")
    page.locator(f"button.seat-{seat}").click()
    return page


def _keep(name: str, *pages: Page) -> None:
    """The windows side by side, in few colours, so that a picture weighs little."""
    shots = [Image.open(io.BytesIO(page.screenshot())).convert("RGB") for page in pages]
    width = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    whole, left = Image.new("RGB", (width, max(shot.height for shot in shots)), "white"), 0
    for shot in shots:
        whole.paste(shot, (left, 0))
        left += shot.width + GAP
    whole.quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
