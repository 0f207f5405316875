//! `sekisho user import`, `edit` and `delete`: every format, every refused line with its reason, nothing secret told.

use std::{fmt::Write as _, fs};

use serde_json::{Value, json};

use crate::world::{Bench, Outcome};

const BCRYPT: &str = "$2b$04$un3zUY67DW5U246Md/tuSe62Q/m4whiyZEYC2UeReZE/XDz/enB8m";
const ARGON2: &str = "$argon2id$v=19$m=96,t=2,p=3$unPHDHK8SbM18WpCMRRHqg$LcdbGFpPs5xXEIFhR5oXpvIw1q5qAbYl";

fn import(bench: &Bench, format: &str, text: &str, more: &[&str]) -> Outcome {
    fs::write(bench.path("accounts"), text).unwrap();
    let told = bench.run(&[&["user", "import", "--format", format, "accounts"], more].concat());
    for secret in [BCRYPT, ARGON2, "un3zUY67", "unPHDHK8", "1234-5678", "12345678"] {
        assert!(!told.stdout.contains(secret) && !told.stderr.contains(secret), "{secret}: {told:?}");
    }
    told
}

fn users(bench: &Bench) -> Vec<Value> {
    bench.run(&["user", "list", "--json"]).succeeds().json().as_array().unwrap().clone()
}

fn csv() -> String {
    format!(
        "user_name,email,display_name,groups,language,password_hash,phone,phone_2\r\n\
         hanako,hanako@example.jp,山田 花子,owner;staff,en,{BCRYPT},090-1234-5678,03-1234-5678\r\n\
         a b,,,,,{BCRYPT},,\r\n\
         jiro,,,,,hunter2hunter2,,\r\n\
         \"saburo\",,\"two\nlines\",,,{BCRYPT},,\r\n\
         Hanako,,,,,{BCRYPT},,\r\n\
         shiro,HANAKO@example.jp,,,,{BCRYPT},,\r\n\
         goro,,,,,{BCRYPT}\r\n\
         rokuro,,,,fr,{BCRYPT},,\r\n\
         nanako,,,,,{BCRYPT},0120-123-456,12345678\r\n\
         hachiro,,,,,$2b$31$un3zUY67DW5U246Md/tuSe62Q/m4whiyZEYC2UeReZE/XDz/enB8m,,\r\n\
         kuro,,,,,\"{ARGON2}\",,\r\n"
    )
}

#[test]
fn a_csv_file_line_by_line() {
    let bench = Bench::new();
    let told = import(&bench, "csv", &csv(), &["--dry-run"]).ends_with(1);
    assert!(
        told.stdout.contains("dry run, nothing was changed; would be imported: 3; would be refused: 8"),
        "{}",
        told.stdout
    );
    assert!(users(&bench).is_empty());

    let told = import(&bench, "csv", &csv(), &[]).ends_with(1).stdout;
    let number = |line: &str| line.strip_prefix("line ")?.split(':').next()?.parse::<u64>().ok();
    let numbers: Vec<u64> = told.lines().filter_map(number).collect();
    assert!(numbers.len() == 10 && numbers.is_sorted(), "in the order of the file: {told}");
    for words in [
        "line 3: the user name: it has a character that is not allowed",
        "line 4: the password hash: this is not a password hash of a kind that can be taken",
        "line 5: the display name: it is at most 100 characters on one line",
        "line 7: line 2 has that user name too",
        "line 8: line 2 has that e-mail address too",
        "line 9: it has 6 fields, the header has 8",
        "line 10: the language: it is ja or en",
        "line 11: imported, but a telephone number is left out: numbers of this kind cannot be used",
        "line 11: imported, but a telephone number is left out: it is not a telephone number",
        "line 12: the password hash: the cost of this bcrypt hash is outside what is taken (4 to 15)",
        "imported: 3; refused: 8",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let names: Vec<Value> = users(&bench).into_iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, ["hanako", "kuro", "nanako"]);
    let hanako = bench.run(&["user", "show", "hanako", "--json"]).succeeds().json();
    assert_eq!(hanako["groups"], json!(["owner", "staff"]));
    assert_eq!((&hanako["language"], &hanako["display_name"]), (&json!("en"), &json!("山田 花子")));
    assert_eq!((&hanako["methods"], &hanako["unproven_numbers"]), (&Value::Null, &json!(["78", "78"])));
    let shown = bench.run(&["user", "show", "hanako"]).succeeds().stdout;
    assert!(shown.contains("ending in 78, from the import; it counts for nothing"), "{shown}");
}

