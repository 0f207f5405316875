//! The seller console behind the demonstration gateway, written as such consoles were: pages made on the server, tables,
//! its own cookie, absolute redirects, an inline script. It knows nothing of sessions or codes; who is signed in, it
//! reads from the headers the gateway sets. It must stay that way: the gateway is shown in front of something that
//! cannot be changed.

mod data;
mod export;
mod ticker;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use askama::Template;
use axum::{
    Form, Router,
    extract::{FromRequestParts, Path, Query, Request, State},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use data::{FIRST_ORDER, LAST_ORDER, Order, OrderLine, Payment, Product, STAFF, StaffMember, Status};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header, request::Parts};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use ticker::Price;

/// A page deep inside, for the walk-through: an order that can be shipped.
pub const SAMPLE_PATH: &str = "/orders/1238";

/// The console's own session cookie.
const COOKIE: &str = "CONSOLESESSID";
const PAGE_SIZE: usize = 20;
const MOST_SESSIONS: usize = 10_000;
const CARRIERS: [&str; 3] = ["ヤマト運輸", "佐川急便", "日本郵便"];

/// What a running console remembers; at most one shipment an order.
#[derive(Default)]
struct Memory {
    shipments: Mutex<BTreeMap<u32, Shipment>>,
    sessions: AtomicU64,
    /// Who opened which session of the console's own.
    opened_by: Mutex<BTreeMap<String, String>>,
}

/// A session of the console's own, which has nothing to do with the gateway's.
#[derive(Clone)]
struct ConsoleSession {
    id: String,
    by: String,
}

#[derive(Clone)]
struct Shipment {
    carrier: &'static str,
    tracking: String,
    by: String,
}

impl Memory {
    fn shipment(&self, number: u32) -> Option<Shipment> {
        self.shipments.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    fn order(&self, number: u32) -> Option<Order> {
        (FIRST_ORDER..=LAST_ORDER).contains(&number).then(|| {
            let mut order = data::order(number);
            if self.shipment(number).is_some() {
                order.status = Status::Shipped;
            }
            order
        })
    }

    fn orders(&self) -> Vec<Order> {
        data::orders().filter_map(|order| self.order(order.number)).collect()
    }
}

/// The console, for a loopback listener of its own.
pub fn router() -> Router {
    let memory = Arc::new(Memory::default());
    Router::new()
        .route("/", get(dashboard))
        .route("/orders", get(orders))
        .route("/orders/{number}", get(order))
        .route("/orders/{number}/ship", post(ship))
        .route("/inventory", get(inventory))
        .route("/payments", get(payments))
        .route("/users", get(users))
        .route("/upload", get(upload_form).post(upload))
        .route("/export.csv", get(export_csv))
        .route("/ticker", get(ticker_page))
        .route("/ticker/ws", get(ticker::socket))
        .route("/whoami", get(whoami))
        .route("/logout", get(logout).post(logout))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(memory.clone(), keep_session))
        .with_state(memory)
}

