//! Seller accounts: an owner manages its own people and nobody else's; an invitation makes one account, once.

use std::time::Duration;

use sekisho::{
    account::{AccountId, CredentialVersion, EmailAddress, Group, LoginName, SellerAccount, SellerId, SellerName},
    clock::Timestamp,
    language::Language,
    store::{
        AcceptError, AcceptInvitation, AccountEdit, Acting, By, ChangeGroups, Invitation, InvitationId, InviteError,
        Link, LinkId, LinkPurpose, NewAccountError, NewInvitation, NewMember, NewMemberError, RemoveMember,
        RenewInvitation,
    },
};

use crate::{
    devices::trusting,
    world::{Bench, DAY, LIFETIME, MINUTE, NOW, Person},
};

const WEEK: Duration = Duration::from_hours(7 * 24);

fn name(text: &str) -> SellerName {
    SellerName::parse(text).unwrap()
}

fn groups(names: &[&str]) -> Vec<Group> {
    names.iter().map(|name| Group::parse(name).unwrap()).collect()
}

impl Bench {
    async fn try_member(&self, who: &str, of: &str, owner: bool, most: u32) -> Result<AccountId, NewMemberError> {
        let new = self.new_account(who);
        let id = new.account.id;
        let member = NewMember { new, seller: name(of), seller_id: SellerId::random(&*self.entropy), owner, most };
        self.store.create_member(&member).await.unwrap().map(|_| id)
    }

    async fn member(&self, who: &str, of: &str, owner: bool) -> AccountId {
        self.try_member(who, of, owner, 50).await.unwrap()
    }

    /// A member in a session.
    async fn acting(&self, who: &str, of: &str, owner: bool) -> Acting {
        let id = self.member(who, of, owner).await;
        let person = Person { id, name: LoginName::parse(who), seed: sekisho::authn::totp::seed(&*self.entropy) };
        self.enrol(&person).await;
        Acting::of(&self.sign_in(&person, NOW).await)
    }

    async fn session_of(&self, who: Acting) -> sekisho::session::SessionId {
        self.store.session(&who.session).await.unwrap().unwrap().session.id()
    }

    async fn shop(&self, of: &str) -> SellerAccount {
        self.store.seller(&name(of)).await.unwrap().unwrap()
    }

    fn link(&self, expires_at: Timestamp) -> Link {
        Link {
            id: LinkId::random(&*self.entropy),
            key: self.keyring.active(),
            account: None,
            purpose: LinkPurpose::Invitation,
            subject: None,
            host: None,
            created_at: NOW,
            expires_at,
        }
    }

    fn offer(&self, seller: &SellerAccount, email: &str, by: By) -> (NewInvitation, LinkId) {
        let link = self.link(NOW + WEEK);
        let id = link.id;
        let invitation = Invitation {
            id: InvitationId::random(&*self.entropy),
            seller: seller.clone(),
            email: EmailAddress::parse(email).unwrap(),
            display_name: Some("佐藤 次郎".to_owned()),
            groups: groups(&["orders"]),
            owner: false,
            language: Language::Ja,
            created_at: NOW,
            expires_at: NOW + WEEK,
        };
        (NewInvitation { invitation, link, by, most: 5, mail: None }, id)
    }

    fn accept(&self, link: LinkId, who: &str, at: Timestamp) -> AcceptInvitation {
        AcceptInvitation { link, new: self.new_account(who), opens: None, grantable: groups(&["orders"]), now: at }
    }

    async fn groups_of(&self, id: AccountId) -> Vec<Group> {
        self.store.account(id).await.unwrap().unwrap().account.groups
    }
}

