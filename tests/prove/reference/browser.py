"""The reference in Chromium: a program for an environment with Playwright, whose argument is JSON.

It prints what it has seen, and ends with an AssertionError if something is not as promised.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

SETTINGS: dict[str, str] = json.loads(sys.argv[1])
URL = SETTINGS["url"]
EXCEPTIONS = json.loads((Path(__file__).parent / "exceptions.json").read_text(encoding="utf-8"))
READING, TRYING = "/docs#/users/create_user", "/docs/try#/profiles/replace_profile"
VIEWS = [(theme, width) for theme in ("light", "dark") for width in (1400, 400)]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Collects in the page what its policy refuses.
WATCH = """window.refused = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.lineNumber}:${event.columnNumber}`));"""
FOCUS = """(() => { const found = document.activeElement, box = found.getBoundingClientRect();
return { tag: found.tagName, name: found.getAttribute('aria-label') || found.textContent.trim() || found.placeholder,
  visible: box.width > 0 && box.height > 0,
  outlined: getComputedStyle(found).outlineStyle !== 'none' || getComputedStyle(found).boxShadow !== 'none' } })()"""

# How bright the background of the page is, from 0 to 255; without one, it is white.
BRIGHTNESS = """(() => {
  for (let found = document.elementFromPoint(5, innerHeight - 5); found; found = found.parentElement) {
    const colour = getComputedStyle(found).backgroundColor.match(/[\\d.]+/g).map(Number);
    if (colour[3] !== 0) return (colour[0] + colour[1] + colour[2]) / 3;
  }
  return 255;
})()"""


class Reference:
    """A browser with the pages of one server."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    @contextmanager
    def opened(self, path: str, theme: str, width: int) -> Iterator[Page]:
        """Open a page, and check at the end that nothing was refused, and nobody else was asked."""
        context = self._browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(30_000)
        asked: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{URL}{path}")
        yield page
        assert page.evaluate("window.refused") == [], page.evaluate("window.refused")
        elsewhere = [url for url in asked if not url.startswith((f"{URL}/", "data:"))]
        assert not elsewhere, f"{path} asks others: {elsewhere}"
        assert not faults, faults
        context.close()


def settled(page: Page) -> None:
    """Wait until the viewer has drawn what the page shows."""
    if "/docs/try" in page.url:
        page.locator(".opblock").first.wait_for()
    else:
        page.locator("#reference :is(h1, h2)").first.wait_for()
        page.locator("[data-testid=search-trigger]", has_text="Search").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def check_view(reference: Reference, path: str, theme: str, width: int) -> None:
    """Check a page in one theme and width: its colours, its width, and what axe says; keep a picture."""
    with reference.opened(path, theme, width) as page:
        settled(page)
        name = f"{re.sub(r'[^a-z]+', '-', path).strip('-')}-{theme}-{width}"
        page.screenshot(path=f"{SETTINGS['pictures']}/{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than {width} pixels"
        light = page.evaluate(BRIGHTNESS)
        assert (light > 128) == (theme == "light"), f"{path} has the brightness {light} in the theme {theme}"
        page.evaluate(Path(SETTINGS["axe"]).read_text(encoding="utf-8"))
        found = page.evaluate("(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } })", RULES)
        counts = Counter({item["id"]: len(item["nodes"]) for item in found["violations"]})
        allowed = {item["rule"]: item["most"] for item in EXCEPTIONS if item["page"] == path}
        wrong = {rule: count for rule, count in counts.items() if count > allowed.get(rule, 0)}
        shown = [
            node["html"][:200] for item in found["violations"] if item["id"] in wrong for node in item["nodes"][:3]
        ]
        assert not wrong, f"{path}, {theme}, {width}: axe finds {wrong}: {shown}"
        print(f"{path} {theme} {width}: {len(found['passes'])} rules of axe pass, excused: {dict(counts)}", flush=True)


def check_reading(reference: Reference) -> None:
    """Find an operation by its link, by the search and by the menu, and look at what it shows."""
    with reference.opened("/docs#/users/get_user", "light", 1400) as page:
        expect(page.get_by_role("heading", name="Read an account")).to_be_in_viewport()
        for badge in ("owner or users:read", "600 requests per minute"):
            expect(page.get_by_text(badge, exact=True).locator("visible=true").first).to_be_visible()
        expect(page.get_by_text(f"curl '{URL}/v1/users/").first).to_be_visible()
        for language, text in (("Python", "client.users.get_user("), ("TypeScript", "await client.users.getUser(")):
            page.locator("[data-testid=dropdown]", has_text="curl" if language == "Python" else "Python").first.click()
            page.get_by_role("menuitem", name=language, exact=True).click()
            expect(page.locator("[data-testid=source-code]", has_text=text).first).to_be_visible()
        page.locator("a[href='./docs/try#/users/get_user']").click()
        page.wait_for_url("**/docs/try#/users/get_user")
        expect(page.locator("#operations-users-get_user .opblock-body")).to_be_visible()
    print("links, badges, samples and the way to the other page: seen")


def check_keyboard(reference: Reference) -> None:
    """Walk with the keyboard alone: the search, the menu, the text."""
    with reference.opened("/docs", "light", 1400) as page:
        settled(page)
        walked = []
        for _ in range(30):
            page.keyboard.press("Tab")
            walked.append(page.evaluate(FOCUS))
        for stop in walked:
            assert stop["visible"], stop
            assert stop["outlined"], stop
            assert stop["name"], stop
        names = [stop["name"] for stop in walked]
        assert names[0].startswith("Search"), names
        assert {"Guides", "Users", "Health", "Copy"} <= set(names), names
        page.keyboard.press("Control+k")
        expect(page.get_by_placeholder("Search docs...")).to_be_focused()
        page.keyboard.type("suspend")
        expect(page.get_by_text("/v1/users/{user_id}/").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/docs#/users/*suspend_user")
        expect(page.get_by_role("heading", name="Suspend an account")).to_be_in_viewport()
    with reference.opened("/docs", "light", 400) as page:
        settled(page)
        page.get_by_test_id("floating-button").click()
        page.get_by_role("link", name="Sessions", exact=True).click()
        page.wait_for_url("**/docs#/sessions")
        expect(page.get_by_text("List and end the sessions of an account.")).to_be_in_viewport()
    print(f"the keyboard alone: {len(walked)} stops, search, and the menu of a phone")


def check_trying(reference: Reference) -> None:
    """Sign in, call get_me, and see that nothing of the session is left after a reload."""
    with reference.opened(TRYING, "light", 1400) as page:
        settled(page)
        for name in ("If-Match", "user_id"):
            expect(page.get_by_placeholder(name, exact=True)).to_have_value("")
        page.locator("#operations-users-create_user .opblock-summary-control").click()
        expect(page.get_by_placeholder("Idempotency-Key")).to_have_value("")

        _get_me(page, 401, "UNAUTHENTICATED")
        page.locator("#sign-in [name=email]").fill("admin@example.com")
        page.locator("#sign-in [name=password]").fill("not the password")
        page.locator("#act").click()
        expect(page.locator("#message")).to_have_text("The address or the password is wrong.")
        page.locator("#sign-in [name=password]").fill(SETTINGS["password"])
        page.locator("#act").click()
        expect(page.locator("#message")).to_have_text("Signed in as admin@example.com, role admin.")
        _get_me(page, 200, "admin@example.com")
        kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
        assert "eyJ" not in page.evaluate(kept), "a token is in a store of the browser"
        assert page.context.cookies() == []

        page.reload()
        settled(page)
        expect(page.locator("#act")).to_have_text("Sign in")
        _get_me(page, 401, "UNAUTHENTICATED")
        page.locator("#sign-in [name=email]").fill("admin@example.com")
        page.locator("#sign-in [name=password]").fill(SETTINGS["password"])
        page.locator("#act").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.locator("#message")).to_have_text("Signed out.")
        _get_me(page, 401, "UNAUTHENTICATED")
    print("sign-in, get_me, reload and sign-out: nothing of the session is left")


def _get_me(page: Page, status: int, text: str) -> None:
    operation = page.locator("#operations-me-get_me")
    if not operation.locator(".opblock-body").count():
        operation.locator(".opblock-summary-control").click()
    operation.locator(".execute").click()
    response = operation.locator(".live-responses-table")
    expect(response.locator(".response-col_status").last).to_contain_text(str(status))
    expect(response).to_contain_text(text)
    operation.get_by_role("button", name="Clear").click()


def main() -> None:
    """Check everything."""
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root.
        browser = playwright.chromium.launch(executable_path=SETTINGS["chromium"], args=["--no-sandbox"])
        reference = Reference(browser)
        for path in ("/docs", READING, TRYING):
            for theme, width in VIEWS:
                check_view(reference, path, theme, width)
        check_reading(reference)
        check_keyboard(reference)
        check_trying(reference)
        browser.close()


if __name__ == "__main__":
    main()
