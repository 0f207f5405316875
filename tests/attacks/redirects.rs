//! Group I: after signing in one is where one wanted to go on this host, and nowhere else.

use std::fs;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};

use crate::{
    siege::{Siege, Verdict, hold, statuses},
    support::{
        browser::{Browser, Page, Speaks},
        people::PASSWORD,
    },
};

pub(crate) async fn run(siege: &mut Siege) {
    elsewhere(siege).await;
    here(siege).await;
}

/// Of the same person, who needs no code on it.
fn browser(siege: &Siege) -> Browser {
    let browser = siege.gateway.browser(Speaks::Http1, "en");
    for cookie in Siege::remembered(&siege.browser) {
        browser.plant(&cookie.name, &cookie.value);
    }
    browser
}

async fn password(browser: &Browser, page: &Page) -> Page {
    let form = page.form_with("password");
    browser.submit(page, &form, &[("user_name", "old"), ("password", PASSWORD)]).await
}

async fn sign_out(browser: &Browser) -> Page {
    let page = browser.open("/.sekisho/sign-out").await;
    browser.submit(&page, &page.form_to("/.sekisho/sign-out"), &[]).await
}

/// Signs in at a page that was opened with this target, in each of the names it could have.
async fn ignored(siege: &Siege, target: &str) -> Verdict {
    let escaped: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
    for name in ["to", "rd"] {
        let browser = browser(siege);
        let page = browser.open(&format!("/.sekisho/sign-in?{name}={escaped}")).await;
        hold(!page.body.contains("evil"), || format!("{target} is on the page"))?;
        // A redirect to another origin fails in the browser.
        let page = password(&browser, &page).await;
        hold(page.place() == "/" && page.status == 200, || format!("{name}={target} leads to {}", page.place()))?;
        siege.keep_device(&browser)?;
        sign_out(&browser).await;
    }
    Ok(())
}

async fn all_ignored(siege: &Siege, targets: &[&str]) -> Verdict {
    for target in targets {
        ignored(siege, target).await?;
    }
    Ok(())
}

async fn elsewhere(siege: &mut Siege) {
    siege
        .case("RED-01", "//host", async |siege| all_ignored(siege, &["//evil.example", "///evil.example"]).await)
        .await;
    siege
        .case("RED-02", "backslashes", async |siege| {
            all_ignored(siege, &["/\\evil.example", "\\\\evil.example", "/%5cevil.example"]).await
        })
        .await;
    siege
        .case("RED-04", "schemes", async |siege| {
            all_ignored(
                siege,
                &["javascript:alert(1)//evil", "data:text/html,evil", "HTTPS:evil.example", "https:/evil.example"],
            )
            .await
        })
        .await;
    siege
        .case("RED-05", "user information", async |siege| {
            let host = siege.host();
            all_ignored(siege, &[&format!("https://{host}@evil.example/")]).await
        })
        .await;
    siege
        .case("RED-07", "hosts that begin or end like ours", async |siege| {
            all_ignored(
                siege,
                &["https://localhost.evil.example/", "https://evillocalhost/", "https://localhost./evil"],
            )
            .await
        })
        .await;
    siege
        .case("RED-14", "another port, another scheme", async |siege| {
            all_ignored(siege, &["https://localhost:1/evil", "http://localhost/evil"]).await
        })
        .await;
    siege
        .case("RED-13", "a target somebody changed", async |siege| {
            let page = siege.gateway.browser(Speaks::Http1, "en").open("/orders/7").await;
            let sealed = page.url.query_pairs().find(|(name, _)| name == "to").expect("a target").1.into_owned();
            let middle = sealed.len() / 2;
            let other = if sealed.as_bytes()[middle] == b'A' { 'B' } else { 'A' };
            let changed = format!("{}{other}{}", &sealed[..middle], &sealed[middle + 1..]);
            ignored(siege, &changed).await?;
            let browser = browser(siege);
            let page = password(&browser, &browser.open(&format!("/.sekisho/sign-in?to={sealed}")).await).await;
            hold(page.place() == "/orders/7", || format!("as it was made it leads to {}", page.place()))?;
            siege.keep_device(&browser)?;
            sign_out(&browser).await;
            Ok(())
        })
        .await;
    siege
        .case("RED-16", "where signing out leads", async |siege| {
            let browser = browser(siege);
            password(&browser, &browser.open("/").await).await;
            siege.keep_device(&browser)?;
            let evil = "https%3A%2F%2Fevil.example%2F";
            let page = browser.open(&format!("/.sekisho/sign-out?post_logout={evil}&to={evil}&rd={evil}")).await;
            let page = browser.submit(&page, &page.form_to("/.sekisho/sign-out"), &[]).await;
            hold(page.place().starts_with("/.sekisho/") && !page.body.contains("evil"), || page.place().to_owned())
        })
        .await;
}

