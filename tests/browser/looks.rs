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

async fn file(
    State(directory): State<PathBuf>,
    Name(name): Name<String>,
) -> Result<([(header::HeaderName, &'static str); 1], Vec<u8>), StatusCode> {
    let kind = match Path::new(&name).extension().and_then(|kind| kind.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let bytes = std::fs::read(directory.join(&name)).map_err(|_missing| StatusCode::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_by_everybody() {
    let directory = tempfile::tempdir().unwrap();
    write_samples(directory.path());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pages = Router::new().route("/{name}", get(file)).with_state(directory.path().to_owned());
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(axum::serve(listener, pages).into_future());

    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|kind| kind == "html"));
    names.sort();
    assert!(names.len() > 150, "{names:?}");
    let browser = Chromium::start("en").await;
    let album = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/samples");
    // The tool itself: a page that is wrong is found wrong.
    browser
        .open("data:text/html,<html><body><input type=text><p style='color:%23eee;background:%23fff'>hard to read</p>")
        .await;
    let found = browser.axe(None).await.join(" ");
    assert!(["label", "color-contrast", "html-has-lang"].iter().all(|rule| found.contains(rule)), "{found}");
    let mut wrong = Vec::new();
    for name in &names {
        browser.prefer("prefers-color-scheme", Theme::Light.as_str()).await;
        browser.open(&format!("http://{address}/{name}")).await;
        wrong.extend(browser.axe(None).await.into_iter().map(|found| format!("{name}: {found}")));
        let stem = name.trim_end_matches(".html");
        browser.snap(&album.join(format!("{stem}.light.png")), 400).await;
        let widest = browser.widest_at(320).await;
        if widest > 320.0 {
            wrong.push(format!("{name}: {widest} wide at 320 pixels"));
        }
        browser.prefer("prefers-color-scheme", Theme::Dark.as_str()).await;
        let dark = browser.axe(Some("color-contrast")).await;
        wrong.extend(dark.into_iter().map(|found| format!("{name} (dark): {found}")));
        if stem.split('.').nth(1) == Some("first") {
            browser.prefer("forced-colors", "active").await;
            browser.snap(&album.join(format!("{stem}.forced.png")), 400).await;
        }
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}
