use std::fs;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};

use super::*;
use crate::config::PublicUrl;

fn listen(directory: &Path, names: &[&str]) -> Listen {
    let text = include_str!("../../config/sekisho.toml");
    let config = crate::config::parse(text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let files = |name: &&str| CertificateFiles {
        certificate: directory.join(format!("{name}.crt")),
        private_key: directory.join(format!("{name}.key")),
    };
    Listen { certificates: names.iter().map(files).collect(), ..config.listen }
}

/// Self-signed for these hosts.
fn write_pair(directory: &Path, name: &str, hosts: &[&str]) {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    write(directory, name, hosts, &KeyPair::generate().unwrap());
}

fn write(directory: &Path, name: &str, hosts: Vec<String>, key: &KeyPair) {
    let certificate = CertificateParams::new(hosts).unwrap().self_signed(key).unwrap();
    fs::write(directory.join(format!("{name}.crt")), certificate.pem()).unwrap();
    fs::write(directory.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

fn leaves(tls: &Tls) -> Vec<Vec<String>> {
    tls.current.load().leaves.iter().map(|leaf| leaf.as_ref().unwrap().names()).collect()
}

#[test]
fn errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write_pair(here, "a", &["a.test"]);
    write_pair(here, "b", &["b.test"]);
    fs::write(here.join("empty.pem"), "").unwrap();
    let message = |certificate: &str, key: &str, ca: Option<&str>| {
        let files = CertificateFiles { certificate: here.join(certificate), private_key: here.join(key) };
        let good = listen(here, &["a"]);
        let listen = Listen {
            certificates: [good.certificates.clone(), vec![files]].concat(),
            client_ca: ca.map(|ca| here.join(ca)),
            ..good
        };
        Tls::load(&listen).map_or_else(|error| error.to_string(), |_| "loaded".to_owned())
    };
    assert_eq!(message("b.crt", "b.key", Some("a.crt")), "loaded");
    for (certificate, key, ca, said) in [
        ("missing.pem", "a.key", None, "missing.pem"),
        ("empty.pem", "a.key", None, "empty.pem"),
        ("a.crt", "missing.pem", None, "missing.pem"),
        ("a.crt", "a.crt", None, "a.crt"),
        ("a.crt", "b.key", None, "a.crt with"),
        // Without it nobody would be asked for a certificate.
        ("b.crt", "b.key", Some("missing.pem"), "missing.pem"),
        ("b.crt", "b.key", Some("empty.pem"), "empty.pem"),
        ("b.crt", "b.key", Some("b.key"), "b.key"),
    ] {
        assert!(message(certificate, key, ca).contains(said), "{certificate} {key} {ca:?}: {said}");
    }
}

#[test]
fn a_reload_swaps_all_of_them_and_a_failed_one_keeps_them() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write_pair(here, "a", &["a.test"]);
    write_pair(here, "b", &["b.test"]);
    let tls = Tls::load(&listen(here, &["a", "b"])).unwrap();
    write_pair(here, "b", &["b.test", "c.test"]);
    tls.reload().unwrap();
    assert_eq!(leaves(&tls), [vec!["a.test"], vec!["b.test", "c.test"]]);
    write_pair(here, "a", &["x.test"]);
    fs::write(here.join("b.key"), "not a key").unwrap();
    let before = tls.server_config();
    assert!(tls.reload().is_err());
    assert!(Arc::ptr_eq(&before, &tls.server_config()), "none of them, where one is bad");
}

#[test]
fn files_are_read_again_once_they_have_changed_and_rest() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write_pair(here, "a", &["a.test"]);
    let tls = Tls::load(&listen(here, &["a"])).unwrap();
    assert!(tls.reload_if_changed().is_none() && tls.reload_if_changed().is_none());
    write_pair(here, "a", &["a.test", "new.test"]);
    assert!(tls.reload_if_changed().is_none(), "they may still be written");
    tls.reload_if_changed().unwrap().unwrap();
    assert_eq!(leaves(&tls), [["a.test", "new.test"]]);
    assert!(tls.reload_if_changed().is_none());
    fs::write(here.join("a.key"), "half a k").unwrap();
    assert!(tls.reload_if_changed().is_none());
    assert!(tls.reload_if_changed().unwrap().is_err());
    assert!(tls.reload_if_changed().is_none(), "told once");
    assert_eq!(leaves(&tls), [["a.test", "new.test"]]);
    fs::remove_file(here.join("a.key")).unwrap();
    write_pair(here, "other", &["turned.test"]);
    fs::remove_file(here.join("a.crt")).unwrap();
    std::os::unix::fs::symlink(here.join("other.crt"), here.join("a.crt")).unwrap();
    std::os::unix::fs::symlink(here.join("other.key"), here.join("a.key")).unwrap();
    assert!(tls.reload_if_changed().is_none());
    tls.reload_if_changed().unwrap().unwrap();
    assert_eq!(leaves(&tls), [["turned.test"]]);
}