#[tokio::test]
async fn members_belong_to_one_seller_account_made_once() {
    let mut bench = Bench::new().await;
    let hanako = bench.member("hanako", "山田商店", true).await;
    let taro = bench.member("taro", "山田商店", false).await;
    let other = bench.member("jiro", "Sato Ltd", true).await;
    bench.reopen().await;
    let shop = bench.shop("山田商店").await;
    assert_eq!(bench.store.membership(taro).await.unwrap().unwrap().seller, shop, "the second joins the first");
    assert!(bench.store.membership(hanako).await.unwrap().unwrap().owner);
    assert_ne!(bench.store.membership(other).await.unwrap().unwrap().seller.id, shop.id);
    let members = bench.store.members(shop.id).await.unwrap();
    let seen: Vec<_> = members.iter().map(|m| (m.summary.account.id, m.owner, m.last_sign_in)).collect();
    assert_eq!(seen, [(hanako, true, None), (taro, false, None)], "owners first");
    assert_eq!(bench.store.memberships().await.unwrap().len(), 3);

    assert_eq!(
        bench.try_member("taro", "山田商店", false, 50).await.unwrap_err(),
        NewMemberError::Taken(NewAccountError::UserNameTaken)
    );
    assert_eq!(bench.try_member("saburo", "山田商店", false, 2).await.unwrap_err(), NewMemberError::Full);
    assert!(bench.store.account_by_login(&LoginName::parse("saburo")).await.unwrap().is_none(), "both or neither");
    assert_eq!(
        bench.try_member("taro", "New Ltd", false, 50).await.unwrap_err(),
        NewMemberError::Taken(NewAccountError::UserNameTaken)
    );
    assert!(bench.store.seller(&name("New Ltd")).await.unwrap().is_none(), "no empty seller account stays behind");
}