/// The console's session of a request.
fn session_of(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = lines.flat_map(cookie::Cookie::split_parse).flatten();
    cookies.find(|cookie| cookie.name() == COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Gives a browser the console's own cookie when it comes without one. Whoever has the cookie is in that session, whoever
/// opened it: such consoles were written so.
async fn keep_session(State(memory): State<Arc<Memory>>, mut request: Request, next: Next) -> Response {
    let came = session_of(request.headers());
    let user =
        request.headers().get("x-sekisho-user").map(|user| String::from_utf8_lossy(user.as_bytes()).into_owned());
    let id = came.clone().unwrap_or_else(|| {
        let number = memory.sessions.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        format!("s{number:08}")
    });
    let by = {
        let mut opened_by = memory.opened_by.lock().unwrap_or_else(PoisonError::into_inner);
        if opened_by.len() >= MOST_SESSIONS {
            opened_by.clear();
        }
        let by = opened_by.entry(id.clone()).or_insert_with(|| user.unwrap_or_else(|| "nobody".to_owned()));
        by.clone()
    };
    request.extensions_mut().insert(ConsoleSession { id: id.clone(), by });
    let mut response = next.run(request).await;
    if came.is_none()
        && let Ok(cookie) = HeaderValue::try_from(format!("{COOKIE}={id}; Path=/; HttpOnly"))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The console's own way out.
async fn logout(State(memory): State<Arc<Memory>>, headers: HeaderMap) -> Response {
    if let Some(id) = session_of(&headers) {
        memory.opened_by.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
    let gone = format!("{COOKIE}=; Path=/; Max-Age=0");
    (StatusCode::FOUND, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, gone)]).into_response()
}

/// Who the gateway says is there.
struct Visitor {
    user: Option<String>,
    groups: Option<String>,
    level: Option<String>,
    session: Option<ConsoleSession>,
}

impl Visitor {
    /// Who opened the console's session, when it was somebody else.
    fn in_the_session_of(&self) -> Option<&str> {
        let (session, user) = (self.session.as_ref()?, self.user.as_ref()?);
        (session.by != *user).then_some(session.by.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let read = |name: &str| {
            let value = parts.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned()).filter(|text| !text.is_empty())
        };
        Ok(Self {
            user: read("x-sekisho-user"),
            groups: read("x-sekisho-groups"),
            level: read("x-sekisho-session-level"),
            session: parts.extensions.get().cloned(),
        })
    }
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the demo console does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "console/dashboard.html")]
struct Dashboard {
    visitor: Visitor,
    counts: Vec<(Status, usize)>,
    latest: Vec<Order>,
    months: Vec<(&'static str, u32)>,
}

async fn dashboard(State(memory): State<Arc<Memory>>, visitor: Visitor) -> Response {
    let mut latest = memory.orders();
    let counts = Status::ALL.map(|status| (status, latest.iter().filter(|o| o.status == status).count())).to_vec();
    latest.truncate(8);
    let months =
        vec![("6月 / Jun", 412), ("7月 / Jul", 538), ("8月 / Aug", 476), ("9月 / Sep", 601), ("10月 / Oct", 655)];
    html(&Dashboard { visitor, counts, latest, months })
}

#[derive(Deserialize)]
struct OrdersQuery {
    status: Option<String>,
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "console/orders.html")]
struct Orders {
    visitor: Visitor,
    status: Option<Status>,
    found: usize,
    rows: Vec<Order>,
    page: usize,
    pages: usize,
}

impl Orders {
    fn shows(&self, status: Status) -> bool {
        self.status == Some(status)
    }
}

async fn orders(State(memory): State<Arc<Memory>>, visitor: Visitor, Query(query): Query<OrdersQuery>) -> Response {
    let status = query.status.as_deref().and_then(Status::parse);
    let mut rows = memory.orders();
    rows.retain(|order| status.is_none_or(|status| order.status == status));
    let found = rows.len();
    let pages = found.div_ceil(PAGE_SIZE).max(1);
    let page = query.page.and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
    let rows = rows.into_iter().skip((page - 1) * PAGE_SIZE).take(PAGE_SIZE).collect();
    html(&Orders { visitor, status, found, rows, page, pages })
}

#[derive(Deserialize)]
struct OrderQuery {
    result: Option<String>,
}

#[derive(Template)]
#[template(path = "console/order.html")]
struct OrderPage {
    visitor: Visitor,
    order: Order,
    shipment: Option<Shipment>,
    carriers: [&'static str; 3],
    result: Option<String>,
}

async fn order(
    State(memory): State<Arc<Memory>>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<OrderQuery>,
) -> Response {
    let Some(order) = number.parse().ok().and_then(|number| memory.order(number)) else {
        return not_found(visitor).await;
    };
    let shipment = memory.shipment(order.number);
    html(&OrderPage { visitor, order, shipment, carriers: CARRIERS, result: query.result })
}

#[derive(Deserialize)]
struct ShipForm {
    carrier: String,
    tracking: String,
}

async fn ship(
    State(memory): State<Arc<Memory>>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(number): Path<String>,
    Form(form): Form<ShipForm>,
) -> Response {
    let Some(order) = number.parse().ok().and_then(|number| memory.order(number)) else {
        return not_found(visitor).await;
    };
    let number = order.number;
    let tracking = form.tracking.trim();
    let tracking_is_right =
        (4..=20).contains(&tracking.len()) && tracking.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let result = match CARRIERS.into_iter().find(|carrier| *carrier == form.carrier) {
        _ if order.status != Status::Unshipped => "closed",
        Some(carrier) if tracking_is_right => {
            let by = visitor.user.unwrap_or_default();
            let shipment = Shipment { carrier, tracking: tracking.to_owned(), by };
            memory.shipments.lock().unwrap_or_else(PoisonError::into_inner).insert(number, shipment);
            "shipped"
        }
        _ => "unreadable",
    };
    redirect(&headers, &format!("/orders/{number}?result={result}"))
}

/// An absolute address, as applications of that age send it: put together from what the request says of itself.
fn redirect(headers: &HeaderMap, path: &str) -> Response {
    let read = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = read("host") else { return StatusCode::BAD_REQUEST.into_response() };
    let scheme = read("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    match HeaderValue::try_from(format!("{scheme}://{host}{path}")) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_unprintable) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[derive(Template)]
#[template(path = "console/inventory.html")]
struct Inventory {
    visitor: Visitor,
    rows: Vec<(Product, u32, u32)>,
}

async fn inventory(visitor: Visitor) -> Response {
    let rows = data::PRODUCTS
        .into_iter()
        .map(|product| {
            let (shelf, ordered) = data::stock(&product);
            (product, shelf, ordered)
        })
        .collect();
    html(&Inventory { visitor, rows })
}

#[derive(Template)]
#[template(path = "console/payments.html")]
struct Payments {
    visitor: Visitor,
    rows: Vec<Payment>,
}

async fn payments(visitor: Visitor) -> Response {
    html(&Payments { visitor, rows: data::payments() })
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct Users {
    visitor: Visitor,
    staff: [StaffMember; 5],
}

async fn users(visitor: Visitor) -> Response {
    html(&Users { visitor, staff: STAFF })
}

#[derive(Template)]
#[template(path = "console/upload.html")]
struct Upload {
    visitor: Visitor,
    received: Option<Received>,
}

struct Received {
    bytes: u64,
    sha256: String,
}

async fn upload_form(visitor: Visitor) -> Response {
    html(&Upload { visitor, received: None })
}

/// Counts the body as it comes and keeps none of it; the digest shows that it came whole.
async fn upload(visitor: Visitor, request: Request) -> Response {
    let mut body = request.into_body();
    let mut bytes = 0_u64;
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return StatusCode::BAD_REQUEST.into_response() };
        let Some(chunk) = frame.data_ref() else { continue };
        bytes = bytes.saturating_add(chunk.len() as u64);
        digest.update(chunk);
    }
    let sha256 = data_encoding::HEXLOWER.encode(digest.finish().as_ref());
    html(&Upload { visitor, received: Some(Received { bytes, sha256 }) })
}

async fn export_csv() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"orders.csv\"; filename*=UTF-8''%E6%B3%A8%E6%96%87%E4%B8%80%E8%A6%A7.csv",
        ),
    ];
    (headers, export::csv()).into_response()
}

