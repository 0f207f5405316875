//! Market prices over a WebSocket, one message a second. A client may name an article to follow only that one.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Serialize;

use super::data::{Dice, PRODUCTS, Product};

const TICK: Duration = Duration::from_secs(1);
/// A client sends an article number and nothing longer.
const MESSAGE_BYTES: usize = 256;

#[derive(Serialize)]
struct Tick {
    tick: u32,
    prices: Vec<Price>,
}

#[derive(Serialize)]
pub(super) struct Price {
    pub(super) sku: &'static str,
    pub(super) name: &'static str,
    pub(super) yen: u32,
}

/// The articles on the board.
pub(super) fn board() -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().step_by(3)
}

/// Prices at a tick: within a tenth of the list price, and the same for everybody at the same tick.
pub(super) fn prices(tick: u32) -> Vec<Price> {
    board()
        .zip(0_u64..)
        .map(|(product, position)| {
            let swing = product.price / 10;
            let yen = product.price - swing + Dice::new(u64::from(tick) << 8 | position).below(2 * swing + 1);
            Price { sku: product.sku, name: product.name, yen }
        })
        .collect()
}

/// `GET /ticker/ws`.
pub(super) async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MESSAGE_BYTES).on_upgrade(run)
}

async fn run(mut socket: WebSocket) {
    let mut beat = tokio::time::interval(TICK);
    let mut tick = 0_u32;
    let mut followed: Option<&'static str> = None;
    loop {
        tokio::select! {
            _at = beat.tick() => {
                let prices = prices(tick).into_iter().filter(|p| followed.is_none_or(|sku| sku == p.sku)).collect();
                let Ok(text) = serde_json::to_string(&Tick { tick, prices }) else { return };
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
                tick = tick.wrapping_add(1);
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Text(sku))) => {
                    followed = board().map(|p| p.sku).find(|known| *known == sku.as_str());
                    let answer = serde_json::json!({ "following": followed });
                    if socket.send(Message::Text(answer.to_string().into())).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
            }
        }
    }
}
