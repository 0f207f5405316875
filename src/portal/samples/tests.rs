//! Every page: whole, in its language, labelled, and of nothing foreign.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The tags of a page, each without its brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

fn element<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!("<{name}>")).skip(1).filter_map(|rest| rest.split("</").next()).collect()
}

fn each(mut check: impl FnMut(Language, &str, &str)) {
    for language in Language::ALL {
        for (name, html) in all(language) {
            check(language, &name, &html);
        }
    }
}

#[test]
fn every_page_is_whole_and_in_its_language() {
    each(|language, name, html| {
        assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
        assert_eq!(element(html, "h1").len(), 1, "{name}: one h1");
        assert!(!html.contains('⟦') && !html.contains("{$") && !html.contains("{ $"), "{name}: a message is missing");
        let japanese = |text: &str| text.chars().any(|c| ('\u{3040}'..'\u{a000}').contains(&c));
        assert_eq!(japanese(element(html, "h1")[0]), language == Language::Ja, "{name}: {language:?}");
    });
}

#[test]
fn titles_tell_pages_apart_and_errors_from_the_rest() {
    for language in Language::ALL {
        let mut titles = BTreeMap::<String, BTreeSet<String>>::new();
        for (name, html) in all(language) {
            let title = element(&html, "title")[0].to_owned();
            assert!(title.contains(element(&html, "h1")[0]), "{name}: {title}");
            let wrong = html.contains("aria-invalid") || html.contains("role=\"alert\"") || html.contains("-error\"");
            assert_eq!(title.starts_with("Error: ") || title.starts_with("エラー："), wrong, "{name}: {title}");
            titles.entry(title).or_default().insert(name.split('.').next().unwrap().to_owned());
        }
        for (title, pages) in titles {
            assert_eq!(pages.len(), 1, "{title} is the title of {pages:?}");
        }
    }
}

#[test]
fn nothing_runs_and_nothing_comes_from_elsewhere() {
    each(|_, name, html| {
        let ours = "<script src=\"/.sekisho/app.js\" defer></script>";
        assert_eq!(html.matches(ours).count(), 1, "{name}: our script, once");
        let html = &html.replacen(ours, "", 1);
        let lower = html.to_lowercase();
        for foreign in ["<script", " style=", "javascript:", " src=", "http-equiv", "<iframe", "<img", "<style"] {
            assert!(!lower.contains(foreign), "{name}: {foreign}");
        }
        for tag in tags(html) {
            let handler = |word: &str| word.starts_with("on") && word.contains('=');
            assert!(!tag.split(' ').any(handler), "{name}: {tag}");
            if tag.starts_with("link ") {
                assert!(attribute(tag, "href").unwrap().starts_with("/.sekisho/"), "{name}: {tag}");
            }
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_an_end() {
    each(|_, name, html| {
        let tags = tags(html);
        let ids: Vec<&str> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: an id twice");
        for tag in &tags {
            if tag.starts_with("input ") && attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap();
                assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {id} has no label");
            }
            for reference in ["for", "form", "aria-describedby", "aria-labelledby"] {
                for id in attribute(tag, reference).into_iter().flat_map(str::split_whitespace) {
                    assert!(ids.contains(&id), "{name}: {reference}={id}");
                }
            }
        }
        assert!(html.matches(" autofocus").count() <= 1, "{name}: one place to begin");
    });
}

#[test]
fn every_form_posts_its_token_and_enter_presses_its_own_button() {
    each(|_, name, html| {
        for form in html.split("<form ").skip(1) {
            // The word to send a kept form goes where the form went, and the gateway keeps it from the console.
            let word = form.contains("name=\"sekisho-held\"");
            let to = if word { "action=\"/orders/" } else { "action=\"/.sekisho/" };
            assert!(form.contains(&format!(" method=\"post\" {to}")), "{name}");
            assert!(form.split("</form>").next().unwrap().contains("name=\"csrf\""), "{name}");
        }
        let tongue = html.find("<button class=\"tongue\"").unwrap();
        assert!(html.rfind("</main>").unwrap() < tongue, "{name}: the language switch would be the default button");
    });
}

#[test]
fn every_step_of_the_enrolment_has_its_own_name_and_the_current_one_is_said() {
    each(|_, name, html| {
        let Some((_, list)) = html.split_once("<div class=\"progress\">") else { return };
        let list = list.split("</ol>").next().unwrap();
        let names = element(list, "span");
        assert_eq!(names.len(), 5, "{name}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 5, "{name}: {names:?}");
        let current = list.split_once("aria-current=\"step\"><span>").unwrap().1.split('<').next().unwrap();
        assert!(list.split("</p>").next().unwrap().ends_with(current), "{name}: {current}");
    });
}

#[test]
fn what_was_typed_is_shown_as_text() {
    let user_name = "\"><script>alert(1)</script>".to_owned();
    let page = html(&SignInPage { frame: frame(Language::En), notice: None, user_name });
    assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
}

/// Writes the pages where `SEKISHO_PAGES` says, to be looked at.
#[test]
fn pages_can_be_written_out() {
    let Some(directory) = std::env::var_os("SEKISHO_PAGES") else {
        assert!(all(Language::Ja).len() > 60, "the samples cover the pages");
        return;
    };
    for language in Language::ALL {
        for (name, html) in all(language) {
            let html = html.replace("/.sekisho/", "");
            std::fs::write(std::path::Path::new(&directory).join(format!("{name}.{}.html", language.tag())), html)
                .unwrap();
        }
    }
    let directory = std::path::Path::new(&directory);
    std::fs::write(directory.join("style.css"), crate::portal::style::sheet(&site_branding())).unwrap();
    std::fs::write(directory.join("mark.svg"), crate::portal::style::MARK).unwrap();
    std::fs::write(directory.join("app.js"), crate::portal::style::SCRIPT).unwrap();
}