#[derive(Template)]
#[template(path = "console/ticker.html")]
struct TickerPage {
    visitor: Visitor,
    prices: Vec<Price>,
}

async fn ticker_page(visitor: Visitor) -> Response {
    html(&TickerPage { visitor, prices: ticker::prices(0) })
}

/// Everything the console received, for tests and for the curious.
async fn whoami(method: Method, uri: Uri, version: Version, headers: HeaderMap) -> Response {
    let mut text = format!("{method} {uri} {version:?}\n");
    for (name, value) in &headers {
        let written = writeln!(text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[derive(Template)]
#[template(path = "console/not_found.html")]
struct NotFound {
    visitor: Visitor,
}

async fn not_found(visitor: Visitor) -> Response {
    (StatusCode::NOT_FOUND, html(&NotFound { visitor })).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use bytes::Bytes;
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    use tower::ServiceExt as _;

    use super::*;

    async fn send(console: &Router, request: http::request::Builder, body: Body) -> (StatusCode, HeaderMap, String) {
        let request = request.header(header::HOST, "console.test:8081").body(body).unwrap();
        let (head, body) = console.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn fetch(console: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
        send(console, Request::get(path), Body::empty()).await
    }

    async fn ship_it(console: &Router, path: &str, form: &'static str, scheme: &str) -> String {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-forwarded-proto", scheme)
            .header("x-sekisho-user", "hanako");
        let (status, headers, _) = send(console, request, Body::from(form)).await;
        assert_eq!(status, StatusCode::FOUND);
        headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn every_page_is_there_in_html() {
        let console = router();
        assert!(fetch(&console, SAMPLE_PATH).await.2.contains("未出荷"), "the walk-through's order can be shipped");
        for path in [
            "/",
            "/orders",
            "/orders?status=hold&page=1",
            "/orders?page=99&status=what",
            SAMPLE_PATH,
            "/inventory",
            "/payments",
            "/users",
            "/upload",
            "/ticker",
        ] {
            let (status, headers, page) = fetch(&console, path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
            assert!(page.contains("/.sekisho/sign-out") && page.ends_with("</html>"), "{path}");
        }
        for path in ["/nothing", "/orders/1", "/orders/99999", "/orders/abc"] {
            assert_eq!(fetch(&console, path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn who_is_signed_in_comes_from_the_headers_and_is_escaped() {
        let console = router();
        let (_, _, page) = fetch(&console, "/").await;
        assert!(page.contains(r#"<b id="user">nobody</b>"#), "{page}");

        let request = Request::get("/orders")
            .header("x-sekisho-user", HeaderValue::from_bytes("花子<script>".as_bytes()).unwrap())
            .header("x-sekisho-groups", "orders,stock")
            .header("x-sekisho-session-level", "2");
        let (_, _, page) = send(&console, request, Body::empty()).await;
        assert!(page.contains(r#"<b id="user">花子&#60;script&#62;</b>"#), "{page}");
        assert!(page.contains("orders,stock") && page.contains(r#"<span id="level">2</span>"#), "{page}");
        assert!(!page.contains("<script>"), "{page}");
    }

    #[tokio::test]
    async fn shipping_an_order_redirects_to_an_absolute_address_and_is_remembered() {
        let console = router();
        let path = format!("{SAMPLE_PATH}/ship");
        let carrier = "carrier=%E3%83%A4%E3%83%9E%E3%83%88%E9%81%8B%E8%BC%B8&tracking=1234-5678";

        let location =
            ship_it(&console, &path, "carrier=%E3%83%A4%E3%83%9E%E3%83%88%E9%81%8B%E8%BC%B8&tracking=%3Cb%3E", "https")
                .await;
        assert_eq!(location, format!("https://console.test:8081{SAMPLE_PATH}?result=unreadable"));
        assert!(fetch(&console, SAMPLE_PATH).await.2.contains("未出荷"), "nothing was written");

        let location = ship_it(&console, &path, carrier, "https").await;
        assert_eq!(location, format!("https://console.test:8081{SAMPLE_PATH}?result=shipped"));
        let (_, _, page) = fetch(&console, &format!("{SAMPLE_PATH}?result=shipped")).await;
        assert!(page.contains("出荷済にしました") && page.contains("ヤマト運輸 1234-5678") && page.contains("hanako"));
        assert!(!page.contains("/ship\""), "it cannot be shipped twice");

        let location = ship_it(&console, &path, carrier, "javascript").await;
        assert_eq!(location, format!("http://console.test:8081{SAMPLE_PATH}?result=closed"));
        assert!(fetch(&router(), SAMPLE_PATH).await.2.contains("未出荷"), "another console starts afresh");
    }

    #[tokio::test]
    async fn the_console_sets_its_own_cookie_once() {
        let console = router();
        let (_, headers, _) = fetch(&console, "/").await;
        assert_eq!(headers[header::SET_COOKIE], "CONSOLESESSID=s00000001; Path=/; HttpOnly");
        let back = Request::get("/").header(header::COOKIE, "theme=old; CONSOLESESSID=s00000001");
        assert!(!send(&console, back, Body::empty()).await.1.contains_key(header::SET_COOKIE));
        assert_eq!(fetch(&console, "/").await.1[header::SET_COOKIE], "CONSOLESESSID=s00000002; Path=/; HttpOnly");
    }

    #[tokio::test]
    async fn whoever_has_the_cookie_is_in_the_session_until_it_is_ended() {
        let console = router();
        let by = |user: &'static str| Request::get("/").header("x-sekisho-user", user);
        let says = |page: &str, by: &str| page.contains(&format!(r#"<span id="console-session-by">{by}</span>"#));
        assert!(says(&send(&console, by("hanako"), Body::empty()).await.2, "hanako"));
        let cookie = "CONSOLESESSID=s00000001";
        let page = send(&console, by("taro").header(header::COOKIE, cookie), Body::empty()).await.2;
        assert!(says(&page, "hanako") && page.contains("session of somebody else"), "{page}");
        let out = send(&console, Request::post("/logout").header(header::COOKIE, cookie), Body::empty()).await;
        assert_eq!((out.0, &out.1[header::LOCATION]), (StatusCode::FOUND, &HeaderValue::from_static("/")));
        let page = send(&console, by("taro").header(header::COOKIE, cookie), Body::empty()).await.2;
        assert!(says(&page, "taro") && !page.contains("session of somebody else"));
    }

    /// Eight chunks of a mebibyte: more than any limit on buffered bodies.
    struct EightMebibytes(u8);

    impl axum::body::HttpBody for EightMebibytes {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
            const CHUNK: Bytes = Bytes::from_static(&[b'x'; 1 << 20]);
            self.0 += 1;
            std::task::Poll::Ready((self.0 <= 8).then_some(Ok(hyper::body::Frame::data(CHUNK))))
        }
    }

    #[tokio::test]
    async fn an_upload_is_counted_and_digested() {
        let console = router();
        let (status, _, page) = send(&console, Request::post("/upload"), Body::new(EightMebibytes(0))).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("<b id=\"bytes\">8388608</b>"), "{page}");
        let digest = ring::digest::digest(&ring::digest::SHA256, &vec![b'x'; 8 << 20]);
        assert!(page.contains(&data_encoding::HEXLOWER.encode(digest.as_ref())), "{page}");
    }

    #[tokio::test]
    async fn the_export_is_a_long_csv_file() {
        let (status, headers, csv) = fetch(&router(), "/export.csv").await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
        assert!(!headers.contains_key(header::CONTENT_LENGTH), "its length is not known beforehand");
        assert!(csv.starts_with("\u{feff}注文番号,"));
        assert_eq!(csv.matches("\r\n").count(), 1 + export::EXPORTED as usize);
        assert!(csv.contains("\r\n1042,") && csv.ends_with("\r\n"));
    }

    #[tokio::test]
    async fn whoami_lists_every_header() {
        let request = Request::get("/whoami?x=1").header("x-sekisho-user", "hanako").header("cookie", "a=b");
        let (_, headers, text) = send(&router(), request, Body::empty()).await;
        assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(text, "GET /whoami?x=1 HTTP/1.1\nx-sekisho-user: hanako\ncookie: a=b\nhost: console.test:8081\n");
    }

    async fn read(
        socket: &mut (impl futures_util::Stream<Item = tokio_tungstenite::tungstenite::Result<Message>> + Unpin),
    ) -> serde_json::Value {
        let text = socket.next().await.unwrap().unwrap().into_text().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[tokio::test]
    async fn the_ticker_sends_prices_and_follows_one_article() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/ticker/ws", listener.local_addr().unwrap());
        let talk = async {
            let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
            let first = read(&mut socket).await;
            assert_eq!(first["tick"], 0);
            assert_eq!(first["prices"].as_array().unwrap().len(), ticker::board().count());

            socket.send("TEA-0101".into()).await.unwrap();
            loop {
                let message = read(&mut socket).await;
                if message.get("prices").is_none() {
                    assert_eq!(message["following"], "TEA-0101");
                    break;
                }
            }
        };
        tokio::select! {
            served = std::future::IntoFuture::into_future(axum::serve(listener, router())) => panic!("{served:?}"),
            () = talk => {}
        }
    }
}