#[tokio::test]
async fn an_invitation_makes_one_account_with_what_was_offered() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let shop = bench.shop("山田商店").await;
    let (new, link) = bench.offer(&shop, "jiro@example.jp", By::Owner(owner));
    bench.store.invite(&new).await.unwrap().unwrap();
    let read = bench.store.invitation(link, NOW).await.unwrap().unwrap();
    assert_eq!(read, new.invitation);
    assert_eq!(bench.store.invitations(shop.id).await.unwrap(), std::slice::from_ref(&new.invitation));

    // Whatever the account says of itself: address and groups are the invitation's.
    let (one, other) = (bench.accept(link, "jiro", NOW), bench.accept(link, "jiro2", NOW));
    let both = tokio::join!(bench.store.accept_invitation(&one), bench.store.accept_invitation(&other));
    let outcomes = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().any(|o| matches!(o, Err(AcceptError::Gone))), "{outcomes:?}");
    let found = bench.store.account_by_login(&LoginName::parse("jiro@example.jp")).await.unwrap().unwrap();
    assert_eq!(found.account.groups, groups(&["orders"]));
    let membership = bench.store.membership(found.account.id).await.unwrap().unwrap();
    assert_eq!((membership.seller, membership.owner), (shop, false));
    assert!(bench.store.invitation(link, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn a_taken_name_leaves_the_invitation_as_it_was() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    bench.newcomer("jiro").await;
    let shop = bench.shop("山田商店").await;
    let (new, link) = bench.offer(&shop, "saburo@example.jp", By::Owner(owner));
    bench.store.invite(&new).await.unwrap().unwrap();
    let refused = bench.store.accept_invitation(&bench.accept(link, "jiro", NOW)).await.unwrap();
    assert_eq!(refused.unwrap_err(), AcceptError::Taken(NewAccountError::UserNameTaken));
    bench.store.accept_invitation(&bench.accept(link, "saburo", NOW)).await.unwrap().unwrap();

    // The address of somebody outside: the owner learns nothing, the invited person does.
    let (new, link) = bench.offer(&shop, "jiro@example.jp", By::Owner(owner));
    bench.store.invite(&new).await.unwrap().unwrap();
    let refused = bench.store.accept_invitation(&bench.accept(link, "another", NOW)).await.unwrap();
    assert_eq!(refused.unwrap_err(), AcceptError::Taken(NewAccountError::EmailTaken));
}

#[tokio::test]
async fn invitations_end_are_renewed_and_withdrawn() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let stranger = bench.acting("akuma", "Other Ltd", true).await;
    let member = bench.acting("taro", "山田商店", false).await;
    let shop = bench.shop("山田商店").await;
    for by in [By::Owner(stranger), By::Owner(member)] {
        let (new, _) = bench.offer(&shop, "jiro@example.jp", by);
        assert_eq!(bench.store.invite(&new).await.unwrap(), Err(InviteError::NotOwner));
    }
    let (taken, _) = bench.offer(&shop, "taro@example.jp", By::Owner(owner));
    assert_eq!(bench.store.invite(&taken).await.unwrap(), Err(InviteError::AlreadyMember));

    let (new, first) = bench.offer(&shop, "jiro@example.jp", By::Owner(owner));
    bench.store.invite(&new).await.unwrap().unwrap();
    let just_before = NOW + WEEK - Duration::from_millis(1);
    assert!(bench.store.invitation(first, just_before).await.unwrap().is_some());
    assert!(bench.store.invitation(first, NOW + WEEK).await.unwrap().is_none());
    let late = bench.store.accept_invitation(&bench.accept(first, "jiro", NOW + WEEK)).await.unwrap();
    assert_eq!(late.unwrap_err(), AcceptError::Gone);

    let second = bench.link(NOW + WEEK + WEEK);
    let renew = |by| RenewInvitation { id: new.invitation.id, by, link: second.clone(), mail: None, now: NOW + WEEK };
    assert!(bench.store.renew_invitation(&renew(By::Owner(stranger))).await.unwrap().is_none());
    assert!(bench.store.renew_invitation(&renew(By::Owner(owner))).await.unwrap().is_some());
    assert!(bench.store.invitation(first, NOW).await.unwrap().is_none(), "the older link is void");
    assert!(bench.store.invitation(second.id, NOW + WEEK).await.unwrap().is_some());

    assert!(!bench.store.withdraw_invitation(new.invitation.id, By::Owner(stranger)).await.unwrap());
    assert!(bench.store.withdraw_invitation(new.invitation.id, By::Owner(owner)).await.unwrap());
    assert!(bench.store.invitation(second.id, NOW + WEEK).await.unwrap().is_none());

    let (old, _) = bench.offer(&shop, "shiro@example.jp", By::Operator);
    bench.store.invite(&old).await.unwrap().unwrap();
    bench.store.purge(LIFETIME, NOW + WEEK + WEEK - DAY).await.unwrap();
    assert_eq!(bench.store.invitations(shop.id).await.unwrap().len(), 1, "shown as over for a week");
    bench.store.purge(LIFETIME, NOW + WEEK + WEEK).await.unwrap();
    assert!(bench.store.invitations(shop.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn people_and_invitations_share_the_places() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let shop = bench.shop("山田商店").await;
    let invite = async |email: &str, most: u32| {
        let (new, _) = bench.offer(&shop, email, By::Owner(owner));
        bench.store.invite(&NewInvitation { most, ..new }).await.unwrap()
    };
    assert_eq!(invite("a@example.jp", 2).await, Ok(()));
    assert_eq!(invite("b@example.jp", 2).await, Err(InviteError::Full));
    assert_eq!(invite("a@example.jp", 2).await, Ok(()), "the same person takes no second place");
}

#[tokio::test]
async fn an_owner_sets_the_grantable_groups_of_its_own_people_only() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let member = bench.acting("taro", "山田商店", false).await;
    let stranger = bench.acting("akuma", "Other Ltd", true).await;
    let change = |owner, member: Acting, chosen: &[&str]| ChangeGroups {
        owner,
        member: member.account,
        grantable: groups(&["orders", "owner"]),
        chosen: groups(chosen),
        untrusting: Vec::new(),
        notices: Vec::new(),
    };
    for (by, whom) in [(stranger, member), (member, owner), (owner, stranger), (owner, owner)] {
        let refused = bench.store.change_groups(&change(by, whom, &["orders"])).await.unwrap();
        assert!(refused.is_none(), "{by:?} {whom:?}");
    }
    let done = bench.store.change_groups(&change(owner, member, &["orders", "admin"])).await.unwrap().unwrap();
    assert!(done.changed);
    assert_eq!(done.account.groups, groups(&["operators", "orders"]), "`operators` was not the owner's to take");
    assert_eq!(bench.groups_of(member.account).await, done.account.groups);
    let again = bench.store.change_groups(&change(owner, member, &["orders"])).await.unwrap().unwrap();
    assert!(!again.changed);
    let before = bench.groups_of(member.account).await;
    bench.store.end_session(bench.session_of(owner).await).await.unwrap().unwrap();
    assert!(bench.store.change_groups(&change(owner, member, &[])).await.unwrap().is_none(), "signed out meanwhile");
    assert_eq!(bench.groups_of(member.account).await, before);
}

#[tokio::test]
async fn trust_ends_in_the_very_transaction_that_changes_the_groups() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let member = bench.member("taro", "山田商店", false).await;
    let person =
        Person { id: member, name: LoginName::parse("taro"), seed: sekisho::authn::totp::seed(&*bench.entropy) };
    bench.enrol(&person).await;
    let devices = async || bench.store.devices(member, NOW).await.unwrap().len();
    let by_owner = async |chosen: &[&str], untrusting: &[&str]| {
        let change = ChangeGroups {
            owner,
            member,
            grantable: groups(&["admins", "orders"]),
            chosen: groups(chosen),
            untrusting: groups(untrusting),
            notices: Vec::new(),
        };
        bench.store.change_groups(&change).await.unwrap().unwrap().ended.devices
    };
    let by_operator = async |all: &[&str], untrusting: &[&str]| {
        let edit = AccountEdit { groups: Some(groups(all)), ..AccountEdit::default() };
        bench.store.edit_account(member, &edit, &groups(untrusting), &[]).await.unwrap().unwrap().unwrap().ended.devices
    };
    trusting(&bench, &person, NOW + 1 * MINUTE).await;
    assert_eq!((by_owner(&["orders"], &["admins"]).await, devices().await), (0, 1), "no such group is touched");
    assert_eq!((by_owner(&["admins"], &["admins"]).await, devices().await), (1, 0), "into one");
    trusting(&bench, &person, NOW + 2 * MINUTE).await;
    assert_eq!((by_owner(&["orders"], &["admins"]).await, devices().await), (1, 0), "out of one");
    trusting(&bench, &person, NOW + 3 * MINUTE).await;
    assert_eq!((by_operator(&["orders", "sellers"], &["admins"]).await, devices().await), (0, 1));
    assert_eq!((by_operator(&["admins"], &["admins"]).await, devices().await), (1, 0), "into one, by an operator");
    trusting(&bench, &person, NOW + 4 * MINUTE).await;
    assert_eq!((by_operator(&["sellers"], &["admins"]).await, devices().await), (1, 0), "out of one, by an operator");
}