#[test]
fn every_fault_of_a_line_is_told_at_once() {
    let bench = Bench::new();
    let text = "user_name,email,password_hash\na b,nowhere,hunter2hunter2\n";
    let told = import(&bench, "csv", text, &[]).ends_with(1).stdout;
    let line = told.lines().next().unwrap();
    for words in ["line 2: the user name: ", "; the e-mail address: ", "; the password hash: "] {
        assert!(line.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_second_run_imports_what_was_corrected_and_replaces_nothing() {
    let bench = Bench::new();
    import(&bench, "csv", &csv(), &[]).ends_with(1);
    let before = users(&bench);
    let corrected = csv().replace("a b,", "akemi,").replace("山田 花子", "別 人");
    let told = import(&bench, "csv", &corrected, &["--json"]).ends_with(1).json();
    assert_eq!((&told["imported"], &told["refused"], &told["dry_run"]), (&json!(1), &json!(10), &json!(false)));
    let lines = told["lines"].as_array().unwrap();
    assert!(lines.contains(&json!({ "line": 2, "refused": "another account has that user name" })), "{told}");
    let after = users(&bench);
    assert_eq!(after.len(), before.len() + 1);
    assert!(before.iter().all(|user| after.contains(user)), "{after:?}");
}

#[test]
fn a_file_without_a_usable_header_is_refused_whole_and_not_quoted() {
    let bench = Bench::new();
    for (text, words) in [
        (format!("hanako,{BCRYPT}\n"), "column 1 is none of user_name"),
        ("user_name,email\n".to_owned(), "user_name and password_hash are needed"),
        ("user_name,password_hash,user_name\n".to_owned(), "the column user_name twice"),
    ] {
        let told = import(&bench, "csv", &text, &[]).ends_with(1);
        assert!(told.stderr.contains(words) && !told.stderr.contains("hanako"), "{}", told.stderr);
    }
    assert!(users(&bench).is_empty());
    bench.run(&["user", "import", "--format", "csv", "nowhere"]).ends_with(1);
    bench.run(&["user", "import", "--format", "xml", "accounts"]).ends_with(2);
}

#[test]
fn an_htpasswd_file() {
    let bench = Bench::new();
    let text = format!(
        "# people\n\nhanako:{BCRYPT}\ntaro:$apr1$ryq6Wo4Z$/r2lYUrctE28EMcQl0MOF0\r\njiro:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nno colon\n"
    );
    let told = import(&bench, "htpasswd", &text, &[]).ends_with(1).stdout;
    assert!(told.contains("line 5: the password hash: SHA-1 protects no password any more"), "{told}");
    assert!(told.contains("line 6: it has no colon") && told.contains("imported: 2; refused: 2"), "{told}");
    assert_eq!(users(&bench).len(), 2);
}

#[test]
fn an_authelia_users_file() {
    let bench = Bench::new();
    let text = format!(
        "---\n# made by hand\nregulation:\n  - {{a: 1}}\nusers:\n  hanako:\n    disabled: false\n    displayname: '山田 花子'\n    \
         password: '{ARGON2}'  # secret\n    email: hanako@example.jp\n    groups:\n      - admins\n      - dev\n    phone_number: '+81-3-1234-5678'\n    \
         phone_extension: '12'\n    locale: en-GB\n    address: {{street: x}}\n  taro:\n    disabled: true\n    password: &p '{BCRYPT}'\n    email: null\n    groups: []\n  \
         jiro:\n    password: *p\n  saburo: *p\n  shiro:\n    displayname: no password\n"
    );
    let told = import(&bench, "authelia", &text, &[]).ends_with(1).stdout;
    for words in [
        "line 23: \"password\" is no text; aliases are not followed",
        "line 25: it has no attributes of its own; aliases are not followed",
        "line 26: the password hash: there is no usable password",
        "imported: 2; refused: 3",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let users = users(&bench);
    assert_eq!((&users[0]["email"], &users[0]["groups"]), (&json!("hanako@example.jp"), &json!(["admins", "dev"])));
    assert_eq!((&users[0]["language"], &users[0]["display_name"]), (&json!("en"), &json!("山田 花子")));
    assert_eq!((&users[1]["disabled"], &users[1]["email"]), (&json!(true), &Value::Null));

    let broken = format!("users:\n  akemi:\n    password: '{BCRYPT}'\n  b: [\n}}\n");
    let told = import(&bench, "authelia", &broken, &[]).ends_with(1).stdout;
    assert!(told.contains("this is not YAML") && told.contains("imported: 1; refused: 1"), "{told}");
    let told = import(&bench, "authelia", "a: b\n", &[]).ends_with(1);
    assert!(told.stderr.contains("no \"users\"") && told.stdout.is_empty(), "no sums of nothing: {told:?}");
}

#[test]
fn a_django_dump() {
    let bench = Bench::new();
    let user = |name: &str, hash: &str, more: Value| {
        let mut fields = json!({ "username": name, "password": hash, "email": "", "is_active": true, "groups": [] });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "model": "auth.user", "pk": 1, "fields": fields })
    };
    let django = "pbkdf2_sha256$130$MQ7KGvPYdseIjHqF2m3hym$F2HF5H0Sc11hToQjs5FdA6oxHZ3kR2QkNXymh0Mzshw=";
    let dump = json!([
        { "model": "auth.permission", "pk": 1, "fields": { "name": "x" } },
        { "model": "auth.group", "pk": 7, "fields": { "name": "staff", "permissions": [] } },
        user("hanako", django, json!({ "first_name": "花子", "last_name": "山田", "groups": [7, ["owner"]] })),
        user("taro", &format!("argon2{ARGON2}"), json!({ "first_name": "Tarō", "last_name": "Suzuki", "is_active": false })),
        user("jiro", "!Ng3sQdT0pXg", json!({})),
        user("saburo", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", json!({})),
        user("shiro", django, json!({ "groups": [8] })),
    ]);
    let told = import(&bench, "django", &serde_json::to_string_pretty(&dump).unwrap(), &["--language", "en"]);
    let told = told.ends_with(1).stdout;
    for words in [
        "entry 5: the password hash: there is no usable password",
        "entry 6: the password hash: a single MD5 protects no password any more",
        "entry 7: it names a group that is not in the file before it",
        "imported: 2; refused: 3",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let users = users(&bench);
    assert_eq!((&users[0]["groups"], &users[0]["display_name"]), (&json!(["owner", "staff"]), &json!("山田 花子")));
    assert_eq!((&users[1]["disabled"], &users[1]["display_name"]), (&json!(true), &json!("Tarō Suzuki")));
    assert_eq!(users[1]["language"], "en");

    let cut = serde_json::to_string(&json!([user("akemi", django, json!({}))])).unwrap().replace("}]", "},{\"mo");
    let told = import(&bench, "django", &cut, &[]).ends_with(1);
    assert!(told.stderr.contains("after entry 1: this is not the JSON array"), "{}", told.stderr);
    assert!(told.stdout.contains("imported: 1"), "what was read before is imported: {}", told.stdout);
}

#[test]
fn a_refused_line_keeps_no_name_from_the_lines_after_it() {
    let text = format!(
        "user_name,email,password_hash\nhanako,hanako@example.jp,hunter2hunter2\nhanako,hanako@example.jp,{BCRYPT}\n\
         Hanako,h@example.jp,{BCRYPT}\njiro,hanako@example.jp,{BCRYPT}\njiro,,{BCRYPT}\n"
    );
    for more in [&["--dry-run"][..], &[]] {
        let bench = Bench::new();
        let told = import(&bench, "csv", &text, more).ends_with(1).stdout;
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("line 2: the password hash: "), "{told}");
        assert_eq!(lines[1], "line 4: line 3 has that user name too", "{told}");
        assert_eq!(lines[2], "line 5: line 3 has that e-mail address too", "{told}");
        assert!(lines[3].contains("imported: 2") || lines[3].contains("would be imported: 2"), "{told}");
    }
}

#[test]
fn authelias_disabled_accounts_stay_disabled_and_unclear_ones_outside() {
    let bench = Bench::new();
    let (mut text, mut disabled, mut refused) = ("users:\n".to_owned(), Vec::new(), Vec::new());
    for (index, (value, outcome)) in [
        ("yes", Some(true)),
        ("Yes", Some(true)),
        ("y", Some(true)),
        ("on", Some(true)),
        ("ON", Some(true)),
        ("TRUE", Some(true)),
        ("no", Some(false)),
        ("Off", Some(false)),
        ("False", Some(false)),
        ("1", None),
        ("0", None),
        ("'yes'", None),
        ("tRUE", None),
        ("", None),
        ("null", None),
        ("[true]", None),
        ("{a: true}", None),
        ("*flag", None),
        ("true\n    disabled: false", None),
    ]
    .into_iter()
    .enumerate()
    {
        let anchor = if index == 0 { "&flag " } else { "" };
        writeln!(text, "  u{index:02}:\n    password: '{BCRYPT}'\n    disabled: {anchor}{value}").unwrap();
        match outcome {
            Some(outcome) => disabled.push((format!("u{index:02}"), outcome)),
            None => refused.push(value),
        }
    }
    writeln!(
        text,
        "  base: &base\n    password: '{BCRYPT}'\n    disabled: yes\n  merged:\n    <<: *base\n    password: '{BCRYPT}'\n  \
         grouped:\n    password: '{BCRYPT}'\n    groups: staff\n  nested:\n    password: '{BCRYPT}'\n    groups: [[staff]]\n  \
         listed:\n    password: '{BCRYPT}'\n    email: [a@example.jp]"
    )
    .unwrap();
    let told = import(&bench, "authelia", &text, &[]).ends_with(1).stdout;
    let unclear = told.lines().filter(|line| line.contains("\"disabled\" is neither true nor false")).count();
    assert_eq!(unclear, refused.len() - 1, "{told}");
    for words in [
        "it has \"disabled\" twice",
        "it takes attributes from elsewhere; aliases are not followed",
        "\"groups\" is no list",
        "a group is no text",
        "\"email\" is no text",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    disabled.insert(0, ("base".to_owned(), true));
    let made: Vec<(String, bool)> = users(&bench)
        .iter()
        .map(|user| (user["name"].as_str().unwrap().to_owned(), user["disabled"] == true))
        .collect();
    assert_eq!(made, disabled);

    // What cannot be read on is not taken for an account's end.
    let bench = Bench::new();
    let mut cut =
        format!("users:\n  akemi:\n    password: '{BCRYPT}'\n  taro:\n    password: '{BCRYPT}'\n").into_bytes();
    cut.extend_from_slice(b"    displayname: \xff\n    disabled: true\n");
    fs::write(bench.path("accounts"), cut).unwrap();
    let told = bench.run(&["user", "import", "--format", "authelia", "accounts"]).ends_with(1).stdout;
    assert!(told.contains("it is not UTF-8") && told.contains("imported: 1; refused: 1"), "{told}");
    assert_eq!(users(&bench)[0]["name"], "akemi");
}

#[test]
fn djangos_inactive_users_stay_disabled_and_unclear_entries_outside() {
    let bench = Bench::new();
    let hash = format!("argon2{ARGON2}");
    let user = |name: &str, more: Value| {
        let mut fields = json!({ "username": name, "password": hash, "is_active": true, "groups": [] });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "model": "auth.user", "pk": 1, "fields": fields })
    };
    let odd = [
        (user("a", json!({ "is_active": 0 })), "its \"is_active\" is neither true nor false"),
        (user("b", json!({ "is_active": "no" })), "its \"is_active\" is neither true nor false"),
        (user("c", json!({ "is_active": null })), "its \"is_active\" is neither true nor false"),
        (json!("text"), "it is no object"),
        (json!(null), "it is no object"),
        (json!([1]), "it is no object"),
        (json!({ "pk": 1 }), "it does not say of which \"model\" it is"),
        (json!({ "model": "auth.user", "fields": { "username": "d" } }), "it has no \"password\""),
        (
            json!({ "model": "shop.seller", "fields": { "username": "d", "last_login": null } }),
            "it has no \"password\"",
        ),
        (json!({ "model": "auth.user", "fields": [] }), "it has no \"fields\""),
        (user("e", json!({ "password": 1 })), "its \"password\" is no text"),
        (user("f", json!({ "groups": "staff" })), "its \"groups\" are no list"),
        (user("g", json!({ "groups": null })), "its \"groups\" are no list"),
        (user("h", json!({ "groups": [true] })), "one of its \"groups\" is no key of a group"),
        (user("i", json!({ "groups": [["a", "b"]] })), "one of its \"groups\" is no key of a group"),
        (user("j", json!({ "email": 1 })), "its \"email\" is no text"),
        (user("k", json!({ "groups": [8] })), "it names a group that is not in the file before it"),
        (json!({ "model": "auth.group", "pk": 9, "fields": {} }), "the group has no key or no name"),
    ];
    let mut dump: Vec<Value> = odd.iter().map(|(entry, _)| entry.clone()).collect();
    dump.insert(0, json!({ "model": "shop.group", "pk": 8, "fields": { "name": "other" } }));
    dump.push(user("inactive", json!({ "is_active": false })));
    let mut own = user("own", json!({}));
    own["model"] = json!("shop.seller");
    own["fields"].as_object_mut().unwrap().remove("is_active");
    dump.push(own);
    let told = import(&bench, "django", &serde_json::to_string(&dump).unwrap(), &["--json"]).ends_with(1).json();
    let expected: Vec<Value> = (2..).zip(&odd).map(|(entry, (_, why))| json!([entry, why])).collect();
    let lines = told["lines"].as_array().unwrap();
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(line["entry"], expected[0], "{told}");
        let why = line["refused"].as_str().unwrap();
        assert!(why.starts_with(expected[1].as_str().unwrap()), "{why}: {expected}");
    }
    let made: Vec<(Value, Value)> =
        users(&bench).iter().map(|user| (user["name"].clone(), user["disabled"].clone())).collect();
    assert_eq!(made, [(json!("inactive"), json!(true)), (json!("own"), json!(false))]);
}

#[test]
fn one_field_of_megabytes_refuses_its_line_alone() {
    let long = "x".repeat(3_000_000);
    let user = |name: &str, email: &str| {
        json!({ "model": "auth.user", "pk": 1, "fields": {
            "username": name, "password": format!("argon2{ARGON2}"), "email": email, "is_active": true, "bio": long,
        } })
    };
    let many =
        json!({ "model": "auth.user", "fields": { "username": "many", "password": "", "groups": vec![1; 100_000] } });
    let django = json!([user("before", ""), user("long", &long), user(&long, ""), many, user("after", "")]).to_string();
    let csv = format!(
        "user_name,display_name,password_hash\nbefore,,{BCRYPT}\nlong,{long},{BCRYPT}\n{long},,{BCRYPT}\nafter,,{BCRYPT}\n"
    );
    let htpasswd = format!("before:{BCRYPT}\nlong:{long}\n{long}\nafter:{BCRYPT}\n");
    let entry = |name: &str, what: &str| format!("  {name}:\n    password: '{BCRYPT}'\n    displayname: {what}\n");
    let groups = "\n    groups:\n".to_owned() + &"      - a\n".repeat(5_000);
    let authelia =
        ["users:\n", &entry("before", ""), &entry("long", &long), &entry("block", &format!("|\n      {long}"))]
            .concat()
            + &entry("many", &groups)
            + &entry("after", "");
    for (format, text, refused) in
        [("csv", &csv, 2), ("htpasswd", &htpasswd, 2), ("authelia", &authelia, 3), ("django", &django, 3)]
    {
        let bench = Bench::new();
        let told = import(&bench, format, text, &[]).ends_with(1);
        let sums = format!("imported: 2; refused: {refused}\n");
        assert!(told.stdout.ends_with(&sums) && told.stdout.len() < 1_000, "{format}: {told:?}");
        let lines: Vec<&str> = told.stdout.lines().collect();
        assert!(lines[..2].iter().all(|line| line.contains(": a field is too long")), "{format}: {lines:?}");
        let names: Vec<Value> = users(&bench).into_iter().map(|user| user["name"].clone()).collect();
        assert_eq!(names, ["after", "before"], "{format}");
    }

    // A text so long that nobody knows where it ends is not read to its end.
    let bench = Bench::new();
    let text = ["users:\n", &entry("before", ""), &entry("long", &"y".repeat(5_000_000)), &entry("after", "")].concat();
    let told = import(&bench, "authelia", &text, &[]).ends_with(1).stdout;
    assert!(told.contains("line 5: a field is too long; nothing after it was read"), "{told}");
    assert!(told.ends_with("imported: 1; refused: 1\n"), "{told}");
}

#[test]
fn a_long_file_goes_in_many_commands_and_the_list_in_many_replies() {
    use std::fmt::Write as _;
    let bench = Bench::new();
    let mut text = "user_name,password_hash\n".to_owned();
    for n in 0..2_500 {
        writeln!(text, "u{n:05},{BCRYPT}").unwrap();
    }
    let told = import(&bench, "csv", &text, &[]).succeeds().stdout;
    assert!(told.contains("imported: 2500; refused: 0"), "{told}");
    let listed = users(&bench);
    assert_eq!(listed.len(), 2_500);
    assert!(listed.is_sorted_by_key(|user| user["name"].as_str().unwrap().to_owned()));
    let table = bench.run(&["user", "list"]).succeeds().stdout;
    assert_eq!(table.lines().count(), 2_501);
    assert_eq!(table.lines().filter(|line| line.starts_with("NAME")).count(), 1);
}

#[test]
fn an_account_is_edited_and_deleted() {
    let bench = Bench::new();
    import(&bench, "csv", &csv(), &[]).ends_with(1);
    let id = bench.run(&["user", "show", "hanako", "--json"]).succeeds().json()["id"].clone();
    let edit = |arguments: &[&str]| bench.run(&[&["user", "edit", "hanako@example.jp", "--json"], arguments].concat());
    let edited = edit(&["--name", "Yamada", "--display-name", "", "--add-group", "x", "--remove-group", "staff"]);
    let edited = edited.succeeds().json();
    assert_eq!((&edited["id"], &edited["name"], &edited["display_name"]), (&id, &json!("yamada"), &Value::Null));
    assert_eq!((&edited["groups"], &edited["language"]), (&json!(["owner", "x"]), &json!("en")));
    for (arguments, words) in [
        (&["--name", "kuro"][..], "another account has that user name"),
        (&["--name", "a b"], "the user name: "),
        (&["--email", "nowhere"], "the e-mail address: "),
        (&["--add-group", "x", "--remove-group", "x"], "both given and taken"),
        (&["--remove-group", "staff"], "has no group staff"),
        (&[], "nothing to change"),
    ] {
        let told = edit(arguments).ends_with(1).stderr;
        assert!(told.contains(words), "{arguments:?}: {told}");
    }

    let told = bench.run(&["user", "delete", "yamada"]).ends_with(1).stderr;
    assert!(told.contains("say --yes"), "{told}");
    let told = bench.run(&["user", "delete", "yamada", "--yes"]).succeeds();
    assert!(told.stderr.contains("account_deleted") && told.stderr.contains(id.as_str().unwrap()), "{told:?}");
    assert!(!told.stderr.contains("yamada") && !told.stderr.contains("hanako"), "the log names nobody: {told:?}");
    bench.run(&["user", "show", "yamada"]).ends_with(1);
    bench.run(&["user", "delete", "yamada", "--yes"]).ends_with(1);
}

#[test]
fn a_chosen_password_is_held_against_the_rules_on_every_way() {
    let bench = Bench::new();
    let add = |password: &str| bench.run_with(&["user", "add", "hanako", "--email", "h.yamada@example.jp"], password);
    for (password, words) in [
        ("password1", "one of the most common passwords"),
        ("Hanako-2026", "made of the user name"),
        ("yamada.hanako!", "made of the user name"),
        ("sekisho1234", "made of the user name"),
        ("short", "at least 8 characters"),
    ] {
        let told = add(password).ends_with(1).stderr;
        assert!(told.contains(words) && !told.contains(password), "{password}: {told}");
    }
    add("correct horse battery").succeeds();
    let told = bench.run_with(&["user", "password", "hanako"], "iloveyou").ends_with(1).stderr;
    assert!(told.contains("one of the most common passwords"), "{told}");
}
