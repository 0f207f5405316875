//! Who carries messages: the tables `[sms]`, `[voice]` and `[mail]`, whose key `provider` says which other keys they
//! have. A provider is one file here with its keys, one in `delivery/providers`, and a line in the list of each.

mod answer;
mod aws;
mod command;
mod form;
mod inbox;
mod media_sms;
mod named;
mod names;
mod service_url;
mod smtp;
mod twilio;
mod vonage;
mod webhook;

use std::{marker::PhantomData, path::Path};

use toml::{Spanned, de::DeValue};

pub(super) use self::service_url::ProxyUrl;
pub use self::{
    answer::{AnswerOutcome, AnswerRule},
    aws::{AwsAccess, AwsProvider, SnsProvider},
    command::CommandConfig,
    form::{FormConfig, FormMethod, Parameter},
    inbox::InboxProvider,
    media_sms::MediaSmsProvider,
    named::{Placeholder, Template},
    names::SenderId,
    smtp::{SmtpConfig, SmtpEncryption},
    twilio::TwilioProvider,
    vonage::{SignatureMethod, VonageProvider},
    webhook::WebhookConfig,
};
use super::{
    ConfiguredSecret,
    problem::Report,
    read::{At, Key, Presence, Refusal, Shape, Table, TableReader, Text, Value, Variant, tables},
    value::{FilePath, word, words},
};

/// What a message goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// Text message.
    Sms,
    /// Call.
    Voice,
    /// Mail.
    Mail,
}

impl ChannelKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Voice, Self::Mail];

    /// The word in logs, in the store, and the table of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Mail => "mail",
        }
    }
}

/// Who carries the messages of one channel.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// Who is asked first.
    pub provider: ProviderConfig,
    /// Who is asked when that one certainly did not take a message.
    pub second: Option<ProviderConfig>,
}

/// The keys of one provider.
pub(super) trait ProviderTable: Table {
    /// What they become.
    type Checked;

    /// The channels it can carry.
    const CARRIES: &'static [ChannelKind];

    /// Reports what does not agree between its keys; `table` is the dotted name of the table.
    fn check(&self, _table: &str, _report: &mut Report<'_>) {}

    /// The secrets it names, with their keys: they must be readable when the gateway starts.
    fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        Vec::new()
    }

    /// The file of a private key, where requests are signed with one: it must be readable when the gateway starts.
    fn private_key(&self) -> Option<&At<FilePath>> {
        None
    }

    /// `None` where something needed is missing, which is then reported.
    fn checked(self, directory: &Path) -> Option<Self::Checked>;
}

/// What is known of a provider without a file.
struct Known {
    name: &'static str,
    carries: &'static [ChannelKind],
    about: &'static str,
    keys: fn() -> Vec<Key>,
}

macro_rules! providers {
    ($($(#[doc = $doc:literal])+ $name:literal => $variant:ident($keys:ty => $checked:ty),)+) => {
        /// One provider, with what it needs to know.
        #[derive(Clone, Debug)]
        pub enum ProviderConfig {
            $( $(#[doc = $doc])+ $variant(Box<$checked>), )+
        }

        impl ProviderConfig {
            /// Its word in the configuration, in logs and in the store.
            pub const fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name, )+ }
            }
        }

        /// Its keys as they stand in the file.
        #[derive(Clone, Debug)]
        pub(in crate::config::providers) enum RawProvider {
            $( $variant(Box<$keys>), )+
        }

        impl RawProvider {
            fn read(name: &str, reader: &mut TableReader<'_, '_>) -> Option<Self> {
                match name {
                    $( $name => Some(Self::$variant(Box::new(<$keys>::read_keys(reader)))), )+
                    _ => None,
                }
            }

            fn check(&self, table: &str, report: &mut Report<'_>) {
                match self { $( Self::$variant(keys) => keys.check(table, report), )+ }
            }

            fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
                match self { $( Self::$variant(keys) => keys.secrets(), )+ }
            }

            fn private_key(&self) -> Option<&At<FilePath>> {
                match self { $( Self::$variant(keys) => keys.private_key(), )+ }
            }

            fn checked(self, directory: &Path) -> Option<ProviderConfig> {
                Some(match self { $( Self::$variant(keys) => ProviderConfig::$variant(Box::new(keys.checked(directory)?)), )+ })
            }
        }

        /// The name of each.
        pub const PROVIDER_NAMES: &[&str] = &[ $( $name, )+ ];

        const PROVIDERS: &[Known] = &[
            $( Known {
                name: $name,
                carries: <$keys as ProviderTable>::CARRIES,
                about: <$keys as Table>::ABOUT,
                keys: <$keys as Table>::keys,
            }, )+
        ];
    };
}

