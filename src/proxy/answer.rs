//! The gateway's own answers outside its pages: sent to the sign-in, refused, or out of order. Decided as plain values,
//! so that they are tested without a socket; they never show what went wrong inside, only a reference.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::head::{ClientKind, Head, OUR_PREFIX, RequestId};
use crate::language::Language;

/// A whole answer.
pub(crate) type Answer = Response<Bytes>;

/// Leads to the sign-in in the way this client understands.
pub(crate) fn sign_in_needed(head: &Head, headers: &HeaderMap, origin: &str, language: Language) -> Answer {
    let location = sign_in_location(&return_target(head, headers, origin));
    match head.client {
        ClientKind::Navigation => {
            let mut answer = own(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Bytes::new());
            set(&mut answer, header::LOCATION, &location);
            answer
        }
        ClientKind::Frame => frame_page(&location, language),
        ClientKind::Api | ClientKind::WebSocket => {
            let body = serde_json::json!({ "error": "sign_in_required", "sign_in_url": format!("{origin}{location}") });
            let mut answer = own(StatusCode::UNAUTHORIZED, "application/json", Bytes::from(body.to_string()));
            set(&mut answer, header::WWW_AUTHENTICATE, "Sekisho realm=\"sekisho\"");
            answer
        }
    }
}

/// Where the person comes back to: this page; or, when coming back would send a form again, the page the form was on.
fn return_target(head: &Head, headers: &HeaderMap, origin: &str) -> String {
    if head.client == ClientKind::Frame || head.client == ClientKind::Navigation {
        if head.method == Method::GET || head.method == Method::HEAD {
            return head.target.clone();
        }
        let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
        let path = referer.and_then(|referer| referer.strip_prefix(origin)).filter(|path| path.starts_with('/'));
        return path.and_then(|path| path.split('#').next()).unwrap_or("/").to_owned();
    }
    "/".to_owned()
}

fn sign_in_location(target: &str) -> String {
    let to: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
    format!("{OUR_PREFIX}sign-in?to={to}")
}

/// Refused, or out of order: a page for people, JSON for programs.
pub(crate) fn problem(status: StatusCode, client: ClientKind, request: &RequestId, language: Language) -> Answer {
    let mut answer = match client {
        ClientKind::Navigation | ClientKind::Frame => problem_page(status, request, language),
        ClientKind::Api | ClientKind::WebSocket => {
            let error = status.canonical_reason().unwrap_or("error").to_ascii_lowercase().replace(' ', "_");
            let body = serde_json::json!({ "error": error, "reference": request.to_string() });
            own(status, "application/json", Bytes::from(body.to_string()))
        }
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(&mut answer, header::RETRY_AFTER, "5");
    }
    set(&mut answer, header::HeaderName::from_static("x-request-id"), &request.to_string());
    answer
}

fn problem_page(status: StatusCode, request: &RequestId, language: Language) -> Answer {
    let text = match (language, status) {
        (Language::En, StatusCode::MISDIRECTED_REQUEST) => "This address isn't served here. Check the address.",
        (Language::Ja, StatusCode::MISDIRECTED_REQUEST) => {
            "このアドレスのページはここにはありません。アドレスをご確認ください。"
        }
        (Language::En, StatusCode::FORBIDDEN) => "You can't open this page. If you need it, ask your administrator.",
        (Language::Ja, StatusCode::FORBIDDEN) => {
            "このページを開くことはできません。必要な場合は管理者にお問い合わせください。"
        }
        (Language::En, status) if status.is_server_error() => {
            "The service can't be reached right now. Wait a moment and open the page again."
        }
        (Language::Ja, status) if status.is_server_error() => {
            "ただいまサービスに接続できません。しばらくしてから、もう一度ページを開いてください。"
        }
        (Language::En, _) => "This request can't be read. Open the page again from the start.",
        (Language::Ja, _) => "リクエストを読み取れませんでした。最初からページを開き直してください。",
    };
    let reference = match language {
        Language::En => "Reference",
        Language::Ja => "お問い合わせ番号",
    };
    html(status, language, &format!("<p>{text}</p>\n<p>{reference}: <code>{request}</code></p>"), "'none'")
}

