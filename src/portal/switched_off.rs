//! After a sign-in: a method was switched off by wrong codes, and has to be set up again.

use askama::Template;

use super::{
    notice::Note,
    page::{Here, PageFrame, ShownMethod, html},
    sign_in,
    visit::{Answer, Visit},
};
use crate::{account::Role, app};

/// Which methods, and the way to set them up.
#[derive(Debug, Template)]
#[template(path = "switched_off.html")]
pub struct SwitchedOffPage {
    /// The frame.
    pub frame: PageFrame,
    /// Which.
    pub off: Vec<(Role, ShownMethod)>,
    /// Where to go on.
    pub target: String,
}

impl SwitchedOffPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("off-heading")
    }
    fn methods(&self) -> Vec<(String, String)> {
        let role = |role| match role {
            Role::Primary => self.frame.t("role-primary"),
            Role::Backup => self.frame.t("role-backup"),
        };
        self.off.iter().map(|(of, method)| (role(*of), method.describe(&self.frame))).collect()
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(off) = visit.portal.app.switched_off(&visit.browser()).await? else {
        return Ok(visit.see(Here::SignIn));
    };
    if off.is_empty() {
        return sign_in::show(visit).await;
    }
    let page = SwitchedOffPage {
        frame: visit.frame(Here::Rebind, &Note::default()),
        off: off.into_iter().map(|method| (method.role, method.into())).collect(),
        target: visit.to.as_str().to_owned(),
    };
    Ok(visit.page(html(&page)))
}
