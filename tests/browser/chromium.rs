//! Chromium without a window, through chromedriver: a fresh profile for each person in the story.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::support::eventually;

/// A browser profile with its browser.
pub(crate) struct Chromium {
    client: Client,
    driver: Child,
    process: u64,
    _profile: tempfile::TempDir,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// As CSS and file names spell it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

fn find(names: &[&str], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut candidates = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
    candidates
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{} is missing: apt-get install {package}", names[0]))
}

impl Chromium {
    /// Starts a browser whose person reads this language.
    pub(crate) async fn start(language: &str) -> Self {
        let browser = find(&["chromium", "chromium-browser", "google-chrome"], "chromium");
        let driver = find(&["chromedriver"], "chromium-driver");
        let profile = tempfile::tempdir().expect("a directory");
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env("TMPDIR", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut said = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("successfully on port ").nth(1).map(|port| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        std::thread::spawn(move || said.for_each(drop));

        let data = format!("--user-data-dir={}", profile.path().join("data").display());
        let accept = format!("--accept-lang={language}");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &data,
            &accept,
        ];
        let capabilities = json!({
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": browser,
                "args": arguments,
                "prefs": { "credentials_enable_service": false, "profile.password_manager_leak_detection": false },
            },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{port}")).await;
        let client = client.unwrap_or_else(|e| panic!("chromium does not start: {e}"));
        let process = client.capabilities().and_then(|all| all.get("goog:processID")?.as_u64()).expect("its process");
        Self { client, driver, process, _profile: profile }
    }

    /// Types an address.
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// Where it is.
    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// The one element that fits.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self.client.find_all(Locator::Css(css)).await.expect("an answer");
        assert_eq!(found.len(), 1, "{css} on {}:\n{}", self.url().await, self.text().await);
        found[0].clone()
    }

    /// An attribute of every element that fits.
    pub(crate) async fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        for element in self.client.find_all(Locator::Css(css)).await.expect("an answer") {
            values.extend(element.attr(name).await.expect("an answer"));
        }
        values
    }

    /// Types into a field.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("cleared");
        field.send_keys(text).await.expect("typed");
    }

