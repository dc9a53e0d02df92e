"""Takes the picture of the server's page: python docs/figures/shoot.py http://127.0.0.1:8000 writes serve.png here.

Start the server first, with a trained run: python -m minirl.serve runs/roger. The picture needs the package playwright,
and Chromium. Two stages answer the running example, and the first one's least likely token is selected.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent


def shoot(address: str) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium) as browser:
        page = browser.new_page(viewport={"width": 1180, "height": 760}, device_scale_factor=1.5)
        page.goto(address)
        page.check("#stages >> text=after SFT")
        page.click("#go")
        page.wait_for_selector("#live", state="hidden")
        tokens = page.locator(".answer").first.locator(".token.action")
        depths = tokens.evaluate_all("all => all.map(one => parseFloat(one.style.getPropertyValue('--depth')))")
        tokens.nth(depths.index(max(depths))).click()  # the least likely one
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=FOLDER / "serve.png")


if __name__ == "__main__":
    shoot(sys.argv[1])
