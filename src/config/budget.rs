//! How many messages to telephones there may be, and what they may cost.

use std::time::Duration;

use serde_json::json;

use super::{
    destinations::NumberPrefix,
    problem::quoted,
    read::{At, Many, Refusal, Text, Whole, tables},
    value::{DAY, MINUTE, PhoneRegion, Time, word, words},
};

/// One unit of money is so many of these.
pub const MILLIONTHS: i64 = 1_000_000;

/// An amount of money in millionths of its unit, whatever the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money(pub(super) i64);

impl Text for Money {
    const KIND: &'static str = "an amount";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = || {
            Refusal::new(
                format!("{} is not an amount", quoted(text)),
                "digits, and at most six behind a point, as in \"0.0757\"",
            )
        };
        let (units, parts) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(units, 9) || !digits(parts, 6) {
            return Err(refused());
        }
        let parts = format!("{parts:0<6}");
        match (units.parse::<i64>(), parts.parse::<i64>()) {
            (Ok(units), Ok(parts)) => Ok(Self(units * MILLIONTHS + parts)),
            _ => Err(refused()),
        }
    }
    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[0-9]{1,9}(\\.[0-9]{1,6})?$" })
    }
}

/// What currency prices are in: shown, never converted.
#[derive(Clone, Debug)]
pub(super) struct Currency(pub(super) String);

impl Text for Currency {
    const KIND: &'static str = "a currency";

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Refusal::new(
                format!("{} is not a currency", quoted(text)),
                "three capital letters of ISO 4217, as in \"JPY\"",
            ));
        }
        Ok(Self(text.to_owned()))
    }
    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[A-Z]{3}$" })
    }
}

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricedChannel {
    /// Text messages.
    Sms,
    /// Calls.
    Voice,
}

const CHANNELS: [(&str, PricedChannel); 2] = [("sms", PricedChannel::Sms), ("voice", PricedChannel::Voice)];

impl Text for PricedChannel {
    const KIND: &'static str = "a channel";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a channel that has a price", &CHANNELS)
    }
    fn constraint() -> serde_json::Value {
        words(&CHANNELS)
    }
}

tables! {
    /// How many messages with codes go to telephones within a time, and what they may cost. Whoever is refused is told from
    /// when the next one can go and what works meanwhile.
    Budget {
        /// To all numbers of one account within 24 hours.
        per_account: Whole<6, 100_000> = default(60),
        /// Of one account within 24 hours to numbers that are being set up.
        new_per_account: Whole<4, 1000> = default(15),
        /// Telephone numbers that one account may begin to set up within 24 hours.
        new_numbers_per_account: Whole<2, 1000> = default(5),
        /// Asked for from one network (IPv4 /24, IPv6 /56) within an hour.
        per_network: Whole<4, 1_000_000> = default(120),
        /// Calls to one number within 24 hours.
        calls_per_number: Whole<3, 1000> = default(15),
        /// To numbers that differ in the last four digits only, within an hour.
        per_block: Whole<4, 1_000_000> = default(120),
        /// The same to numbers that are being set up.
        new_per_block: Whole<4, 1_000_000> = default(30),
        /// To the numbers of one country within 24 hours.
        per_country: Whole<10, 100_000_000> = default(5000),
        /// All of them within an hour.
        per_hour: Whole<10, 100_000_000> = default(1000),
        /// What all of them may cost within 24 hours, notices included. When it is spent, codes by app still work.
        money: Money = default("500"),
        /// The currency of all amounts here. They are never converted.
        currency: Currency = default("USD"),
        /// A text message, where no `[[budget.price]]` says otherwise.
        sms_price: Money = default("0.10"),
        /// A call, where no `[[budget.price]]` says otherwise.
        voice_price: Money = default("0.20"),
        price: Many<Tariff> = default([]),
        watch: Watch = default({}),
    }

    /// What a message costs. The one with the longest beginning of the number counts, then the one with the country.
    Tariff {
        /// For numbers that begin so.
        prefix: NumberPrefix = optional,
        /// For numbers of this country, two letters of ISO 3166-1.
        country: PhoneRegion = optional,
        /// For this channel. Without it: for both.
        channel: PricedChannel = optional,
        /// Of one message or call.
        price: Money = required,
    }

    /// Watches how many of the codes that go out come back. Numbers that are set up to cause messages give none back.
    Watch {
        /// Do so.
        enabled: bool = default(true),
        /// So far back.
        window: Time<{ 10 * MINUTE }, { 2 * DAY }> = default("24h"),
        /// So many codes whose time is over must have gone to numbers that differ in the last four digits only and were being
        /// set up; a third of it after a pause.
        least: Whole<3, 100_000> = default(15),
        /// The same for all numbers of a country.
        country_least: Whole<10, 1_000_000> = default(200),
        /// In percent: when fewer came back, numbers of this block or country that are no method yet get nothing for a time.
        /// Codes to methods count for nothing here, and go on.
        percent: Whole<1, 90> = default(20),
        /// For so long; each next time twice as long, up to a day. `sekisho delivery resume` ends it.
        pause: Time<{ 5 * MINUTE }, DAY> = default("30m"),
    }
}

