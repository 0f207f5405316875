//! Every page in every state, as the samples make them, in real Chromium: axe finds nothing serious or critical in light
//! and dark, nothing sticks out at 320 pixels (which is 400 % zoom of a window of 1280), and forced colours are
//! photographed.

use std::{
    future::IntoFuture as _,
    path::{Path, PathBuf},
    process::Command,
};

use axum::{
    Router,
    extract::{Path as Name, State},
    http::{StatusCode, header},
    routing::get,
};

use crate::chromium::{Chromium, Theme};

/// Has the library's own tests write the samples: only they can make them.
fn write_samples(directory: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let written = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["test", "--quiet", "--lib", "pages_can_be_written_out"])
        .env("SEKISHO_PAGES", directory)
        .output()
        .expect("cargo runs");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
}

/// The pages as they are, each with axe in it: the browser keeps the script, compiled, from one page to the next.
async fn file(
    State(directory): State<PathBuf>,
    Name(name): Name<String>,
) -> Result<([(header::HeaderName, &'static str); 2], Vec<u8>), StatusCode> {
    let (kind, keep) = match Path::new(&name).extension().and_then(|kind| kind.to_str()) {
        Some("html") => ("text/html; charset=utf-8", "no-store"),
        Some("css") => ("text/css; charset=utf-8", "public, max-age=3600"),
        Some("js") => ("text/javascript; charset=utf-8", "public, max-age=3600"),
        Some("svg") => ("image/svg+xml", "public, max-age=3600"),
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep)];
    if name == AXE {
        return Ok((headers, include_bytes!("axe/axe.min.js").to_vec()));
    }
    let mut bytes = std::fs::read(directory.join(&name)).map_err(|_missing| StatusCode::NOT_FOUND)?;
    if kind.starts_with("text/html") {
        bytes.extend_from_slice(format!("<script src=\"/{AXE}\"></script>").as_bytes());
    }
    Ok((headers, bytes))
}

const AXE: &str = "axe.min.js";

/// A page that is wrong in three ways.
const WRONG: &str = "<!doctype html><html><title>x</title><body><input type=text>\
    <p style='color:#eee;background:#fff'>hard to read</p>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_by_everybody() {
    let directory = tempfile::tempdir().unwrap();
    write_samples(directory.path());
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|kind| kind == "html"));
    names.sort();
    assert!(names.len() > 150, "{names:?}");
    std::fs::write(directory.path().join("wrong.html"), WRONG).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pages = Router::new().route("/{name}", get(file)).with_state(directory.path().to_owned());
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(axum::serve(listener, pages).into_future());

    let album = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/samples");
    let (one, other) = tokio::join!(Chromium::start("en"), Chromium::start("en"));
    // The tool itself: a page that is wrong is found wrong.
    one.open(&format!("http://{address}/wrong.html")).await;
    let found = one.axe(None).await.join(" ");
    assert!(["label", "color-contrast", "html-has-lang"].iter().all(|rule| found.contains(rule)), "{found}");
    // One of them waits for its pages while the other works.
    let half = |browser, first: usize| {
        let (names, album) = (&names, &album);
        async move {
            let mut wrong = Vec::new();
            for name in names.iter().skip(first).step_by(2) {
                wrong.extend(look(browser, &format!("http://{address}"), name, album).await);
            }
            wrong
        }
    };
    let (mut wrong, rest) = tokio::join!(half(&one, 0), half(&other, 1));
    wrong.extend(rest);
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

/// One page: light, at 320 pixels, dark, and where it is the page's first state in forced colours.
async fn look(browser: &Chromium, origin: &str, name: &str, album: &Path) -> Vec<String> {
    let stem = name.trim_end_matches(".html");
    browser.prefer("prefers-color-scheme", Theme::Light.as_str()).await;
    browser.open(&format!("{origin}/{name}")).await;
    let mut wrong: Vec<String> = browser.axe(None).await.into_iter().map(|found| format!("{name}: {found}")).collect();
    browser.snap(&album.join(format!("{stem}.light.png")), 400).await;
    let widest = browser.widest_at(320).await;
    if widest > 320.0 {
        wrong.push(format!("{name}: {widest} wide at 320 pixels"));
    }
    // Of all that axe looks at, the theme changes the colours.
    browser.prefer("prefers-color-scheme", Theme::Dark.as_str()).await;
    let dark = browser.axe(Some("color-contrast")).await;
    wrong.extend(dark.into_iter().map(|found| format!("{name} (dark): {found}")));
    if stem.split('.').nth(1) == Some("first") {
        browser.prefer("forced-colors", "active").await;
        browser.snap(&album.join(format!("{stem}.forced.png")), 400).await;
    }
    wrong
}
