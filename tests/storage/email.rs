//! An address for notices: bound to its account and its link, and given back by "this wasn't me".

use sekisho::{
    account::{AccountId, EmailAddress},
    clock::Timestamp,
    language::Language,
    store::{
        AccountEdit, Acting, ConfirmEmail, Freeze, Link, LinkId, LinkPurpose, NotConfirmed, OutboxContent, OutboxId,
        OutboxItem, Recipient, Stale,
    },
};

use crate::world::{Bench, DAY, MINUTE, NOW, Person};

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

impl Bench {
    fn mail(&self, account: AccountId, purpose: LinkPurpose, to: &str) -> OutboxItem {
        let link = Link {
            id: LinkId::random(&*self.entropy),
            key: self.keyring.active(),
            account: Some(account),
            purpose,
            subject: Some(address(to).to_string()),
            host: None,
            created_at: NOW,
            expires_at: NOW + DAY,
        };
        OutboxItem {
            id: OutboxId::random(&*self.entropy),
            account,
            to: Recipient::Mail(address(to)),
            language: Language::Ja,
            content: OutboxContent::Link,
            created_at: NOW,
            expires_at: link.expires_at,
            link: Some(link),
        }
    }

    /// Asks for an address in a session; the confirmation of its link.
    async fn asked(&self, acting: &Acting, to: &str) -> ConfirmEmail {
        let mail = self.mail(acting.account, LinkPurpose::EmailConfirmation, to);
        self.store.request_email(acting, &mail).await.unwrap().unwrap();
        let (link, account) = (mail.link.unwrap().id, acting.account);
        ConfirmEmail { link, account, address: address(to), notices: Vec::new(), now: NOW }
    }

    async fn address_of(&self, person: &Person) -> Option<String> {
        let found = self.store.account(person.id).await.unwrap().unwrap();
        found.account.email.map(|address| address.to_string())
    }

    async fn pending(&self, person: &Person, now: Timestamp) -> Option<String> {
        self.store.pending_email(person.id, now).await.unwrap().map(|pending| pending.address.to_string())
    }
}

#[tokio::test]
async fn an_address_is_confirmed_once_by_its_own_link_in_time() {
    let bench = Bench::new().await;
    let (hanako, taro) = (bench.person("hanako").await, bench.person("taro").await);
    let session = bench.sign_in(&hanako, NOW).await;
    let acting = Acting::of(&session);
    let first = bench.asked(&acting, "first@example.com").await;
    let newest = bench.asked(&acting, "newest@example.com").await;
    assert_eq!(bench.pending(&hanako, NOW).await.as_deref(), Some("newest@example.com"));
    assert_eq!(bench.pending(&taro, NOW).await, None);
    let gone = Err(NotConfirmed::Gone);
    for (wrong, why) in [
        (first, "a newer one was asked for"),
        (ConfirmEmail { account: taro.id, ..newest.clone() }, "another account's"),
        (ConfirmEmail { address: address("else@example.com"), ..newest.clone() }, "another address"),
        (ConfirmEmail { now: NOW + DAY, ..newest.clone() }, "too late"),
    ] {
        assert_eq!(bench.store.confirm_email(&wrong).await.unwrap().map(|_| ()), gone, "{why}");
        assert_eq!(bench.address_of(&hanako).await.as_deref(), Some("hanako@example.jp"), "{why}");
    }
    assert_eq!(bench.pending(&hanako, NOW + DAY).await, None);
    let told = bench.store.confirm_email(&newest).await.unwrap().unwrap();
    assert_eq!(told.iter().map(|s| s.digest).collect::<Vec<_>>(), [*session.digest()], "it goes on, read anew");
    assert_eq!(bench.address_of(&hanako).await.as_deref(), Some("newest@example.com"));
    assert_eq!(bench.store.confirm_email(&newest).await.unwrap().map(|_| ()), gone, "used");
    assert_eq!(bench.pending(&hanako, NOW).await, None);

    let taken = bench.asked(&acting, "taro@example.jp").await;
    assert_eq!(bench.store.confirm_email(&taken).await.unwrap().map(|_| ()), Err(NotConfirmed::Taken));
    assert_eq!(bench.address_of(&taro).await.as_deref(), Some("taro@example.jp"));
    bench.store.end_session_by_digest(session.digest()).await.unwrap().unwrap();
    let mail = bench.mail(hanako.id, LinkPurpose::EmailConfirmation, "late@example.com");
    assert_eq!(bench.store.request_email(&acting, &mail).await.unwrap(), Err(Stale::MovedOn), "the session ended");
}