/// How many messages to telephones there may be, and what they may cost.
#[derive(Clone, Debug)]
pub struct BudgetConfig {
    /// Of one account in 24 hours.
    pub per_account: u32,
    /// Of one account in 24 hours, to numbers that are being set up.
    pub new_per_account: u32,
    /// Numbers one account may begin to set up in 24 hours.
    pub new_numbers_per_account: u32,
    /// From one network in an hour.
    pub per_network: u32,
    /// Calls to one number in 24 hours.
    pub calls_per_number: u32,
    /// To a block of ten thousand numbers in an hour.
    pub per_block: u32,
    /// The same, to numbers that are being set up.
    pub new_per_block: u32,
    /// To a country in 24 hours.
    pub per_country: u32,
    /// In an hour.
    pub per_hour: u32,
    /// In 24 hours, in millionths.
    pub money: i64,
    /// ISO 4217.
    pub currency: String,
    /// Of a text message, in millionths.
    pub sms_price: i64,
    /// Of a call, in millionths.
    pub voice_price: i64,
    /// What some messages cost.
    pub prices: Vec<PriceConfig>,
    /// How many codes have to come back.
    pub watch: WatchConfig,
}

/// What some messages cost.
#[derive(Clone, Debug)]
pub struct PriceConfig {
    /// `+` and digits.
    pub prefix: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// `None`: both.
    pub channel: Option<PricedChannel>,
    /// In millionths.
    pub price: i64,
}

/// When few codes come back.
#[derive(Clone, Copy, Debug)]
pub struct WatchConfig {
    /// Is it watched?
    pub enabled: bool,
    /// So far back.
    pub window: Duration,
    /// So many codes at least.
    pub least: u32,
    /// The same for a country.
    pub country_least: u32,
    /// In percent.
    pub percent: u32,
    /// The first pause.
    pub pause: Duration,
    /// The longest.
    pub most: Duration,
}

impl BudgetConfig {
    /// What one message costs, in millionths.
    pub fn price(&self, number: &str, country: &str, channel: PricedChannel) -> i64 {
        let fits = |price: &&PriceConfig| {
            price.channel.is_none_or(|one| one == channel)
                && price.prefix.as_ref().is_none_or(|prefix| number.starts_with(prefix.as_str()))
                && price.country.as_ref().is_none_or(|one| one == country)
        };
        let narrow = |price: &&PriceConfig| {
            (price.prefix.as_ref().map_or(0, String::len), price.country.is_some(), price.channel.is_some())
        };
        let otherwise = match channel {
            PricedChannel::Sms => self.sms_price,
            PricedChannel::Voice => self.voice_price,
        };
        self.prices.iter().filter(fits).max_by_key(narrow).map_or(otherwise, |price| price.price)
    }
}

