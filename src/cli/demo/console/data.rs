//! The console's sample data: a small shop on a Japanese marketplace, the same on every machine and every day. Names,
//! addresses and numbers are made up.

use jiff::civil::{Date, date};

/// Number of the oldest order.
pub(super) const FIRST_ORDER: u32 = 1001;
/// Number of the newest order.
pub(super) const LAST_ORDER: u32 = 1240;
const ORDERS_A_DAY: u32 = 5;
/// The day the data pretends it is.
const TODAY: Date = date(2026, 11, 22);

/// An article in stock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) sku: &'static str,
    pub(super) name: &'static str,
    /// In yen, tax included.
    pub(super) price: u32,
}

pub(super) const PRODUCTS: [Product; 18] = [
    Product { sku: "TEA-0101", name: "宇治煎茶 100g", price: 1_080 },
    Product { sku: "TEA-0102", name: "ほうじ茶ティーバッグ 30個入", price: 864 },
    Product { sku: "TEA-0103", name: "抹茶 缶入 40g", price: 2_160 },
    Product { sku: "CER-0201", name: "波佐見焼 飯碗 青", price: 1_980 },
    Product { sku: "CER-0202", name: "美濃焼 湯呑 黒", price: 1_430 },
    Product { sku: "CER-0203", name: "備前焼 徳利", price: 5_500 },
    Product { sku: "TEX-0301", name: "今治タオル フェイス 2枚組", price: 2_420 },
    Product { sku: "TEX-0302", name: "藍染 手ぬぐい 市松", price: 1_320 },
    Product { sku: "TEX-0303", name: "会津木綿 エプロン", price: 4_180 },
    Product { sku: "KNF-0401", name: "関の包丁 三徳 165mm", price: 7_700 },
    Product { sku: "KNF-0402", name: "越前打刃物 ペティ 120mm", price: 6_380 },
    Product { sku: "PAP-0501", name: "越前和紙 便箋 20枚", price: 770 },
    Product { sku: "PAP-0502", name: "御朱印帳 金襴", price: 2_200 },
    Product { sku: "FOD-0601", name: "利尻昆布 150g", price: 1_944 },
    Product { sku: "FOD-0602", name: "本枯節 かつお削り 80g", price: 1_296 },
    Product { sku: "FOD-0603", name: "柚子胡椒 60g", price: 702 },
    Product { sku: "WOD-0701", name: "曲げわっぱ 弁当箱", price: 9_350 },
    Product { sku: "WOD-0702", name: "若狭塗 夫婦箸", price: 3_300 },
];

const FAMILY_NAMES: [&str; 16] = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
];
const GIVEN_NAMES: [&str; 12] =
    ["花子", "太郎", "美咲", "健一", "由美", "翔太", "恵子", "大輔", "陽子", "拓也", "真理", "浩二"];
const PREFECTURES: [&str; 12] = [
    "東京都",
    "大阪府",
    "北海道",
    "福岡県",
    "愛知県",
    "京都府",
    "宮城県",
    "広島県",
    "沖縄県",
    "長野県",
    "神奈川県",
    "石川県",
];

/// Where an order stands when the console starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Unshipped,
    Shipped,
    OnHold,
    Cancelled,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Unshipped, Self::Shipped, Self::OnHold, Self::Cancelled];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unshipped => "unshipped",
            Self::Shipped => "shipped",
            Self::OnHold => "hold",
            Self::Cancelled => "cancelled",
        }
    }
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Unshipped => "未出荷 / Unshipped",
            Self::Shipped => "出荷済 / Shipped",
            Self::OnHold => "保留 / On hold",
            Self::Cancelled => "キャンセル / Cancelled",
        }
    }
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

#[derive(Clone, Debug)]
pub(super) struct OrderLine {
    pub(super) product: Product,
    pub(super) quantity: u32,
}

impl OrderLine {
    pub(super) const fn amount(&self) -> u32 {
        self.product.price * self.quantity
    }
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) number: u32,
    /// The marketplace's own number.
    pub(super) reference: String,
    pub(super) placed: String,
    pub(super) buyer: String,
    pub(super) address: String,
    pub(super) status: Status,
    pub(super) lines: Vec<OrderLine>,
    pub(super) postage: u32,
}

impl Order {
    pub(super) fn goods(&self) -> u32 {
        self.lines.iter().map(OrderLine::amount).sum()
    }
    pub(super) fn total(&self) -> u32 {
        self.goods() + self.postage
    }
}