providers! {
    /// The development inbox.
    "inbox" => Inbox(inbox::Keys => InboxProvider),
    /// A signed JSON request to a service of the operator's own.
    "webhook" => Webhook(webhook::Keys => WebhookConfig),
    /// A form or a query to a gateway that speaks HTTP, as kannel does.
    "form" => Form(form::Keys => FormConfig),
    /// A program of this machine.
    "command" => Command(command::Keys => CommandConfig),
    /// A mail server.
    "smtp" => Smtp(smtp::Keys => SmtpConfig),
    /// Twilio.
    "twilio" => Twilio(twilio::Keys => TwilioProvider),
    /// Media SMS.
    "media_sms" => MediaSms(media_sms::Keys => MediaSmsProvider),
    /// Vonage.
    "vonage" => Vonage(vonage::Keys => VonageProvider),
    /// AWS End User Messaging.
    "aws" => Aws(aws::Keys => AwsProvider),
    /// Amazon SNS.
    "sns" => Sns(aws::SnsKeys => SnsProvider),
}

/// A channel as a type, so that a table knows which providers it can name.
pub(super) trait Channel: Clone + std::fmt::Debug {
    const KIND: ChannelKind;
}

macro_rules! channels {
    ($($name:ident)+) => {$(
        #[derive(Clone, Debug)]
        pub(super) struct $name;
        impl Channel for $name {
            const KIND: ChannelKind = ChannelKind::$name;
        }
    )+};
}
channels! { Sms Voice Mail }

fn carriers(kind: ChannelKind) -> impl Iterator<Item = &'static Known> {
    PROVIDERS.iter().filter(move |known| known.carries.contains(&kind))
}

fn names(kind: ChannelKind) -> Vec<(&'static str, &'static str)> {
    carriers(kind).map(|known| (known.name, known.name)).collect()
}

/// The name of a provider that carries the channel.
#[derive(Clone, Debug)]
struct ProviderName<C>(&'static str, PhantomData<C>);

impl<C: Channel> Text for ProviderName<C> {
    const KIND: &'static str = "a provider";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let kind = match C::KIND {
            ChannelKind::Sms => "a provider of text messages",
            ChannelKind::Voice => "a provider of calls",
            ChannelKind::Mail => "a provider of mail",
        };
        word(text, kind, &names(C::KIND)).map(|name| Self(name, PhantomData))
    }
    fn constraint() -> serde_json::Value {
        words(&names(C::KIND))
    }
}

/// The table of a channel, or of its second provider.
#[derive(Clone, Debug)]
pub(super) struct Provided {
    pub(super) name: At<&'static str>,
    keys: RawProvider,
}

impl Provided {
    /// Reports what does not agree between its keys; `table` is the dotted name of the table.
    pub(super) fn check(&self, table: &str, report: &mut Report<'_>) {
        self.keys.check(table, report);
    }

    /// The secrets it names, with their keys.
    pub(super) fn secrets(&self) -> Vec<(&'static str, Option<&At<ConfiguredSecret>>)> {
        self.keys.secrets()
    }

    /// The file of a private key it names.
    pub(super) fn private_key(&self) -> Option<&At<FilePath>> {
        self.keys.private_key()
    }

    fn read<C: Channel>(reader: &mut TableReader<'_, '_>) -> Option<Self> {
        let name: At<ProviderName<C>> = reader.key("provider", Presence::Required)?;
        let keys = RawProvider::read(name.value.0, reader)?;
        Some(Self { name: At { value: name.value.0, span: name.span }, keys })
    }

    fn variants<C: Channel>(with: fn() -> Vec<Key>) -> Vec<Variant> {
        let variant = |known: &'static Known| {
            let mut keys = vec![Key {
                name: "provider",
                about: "Who carries them.",
                presence: Presence::Required,
                shape: ProviderName::<C>::shape(),
            }];
            keys.extend((known.keys)());
            keys.extend(with());
            Variant { name: known.name, about: known.about, keys }
        };
        carriers(C::KIND).map(variant).collect()
    }
}