pub(super) fn budget(raw: Budget) -> Option<BudgetConfig> {
    let price = |price: At<Tariff>| {
        Some(PriceConfig {
            prefix: price.value.prefix.map(|prefix| prefix.value.0),
            country: price.value.country.map(|country| country.value.0),
            channel: price.value.channel.map(|channel| channel.value),
            price: price.value.price?.value.0,
        })
    };
    Some(BudgetConfig {
        per_account: raw.per_account?.value.0,
        new_per_account: raw.new_per_account?.value.0,
        new_numbers_per_account: raw.new_numbers_per_account?.value.0,
        per_network: raw.per_network?.value.0,
        calls_per_number: raw.calls_per_number?.value.0,
        per_block: raw.per_block?.value.0,
        new_per_block: raw.new_per_block?.value.0,
        per_country: raw.per_country?.value.0,
        per_hour: raw.per_hour?.value.0,
        money: raw.money?.value.0,
        currency: raw.currency?.value.0,
        sms_price: raw.sms_price?.value.0,
        voice_price: raw.voice_price?.value.0,
        prices: raw.price?.value.0.into_iter().map(price).collect::<Option<_>>()?,
        watch: watch(&raw.watch?.value)?,
    })
}

fn watch(raw: &Watch) -> Option<WatchConfig> {
    Some(WatchConfig {
        enabled: raw.enabled.as_ref()?.value,
        window: raw.window.as_ref()?.value.0,
        least: raw.least.as_ref()?.value.0,
        country_least: raw.country_least.as_ref()?.value.0,
        percent: raw.percent.as_ref()?.value.0,
        pause: raw.pause.as_ref()?.value.0,
        most: Duration::from_hours(24),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_millionth() {
        for (text, millionths) in [("0", 0), ("1", 1_000_000), ("0.0757", 75_700), ("12.000001", 12_000_001)] {
            assert_eq!(Money::parse(text).unwrap().0, millionths, "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "1,5", "1e3", "0.0000001", "1234567890", "１"] {
            assert!(Money::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_narrowest_price_counts() {
        let price = |prefix: Option<&str>, country: Option<&str>, channel, price| PriceConfig {
            prefix: prefix.map(str::to_owned),
            country: country.map(str::to_owned),
            channel,
            price,
        };
        let budget = BudgetConfig {
            per_account: 1,
            new_per_account: 1,
            new_numbers_per_account: 1,
            per_network: 1,
            calls_per_number: 1,
            per_block: 1,
            new_per_block: 1,
            per_country: 1,
            per_hour: 1,
            money: 1,
            currency: "USD".to_owned(),
            sms_price: 10,
            voice_price: 20,
            prices: vec![
                price(None, Some("JP"), None, 30),
                price(None, Some("JP"), Some(PricedChannel::Voice), 40),
                price(Some("+8190"), None, None, 50),
                price(Some("+819012"), None, Some(PricedChannel::Sms), 60),
            ],
            watch: WatchConfig {
                enabled: false,
                window: Duration::ZERO,
                least: 1,
                country_least: 1,
                percent: 1,
                pause: Duration::ZERO,
                most: Duration::ZERO,
            },
        };
        let sms = |number: &str, country: &str| budget.price(number, country, PricedChannel::Sms);
        assert_eq!([sms("+447400123456", "GB"), sms("+818012345678", "JP")], [10, 30]);
        assert_eq!([sms("+819099999999", "JP"), sms("+819012345678", "JP")], [50, 60]);
        let voice = |number: &str, country: &str| budget.price(number, country, PricedChannel::Voice);
        assert_eq!([voice("+447400123456", "GB"), voice("+81312345678", "JP")], [20, 40]);
    }
}