    /// Ticks a box, chooses a radio button.
    pub(crate) async fn tick(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    /// Follows a link or presses a button, and waits until the next page is there: the driver does not always.
    pub(crate) async fn click(&self, css: &str) {
        self.run("window.leaving = true", Vec::new()).await;
        self.tick(css).await;
        self.arrived().await;
    }

    /// What can be read.
    pub(crate) async fn text(&self) -> String {
        self.run("return document.body.innerText", Vec::new()).await.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Writes `NAME-LANGUAGE-THEME-WIDTH.png` for both themes and both widths, and holds that nothing sticks out of
    /// the page at 320 pixels.
    pub(crate) async fn photograph(&self, directory: &Path, name: &str, language: &str) {
        fs::create_dir_all(directory).expect("a directory");
        for theme in [Theme::Light, Theme::Dark] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme.as_str() }] });
            self.devtools("Emulation.setEmulatedMedia", media).await;
            for width in [1280, 360] {
                self.resize(width).await;
                // The change of theme fades in; a photograph in the middle would show neither.
                self.run("document.getAnimations().forEach(animation => animation.finish())", Vec::new()).await;
                let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"]["height"].clone();
                let clip = json!({ "x": 0, "y": 0, "width": width, "height": size, "scale": 1 });
                let shot = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
                let shot = self.devtools("Page.captureScreenshot", shot).await;
                let image = data_encoding::BASE64.decode(shot["data"].as_str().expect("an image").as_bytes());
                let file = directory.join(format!("{name}-{language}-{}-{width}.png", theme.as_str()));
                fs::write(file, image.expect("base64")).expect("written");
            }
        }
        self.resize(320).await;
        let widest = self.run("return document.documentElement.scrollWidth", Vec::new()).await;
        assert!(widest.as_f64().is_some_and(|w| w <= 320.0), "{name} ({language}) is {widest} wide at 320 pixels");
        self.resize(1280).await;
    }

    /// Sets what the system asks of pages: `prefers-color-scheme`, `forced-colors`, …
    pub(crate) async fn prefer(&self, name: &str, value: &str) {
        let media = json!({ "features": [{ "name": name, "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
        self.run("document.getAnimations().forEach(animation => animation.finish())", Vec::new()).await;
    }

    /// The window as it is at this zoom: as many times fewer pixels of CSS, of 1280 by 1024.
    pub(crate) async fn zoom(&self, times: u32) {
        let metrics =
            json!({ "width": 1280 / times, "height": 1024 / times, "deviceScaleFactor": times, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What it looks like for paper, or `""` for the screen again.
    pub(crate) async fn media(&self, media: &str) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": media, "features": [] })).await;
    }

    /// Writes what a printer would get: one sheet.
    pub(crate) async fn print_as(&self, file: &Path) {
        let printed = self.devtools("Page.printToPDF", json!({ "paperWidth": 8.27, "paperHeight": 11.69 })).await;
        let document = data_encoding::BASE64.decode(printed["data"].as_str().expect("a document").as_bytes());
        let document = document.expect("base64");
        let sheets = String::from_utf8_lossy(&document).matches("/Type /Page\n").count();
        assert_eq!(sheets, 1, "sheets of paper");
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, document).expect("written");
    }

    /// Runs a script in every page from now on, before its own.
    pub(crate) async fn before_each_page(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// One photograph of what is in sight.
    pub(crate) async fn shot(&self, file: &Path) {
        let shot = self.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
        let image = data_encoding::BASE64.decode(shot["data"].as_str().expect("an image").as_bytes());
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, image.expect("base64")).expect("written");
    }

    /// What axe finds that is serious or critical: rule, and what it is about. `only` one rule, or all of them. The page
    /// has brought the script with it.
    pub(crate) async fn axe(&self, only: Option<&str>) -> Vec<String> {
        let script = "const [only, done] = arguments;
            const options = only ? { runOnly: [only], resultTypes: ['violations'] } : { resultTypes: ['violations'] };
            axe.run(document, options).then(
                (found) => done(found.violations
                    .filter((one) => ['serious', 'critical'].includes(one.impact))
                    .map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' '))),
                (error) => done([String(error)]));";
        let found = self.client.execute_async(script, vec![json!(only)]).await.expect("axe runs");
        found.as_array().expect("a list").iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }

    /// How wide the page is where the window is `width` wide.
    pub(crate) async fn widest_at(&self, width: u32) -> f64 {
        self.resize(width).await;
        let widest = self.run("return document.documentElement.scrollWidth", Vec::new()).await;
        self.resize(1280).await;
        widest.as_f64().expect("a width")
    }

    /// One photograph of the whole page as it is now.
    pub(crate) async fn snap(&self, file: &Path, width: u32) {
        self.resize(width).await;
        let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"]["height"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": size, "scale": 1 });
        let shot = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.devtools("Page.captureScreenshot", shot).await;
        let image = data_encoding::BASE64.decode(shot["data"].as_str().expect("an image").as_bytes());
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, image.expect("base64")).expect("written");
    }

    /// Presses keys where the focus is, as a person without a mouse does.
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("pressed");
    }

    /// Presses Enter and waits for the next page.
    pub(crate) async fn enter(&self) {
        self.run("window.leaving = true", Vec::new()).await;
        self.press("\u{e007}").await;
        self.arrived().await;
    }

    /// "Back" or "Forward", and waits until the page there is read.
    pub(crate) async fn walk(&self, back: bool) {
        let before = self.url().await;
        let walked = if back { self.client.back().await } else { self.client.forward().await };
        walked.expect("a page there");
        eventually("the other page", async || {
            let there = self.client.execute("return document.readyState === 'complete'", Vec::new()).await.ok()?;
            (there == Value::Bool(true) && self.url().await != before).then_some(())
        })
        .await;
    }

    /// "Back", where the page there may have the same address.
    pub(crate) async fn back(&self) {
        self.client.back().await.expect("a page there");
        eventually("a page that is read", async || {
            let there = self.client.execute("return document.readyState === 'complete'", Vec::new()).await.ok()?;
            (there == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Waits until the next page is there.
    pub(crate) async fn arrived(&self) {
        eventually("the next page", async || {
            let arrived = "return window.leaving === undefined && document.readyState === 'complete'";
            // Between two pages there is none to ask.
            let arrived = self.client.execute(arrived, Vec::new()).await.ok()?;
            (arrived == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Switches the scripts of pages off or on.
    pub(crate) async fn scripts(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on })).await;
    }

    /// Lets the page read and write the clipboard.
    pub(crate) async fn allow_clipboard(&self) {
        self.devtools(
            "Browser.grantPermissions",
            json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] }),
        )
        .await;
    }

    /// A second tab; the driver stays with the first. Its handle.
    pub(crate) async fn tab(&self) -> String {
        String::from(self.client.new_window(true).await.expect("a tab").handle)
    }

    /// The tab the driver is with.
    pub(crate) async fn current_tab(&self) -> String {
        String::from(self.client.window().await.expect("a tab"))
    }

    /// Goes to a tab.
    pub(crate) async fn switch_to(&self, tab: &str) {
        let handle = fantoccini::wd::WindowHandle::try_from(tab.to_owned()).expect("a handle");
        self.client.switch_to_window(handle).await.expect("the tab");
    }

    async fn resize(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// The value of a cookie that the page's address gets.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        self.client.get_named_cookie(name).await.expect("the cookie").value().to_owned()
    }

    /// Loses a cookie.
    pub(crate) async fn lose_cookie(&self, name: &str) {
        self.client.delete_cookie(name).await.expect("an answer");
    }

    /// Puts one into the browser, for the whole host.
    pub(crate) async fn set_cookie(&self, name: &str, value: &str) {
        let cookie = json!({ "name": name, "value": value, "path": "/", "url": self.url().await });
        self.devtools("Network.setCookie", cookie).await;
    }

    /// Into a frame, once it shows this; what follows is about its page.
    pub(crate) async fn enter_frame(&self, frame: &str, shows: &str) {
        self.find(frame).await.enter_frame().await.expect("the frame");
        self.shows(shows).await;
    }

    /// Back to the window, once it shows this.
    pub(crate) async fn out_of_frames(&self, shows: &str) {
        self.switch_to(&self.current_tab().await).await;
        self.shows(shows).await;
    }

    async fn shows(&self, css: &str) {
        eventually(css, async || {
            let found = self.client.find_all(Locator::Css(css)).await.ok()?;
            (found.len() == 1).then_some(())
        })
        .await;
    }

    /// What the pages complained about since the last call: a broken content security policy, above all.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let lines = self.client.issue_cmd(Extension("se/log", json!({ "type": "browser" }))).await.expect("its log");
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.client.issue_cmd(Extension("goog/cdp/execute", body)).await;
        answer.unwrap_or_else(|e| panic!("{command}: {e}"))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _gone = Command::new("kill").args(["-KILL", &self.process.to_string()]).status();
        let _killed = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}

/// A WebDriver command of Chromium's own.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }
    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}
