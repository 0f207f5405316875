//! What stands in each guide, block by block, as keys of the catalogue. It decides nothing and knows no account.

use super::Guide;

/// A part of a guide. The words are keys of the catalogue.
#[derive(Debug)]
pub(super) enum Block {
    /// A paragraph.
    Text(&'static str),
    /// Numbered steps.
    Steps(&'static [&'static str]),
    /// Things side by side.
    Points(&'static [&'static str]),
    /// The table of allowed pairs.
    Pairs,
    /// A link to another guide.
    See(Guide),
    /// A link to the security settings.
    Settings,
}

/// Blocks under a heading.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) blocks: &'static [Block],
}

pub(super) const ENABLING: &[Section] = &[
    Section {
        heading: "guide-enabling-need-heading",
        blocks: &[
            Block::Points(&["guide-enabling-need-password", "guide-enabling-need-ways", "guide-enabling-need-phone"]),
            Block::Text("guide-enabling-need-others"),
        ],
    },
    Section { heading: "guide-enabling-pairs-heading", blocks: &[Block::Text("guide-enabling-pairs"), Block::Pairs] },
    Section {
        heading: "guide-enabling-steps-heading",
        blocks: &[
            Block::Steps(&[
                "guide-enabling-step-sign-in",
                "guide-enabling-step-begin",
                "guide-enabling-step-primary",
                "guide-enabling-step-prove",
                "guide-enabling-step-backup",
                "guide-enabling-step-done",
                "guide-enabling-step-codes",
            ]),
            Block::See(Guide::AuthenticatorApp),
            Block::See(Guide::NoCode),
        ],
    },
    Section {
        heading: "guide-enabling-stop-heading",
        blocks: &[Block::Text("guide-enabling-stop"), Block::Text("guide-enabling-later")],
    },
    Section {
        heading: "guide-enabling-after-heading",
        blocks: &[Block::Text("guide-enabling-after"), Block::Text("guide-enabling-change"), Block::Settings],
    },
];

pub(super) const AUTHENTICATOR_APP: &[Section] = &[
    Section {
        heading: "guide-app-which-heading",
        blocks: &[
            Block::Points(&["guide-app-which-phone", "guide-app-which-computer"]),
            Block::Text("guide-app-which-any"),
        ],
    },
    Section {
        heading: "guide-app-scan-heading",
        blocks: &[
            Block::Steps(&[
                "guide-app-scan-install",
                "guide-app-choose",
                "guide-app-scan-add",
                "guide-app-scan-camera",
                "guide-app-enter",
            ]),
            Block::Text("guide-app-same-phone"),
        ],
    },
    Section {
        heading: "guide-app-key-heading",
        blocks: &[
            Block::Text("guide-app-key-lead"),
            Block::Steps(&[
                "guide-app-key-install",
                "guide-app-choose",
                "guide-app-key-add",
                "guide-app-key-type",
                "guide-app-key-kind",
                "guide-app-enter",
            ]),
            Block::Text("guide-app-key-secret"),
        ],
    },
    Section {
        heading: "guide-app-use-heading",
        blocks: &[Block::Steps(&["guide-app-use-open", "guide-app-use-type"]), Block::Text("guide-app-use-once")],
    },
    Section {
        heading: "guide-app-refused-heading",
        blocks: &[Block::Points(&["guide-app-clock", "guide-app-entry", "guide-app-next"])],
    },
    Section {
        heading: "guide-app-new-phone-heading",
        blocks: &[
            Block::Text("guide-app-new-phone-lead"),
            Block::Steps(&[
                "guide-app-new-phone-sign-in",
                "guide-app-new-phone-settings",
                "guide-app-new-phone-replace",
                "guide-app-new-phone-prove",
                "guide-app-new-phone-delete",
            ]),
            Block::Settings,
            Block::Text("guide-app-new-phone-lost"),
            Block::See(Guide::CannotChange),
        ],
    },
];

