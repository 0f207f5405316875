//! Telephone numbers as people type them, read by us and by Google's own library. `phones.tsv` is what that library said
//! (`phones.py` makes it); here stands what follows from it by `product.md` R5, and every place where we differ.

use std::collections::BTreeSet;

use sekisho::account::{NumberKind, PhoneError, PhoneNumber};

const TABLE: &str = include_str!("phones.tsv");

/// What Google's library said of one number.
struct Row<'a> {
    typed: &'a str,
    region: &'a str,
    e164: &'a str,
    class: &'a str,
    extension: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [typed, region, _asked, e164, class, extension] = fields[..] else { panic!("six fields: {line:?}") };
            Row { typed, region, e164, class, extension }
        })
        .collect()
}

/// What follows from Google's answer: which classes can get a code, and that an extension has one to seven digits.
fn expected(row: &Row<'_>) -> String {
    let kind = match row.class {
        "UNREADABLE" | "NOT_VALID" => return "NotANumber".to_owned(),
        "MOBILE" => NumberKind::Mobile,
        "FIXED_LINE" => NumberKind::FixedLine,
        "FIXED_LINE_OR_MOBILE" => NumberKind::FixedLineOrMobile,
        "VOIP" => NumberKind::Voip,
        "TOLL_FREE" | "PREMIUM_RATE" | "SHARED_COST" | "PERSONAL_NUMBER" | "PAGER" | "UAN" | "VOICEMAIL" => {
            return "KindRefused".to_owned();
        }
        other => panic!("{other} is no class of Google's library"),
    };
    if row.extension.len() > 7 {
        return "Extension".to_owned();
    }
    said(row.e164, kind, row.extension)
}

fn said(e164: &str, kind: NumberKind, extension: &str) -> String {
    format!("{e164} {} {extension}", kind.as_str())
}

fn ours(row: &Row<'_>) -> String {
    match PhoneNumber::parse(row.typed, row.region) {
        Ok(number) => said(number.e164(), number.kind(), number.extension().unwrap_or_default()),
        Err(PhoneError::Empty) => "Empty".to_owned(),
        Err(PhoneError::NotANumber) => "NotANumber".to_owned(),
        Err(PhoneError::KindRefused) => "KindRefused".to_owned(),
        Err(PhoneError::Extension) => "Extension".to_owned(),
    }
}

/// Where we say something else: typed, region, what we say, and why that is right.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[];

#[test]
fn the_table_holds_what_it_is_for() {
    let rows = rows();
    assert_eq!(rows.len(), 2000);
    assert_eq!(rows.iter().map(|row| row.region).collect::<BTreeSet<_>>().len(), 20, "countries");
    let japanese = |start: &str| rows.iter().filter(|row| row.e164.starts_with(start)).count();
    for (start, least) in [
        ("+8170", 30),
        ("+8180", 30),
        ("+8190", 30),
        ("+8160", 5),
        ("+8150", 30),
        ("+813", 20),
        ("+816", 20),
        ("+81120", 20),
        ("+81800", 15),
        ("+81570", 15),
        ("+81990", 10),
        ("+8120", 15),
    ] {
        assert!(japanese(start) >= least, "{start}: {}", japanese(start));
    }
    for class in ["MOBILE", "FIXED_LINE", "VOIP", "TOLL_FREE", "PREMIUM_RATE", "PAGER", "UAN", "NOT_VALID"] {
        assert!(rows.iter().any(|row| row.region == "JP" && row.class == class), "{class} in Japan");
    }
    let wide = |row: &&Row<'_>| row.typed.contains(|c| ('０'..='９').contains(&c));
    assert!(rows.iter().filter(wide).count() > 50, "full-width digits");
    assert!(rows.iter().filter(|row| !row.extension.is_empty()).count() > 100, "extensions");
    assert!(rows.iter().filter(|row| row.typed.contains("+81 (0)")).count() > 10, "the trunk prefix after the country");
}

#[test]
fn two_thousand_numbers_are_read_as_googles_library_reads_them() {
    let mut problems = Vec::new();
    let mut differences: BTreeSet<(&str, &str)> =
        DIFFERENCES.iter().map(|(typed, region, ..)| (*typed, *region)).collect();
    for row in rows() {
        let (expected, ours) = (expected(&row), ours(&row));
        if expected == ours {
            continue;
        }
        let known = DIFFERENCES
            .iter()
            .any(|(typed, region, said, _)| *typed == row.typed && *region == row.region && *said == ours);
        if known {
            differences.remove(&(row.typed, row.region));
        } else {
            problems.push(format!("{:?} in {}: {ours}; not {expected} ({})", row.typed, row.region, row.class));
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
    assert!(differences.is_empty(), "no longer differences: {differences:?}");
}
