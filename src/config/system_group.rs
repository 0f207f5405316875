//! The system group of `[admin]`, as `/etc/group` and `/etc/passwd` have it. Groups that only a directory service knows are
//! named by their number.

use std::{fs, path::Path};

use super::{AdminConfig, Config};

/// A group of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemGroup {
    /// Its number.
    pub gid: u32,
    /// How many users are in it; `None` where it is known by its number alone.
    pub members: Option<usize>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoGroup {
    /// No line of the file has the name.
    #[error("there is no group {0:?} in /etc/group")]
    Unknown(String),
    /// The file.
    #[error("/etc/group: {0}")]
    Unreadable(#[from] std::io::Error),
}

impl SystemGroup {
    /// By name or number.
    pub fn find(named: &str) -> Result<Self, NoGroup> {
        let groups = fs::read_to_string(Path::new("/etc/group"));
        let users = fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
        match (groups, named.parse()) {
            (Ok(groups), _) => Self::among(named, &groups, &users),
            (Err(_unreadable), Ok(gid)) => Some(Self { gid, members: None }),
            (Err(error), Err(_a_name)) => return Err(error.into()),
        }
        .ok_or_else(|| NoGroup::Unknown(named.to_owned()))
    }

    /// In the lines of the two files (`group(5)`, `passwd(5)`).
    fn among(named: &str, groups: &str, users: &str) -> Option<Self> {
        let number: Option<u32> = named.parse().ok();
        let line = groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, gid) = (fields.next()?, fields.nth(1)?.parse::<u32>().ok()?);
            (name == named || number == Some(gid)).then(|| (gid, fields.next().unwrap_or_default()))
        });
        let Some((gid, listed)) = line else {
            return number.map(|gid| Self { gid, members: None });
        };
        let mut members: Vec<&str> = listed.split(',').filter(|name| !name.is_empty()).collect();
        members.extend(users.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, primary) = (fields.next()?, fields.nth(2)?.parse::<u32>().ok()?);
            (primary == gid).then_some(name)
        }));
        members.sort_unstable();
        members.dedup();
        Some(Self { gid, members: Some(members.len()) })
    }
}

impl Config {
    /// What `[recovery] operators = 2` needs and the machine may not have.
    pub fn operator_warning(&self) -> Option<String> {
        if self.recovery.operators < 2 {
            return None;
        }
        let Some(AdminConfig { group, .. }) = &self.admin else {
            return Some(
                "recovery.operators is 2 and there is no [admin] group: only root and the gateway's own user can approve, \
                 and nobody else"
                    .to_owned(),
            );
        };
        let members = SystemGroup::find(group).ok()?.members?;
        (members < 2).then(|| {
            format!(
                "recovery.operators is 2 and the group {group:?} of [admin] has {members} members: one more is needed"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str = "root:x:0:\nops:x:2001:anna,ben\nalone:x:2002:\nbroken\n";
    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nanna:x:1001:2001::/:/bin/sh\nchie:x:1003:2002::/:/bin/sh\n";

    #[test]
    fn a_group_is_found_by_name_and_by_number_with_whoever_is_in_it() {
        let find = |named| SystemGroup::among(named, GROUPS, USERS);
        let ops = Some(SystemGroup { gid: 2001, members: Some(2) });
        assert_eq!(find("ops"), ops, "anna counts once");
        assert_eq!(find("2001"), ops);
        assert_eq!(find("alone"), Some(SystemGroup { gid: 2002, members: Some(1) }), "it is chie's first group");
        assert_eq!(find("4711"), Some(SystemGroup { gid: 4711, members: None }), "a directory service may know it");
        for nobody in ["op", "broken", "", "x", "-1"] {
            assert_eq!(find(nobody), None, "{nobody}");
        }
    }
}
