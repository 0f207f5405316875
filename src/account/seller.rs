//! Seller accounts: one business, several people, each with a sign-in of their own. An owner may give and take only the
//! groups the operator has set free for that.

use super::Group;
use crate::random_id;

random_id!(
    /// Names one seller account.
    SellerId
);

/// One business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SellerAccount {
    /// Its identifier.
    pub id: SellerId,
    /// What its people know it by.
    pub name: SellerName,
}

/// 1 to 100 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SellerName(String);

/// A seller account cannot have that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is 1 to {} characters on one line", SellerName::MOST)]
pub struct SellerNameError;

impl SellerName {
    /// Characters.
    pub const MOST: usize = 100;

    /// Trims and checks a name.
    pub fn parse(typed: &str) -> Result<Self, SellerNameError> {
        let name = typed.trim();
        if name.is_empty() || name.chars().count() > Self::MOST || name.chars().any(char::is_control) {
            return Err(SellerNameError);
        }
        Ok(Self(name.to_owned()))
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SellerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose people an account belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The seller account.
    pub seller: SellerAccount,
    /// May it invite and remove the others and set their groups?
    pub owner: bool,
}

/// The groups of a member after its owner chose among the grantable ones: those the owner may not touch stay as they
/// are, those that are not grantable are never added. Sorted, without repeats.
pub fn regrant(current: &[Group], grantable: &[Group], chosen: &[Group]) -> Vec<Group> {
    let kept = current.iter().filter(|group| !grantable.contains(group));
    let given = chosen.iter().filter(|group| grantable.contains(group));
    let mut groups: Vec<Group> = kept.chain(given).cloned().collect();
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<Group> {
        names.iter().map(|name| Group::parse(name).unwrap()).collect()
    }

    #[test]
    fn an_owner_gives_and_takes_only_what_is_grantable() {
        let grantable = groups(&["orders", "payments"]);
        let of = |current: &[&str], chosen: &[&str]| regrant(&groups(current), &grantable, &groups(chosen));
        assert_eq!(of(&["operators", "orders"], &["payments"]), groups(&["operators", "payments"]));
        assert_eq!(of(&[], &["operators", "orders", "orders"]), groups(&["orders"]), "never what is not grantable");
        assert_eq!(of(&["operators"], &[]), groups(&["operators"]), "never taken either");
    }

    #[test]
    fn a_seller_has_a_name_on_one_line() {
        assert_eq!(SellerName::parse(" 山田商店 ").unwrap().as_str(), "山田商店");
        for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert_eq!(SellerName::parse(bad), Err(SellerNameError), "{bad:?}");
        }
    }
}
