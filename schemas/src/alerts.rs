//! The routing file of alerts: who is told of what, in which language, by mail or webhook, at once or once a day.
//! It does not know the ledger: addresses are personal data, a ledger forgets nothing, so this file stays beside it.
//! Invariant: a field that is unknown or misspelt is refused by name, and nothing here is a secret itself; files hold those.

use crate::fact::decision::Role;
use crate::ids::EquipmentId;
use crate::text::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the file calls itself. A change of its form is another name.
pub const ALERTS_FORMAT: &str = "daicho.alerts.v1";
/// The largest routing file, in bytes.
pub const ALERTS_BYTES_MAX: usize = 1024 * 1024;
/// Recipients in one file.
pub const RECIPIENTS_MAX: usize = 100;
/// The longest name of a recipient, in bytes: it becomes part of a file's name.
pub const RECIPIENT_NAME_BYTES_MAX: usize = 40;

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertsFile {
    /// Always `daicho.alerts.v1`.
    pub format: String,
    /// The console's address as its readers reach it: links in messages begin with it.
    pub console_url: String,
    /// The mail server; needed as soon as a recipient has a mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
    /// Who is told. At most 100.
    pub recipients: Vec<Recipient>,
}

/// A mail server that takes messages for others (RFC 6409).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its host name; its certificate must carry it.
    pub host: String,
    /// Its port: 587 for `starttls`, 465 for `tls`, most often.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// PEM file of the authorities that may have signed its certificate; without it those that this system trusts.
    /// Relative to this file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The user to sign in as, if the server asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A file that holds the user's password and nothing else. Relative to this file's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// The sender: an address, or a name and an address in angle brackets.
    pub from: String,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// It begins in the clear and must turn to TLS before anything is said (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None; taken only for a mail server on this machine.
    None,
}

/// One person, one list or one machine that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// What logs, pages and the ledger call it: a-z, 0-9, `-` and `_`. Take an office, not a person's name.
    pub name: String,
    /// The language of messages.
    #[serde(default)]
    pub language: Language,
    /// A mail address. Either this or `webhook`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// An address that is posted to. Either this or `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookTo>,
    /// In which roles they read; empty for all. `auditor` and `admin` are told everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// For which equipment; empty for all, and for what belongs to none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equipment: Vec<EquipmentId>,
    /// What weighs less is left out, unless it is one of the causes of `immediate`.
    #[serde(default)]
    pub severity_min: Weight,
    /// What is told at once; the rest waits for the digest. All of them unless it says otherwise.
    #[serde(default = "Immediate::all")]
    pub immediate: Vec<Immediate>,
    /// When the digest goes out. A webhook has none: it is told everything at once.
    #[serde(default)]
    pub digest: Digest,
    /// Hours in Japan in which only the prohibition period is told at once; the rest waits for the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
}

/// Where a webhook goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookTo {
    /// A file that holds the address and nothing else: it often has a secret in it. Relative to this file's folder.
    pub url_file: String,
    /// PEM file of the authority that signed the receiver's certificate; needed unless the receiver is this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

/// How much something weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Look at it.
    #[default]
    Notice,
    /// Act on it.
    Warning,
    /// Act on it now.
    Critical,
}

/// What may be told at once, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Immediate {
    /// A change while the prohibition period of the plan runs.
    ProhibitionPeriod,
    /// A way in from outside to critical equipment that no plan declares.
    UndeclaredRemotePath,
    /// The law asks to file before the change (あらかじめ届出).
    FileFirst,
    /// What agents saw of a planned change differs from its ticket.
    PlannedChangeDiffers,
}

impl Immediate {
    /// Every cause, the gravest first.
    pub fn all() -> Vec<Self> {
        vec![Self::ProhibitionPeriod, Self::UndeclaredRemotePath, Self::FileFirst, Self::PlannedChangeDiffers]
    }
}

/// When the digest goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Digest {
    /// The hour in Japan, 0 to 23.
    pub hour: u8,
    /// A day of the week on which a digest goes out even when there is nothing to say: silence then means a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Weekday>,
}

impl Default for Digest {
    fn default() -> Self {
        Self { hour: 8, heartbeat: None }
    }
}

/// A day of the week, from Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named as its day")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Hours in which people are left in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet hour in Japan, 0 to 23.
    pub from_hour: u8,
    /// The first hour that is not quiet any more; before `from_hour` when the night lies between.
    pub to_hour: u8,
}

impl QuietHours {
    /// Whether an hour of the day in Japan is quiet.
    pub fn covers(&self, hour: u8) -> bool {
        if self.from_hour <= self.to_hour {
            (self.from_hour..self.to_hour).contains(&hour)
        } else {
            hour >= self.from_hour || hour < self.to_hour
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_have_midnight_between_them() {
        let night = QuietHours { from_hour: 22, to_hour: 6 };
        assert!([22, 23, 0, 5].iter().all(|hour| night.covers(*hour)));
        assert!([6, 12, 21].iter().all(|hour| !night.covers(*hour)));
        let noon = QuietHours { from_hour: 12, to_hour: 13 };
        assert!(noon.covers(12) && !noon.covers(13) && !noon.covers(11));
    }

    #[test]
    fn what_is_not_said_is_the_calm_default() {
        let recipient: Recipient = serde_json::from_str(r#"{"name":"office","mail":"a@example.jp"}"#).unwrap();
        assert_eq!(recipient.immediate, Immediate::all());
        assert_eq!((recipient.digest.hour, recipient.language), (8, Language::Ja));
        assert!(serde_json::from_str::<Recipient>(r#"{"name":"office","mial":"a@example.jp"}"#).is_err());
    }
}
