use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn upstream(hosts: &[&str], tls: bool) -> Upstream {
    let address = |host: &&str| UpstreamAddress::Host { host: (*host).to_owned(), port: 8443 };
    let config = config::Upstream {
        hosts: vec!["console.test".to_owned()],
        path: "/".to_owned(),
        audience: "https://console.test".to_owned(),
        tls,
        balance: Balance::RoundRobin,
        addresses: hosts.iter().map(address).collect(),
        host_header: None,
        ca: None,
        client_certificate: None,
        h2: false,
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(30),
        max_fails: 3,
        fail_timeout: Duration::from_secs(10),
        health: None,
        credentials: Vec::new(),
    };
    Upstream::new(config, 1).unwrap()
}

async fn first(console: &Upstream, websocket: bool) -> HttpPeer {
    console.peer(&mut Attempts::default(), websocket, NOW).await.unwrap()
}

/// The last part of the address of the next attempt.
async fn next(console: &Upstream, attempts: &mut Attempts, now: Timestamp) -> u8 {
    let peer = console.peer(attempts, false, now).await.unwrap();
    let Some(SocketAddr::V4(address)) = peer._address.as_inet() else { panic!("{peer}") };
    address.ip().octets()[3]
}

#[tokio::test]
async fn a_tls_peer_always_has_a_name_to_verify() {
    let peer = first(&upstream(&["127.0.0.1"], true), false).await;
    assert_eq!(peer.sni, "127.0.0.1");
    assert!(peer.options.verify_cert && peer.options.verify_hostname);
    assert!(first(&upstream(&["::1"], true), false).await.to_string().contains("[::1]:8443"));
}

#[tokio::test]
async fn only_websockets_may_be_quiet() {
    let console = upstream(&["127.0.0.1"], false);
    assert_eq!(first(&console, false).await.options.read_timeout, Some(Duration::from_secs(30)));
    assert_eq!(first(&console, true).await.options.read_timeout, None);
}

#[tokio::test]
async fn a_name_without_address_is_an_error_and_no_panic() {
    let nowhere = upstream(&["nowhere.invalid"], false);
    assert!(nowhere.peer(&mut Attempts::default(), false, NOW).await.is_err());
    let one_is_there = upstream(&["nowhere.invalid", "127.0.0.2"], false);
    for _ in 0..4 {
        assert_eq!(next(&one_is_there, &mut Attempts::default(), NOW).await, 2);
    }
}

#[tokio::test]
async fn addresses_take_turns_and_one_that_fails_is_not_asked_twice() {
    let console = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
    let mut turns = [0; 4];
    for _ in 0..9 {
        turns[usize::from(next(&console, &mut Attempts::default(), NOW).await)] += 1;
    }
    assert_eq!(turns, [0, 3, 3, 3]);
    let mut attempts = Attempts::default();
    let mut tried = vec![next(&console, &mut attempts, NOW).await];
    while console.not_connected(&mut attempts, NOW) {
        tried.push(next(&console, &mut attempts, NOW).await);
    }
    tried.sort_unstable();
    assert_eq!(tried, [1, 2, 3]);
}

#[tokio::test]
async fn an_address_that_fails_again_and_again_is_left_out_until_it_has_rested() {
    let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
    let mut failures = 0;
    for _ in 0..6 {
        let mut attempts = Attempts::default();
        if next(&console, &mut attempts, NOW).await == 1 {
            assert!(console.not_connected(&mut attempts, NOW), "there is the other one");
            assert_eq!(next(&console, &mut attempts, NOW).await, 2);
            failures += 1;
        }
        console.answered(&attempts);
    }
    assert_eq!(failures, 3);
    for _ in 0..6 {
        assert_eq!(next(&console, &mut Attempts::default(), NOW + Duration::from_secs(9)).await, 2);
    }
    let rested = NOW + Duration::from_secs(10);
    let mut asked = 0;
    for _ in 0..6 {
        let mut attempts = Attempts::default();
        if next(&console, &mut attempts, rested).await == 1 {
            asked += 1;
            console.not_connected(&mut attempts, rested);
        }
    }
    assert_eq!(asked, 1, "one looks whether it is back");
}

#[tokio::test]
async fn when_all_are_left_out_they_are_asked_all_the_same() {
    let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
    for _ in 0..12 {
        let mut attempts = Attempts::default();
        next(&console, &mut attempts, NOW).await;
        console.not_connected(&mut attempts, NOW);
    }
    let mut attempts = Attempts::default();
    let one = next(&console, &mut attempts, NOW).await;
    assert!(console.not_connected(&mut attempts, NOW));
    assert_ne!(next(&console, &mut attempts, NOW).await, one);
    assert!(!console.not_connected(&mut attempts, NOW), "and that is all");
}

#[tokio::test]
async fn only_what_may_be_repeated_is_sent_again_and_only_once() {
    let console = upstream(&["127.0.0.1", "127.0.0.2"], false);
    let again = async |etype: ErrorType, reused: bool, repeatable: bool| {
        let mut attempts = Attempts::default();
        next(&console, &mut attempts, NOW).await;
        let error = Error::new(etype).into_up();
        let first = console.is_sent_again(&mut attempts, &error, reused, repeatable, NOW);
        if first {
            next(&console, &mut attempts, NOW).await;
        }
        assert!(!console.is_sent_again(&mut attempts, &error, reused, repeatable, NOW), "once is enough");
        first
    };
    assert!(again(ErrorType::ConnectionClosed, true, true).await, "a stale connection");
    assert!(again(ErrorType::ConnectionClosed, false, true).await, "there is another address");
    assert!(!again(ErrorType::ConnectionClosed, true, false).await);
    assert!(!again(ErrorType::ConnectionClosed, false, false).await);
    assert!(!again(ErrorType::ReadTimedout, false, true).await);
    let alone = upstream(&["127.0.0.1"], false);
    let mut attempts = Attempts::default();
    next(&alone, &mut attempts, NOW).await;
    let lost = Error::new(ErrorType::ReadError).into_up();
    assert!(!alone.is_sent_again(&mut attempts, &lost, false, true, NOW), "there is nowhere else");
    let theirs = Error::new(ErrorType::ReadError).into_down();
    assert!(!console.is_sent_again(&mut Attempts::default(), &theirs, true, true, NOW), "the client has gone");
}

