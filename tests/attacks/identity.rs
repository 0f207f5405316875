//! Group B: who is there is said by the gateway alone.

use sekisho::{
    account::{Group, UserName},
    store::AccountEdit,
};

use crate::{
    frames::{END_HEADERS, END_STREAM, Ending, HEADERS, Peer, block, frame},
    siege::{Siege, Verdict, hold, statuses},
};

/// Of the defaults; each with spellings that some console folds to it.
const NAMES: [&str; 5] =
    ["X-Sekisho-User", "X-Sekisho-Groups", "X-Sekisho-Email", "X-Sekisho-Name", "X-Sekisho-Assertion"];

pub(crate) async fn run(siege: &mut Siege) {
    spellings(siege).await;
    forwarded(siege).await;
    tokens(siege).await;
    accounts(siege).await;
}

/// One request with these fields, of the person and of nobody, and to the public page: no planted value arrives. The
/// invariants say the rest.
async fn spoofed(siege: &Siege, fields: &str) -> Verdict {
    for (target, signed_in) in [("/x", true), ("/x", false), ("/public/x", true), ("/public/x", false)] {
        let bytes = siege.request(&format!("GET {target} HTTP/1.1"), signed_in, fields, "");
        let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
        hold(matches!(answers.as_slice(), [one] if one.status < 500), || {
            format!("{fields:?}: {:?}", statuses(&answers))
        })?;
        let planted = seen.iter().any(|request| request.contains("planted"));
        hold(!planted, || format!("{fields:?} reached the console at {target}"))?;
        let of_nobody = seen.iter().filter(|_| !signed_in);
        let named = of_nobody.flat_map(|request| &request.headers).find(|(name, _)| name.contains("sekisho"));
        hold(named.is_none(), || format!("nobody came as {named:?}"))?;
    }
    Ok(())
}

async fn spellings(siege: &mut Siege) {
    siege
        .case("IDH-01", "identity fields of a client's own", async |siege| {
            for name in NAMES {
                spoofed(siege, &format!("{name}: planted\r\n")).await?;
            }
            Ok(())
        })
        .await;
    siege
        .case("IDH-02", "with underscores, dots and without anything", async |siege| {
            for name in [
                "X_Sekisho_User",
                "X-Sekisho_User",
                "x_sekisho-user",
                "X.Sekisho.User",
                "XSekishoUser",
                "X--Sekisho-User",
                "X-Sekisho-User_",
            ] {
                spoofed(siege, &format!("{name}: planted\r\n")).await?;
            }
            Ok(())
        })
        .await;
    siege
        .case("IDH-03", "in other cases, and over HTTP/2", async |siege| {
            for name in ["X-SEKISHO-USER", "x-sekisho-user", "X-sEKISHO-uSER"] {
                spoofed(siege, &format!("{name}: planted\r\n{name}: planted too\r\n")).await?;
            }
            for name in ["x-sekisho-user", "x_sekisho_user", "x-forwarded-user"] {
                http2(siege, &[(name, "planted")]).await?;
            }
            Ok(())
        })
        .await;
    siege
        .case("IDH-12", "Connection that names our fields", async |siege| {
            for connection in
                ["close, X-Sekisho-User", "close\r\nConnection: x-sekisho-user", "close, X-SEKISHO-ASSERTION, Host"]
            {
                let bytes = siege.request("GET /x HTTP/1.1", true, "X-Sekisho-User: planted\r\n", "");
                let bytes = String::from_utf8(bytes).unwrap().replacen(
                    "Connection: close",
                    &format!("Connection: {connection}"),
                    1,
                );
                let (answers, seen) = siege.arriving(siege.send(bytes.as_bytes())).await;
                hold(statuses(&answers) == [200] || statuses(&answers) == [400], || {
                    format!("{:?}", statuses(&answers))
                })?;
                let ours = seen.iter().all(|request| {
                    request.all("x-sekisho-user") == ["old"] && request.all("x-sekisho-assertion").len() == 1
                });
                hold(ours, || format!("{connection} takes our fields away"))?;
            }
            Ok(())
        })
        .await;
    siege
        .case("IDH-14", "identity in trailers", async |siege| {
            let trailers = "0\r\nX-Sekisho-User: planted\r\nX_Sekisho_User: planted\r\n\r\n";
            let fields = "Transfer-Encoding: chunked\r\nTrailer: X-Sekisho-User\r\n";
            let bytes = siege.request("POST /x HTTP/1.1", true, fields, trailers);
            let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
            hold(answers.len() == 1, || format!("{:?}", statuses(&answers)))?;
            hold(seen.iter().all(|request| !request.contains("planted")), || "it reached the console".to_owned())
        })
        .await;
    siege
        .case("IDH-15", "identity twice, over HTTP/2", async |siege| {
            http2(siege, &[("x-sekisho-user", "planted"), ("x-sekisho-user", "planted")]).await?;
            http2(siege, &[("x-sekisho-user", "planted\nx")]).await
        })
        .await;
    siege
        .case("IDH-19", "identity at our own pages", async |siege| {
            let bytes = siege.request("GET /.sekisho/sign-in HTTP/1.1", false, "X-Sekisho-User: planted\r\n", "");
            let (answers, seen) = siege.arriving(siege.send(&bytes)).await;
            hold(statuses(&answers) == [200] && seen.is_empty(), || format!("{:?}", statuses(&answers)))?;
            hold(!answers[0].text().contains("planted"), || "it is on the page".to_owned())
        })
        .await;
    siege
        .case("IDH-24", "our cookies stay with us", async |siege| {
            let ours = siege.cookie.replacen("__Host-sekisho=", "", 1);
            let device = siege.browser.cookie("__Host-sekisho-device").expect("a trusted device").value;
            let sent = format!("a=1; __Host-sekisho={ours}; __Host-sekisho-device={device}; b=\"x y\"; c=; __Host-sekisho-csrf=z; d=%20");
            let request = format!("GET /x HTTP/1.1\r\nHost: {}\r\nCookie: {sent}\r\nConnection: close\r\n\r\n", siege.host());
            let (answers, seen) = siege.arriving(siege.send(request.as_bytes())).await;
            hold(statuses(&answers) == [200] && seen.len() == 1, || format!("{:?}", statuses(&answers)))?;
            let kept = seen[0].one("cookie");
            hold(kept == "a=1; b=\"x y\"; c=; d=%20", || "the console's own cookies are not what was sent".to_owned())?;
            hold(!seen[0].contains(&ours) && !seen[0].contains(&device), || "a cookie of ours reached the console".to_owned())
        })
        .await;
}