#[tokio::test]
async fn what_was_mailed_to_the_old_address_opens_nothing_any_more() {
    let bench = Bench::new().await;
    let hanako = bench.person("hanako").await;
    let acting = Acting::of(&bench.sign_in(&hanako, NOW).await);
    let reset = bench.mail(hanako.id, LinkPurpose::PasswordReset, "hanako@example.jp");
    let not_me = bench.mail(hanako.id, LinkPurpose::NotMe, "hanako@example.jp");
    bench.store.enqueue(&reset).await.unwrap();
    bench.store.enqueue(&not_me).await.unwrap();
    let confirm = bench.asked(&acting, "new@example.com").await;
    bench.store.confirm_email(&confirm).await.unwrap().unwrap();
    let good = async |item: &OutboxItem| bench.store.link(item.link.as_ref().unwrap().id, NOW).await.unwrap().is_some();
    assert!(!good(&reset).await && good(&not_me).await);
}

#[tokio::test]
async fn this_was_not_me_gives_the_address_back_unless_an_operator_has_changed_it() {
    let bench = Bench::new().await;
    for (name, by_operator, now_of_another, end) in [
        ("hanako", false, false, Some("hanako@example.jp")),
        ("taro", true, false, Some("right@example.com")),
        ("jiro", false, true, None),
    ] {
        let person = bench.person(name).await;
        let acting = Acting::of(&bench.sign_in(&person, NOW).await);
        let mailed = bench.mail(person.id, LinkPurpose::NotMe, &format!("{name}@example.jp"));
        bench.store.enqueue(&mailed).await.unwrap();
        let confirm = bench.asked(&acting, "thief@example.com").await;
        bench.store.confirm_email(&confirm).await.unwrap().unwrap();
        let waiting = bench.asked(&acting, "second@example.com").await;
        if by_operator {
            let edit = AccountEdit { email: Some(Some(address("right@example.com"))), ..AccountEdit::default() };
            bench.store.edit_account(person.id, &edit, &[], &[]).await.unwrap().unwrap().unwrap();
        }
        if now_of_another {
            let mut new = bench.new_account("another");
            new.account.email = Some(address(&format!("{name}@example.jp")));
            bench.store.create_account(&new).await.unwrap().unwrap();
        }
        let link = mailed.link.unwrap().id;
        let freeze = Freeze { link, account: person.id, notices: Vec::new(), now: NOW + MINUTE };
        bench.store.freeze(&freeze).await.unwrap().unwrap();
        assert_eq!(bench.address_of(&person).await.as_deref(), end, "{name}");
        let late = bench.store.confirm_email(&waiting).await.unwrap().map(|_| ());
        assert_eq!(late, Err(NotConfirmed::Gone), "{name}: a stopped account takes no address");
    }
}

#[tokio::test]
async fn whoever_changed_the_address_cannot_silence_the_mailbox_it_had_before() {
    let bench = Bench::new().await;
    let person = bench.person("hanako").await;
    let session = bench.sign_in(&person, NOW).await;
    let owners = bench.mail(person.id, LinkPurpose::NotMe, "hanako@example.jp");
    bench.store.enqueue(&owners).await.unwrap();
    let confirm = bench.asked(&Acting::of(&session), "thief@example.com").await;
    bench.store.confirm_email(&confirm).await.unwrap().unwrap();
    let mut thiefs = bench.mail(person.id, LinkPurpose::NotMe, "thief@example.com");
    thiefs.link.as_mut().unwrap().created_at = NOW + MINUTE;
    bench.store.enqueue(&thiefs).await.unwrap();
    let mut told = bench.store.mailboxes_told(person.id, NOW).await.unwrap();
    told.sort_by_key(ToString::to_string);
    assert_eq!(told, [address("hanako@example.jp"), address("thief@example.com")]);

    let freeze = |item: &OutboxItem| Freeze {
        link: item.link.as_ref().unwrap().id,
        account: person.id,
        notices: Vec::new(),
        now: NOW + 2 * MINUTE,
    };
    assert!(bench.store.freeze(&freeze(&thiefs)).await.unwrap().is_some());
    assert_eq!(bench.address_of(&person).await.as_deref(), Some("thief@example.com"));
    let mut again = bench.mail(person.id, LinkPurpose::NotMe, "thief@example.com");
    again.link.as_mut().unwrap().created_at = NOW + 2 * MINUTE;
    bench.store.enqueue(&again).await.unwrap();
    assert!(bench.store.freeze(&freeze(&owners)).await.unwrap().is_some(), "the owner's link is still good");
    assert_eq!(bench.address_of(&person).await.as_deref(), Some("hanako@example.jp"));
    assert!(bench.store.freeze(&freeze(&again)).await.unwrap().is_none(), "and the later mailbox has none");
}