#[tokio::test]
async fn a_change_of_groups_names_the_live_sessions_and_a_removal_ends_them() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let co_owner = bench.acting("goro", "山田商店", true).await;
    let stranger = bench.acting("akuma", "Other Ltd", true).await;
    let member = bench.member("taro", "山田商店", false).await;
    let person =
        Person { id: member, name: LoginName::parse("taro"), seed: sekisho::authn::totp::seed(&*bench.entropy) };
    bench.enrol(&person).await;
    let session = bench.sign_in(&person, NOW).await;
    let change = ChangeGroups {
        owner,
        member,
        grantable: groups(&["owner"]),
        chosen: vec![],
        untrusting: vec![],
        notices: Vec::new(),
    };
    let done = bench.store.change_groups(&change).await.unwrap().unwrap();
    assert_eq!(done.sessions.iter().map(|s| s.id).collect::<Vec<_>>(), [session.id()]);
    let live = bench.store.session(session.digest()).await.unwrap().unwrap();
    assert_eq!(live.account.groups, groups(&["operators"]), "the session goes on with the new groups");
    assert_eq!(
        bench.store.members(bench.shop("山田商店").await.id).await.unwrap().last().unwrap().last_sign_in,
        Some(NOW)
    );

    let remove = |owner, member| RemoveMember { owner, member, notices: Vec::new() };
    let itself = Acting::of(&session);
    for (by, whom) in [
        (stranger, member),
        (owner, owner.account),
        (owner, co_owner.account),
        (itself, co_owner.account),
        (Acting { credential_version: CredentialVersion(9), ..owner }, member),
        (Acting { session: *session.digest(), ..owner }, member),
    ] {
        assert!(bench.store.remove_member(&remove(by, whom)).await.unwrap().is_none(), "{by:?} {whom}");
    }
    let ended = bench.store.remove_member(&remove(owner, member)).await.unwrap().unwrap();
    assert_eq!(ended.len(), 1);
    assert!(bench.store.account(member).await.unwrap().is_none());
    assert!(bench.store.session(session.digest()).await.unwrap().is_none());
    assert!(bench.store.devices(member, NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_invitation_ends_with_the_right_of_whoever_sent_it() {
    let bench = Bench::new().await;
    let (owner, co_owner) =
        (bench.acting("hanako", "山田商店", true).await, bench.acting("goro", "山田商店", true).await);
    let shop = bench.shop("山田商店").await;
    let invite = async |email: &str, by: By| {
        let (new, link) = bench.offer(&shop, email, by);
        bench.store.invite(&new).await.unwrap().unwrap();
        (new.invitation.id, link)
    };
    let gone = async |link: LinkId| {
        let accepted = bench.store.accept_invitation(&bench.accept(link, "akuma", NOW)).await.unwrap();
        assert_eq!(accepted.unwrap_err(), AcceptError::Gone);
        assert!(bench.store.invitation(link, NOW).await.unwrap().is_none());
    };
    let (_, own) = invite("a@example.jp", By::Owner(owner)).await;
    let (again, first) = invite("b@example.jp", By::Owner(owner)).await;
    let (_, operators) = invite("c@example.jp", By::Operator).await;
    let link = bench.link(NOW + WEEK);
    let renew = RenewInvitation { id: again, by: By::Owner(co_owner), link: link.clone(), mail: None, now: NOW };
    bench.store.renew_invitation(&renew).await.unwrap().unwrap();
    bench.store.set_disabled(owner.account, true, NOW).await.unwrap().unwrap();
    bench.store.set_disabled(owner.account, false, NOW).await.unwrap().unwrap();
    gone(own).await;
    gone(first).await;
    let offered = bench.store.invitations(shop.id).await.unwrap();
    assert_eq!(offered.len(), 2, "the operator's, and the one another owner answers for: {offered:?}");
    bench.store.delete_account(co_owner.account).await.unwrap().unwrap();
    gone(link.id).await;
    bench.store.accept_invitation(&bench.accept(operators, "chie", NOW)).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_invitation_gives_what_owners_may_give_when_it_is_taken_up() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let shop = bench.shop("山田商店").await;
    for (who, by, had) in [("a", By::Owner(owner), &[] as &[&str]), ("b", By::Operator, &["orders"])] {
        let (new, link) = bench.offer(&shop, &format!("{who}@example.jp"), by);
        bench.store.invite(&new).await.unwrap().unwrap();
        let accept = AcceptInvitation { grantable: groups(&["payments"]), ..bench.accept(link, who, NOW) };
        let (account, _) = bench.store.accept_invitation(&accept).await.unwrap().unwrap();
        assert_eq!(account.groups, groups(had), "{who}");
        assert_eq!(bench.groups_of(account.id).await, groups(had), "{who}");
    }
}

#[tokio::test]
async fn an_owner_whose_credentials_changed_meanwhile_manages_nobody() {
    let bench = Bench::new().await;
    let owner = bench.acting("hanako", "山田商店", true).await;
    let member = bench.member("taro", "山田商店", false).await;
    let shop = bench.shop("山田商店").await;
    let (sent, _) = bench.offer(&shop, "jiro@example.jp", By::Owner(owner));
    bench.store.invite(&sent).await.unwrap().unwrap();
    bench.store.set_password(owner.account, &bench.hash("nine calm otters"), &[], NOW).await.unwrap().unwrap();

    let (new, _) = bench.offer(&shop, "akuma@example.jp", By::Owner(owner));
    assert_eq!(bench.store.invite(&new).await.unwrap(), Err(InviteError::NotOwner));
    assert!(!bench.store.withdraw_invitation(sent.invitation.id, By::Owner(owner)).await.unwrap());
    let link = bench.link(NOW + WEEK);
    let renew = RenewInvitation { id: sent.invitation.id, by: By::Owner(owner), link, mail: None, now: NOW };
    assert!(bench.store.renew_invitation(&renew).await.unwrap().is_none());
    let change = ChangeGroups {
        owner,
        member,
        grantable: groups(&["owner"]),
        chosen: groups(&["owner"]),
        untrusting: vec![],
        notices: Vec::new(),
    };
    assert!(bench.store.change_groups(&change).await.unwrap().is_none());
    assert!(bench.store.remove_member(&RemoveMember { owner, member, notices: Vec::new() }).await.unwrap().is_none());
    assert!(bench.store.account(member).await.unwrap().is_some());
}
