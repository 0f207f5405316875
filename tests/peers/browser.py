"""Chromium without a window, as a person uses it: selenium over chromedriver, a fresh profile each."""

import shutil
import tempfile
import time
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By

from gateway import PASSWORD, totp
from install import command
from table import hold

NEXT = "form#main button.primary"


class Browser:
    def __init__(self, gateway, people):
        self.gateway, self.people = gateway, people
        self.profile = tempfile.mkdtemp(prefix="sekisho-browser-")
        options = webdriver.ChromeOptions()
        options.accept_insecure_certs = True
        for argument in (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
            "--accept-lang=en",
            f"--user-data-dir={self.profile}",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = command("chromium", "chromium")
        self.driver = webdriver.Chrome(options=options, service=Driver(command("chromedriver", "chromium-driver")))
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(120)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, place):
        self.driver.get(self.gateway.url + place)

    @property
    def place(self):
        """Path and query of the page."""
        url = urllib.parse.urlsplit(self.driver.current_url)
        return url.path + (f"?{url.query}" if url.query else "")

    @property
    def text(self):
        return self.driver.execute_script("return document.body ? document.body.innerText : ''")

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def find(self, css, seconds=15):
        """The first element that fits and can be seen, once there is one."""

        def look():
            return next((element for element in self.all(css) if element.is_displayed()), None)

        return self.eventually(css, look, seconds)

    def eventually(self, what, look, seconds=15):
        until = time.monotonic() + seconds
        while True:
            try:
                found = look()
            except (StaleElementReferenceException, WebDriverException):
                found = None
            if found:
                return found
            if time.monotonic() > until:
                raise AssertionError(f"no {what} on {self.driver.current_url}:\n{self.text[:1500]}")
            time.sleep(0.1)

    def fill(self, css, text):
        field = self.find(css)
        field.clear()
        field.send_keys(text)

    def press(self, css):
        """Presses it and waits for the next page."""
        self.driver.execute_script("window.leaving = true")
        element = self.find(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        self.eventually(
            "next page",
            lambda: self.driver.execute_script(
                "return window.leaving === undefined && document.readyState === 'complete'"
            ),
            30,
        )

    def script(self, text, *arguments):
        return self.driver.execute_async_script(text, *arguments)

    def complaints(self):
        return [line["message"] for line in self.driver.get_log("browser")]

    def cookies(self):
        return "; ".join(f"{one['name']}={one['value']}" for one in self.driver.get_cookies())

    def password(self, name):
        hold("/.sekisho/sign-in" in self.driver.current_url, self.driver.current_url)
        self.fill("[name=user_name]", name)
        self.fill("[name=password]", PASSWORD)
        self.press(NEXT)

    def code(self, name, trust=True):
        if trust:
            self.find("label[for=trust], [name=trust]").click()
        self.fill("[name=code]", self.people.code(name, self.gateway))
        self.press(NEXT)

    def sign_in(self, name, place="/"):
        """Opens a page of the console, signs in with password and code, and is on that page."""
        self.open(place)
        self.password(name)
        self.code(name)
        hold(self.place == place, f"{self.place} in place of {place}: {self.text[:500]}")

    def enrol(self, name):
        """Sets up app and phone, as somebody does at the first sign-in; the key of the app."""
        self.open("/")
        self.password(name)
        self.press(NEXT)
        self.find("label[for=kind-app]").click()
        self.press(NEXT)
        key = "".join(self.find(".key").text.split())
        now = int(time.time())
        self.people.steps[name, None] = now // 30
        self.fill("[name=code]", totp(key, now))
        self.press(NEXT)
        self.find("label[for=kind-sms]").click()
        self.fill("[name=phone]", "090-1234-5678")
        before = max((message["id"] for message in self.gateway.messages()), default=0)
        self.press(NEXT)

        def arrived():
            fresh = [m for m in self.gateway.messages() if m["id"] > before and m["channel"] == "sms" and "#" in m["text"]]
            return fresh and fresh[0]["text"].rsplit("#", 1)[1].strip()[:6]

        self.fill("[name=code]", self.eventually("text message", arrived))
        self.press(NEXT)
        hold("/.sekisho/" in self.place and self.all("main form.aside button.primary"), self.text[:500])
        return key