fn frame_page(location: &str, language: Language) -> Answer {
    let (text, link) = match language {
        Language::En => ("You need to sign in to see this.", "Open the sign-in page"),
        Language::Ja => ("表示するにはログインが必要です。", "ログインページを開く"),
    };
    // `location` is percent-encoded: nothing in it can end the attribute.
    let body = format!("<p>{text}</p>\n<p><a href=\"{location}\" target=\"_top\">{link}</a></p>");
    html(StatusCode::UNAUTHORIZED, language, &body, "'self'")
}

fn html(status: StatusCode, language: Language, body: &str, ancestors: &str) -> Answer {
    let tag = match language {
        Language::En => "en",
        Language::Ja => "ja",
    };
    let page = format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{}</title>\n{body}\n</html>\n",
        status.as_u16()
    );
    let mut answer = own(status, "text/html; charset=utf-8", Bytes::from(page));
    let policy = format!("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}");
    set(&mut answer, header::CONTENT_SECURITY_POLICY, &policy);
    set(&mut answer, header::CONTENT_LANGUAGE, tag);
    answer
}

fn own(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let length = HeaderValue::from(body.len());
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, length);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Which answer it is depends on these.
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Cookie, Accept, Accept-Language, Sec-Fetch-Mode, Sec-Fetch-Dest"),
    );
    answer
}

fn set(answer: &mut Answer, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const ORIGIN: &str = "https://console.test";

    fn needed(method: Method, target: &str, client: ClientKind, referer: Option<&str>) -> Answer {
        let path = target.split('?').next().unwrap().to_owned();
        let address = "127.0.0.1".parse().unwrap();
        let head = Head { method, path, target: target.to_owned(), client, address };
        let mut headers = HeaderMap::new();
        if let Some(referer) = referer {
            headers.insert(header::REFERER, HeaderValue::from_str(referer).unwrap());
        }
        sign_in_needed(&head, &headers, ORIGIN, Language::En)
    }

    fn location(answer: &Answer) -> &str {
        answer.headers()[header::LOCATION].to_str().unwrap()
    }

    #[test]
    fn a_navigation_goes_to_the_sign_in_and_remembers_the_page() {
        let answer = needed(Method::GET, "/orders/42?tab=a&x=1", ClientKind::Navigation, None);
        assert_eq!(answer.status(), 303);
        assert_eq!(location(&answer), "/.sekisho/sign-in?to=%2Forders%2F42%3Ftab%3Da%26x%3D1");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_posted_form_comes_back_to_its_own_page_and_never_to_a_foreign_one() {
        let to = |referer| location(&needed(Method::POST, "/orders", ClientKind::Navigation, referer)).to_owned();
        assert_eq!(to(Some("https://console.test/orders/new?a=1#top")), "/.sekisho/sign-in?to=%2Forders%2Fnew%3Fa%3D1");
        for foreign in [
            None,
            Some("https://evil.test/x"),
            Some("https://console.test.evil/x"),
            Some("https://console.test"),
            Some("nonsense"),
        ] {
            assert_eq!(to(foreign), "/.sekisho/sign-in?to=%2F", "{foreign:?}");
        }
    }

    #[test]
    fn programs_are_told_in_json_and_frames_lead_out() {
        for client in [ClientKind::Api, ClientKind::WebSocket] {
            let answer = needed(Method::GET, "/api/orders", client, None);
            assert_eq!(answer.status(), 401);
            assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
            let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!(body["error"], "sign_in_required");
            assert_eq!(body["sign_in_url"], "https://console.test/.sekisho/sign-in?to=%2F");
        }
        let answer = needed(Method::GET, "/a?x=\"><script>", ClientKind::Frame, None);
        let page = std::str::from_utf8(answer.body()).unwrap();
        assert!(page.contains("target=\"_top\"") && !page.contains("<script>"), "{page}");
    }

    #[test]
    fn problems_show_a_reference_and_nothing_else() {
        let request = RequestId::random(&SystemEntropy::new());
        for status in [400, 403, 405, 421, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap();
            for language in [Language::En, Language::Ja] {
                for client in [ClientKind::Navigation, ClientKind::Api] {
                    let answer = problem(status, client, &request, language);
                    assert_eq!(answer.status(), status);
                    let body = std::str::from_utf8(answer.body()).unwrap();
                    assert!(body.contains(&request.to_string()) && !body.contains("form"), "{body}");
                    assert_eq!(answer.headers()[header::CONTENT_LENGTH], body.len().to_string().as_str());
                }
            }
        }
    }
}