#[test]
fn the_name_asked_for_chooses_and_the_first_one_is_for_all_others() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let ed25519 = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    write(here, "ed", vec!["console.test".to_owned()], &ed25519);
    write_pair(here, "ec", &["console.test"]);
    write_pair(here, "wild", &["*.shops.test"]);
    let tls = Tls::load(&listen(here, &["ed", "ec", "wild"])).unwrap();
    let pairs: Vec<_> = tls.certificates.iter().map(|pair| load_pair(pair).unwrap()).collect();
    let all = pairs.into_iter().zip(tls.current.load().leaves.clone()).map(|(key, leaf)| (Arc::new(key), leaf));
    let by_name = ByName(all.collect());
    let (ed, ec) = (SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256);
    let chosen = |name, schemes: &[SignatureScheme]| {
        let chosen = by_name.choose(name, schemes).unwrap();
        by_name.0.iter().position(|(key, _)| Arc::ptr_eq(key, &chosen)).unwrap()
    };
    assert_eq!(chosen(Some("console.test"), &[ec, ed]), 0, "in the order of the configuration");
    assert_eq!(chosen(Some("CONSOLE.test"), &[ec]), 1, "one that the client can check");
    assert_eq!(chosen(Some("a.shops.test"), &[ed, ec]), 2);
    assert_eq!(chosen(Some("a.shops.test"), &[ed]), 2, "never one for another name in its place");
    for other in [None, Some("elsewhere.test"), Some("a.b.shops.test"), Some("")] {
        assert_eq!(chosen(other, &[ed, ec]), 0, "{other:?}");
        assert_eq!(chosen(other, &[ec]), 1, "{other:?}");
    }
}

#[test]
fn who_was_let_in_by_other_authorities_does_not_come_back_without_a_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write_pair(here, "a", &["a.test"]);
    write_pair(here, "ca", &["authority.test"]);
    let listen = Listen { client_ca: Some(here.join("ca.crt")), ..listen(here, &["a"]) };
    let tls = Tls::load(&listen).unwrap();
    let tickets = || tls.current.load().resumption.tickets.clone();
    let first = tickets();
    write_pair(here, "a", &["a.test"]);
    tls.reload().unwrap();
    assert!(Arc::ptr_eq(&first, &tickets()), "a renewed certificate asks nobody to begin anew");
    write_pair(here, "ca", &["authority.test"]);
    tls.reload().unwrap();
    assert!(!Arc::ptr_eq(&first, &tickets()));
}

fn hosts(names: &[&str]) -> Hosts {
    let mut all = names.iter().map(|name| PublicUrl { host: (*name).to_owned(), port: 443 });
    Hosts::new(all.next().unwrap(), all)
}

#[test]
fn a_host_that_no_certificate_is_for_is_told_and_files_that_cannot_be_read_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write_pair(here, "a", &["a.test"]);
    write_pair(here, "b", &["*.b.test"]);
    let (listen, now) = (listen(here, &["a", "missing", "b"]), Timestamp::from_secs(1_800_000_000));
    assert_eq!(warnings(&listen, &hosts(&["console.b.test"]), now), Vec::<String>::new());
    let said = warnings(&listen, &hosts(&["b.test"]), now);
    assert_eq!(said, ["no certificate is for b.test, so browsers refuse it: a.test, *.b.test"]);
    let said = warnings(&listen, &hosts(&["console.b.test", "c.test"]), now);
    let useless = format!(
        "{}: is for none of the hosts, so nobody gets it unless it is the first: a.test",
        here.join("a.crt").display()
    );
    assert_eq!(said, [useless, "no certificate is for c.test, so browsers refuse it: a.test, *.b.test".to_owned()]);
    let none = Listen { certificates: Vec::new(), ..listen };
    assert_eq!(warnings(&none, &hosts(&["b.test"]), now), Vec::<String>::new());
}
