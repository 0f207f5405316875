//! Accounts in bulk: what a file of another program says becomes checked values, account by account, so that one that
//! cannot be taken keeps no other back.

use super::{
    command::{EditUser, ImportUser},
    execute::{self, Failure},
    reply::{CheckView, ImportView, LineView},
};
use crate::{
    account::{Account, EmailAddress, Group, PhoneNumber, UserName},
    app::{
        App,
        import::{CheckTime, ImportedPerson},
    },
    authn::PasswordHash,
    secret::ExposeSecret as _,
    store::{AccountEdit, ImportRun},
};

/// More numbers than one person has.
const MOST_NUMBERS: usize = 5;

/// Takes what can be taken of one command.
pub(super) async fn run(app: &App, users: &[ImportUser], dry_run: bool) -> Result<ImportView, Failure> {
    let snapshot = app.snapshot();
    let region = &snapshot.config.phone_region;
    let (mut places, mut people, mut view) = (Vec::new(), Vec::new(), ImportView::default());
    for (index, user) in users.iter().enumerate() {
        match checked(user, region) {
            Ok((person, notes)) => {
                view.left_out.extend(notes.into_iter().map(|reason| LineView { index, reason }));
                places.push(index);
                people.push(person);
            }
            Err(reason) => view.refused.push(LineView { index, reason }),
        }
    }
    let hashes: Vec<PasswordHash> = people.iter().map(|person: &ImportedPerson| person.hash.clone()).collect();
    view.checks = app.check_times(&hashes).await.into_iter().map(CheckView::new).collect();
    view.minimum_delay = milliseconds(app.snapshot().config.password.minimum_delay);
    let made = app.import_people(people, if dry_run { ImportRun::Dry } else { ImportRun::Real }).await?;
    for (index, outcome) in places.into_iter().zip(made) {
        match outcome {
            Ok(()) => view.imported += 1,
            Err(taken) => {
                view.left_out.retain(|line| line.index != index);
                view.refused.push(LineView { index, reason: taken.to_string() });
            }
        }
    }
    view.refused.sort_by_key(|line| line.index);
    Ok(view)
}

/// The person, and what had to be left out.
fn checked(user: &ImportUser, region: &str) -> Result<(ImportedPerson, Vec<String>), String> {
    let user_name = UserName::parse(&user.name).map_err(|why| format!("the user name: {why}"));
    let email = match user.email.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(typed) => EmailAddress::parse(typed).map(Some).map_err(|why| format!("the e-mail address: {why}")),
    };
    let display_name = execute::display_name(user.display_name.as_deref());
    let groups = execute::groups(&user.groups);
    let hash = PasswordHash::imported(user.password_hash.expose_secret().trim())
        .map_err(|why| format!("the password hash: {why}"));
    let (user_name, email, display_name, groups, hash) = match (user_name, email, display_name, groups, hash) {
        (Ok(user_name), Ok(email), Ok(display_name), Ok(groups), Ok(hash)) => {
            (user_name, email, display_name, groups, hash)
        }
        // Every fault at once, so that one look at the file puts the line right.
        (user_name, email, display_name, groups, hash) => {
            let faults = [user_name.err(), email.err(), display_name.err(), groups.err(), hash.err()];
            return Err(faults.into_iter().flatten().collect::<Vec<_>>().join("; "));
        }
    };
    let (mut numbers, mut notes) = (Vec::<PhoneNumber>::new(), Vec::new());
    for typed in user.phones.iter().filter(|typed| !typed.trim().is_empty()) {
        match PhoneNumber::parse(typed, region) {
            Ok(number) if numbers.iter().any(|other| other.same_number(&number)) => {}
            Ok(_) if numbers.len() == MOST_NUMBERS => notes.push("a telephone number is left out: too many".to_owned()),
            Ok(number) => numbers.push(number),
            Err(why) => notes.push(format!("a telephone number is left out: {why}")),
        }
    }
    let (language, disabled) = (user.language, user.disabled);
    Ok((ImportedPerson { user_name, email, display_name, groups, language, disabled, hash, numbers }, notes))
}

/// What an operator wants changed, as values.
pub(super) fn checked_edit(account: &Account, edit: &EditUser) -> Result<AccountEdit, Failure> {
    let refused = Failure::Refused;
    let user_name = match edit.name.as_deref() {
        None => None,
        Some(typed) => Some(UserName::parse(typed).map_err(|why| refused(format!("the user name: {why}")))?),
    };
    let email = match edit.email.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(typed) => {
            Some(Some(EmailAddress::parse(typed).map_err(|why| refused(format!("the e-mail address: {why}")))?))
        }
    };
    let display_name = match edit.display_name.as_deref() {
        None => None,
        typed => Some(execute::display_name(typed).map_err(refused)?),
    };
    let (added, removed) =
        (execute::groups(&edit.add_groups).map_err(refused)?, execute::groups(&edit.remove_groups).map_err(refused)?);
    if let Some(both) = added.iter().find(|group| removed.contains(group)) {
        return Err(refused(format!("the group {both} is both given and taken")));
    }
    if let Some(lacking) = removed.iter().find(|group| !account.groups.contains(group)) {
        return Err(refused(format!("the account has no group {lacking}")));
    }
    let groups = (!added.is_empty() || !removed.is_empty()).then(|| {
        let mut groups: Vec<Group> =
            account.groups.iter().chain(&added).filter(|group| !removed.contains(group)).cloned().collect();
        groups.sort();
        groups.dedup();
        groups
    });
    Ok(AccountEdit { user_name, email, display_name, groups, language: edit.language })
}

impl CheckView {
    fn new(check: CheckTime) -> Self {
        Self { kind: check.kind.to_owned(), milliseconds: milliseconds(check.time) }
    }
}

fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
