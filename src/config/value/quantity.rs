//! Durations and sizes with their units, within limits.

use std::time::Duration;

use serde_json::json;

use crate::config::{
    problem::quoted,
    read::{Refusal, Text},
};

pub(in crate::config) const MILLISECOND: u64 = 1;
pub(in crate::config) const SECOND: u64 = 1_000;
pub(in crate::config) const MINUTE: u64 = 60 * SECOND;
pub(in crate::config) const HOUR: u64 = 60 * MINUTE;
pub(in crate::config) const DAY: u64 = 24 * HOUR;

const DURATION_UNITS: [(&str, u64); 5] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MILLISECOND)];

/// A duration within limits, both included, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Time<const MIN: u64, const MAX: u64>(pub(in crate::config) Duration);

impl<const MIN: u64, const MAX: u64> Text for Time<MIN, MAX> {
    const KIND: &'static str = "a duration";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let milliseconds = measure(text, &DURATION_UNITS).ok_or_else(|| {
            Refusal::new(
                format!("{} is not a duration", quoted(text)),
                "a whole number and a unit, ms, s, m, h or d, as in \"10m\"",
            )
        })?;
        within(text, milliseconds, MIN, MAX, &DURATION_UNITS)?;
        Ok(Self(Duration::from_millis(milliseconds)))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[0-9]+ ?(ms|s|m|h|d)$" })
    }

    fn limits() -> Option<String> {
        Some(limits(MIN, MAX, &DURATION_UNITS))
    }
}

pub(in crate::config) const KIB: u64 = 1_024;
pub(in crate::config) const MIB: u64 = 1_024 * KIB;

const SIZE_UNITS: [(&str, u64); 4] = [("GiB", 1_024 * MIB), ("MiB", MIB), ("KiB", KIB), ("B", 1)];

/// A number of bytes within limits, both included.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Size<const MIN: u64, const MAX: u64>(pub(in crate::config) u64);

impl<const MIN: u64, const MAX: u64> Text for Size<MIN, MAX> {
    const KIND: &'static str = "a size";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let bytes = measure(text, &SIZE_UNITS).ok_or_else(|| {
            Refusal::new(
                format!("{} is not a size", quoted(text)),
                "a whole number and a unit, B, KiB, MiB or GiB, as in \"32KiB\"",
            )
        })?;
        within(text, bytes, MIN, MAX, &SIZE_UNITS)?;
        Ok(Self(bytes))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)$" })
    }

    fn limits() -> Option<String> {
        Some(limits(MIN, MAX, &SIZE_UNITS))
    }
}

fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn within(text: &str, amount: u64, min: u64, max: u64, units: &[(&str, u64)]) -> Result<(), Refusal> {
    if (min..=max).contains(&amount) {
        return Ok(());
    }
    Err(Refusal { message: format!("{} is not from {}", quoted(text), limits(min, max, units)), help: None })
}

fn limits(min: u64, max: u64, units: &[(&str, u64)]) -> String {
    format!("{} to {}", in_units(min, units), in_units(max, units))
}

fn in_units(amount: u64, units: &[(&str, u64)]) -> String {
    let whole = units.iter().find(|(_, factor)| amount >= *factor && amount.is_multiple_of(*factor));
    whole.map_or_else(|| amount.to_string(), |(unit, factor)| format!("{}{unit}", amount / factor))
}

/// A duration as it would be written.
pub(in crate::config) fn spoken(duration: Duration) -> String {
    in_units(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATION_UNITS)
}