/// Who carries messages of one channel.
#[derive(Clone, Debug)]
pub(super) struct RawChannel<C> {
    /// `None` once reported that nobody is named whom we know.
    first: Option<Provided>,
    pub(super) second: Option<At<Second<C>>>,
}

/// Who is asked when the first provider certainly did not take a message.
#[derive(Clone, Debug)]
pub(super) struct Second<C>(pub(super) Provided, PhantomData<C>);

const SECOND: &str = "Who is asked when the first provider certainly did not take a message: it could not be reached, \
                      has no money left, or refuses for a reason of its own. Never where it may have taken it.";

impl<C: Channel> Value for RawChannel<C> {
    fn shape() -> Shape {
        let second =
            || vec![Key { name: "second", about: "", presence: Presence::Optional, shape: Second::<C>::shape() }];
        Shape::Choice {
            about: "Who carries messages of one kind.",
            by: "provider",
            variants: Provided::variants::<C>(second),
        }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let mut reader = TableReader::open(value, key, report)?;
        let first = Provided::read::<C>(&mut reader);
        let second = reader.key("second", Presence::Optional);
        // Which keys there are is not known without a provider.
        if first.is_some() {
            reader.close();
        }
        Some(Self { first, second })
    }
}

impl<C: Channel> Value for Second<C> {
    fn shape() -> Shape {
        Shape::Choice { about: SECOND, by: "provider", variants: Provided::variants::<C>(Vec::new) }
    }

    fn read(value: &Spanned<DeValue<'_>>, key: &str, report: &mut Report<'_>) -> Option<Self> {
        let mut reader = TableReader::open(value, key, report)?;
        let provided = Provided::read::<C>(&mut reader)?;
        reader.close();
        Some(Self(provided, PhantomData))
    }
}

impl<C> Second<C> {
    pub(super) fn checked(self, directory: &Path) -> Option<ProviderConfig> {
        self.0.keys.checked(directory)
    }
}

impl<C: Channel> RawChannel<C> {
    /// Each provider with the dotted name of its table.
    pub(super) fn provided(&self) -> impl Iterator<Item = (String, &Provided)> {
        let table = C::KIND.as_str();
        let first = self.first.iter().map(move |first| (table.to_owned(), first));
        first.chain(self.second.as_ref().map(|second| (format!("{table}.second"), &second.value.0)))
    }

    pub(super) fn checked(self, directory: &Path) -> Option<ChannelConfig> {
        let second = match self.second {
            Some(second) => Some(second.value.0.keys.checked(directory)?),
            None => None,
        };
        Some(ChannelConfig { provider: self.first?.keys.checked(directory)?, second })
    }
}

tables! {
    /// How providers are reached over HTTP.
    Delivery {
        /// A proxy for requests to providers. No other is used: variables of the environment count for nothing. Addresses of
        /// this machine are reached without it.
        proxy: ProxyUrl = optional,
        /// Certificate authority that is believed beside the public ones, PEM: that of a proxy or a provider of your own.
        ca: FilePath = optional,
        /// Until a connection to a provider stands.
        connect_timeout: super::value::Time<{ 100 * super::value::MILLISECOND }, { super::value::MINUTE }> = default("3s"),
        /// Until a provider has answered. What it did not answer by then it may have taken: it is not sent again.
        timeout: super::value::Time<{ 100 * super::value::MILLISECOND }, { super::value::MINUTE }> = default("10s"),
    }
}

/// How providers are reached over HTTP.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// Through this proxy.
    pub proxy: Option<url::Url>,
    /// A certificate authority beside the public ones, PEM.
    pub ca: Option<std::path::PathBuf>,
    /// Until a connection stands.
    pub connect_timeout: std::time::Duration,
    /// Until the whole answer is there.
    pub timeout: std::time::Duration,
}

pub(super) fn delivery(raw: Delivery, directory: &Path) -> Option<DeliveryConfig> {
    Some(DeliveryConfig {
        proxy: raw.proxy.map(|proxy| proxy.value.0),
        ca: raw.ca.map(|ca| directory.join(ca.value.0)),
        connect_timeout: raw.connect_timeout?.value.0,
        timeout: raw.timeout?.value.0,
    })
}