async fn http2(siege: &Siege, planted: &[(&str, &str)]) -> Verdict {
    let host = siege.host();
    let mut fields = vec![
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", &*host),
        (":path", "/x"),
        ("cookie", &siege.cookie),
    ];
    fields.extend(planted);
    let (ending, seen) = siege
        .arriving(async {
            let mut peer = Peer::open(siege, &[]).await;
            peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields))).await;
            peer.ending(1).await
        })
        .await;
    hold(ending == Ending::Status(200) || ending.is_refusal(), || format!("{planted:?}: {ending:?}"))?;
    hold(seen.iter().all(|request| !request.contains("planted")), || format!("{planted:?} reached the console"))
}

async fn forwarded(siege: &mut Siege) {
    siege
        .case("IDH-06", "the X-Forwarded family", async |siege| {
            let names = ["For", "Host", "Proto", "Port", "Prefix", "Uri", "Server", "Ssl"]
                .map(|name| format!("X-Forwarded-{name}"));
            let others =
                ["X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "Forwarded"];
            for name in names.iter().map(String::as_str).chain(others) {
                spoofed(siege, &format!("{name}: planted\r\n")).await?;
                spoofed(siege, &format!("{}: planted\r\n", name.replace('-', "_"))).await?;
            }
            let spoof = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\n";
            let (_, seen) = siege.arriving(siege.send(&siege.request("GET /x HTTP/1.1", true, spoof, ""))).await;
            let said =
                [seen[0].one("x-forwarded-for"), seen[0].one("x-forwarded-proto"), seen[0].one("x-forwarded-host")];
            hold(said == ["127.0.0.1", "https", &*siege.host()], || format!("{said:?}"))
        })
        .await;
    siege
        .case("IDH-07", "hosts of a client's own in pages", async |siege| {
            let fields = "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Host: evil.example\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n";
            for target in ["/.sekisho/sign-in", "/.sekisho/password-reset", "/orders", "/.sekisho/nothing"] {
                for answer in siege.send(&siege.request(&format!("GET {target} HTTP/1.1"), false, fields, "")).await {
                    hold(!answer.text().contains("evil.example"), || format!("{target}: {}", answer.text()))?;
                }
            }
            Ok(())
        })
        .await;
    siege
        .case("IDH-08", "addresses nobody can read", async |siege| {
            let many = vec!["198.51.100.7"; 1000].join(", ");
            let long = "a".repeat(10 * 1024);
            for value in ["a", &long, &many, "fe80::1%eth0", "1.2.3.4:99999", "\"", "unknown, , ,"] {
                let fields = format!("X-Forwarded-For: {value}\r\n");
                let (answers, seen) =
                    siege.arriving(siege.send(&siege.request("GET /x HTTP/1.1", true, &fields, ""))).await;
                hold(statuses(&answers) == [200], || {
                    format!("{:?}: {:?}", &value[..value.len().min(20)], statuses(&answers))
                })?;
                hold(seen[0].one("x-forwarded-for") == "127.0.0.1", || seen[0].one("x-forwarded-for").to_owned())?;
            }
            Ok(())
        })
        .await;
}

async fn tokens(siege: &mut Siege) {
    siege
        .case("IDH-10", "an assertion of a client's own", async |siege| {
            let own = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.planted";
            spoofed(siege, &format!("X-Sekisho-Assertion: {own}\r\n")).await
        })
        .await;
    siege
        .case("IDH-11", "our assertion is no way in", async |siege| {
            let (_, seen) = siege.arriving(siege.get("/x")).await;
            let assertion = seen[0].one("x-sekisho-assertion").to_owned();
            for field in [
                format!("Authorization: Bearer {assertion}"),
                format!("Cookie: __Host-sekisho={assertion}"),
                format!("X-Sekisho-Assertion: {assertion}"),
            ] {
                let (answers, seen) = siege
                    .arriving(siege.send(&siege.request("GET /x HTTP/1.1", false, &format!("{field}\r\n"), "")))
                    .await;
                hold(statuses(&answers) == [401] && seen.is_empty(), || {
                    format!("{}: {:?}", &field[..20], statuses(&answers))
                })?;
            }
            Ok(())
        })
        .await;
}

async fn set_groups(siege: &Siege, groups: Vec<Group>) {
    let account = siege.gateway.app().find_account("old").await.unwrap().unwrap().account;
    let groups = Some(groups);
    let edit = AccountEdit { user_name: None, email: None, display_name: None, groups, language: None };
    siege.gateway.app().edit_account(&account, &edit).await.unwrap().unwrap();
}

fn many(count: usize) -> Vec<Group> {
    (0..count).map(|number| Group::parse(&format!("group-{number}")).unwrap()).collect()
}

async fn accounts(siege: &mut Siege) {
    let before = siege.gateway.app().find_account("old").await.unwrap().unwrap().account;
    siege
        .case("IDH-17", "names that are not ASCII", async |siege| {
            let edit = async |from: &str, to: &str| {
                let account = siege.gateway.app().find_account(from).await.unwrap().unwrap().account;
                let user_name = Some(UserName::parse(to).unwrap());
                let edit = AccountEdit { user_name, email: None, display_name: None, groups: None, language: None };
                siege.gateway.app().edit_account(&account, &edit).await.unwrap().unwrap();
            };
            let mut last = "old";
            for name in ["関所花子", "zoë", "ñandú_ß", "администратор"] {
                edit(last, name).await;
                last = name;
                let (answers, seen) = siege.arriving(siege.get("/x")).await;
                hold(statuses(&answers) == [200] && seen.len() == 1, || format!("{name}: {:?}", statuses(&answers)))?;
                hold(seen[0].raw.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' '..=b'~')), || {
                    format!("{name} reached the console as it is")
                })?;
                // Percent-encoded UTF-8 in the field, UTF-8 in the statement.
                let field = seen[0].one("x-sekisho-user");
                siege.known_as.borrow_mut().push(field.to_owned());
                let field = percent_encoding::percent_decode_str(field).decode_utf8();
                hold(field.as_deref() == Ok(name), || format!("{name}: {field:?}"))?;
                let claims = seen[0].one("x-sekisho-assertion").split('.').nth(1).unwrap();
                let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
                let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
                hold(claims["preferred_username"] == name, || format!("{name}: {claims}"))?;
            }
            edit(last, "old").await;
            Ok(())
        })
        .await;
    siege.known_as.borrow_mut().truncate(1);
    siege
        .case("IDH-18", "five hundred groups", async |siege| {
            for count in [10, 500, 5000] {
                let groups = many(count);
                let all: Vec<String> = groups.iter().map(|group| group.as_str().to_owned()).collect();
                set_groups(siege, groups).await;
                let mut outcomes = std::collections::BTreeSet::new();
                for _ in 0..3 {
                    let (answers, seen) = siege.arriving(siege.get("/x")).await;
                    outcomes.insert(statuses(&answers));
                    // All of them or nothing: a group that is left out could be the one that takes a right away.
                    let whole = seen.iter().all(|request| {
                        let mut sent: Vec<&str> = request.one("x-sekisho-groups").split(',').collect();
                        let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
                        sent.sort_unstable();
                        all.sort_unstable();
                        sent == all && request.raw.len() < 32 * 1024
                    });
                    hold(whole && (statuses(&answers) == [200]) == (seen.len() == 1), || format!("{count}"))?;
                }
                let one = outcomes.len() == 1 && [200, 503].contains(&outcomes.first().unwrap()[0]);
                hold(one && (count > 10 || outcomes.contains(&vec![200])), || format!("{count}: {outcomes:?}"))?;
                hold(count < 5000 || outcomes.contains(&vec![503]), || format!("{count}: {outcomes:?}"))?;
            }
            set_groups(siege, many(1)).await;
            Ok(())
        })
        .await;
    set_groups(siege, before.groups).await;
}