/// How often each address is liked best, by people 0 to 2999.
async fn liked(console: &Upstream, now: Timestamp) -> Vec<u8> {
    let mut liked = Vec::new();
    for person in 0..3000_u32 {
        let mut attempts = Attempts { tie: Some(number_of(&person.to_be_bytes())), ..Attempts::default() };
        liked.push(next(console, &mut attempts, now).await);
    }
    liked
}

#[tokio::test]
async fn people_stay_where_they_are_and_are_spread_evenly() {
    let three = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
    let before = liked(&three, NOW).await;
    let mut people = [0; 4];
    for at in &before {
        people[usize::from(*at)] += 1;
    }
    assert!(people[1..].iter().all(|count| (900..=1100).contains(count)), "{people:?}");
    assert_eq!(liked(&upstream(&["127.0.0.3", "127.0.0.1", "127.0.0.2"], false), NOW).await, before, "in any order");
    let two = liked(&upstream(&["127.0.0.1", "127.0.0.3"], false), NOW).await;
    assert!(before.iter().zip(&two).all(|(was, is)| was == is || *was == 2), "only those of the one that went move");
}

#[tokio::test]
async fn those_of_an_address_that_is_left_out_move_and_come_back() {
    let three = upstream(&["127.0.0.1", "127.0.0.2", "127.0.0.3"], false);
    let before = liked(&three, NOW).await;
    for _ in 0..3 {
        three.addresses[1].health.failed(NOW, three.patience);
    }
    let during = liked(&three, NOW).await;
    assert!(before.iter().zip(&during).all(|(was, is)| if *was == 2 { *is != 2 } else { was == is }));
    assert!(during.iter().zip(&before).filter(|(_, was)| **was == 2).any(|(is, _)| *is == 1), "not all to the same");
    three.addresses[1].health.answered();
    assert_eq!(liked(&three, NOW).await, before);
}

#[tokio::test]
async fn what_does_not_pass_its_checks_gets_nothing() {
    let mut console = upstream(&["127.0.0.1", "127.0.0.2"], false);
    console.config.health = Some(config::HealthCheck {
        path: "/healthz".to_owned(),
        every: Duration::from_secs(5),
        timeout: Duration::from_secs(2),
        fails: 2,
        passes: 1,
    });
    console.checked(0, Err("status 500"));
    console.checked(0, Err("status 500"));
    for _ in 0..6 {
        let mut attempts = Attempts::default();
        assert_eq!(next(&console, &mut attempts, NOW).await, 2);
        assert!(!console.not_connected(&mut attempts, NOW), "there is nowhere else");
    }
    assert_eq!(next(&console, &mut Attempts::default(), NOW).await, 2, "left out for its answers, but up");
    console.checked(1, Err("status 500"));
    console.checked(1, Err("status 500"));
    let nowhere = console.peer(&mut Attempts::default(), false, NOW).await;
    assert!(matches!(nowhere, Err(NoPeer::Down)));
    console.checked(1, Ok(()));
    assert_eq!(next(&console, &mut Attempts::default(), NOW).await, 2);
    console.checked(0, Ok(()));
    let mut turns = [0; 3];
    for _ in 0..4 {
        turns[usize::from(next(&console, &mut Attempts::default(), NOW).await)] += 1;
    }
    assert_eq!(turns, [0, 2, 2], "what its answers said before is forgotten");
}

#[tokio::test]
async fn websockets_go_by_http_1_and_no_connection_is_shared_between_consoles() {
    use pingora::{protocols::ALPN, upstreams::peer::Peer as _};
    let at = |tls, group| {
        let mut config = upstream(&["127.0.0.1"], tls).config;
        config.h2 = true;
        Upstream::new(config, group).unwrap()
    };
    for (tls, spoken) in [(true, ALPN::H2H1), (false, ALPN::H2)] {
        assert_eq!(first(&at(tls, 1), false).await.options.alpn, spoken);
        assert_eq!(first(&at(tls, 1), true).await.options.alpn, ALPN::H1);
    }
    let (one, other) = (first(&at(true, 1), false).await, first(&at(true, 2), false).await);
    assert_ne!(one.reuse_hash(), other.reuse_hash(), "they may trust different authorities");
}

#[tokio::test]
async fn a_socket_is_an_address_like_any_other() {
    let mut config = upstream(&["127.0.0.1"], false).config;
    config.addresses.push(UpstreamAddress::Socket("/run/console.sock".into()));
    let console = Upstream::new(config, 1).unwrap();
    let turns = [first(&console, false).await.to_string(), first(&console, false).await.to_string()];
    assert!(turns.iter().any(|turn| turn.contains("/run/console.sock")), "{turns:?}");
    assert!(turns.iter().any(|turn| turn.contains("127.0.0.1:8443")), "{turns:?}");
}
