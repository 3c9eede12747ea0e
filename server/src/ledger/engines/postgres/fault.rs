//! What can go wrong with the database, in words for people, and what it means for the ledger: wait, or stop.
//! It does not decide about single entries. Invariant: what the database said is kept, its password never is.

use crate::ledger::engine::EngineFault;
use daicho_schemas::text::Text;
use std::path::PathBuf;
use tokio_postgres::error::{Severity, SqlState};

/// The database cannot be used, and why.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseFault {
    /// The address is not one.
    #[error("the database's address cannot be used: {0}")]
    Address(String),
    /// The database is on another machine, and nothing proves that it is the right one.
    #[error(
        "{host} is another machine: give --ledger-ca with the PEM file of the authority that signed the database's certificate"
    )]
    Unprotected {
        /// Which host.
        host: String,
    },
    /// It does not answer, or not as it should; it may be back at any moment.
    #[error("the database {place} cannot be used now: {what}")]
    Away {
        /// The address without its password.
        place: String,
        /// What it or the system said.
        what: String,
    },
    /// It would acknowledge what is not on disk.
    #[error(
        "the database {place} does not promise to keep what it acknowledges ({setting} is off): turn it on and restart it"
    )]
    NotDurable {
        /// The address without its password.
        place: String,
        /// The setting.
        setting: &'static str,
    },
    /// Its release is too old.
    #[error("the database {place} is PostgreSQL {found}; {needed} or later is needed")]
    TooOld {
        /// The address without its password.
        place: String,
        /// The major release found.
        found: i32,
        /// The least major release.
        needed: i32,
    },
    /// A newer release of Daicho has changed the tables in a way that this one cannot live with.
    #[error(
        "a newer release of Daicho has taken over the database {place} (schema {needed}, this one knows {ours}): upgrade this instance"
    )]
    NewerRelease {
        /// The address without its password.
        place: String,
        /// The least schema that may work there.
        needed: i32,
        /// The schema of this release.
        ours: i32,
    },
    /// There is no ledger in it.
    #[error("the database {place} keeps no ledger: `daicho serve` or `daicho import` makes one")]
    NoLedger {
        /// The address without its password.
        place: String,
    },
    /// Its tables cannot be made or brought up to date.
    #[error("the tables in the database {place} cannot be made: {what}")]
    Tables {
        /// The address without its password.
        place: String,
        /// What went wrong.
        what: String,
    },
    /// It lacks an entry that this instance knows: an older copy, or a replica that was promoted without the newest entries.
    #[error(
        "the database {place} does not have entry {seq} as it was acknowledged: it is an older copy or another ledger"
    )]
    OtherLedger {
        /// The address without its password.
        place: String,
        /// The entry that is not there.
        seq: u64,
    },
    /// What is stored is not what was written.
    #[error("the ledger is damaged at entry {seq}: {what}")]
    Damaged {
        /// The first entry that cannot be read.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// No space is left for the database.
    #[error("no space is left for the database {place}")]
    Full {
        /// The address without its password.
        place: String,
    },
}

impl DatabaseFault {
    /// Whether it cannot pass by itself: going on would be wrong until a person has looked.
    pub(super) fn is_for_good(&self) -> bool {
        matches!(self, Self::OtherLedger { .. } | Self::NewerRelease { .. })
    }

    /// The fault in both languages: what happened, why it matters, what to do.
    pub fn text(&self) -> Text {
        let ja = match self {
            Self::Address(what) => format!("データベースの指定が読めません（{what}）。"),
            Self::Unprotected { host } => format!(
                "{host} は別のマシンです。通信を保護するため、データベースの証明書を発行した認証局の PEM ファイルを --ledger-ca で指定してください。"
            ),
            Self::Away { place, what } => {
                format!("データベース {place} を今は使えません（{what}）。復旧すれば自動的に再開します。")
            }
            Self::NotDurable { place, setting } => format!(
                "データベース {place} は {setting} が無効で、受理した記録の保存を保証しません。有効にして再起動してください。"
            ),
            Self::TooOld { place, found, needed } => {
                format!("データベース {place} は PostgreSQL {found} です。{needed} 以降が必要です。")
            }
            Self::NewerRelease { place, needed, ours } => format!(
                "データベース {place} はより新しい版の Daicho が使っています（必要なスキーマ {needed}、この版は {ours}）。この版を更新してください。"
            ),
            Self::NoLedger { place } => {
                format!("データベース {place} に台帳がありません。`daicho serve` か `daicho import` が作成します。")
            }
            Self::Tables { place, what } => {
                format!("データベース {place} に表を用意できません（{what}）。権限を確かめてください。")
            }
            Self::OtherLedger { place, seq } => format!(
                "データベース {place} には、受理済みの記録 {seq} がありません。古い複製か、別の台帳です。正しいデータベースに戻すか、復元を認めるときは --ledger-restored を付けて起動してください。"
            ),
            Self::Damaged { seq, what } => format!("台帳の記録 {seq} が壊れています（{what}）。"),
            Self::Full { place } => {
                format!("データベース {place} の空き容量がありません。容量を増やすと自動的に再開します。")
            }
        };
        let next = match self {
            Self::Away { .. } | Self::Full { .. } => ". It goes on by itself as soon as that has changed",
            Self::Tables { .. } => ". Check what this user may do",
            Self::OtherLedger { .. } => {
                ". Bring back the right database, or start with --ledger-restored to accept what was restored"
            }
            _ => "",
        };
        Text::new(ja, format!("{self}{next}."))
    }
}

impl From<DatabaseFault> for EngineFault {
    fn from(fault: DatabaseFault) -> Self {
        match fault {
            DatabaseFault::Damaged { seq, what } => Self::Damaged { seq, path: PathBuf::from("PostgreSQL"), what },
            DatabaseFault::Full { place } => Self::DiskFull { path: PathBuf::from(place) },
            DatabaseFault::OtherLedger { seq, .. } => Self::OtherLedger { seq },
            DatabaseFault::NewerRelease { .. } => Self::Outdated,
            other => Self::Away { what: other.to_string(), unsure: false },
        }
    }
}

/// Whether the server itself refused the statement and took it back. Anything else leaves open what became of it: a
/// connection that broke, a session that was ended while its commit was under way.
pub(super) fn is_taken_back(error: &tokio_postgres::Error) -> bool {
    let Some(said) = error.as_db_error() else { return false };
    let ended = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::DATABASE_DROPPED];
    said.parsed_severity() == Some(Severity::Error) && !ended.contains(said.code())
}

/// Whether the error says that stored bytes are not what they were.
pub(super) fn is_damage(error: &tokio_postgres::Error) -> bool {
    // Class XX001 and XX002 are what the database knows to be damage; XX000 is a check inside that failed.
    let codes = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED, SqlState::INTERNAL_ERROR];
    error.code().is_some_and(|code| codes.contains(code))
}

/// What the database said, with the source where the error alone says little.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