async fn here(siege: &mut Siege) {
    siege
        .case("RED-09", "targets without end", async |siege| {
            let browser = browser(siege);
            let long = format!("/{}", "a".repeat(7000));
            let page = browser.open(&long).await;
            hold(page.url.as_str().len() < 2048, || format!("an address of {} bytes", page.url.as_str().len()))?;
            let page = password(&browser, &page).await;
            hold(page.place() == "/", || page.place()[..20].to_owned())?;
            siege.keep_device(&browser)?;
            sign_out(&browser).await;
            Ok(())
        })
        .await;
    siege
        .case("RED-10", "our own pages as targets", async |siege| {
            for target in ["/.sekisho/sign-in", "/.sekisho/sign-out", "/.sekisho/code"] {
                let browser = browser(siege);
                let page = browser.open(target).await;
                hold(page.status == 200, || format!("{target}: {}", page.status))?;
                let page = password(&browser, &browser.open("/.sekisho/sign-in").await).await;
                hold(page.place() == "/", || format!("{target} leads to {}", page.place()))?;
                siege.keep_device(&browser)?;
                sign_out(&browser).await;
            }
            Ok(())
        })
        .await;
    siege
        .case("RED-11", "what was posted without a session", async |siege| {
            let browser = siege.gateway.browser(Speaks::Http1, "en");
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static("text/html"));
            headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
            headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
            headers.insert("origin", HeaderValue::from_str(&browser.origin()).unwrap());
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            let body = Some("note=LOST-AND-FOUND".to_owned());
            let (page, seen) = siege.arriving(browser.send(Method::POST, "/orders/7", headers, body)).await;
            hold(page.status == 303 && seen.is_empty(), || format!("{}", page.status))?;
            let page = browser.follow(page).await.expect("an answer");
            hold(page.text().contains("has to be sent once more"), || page.text())?;
            for file in fs::read_dir(&siege.gateway.settings.directory).expect("the directory").flatten() {
                let bytes = fs::read(file.path()).unwrap_or_default();
                let kept = bytes.windows(14).any(|window| window == b"LOST-AND-FOUND");
                hold(!kept, || format!("it stands in clear in {}", file.file_name().display()))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("RED-12", "scripts are not led to a page", async |siege| {
            for fields in [
                "Accept: application/json\r\n",
                "Accept: */*\r\nSec-Fetch-Mode: cors\r\n",
                "Accept: text/html\r\nSec-Fetch-Mode: cors\r\nHX-Request: true\r\n",
                "Accept: text/html\r\nX-Requested-With: XMLHttpRequest\r\n",
            ] {
                let answers = siege.send(&siege.request("GET /x HTTP/1.1", false, fields, "")).await;
                hold(statuses(&answers) == [401], || format!("{fields:?}: {:?}", statuses(&answers)))?;
                let kind = answers[0].field("content-type");
                hold(kind.starts_with("application/problem+json"), || format!("{fields:?}: {kind}"))?;
            }
            Ok(())
        })
        .await;
}
