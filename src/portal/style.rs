//! The style sheet as it is served: the project's sheet, and the operator's colour made readable on both grounds. The
//! colour never travels inside a page, so the pages need no inline style.

use crate::config::Branding;

const SHEET: &str = include_str!("style.css");
/// What adds comfort where scripts run.
pub(super) const SCRIPT: &str = include_str!("app.js");
/// The mark in the browser's tab.
pub(super) const MARK: &str = include_str!("mark.svg");

/// Contrast of text and of its parts against what is behind it (WCAG 2.2 §1.4.3).
const READABLE: f64 = 4.5;
/// The grounds a brand colour stands on: `--sheet` and `--wash` of each theme; the less favourable one decides.
const LIGHT_GROUND: Rgb = Rgb(0xf0, 0xf4, 0xf2);
const DARK_GROUND: Rgb = Rgb(0x21, 0x28, 0x24);
const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(255, 255, 255);

/// The whole sheet.
pub(super) fn sheet(branding: &Branding) -> String {
    let Some(brand) = branding.colour.as_deref().and_then(Rgb::parse) else { return SHEET.to_owned() };
    let light = brand.readable_on(LIGHT_GROUND, BLACK);
    let dark = brand.readable_on(DARK_GROUND, WHITE);
    format!(
        "{SHEET}\n:root{{--brand:{};--on-brand:{}}}\n@media (prefers-color-scheme:dark){{:root{{--brand:{};--on-brand:{}}}}}\n",
        light.hex(),
        light.ink().hex(),
        dark.hex(),
        dark.ink().hex(),
    )
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rgb(u8, u8, u8);

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self(red, green, blue))
    }

    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance (WCAG 2.2, glossary).
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Black or white text, whichever reads better on it.
    fn ink(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// One step in sixteen towards another colour.
    fn towards(self, other: Self) -> Self {
        let mix = |from: u8, to: u8| {
            let mixed = (u16::from(from) * 15 + u16::from(to) + 8) / 16;
            // Rounding must not stop a step short of the end.
            u8::try_from(mixed).ok().filter(|mixed| *mixed != from).unwrap_or(to)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// The same colour, moved towards `end` just so far that it can be read on `ground`.
    fn readable_on(self, ground: Self, end: Self) -> Self {
        let mut colour = self;
        while colour.contrast(ground) < READABLE && colour != end {
            colour = colour.towards(end);
        }
        colour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_brand_colour_stays_readable_in_both_themes() {
        for text in ["#000000", "#ffffff", "#ffd400", "#1f5c4d", "#e60012", "#777777", "#0000ff", "#7fd1b9"] {
            let brand = Rgb::parse(text).unwrap();
            for (ground, end) in [(LIGHT_GROUND, BLACK), (DARK_GROUND, WHITE)] {
                let colour = brand.readable_on(ground, end);
                assert!(colour.contrast(ground) >= READABLE, "{text} as a link");
                assert!(colour.contrast(colour.ink()) >= READABLE, "{text} under a button's text");
            }
        }
        assert_eq!(
            Rgb::parse("#1f5c4d").unwrap().readable_on(LIGHT_GROUND, BLACK).hex(),
            "#1f5c4d",
            "kept if it can be"
        );
        assert_eq!([Rgb::parse("1f5c4d"), Rgb::parse("#1f5"), Rgb::parse("#1f5c4g")], [None; 3]);
    }

    /// Reads `--name: #rrggbb` of one theme.
    fn token(theme: &str, name: &str) -> Rgb {
        let (_, after) = theme.split_once(&format!("--{name}: ")).unwrap();
        Rgb::parse(after.get(..7).unwrap()).unwrap()
    }

    #[test]
    fn the_tokens_reach_the_contrast_they_need() {
        let (light, rest) = SHEET.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let (dark, _) = rest.split_once("*::before").unwrap();
        for theme in [light, dark] {
            for text in ["ink", "soft", "brand", "bad", "good"] {
                for ground in ["ground", "sheet", "wash", "field"] {
                    let contrast = token(theme, text).contrast(token(theme, ground));
                    assert!(contrast >= READABLE, "--{text} on --{ground}: {contrast:.2}");
                }
            }
            for (text, ground) in [("on-brand", "brand"), ("ink", "bad-wash"), ("bad", "bad-wash")] {
                let contrast = token(theme, text).contrast(token(theme, ground));
                assert!(contrast >= READABLE, "--{text} on --{ground}: {contrast:.2}");
            }
            // WCAG 2.2 §1.4.11: what shows where a field is, and where the focus is.
            for (part, ground) in [("edge", "sheet"), ("edge", "field"), ("focus", "sheet"), ("focus", "halo")] {
                let contrast = token(theme, part).contrast(token(theme, ground));
                assert!(contrast >= 3.0, "--{part} beside --{ground}: {contrast:.2}");
            }
        }
        assert_eq!(token(light, "wash"), LIGHT_GROUND);
        assert_eq!(token(dark, "wash"), DARK_GROUND);
    }

    #[test]
    fn the_sheet_loads_nothing_from_elsewhere() {
        assert!(!SHEET.contains("url(") && !SHEET.contains("@import") && !SHEET.contains("@font-face"));
    }
}