/// Order `number`; any number gives one, the console shows [`FIRST_ORDER`] to [`LAST_ORDER`].
pub(super) fn order(number: u32) -> Order {
    let mut dice = Dice::new(u64::from(number));
    let from_newest = LAST_ORDER.saturating_sub(number);
    let age = i64::from(from_newest / ORDERS_A_DAY);
    // A later order of the same day has a later time.
    let slot = 24 * 60 / ORDERS_A_DAY;
    let minute = (ORDERS_A_DAY - 1 - from_newest % ORDERS_A_DAY) * slot + dice.below(slot);
    let placed_on = TODAY.saturating_sub(jiff::Span::new().try_days(age).unwrap_or_default());
    let lines: Vec<OrderLine> = (0..=dice.below(3))
        .map(|_line| OrderLine { product: dice.pick(&PRODUCTS), quantity: 1 + dice.below(3) })
        .collect();
    let status = match (age, dice.below(20)) {
        (_, 0) => Status::Cancelled,
        (_, 1) => Status::OnHold,
        (0..=3, _) => Status::Unshipped,
        _ => Status::Shipped,
    };
    Order {
        number,
        reference: format!("503-{:07}-{:07}", dice.below(10_000_000), number),
        placed: format!("{} {:02}:{:02}", placed_on.strftime("%Y/%m/%d"), minute / 60, minute % 60),
        buyer: format!("{} {}", dice.pick(&FAMILY_NAMES), dice.pick(&GIVEN_NAMES)),
        address: dice.pick(&PREFECTURES).to_owned(),
        status,
        postage: if lines.iter().map(OrderLine::amount).sum::<u32>() >= 5_000 { 0 } else { 550 },
        lines,
    }
}

/// The console's orders, newest first.
pub(super) fn orders() -> impl Iterator<Item = Order> {
    (FIRST_ORDER..=LAST_ORDER).rev().map(order)
}

/// Pieces on the shelf, and on order from the maker.
pub(super) fn stock(product: &Product) -> (u32, u32) {
    let mut dice = Dice::new(u64::from(product.price) * 31 + u64::from(*product.sku.as_bytes().last().unwrap_or(&0)));
    let shelf = dice.below(80);
    (shelf, if shelf < 15 { 50 } else { 0 })
}

#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) number: String,
    pub(super) date: String,
    pub(super) sales: u32,
    pub(super) fee: u32,
    pub(super) paid: bool,
}

impl Payment {
    pub(super) const fn amount(&self) -> u32 {
        self.sales - self.fee
    }
}

/// Fortnightly payouts, newest first.
pub(super) fn payments() -> Vec<Payment> {
    (0_u32..12)
        .map(|n| {
            let mut dice = Dice::new(9_000 + u64::from(n));
            let sales = 180_000 + dice.below(240_000);
            let day = TODAY.saturating_sub(jiff::Span::new().try_days(i64::from(n) * 14).unwrap_or_default());
            Payment {
                number: format!("P{:05}", 412 - n),
                date: day.strftime("%Y/%m/%d").to_string(),
                sales,
                fee: sales / 10,
                paid: n > 0,
            }
        })
        .collect()
}

#[derive(Clone, Copy, Debug)]
pub(super) struct StaffMember {
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    pub(super) may_see_payments: bool,
    pub(super) may_edit_stock: bool,
}

pub(super) const STAFF: [StaffMember; 5] = [
    StaffMember {
        login: "owner",
        name: "店長 / Owner",
        role: "管理者 / Owner",
        may_see_payments: true,
        may_edit_stock: true,
    },
    StaffMember {
        login: "hanako",
        name: "受注担当 花子",
        role: "受注 / Orders",
        may_see_payments: false,
        may_edit_stock: true,
    },
    StaffMember {
        login: "taro",
        name: "倉庫担当 太郎",
        role: "倉庫 / Warehouse",
        may_see_payments: false,
        may_edit_stock: true,
    },
    StaffMember {
        login: "keiri",
        name: "経理担当",
        role: "経理 / Accounting",
        may_see_payments: true,
        may_edit_stock: false,
    },
    StaffMember {
        login: "arubaito",
        name: "短期スタッフ",
        role: "閲覧 / Read only",
        may_see_payments: false,
        may_edit_stock: false,
    },
];

/// `12345` as `12,345`.
pub(super) fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// SplitMix64 (Steele, Lea, Flood 2014): sample data that looks random and never changes.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 up to, not including, `bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.roll() % u64::from(bound.max(1))).unwrap_or(0)
    }

    #[expect(clippy::indexing_slicing, reason = "the remainder is below the length, and no list here is empty")]
    fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        const { assert!(N > 0, "a list to pick from has something in it") }
        from[usize::try_from(self.roll() % N as u64).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_the_same_every_time() {
        let (a, b) = (order(1042), order(1042));
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
        assert_eq!(orders().count(), 240);
        assert_eq!(orders().next().unwrap().number, LAST_ORDER);
        assert!(orders().map(|o| o.placed).is_sorted_by(|newer, older| newer > older), "newest first by time too");
        for status in Status::ALL {
            assert!(orders().any(|o| o.status == status), "{status:?} can be seen");
        }
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