pub(super) const NO_CODE: &[Section] = &[
    Section {
        heading: "guide-no-code-first-heading",
        blocks: &[
            Block::Steps(&[
                "guide-no-code-open",
                "guide-no-code-again",
                "guide-no-code-channel",
                "guide-no-code-other",
            ]),
            Block::Text("guide-no-code-limits"),
        ],
    },
    Section {
        heading: "guide-no-code-sms-heading",
        blocks: &[Block::Points(&[
            "guide-no-code-digits",
            "guide-no-code-signal",
            "guide-no-code-newest",
            "guide-no-code-spam",
            "guide-no-code-refuse",
            "guide-no-code-full",
            "guide-no-code-data-only",
        ])],
    },
    Section {
        heading: "guide-no-code-voice-heading",
        blocks: &[Block::Points(&[
            "guide-no-code-unknown-caller",
            "guide-no-code-answerphone",
            "guide-no-code-engaged",
            "guide-no-code-extension",
        ])],
    },
    Section {
        heading: "guide-no-code-app-heading",
        blocks: &[
            Block::Points(&["guide-app-clock", "guide-app-entry", "guide-app-next"]),
            Block::See(Guide::AuthenticatorApp),
        ],
    },
    Section {
        heading: "guide-no-code-kinds-heading",
        blocks: &[Block::Points(&["guide-no-code-landline", "guide-no-code-050", "guide-no-code-abroad"])],
    },
    Section {
        heading: "guide-no-code-wrong-heading",
        blocks: &[Block::Text("guide-no-code-wrong"), Block::Text("guide-no-code-disabled")],
    },
    Section {
        heading: "guide-no-code-none-heading",
        blocks: &[Block::Text("guide-no-code-none"), Block::See(Guide::CannotChange)],
    },
];

pub(super) const CANNOT_CHANGE: &[Section] = &[
    Section {
        heading: "guide-cannot-change-one-heading",
        blocks: &[
            Block::Text("guide-cannot-change-one"),
            Block::Steps(&[
                "guide-cannot-change-one-help",
                "guide-cannot-change-one-backup",
                "guide-cannot-change-one-settings",
            ]),
            Block::Settings,
        ],
    },
    Section {
        heading: "guide-cannot-change-codes-heading",
        blocks: &[
            Block::Text("guide-cannot-change-codes"),
            Block::Steps(&[
                "guide-cannot-change-one-help",
                "guide-cannot-change-codes-open",
                "guide-cannot-change-codes-enter",
                "guide-cannot-change-set-up",
            ]),
        ],
    },
    Section {
        heading: "guide-cannot-change-ask-heading",
        blocks: &[
            Block::Steps(&[
                "guide-cannot-change-one-help",
                "guide-cannot-change-ask-open",
                "guide-cannot-change-ask-receipt",
                "guide-cannot-change-ask-wait",
                "guide-cannot-change-ask-answer",
            ]),
            Block::Text("guide-cannot-change-ask-notices"),
            Block::Text("guide-cannot-change-ask"),
        ],
    },
    Section {
        heading: "guide-cannot-change-ticket-heading",
        blocks: &[
            Block::Text("guide-cannot-change-ticket-lead"),
            Block::Steps(&[
                "guide-cannot-change-ticket-sign-in",
                "guide-cannot-change-ticket-enter",
                "guide-cannot-change-set-up",
            ]),
        ],
    },
    Section { heading: "guide-cannot-change-rest-heading", blocks: &[Block::Text("guide-cannot-change-rest")] },
    Section { heading: "guide-cannot-change-after-heading", blocks: &[Block::Text("guide-cannot-change-after")] },
    Section {
        heading: "guide-cannot-change-never-heading",
        blocks: &[Block::Points(&[
            "guide-cannot-change-never-off",
            "guide-cannot-change-never-asked",
            "guide-cannot-change-never-password",
        ])],
    },
];

pub(super) const ASKED_OFTEN: &[Section] = &[
    Section {
        heading: "guide-asked-often-trust-heading",
        blocks: &[
            Block::Steps(&["guide-asked-often-tick", "guide-asked-often-enter", "guide-asked-often-next"]),
            Block::Text("guide-asked-often-shared"),
            Block::Text("guide-asked-often-list"),
            Block::Settings,
        ],
    },
    Section {
        heading: "guide-asked-often-why-heading",
        blocks: &[Block::Points(&[
            "guide-asked-often-over",
            "guide-asked-often-browser",
            "guide-asked-often-private",
            "guide-asked-often-cookies",
            "guide-asked-often-void",
            "guide-asked-often-most",
            "guide-asked-often-fresh",
        ])],
    },
    Section {
        heading: "guide-asked-often-several-heading",
        blocks: &[Block::Text("guide-asked-often-several"), Block::Text("guide-asked-often-own")],
    },
    Section { heading: "guide-asked-often-signed-out-heading", blocks: &[Block::Text("guide-asked-often-signed-out")] },
];
