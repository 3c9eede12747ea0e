//! `daicho show`: any list or one thing of the ledger, now or as of a day, from a server or from a data folder.
//! It does not find anything itself; the routes of the REST interface do. Invariant: what it prints is their answer, unchanged.

use super::block_on;
use super::files::print_json;
use super::reading::{ReadingArguments, encoded};
use clap::{Args, ValueEnum};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use std::process::ExitCode;

/// What to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Which list (一覧)
    #[arg(value_enum)]
    what: What,
    /// One of it, by its id; without it the whole list (識別子)
    id: Option<String>,
    /// Of one equipment: the law behind it on that day (その日の法令)
    #[arg(long, requires = "id")]
    law: bool,
    #[command(flatten)]
    reading: ReadingArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// 特定重要設備
    Equipment,
    /// Hosts (ホスト)
    Hosts,
    /// Distinct components (構成要素)
    Components,
    /// Findings (検出事項)
    Findings,
    /// Duties (義務)
    Duties,
    /// Suppliers (供給者)
    Suppliers,
    /// Plans (計画)
    Plans,
    /// Devices that open ways in from outside (機器)
    Devices,
    /// Remote paths (外部からの経路)
    Paths,
    /// Vendors' answers whether they use remote maintenance, of an equipment where its id follows (リモートメンテナンスの利用の有無)
    Answers,
    /// What is known about firmware and the verdict on every device, or one pack by its name (ファームウェア)
    Firmware,
    /// Tickets of planned changes (変更のチケット)
    Tickets,
    /// Computers of one equipment and what was decided about them: its id follows (電子計算機)
    Computers,
}

impl What {
    fn path(self) -> &'static str {
        match self {
            Self::Equipment => "/equipment",
            Self::Hosts => "/hosts",
            Self::Components => "/components",
            Self::Findings => "/findings",
            Self::Duties => "/duties",
            Self::Suppliers => "/suppliers",
            Self::Plans => "/plans",
            Self::Devices => "/devices",
            Self::Paths => "/paths",
            Self::Answers => "/remote-answers",
            Self::Firmware => "/firmware",
            Self::Tickets => "/tickets",
            Self::Computers => "/computers",
        }
    }

    /// What is no list of pages, or is asked for by the equipment: the route for an id, or for everything.
    fn whole(self, id: Option<&str>) -> Option<Result<String, Refusal>> {
        let of_equipment = |id: &str| format!("{}?equipment_id={}", self.path(), encoded(id));
        match (self, id) {
            (Self::Firmware, None) | (Self::Answers, None) => Some(Ok(self.path().into())),
            (Self::Firmware, Some(id)) => Some(Ok(format!("/firmware/packs/{}", encoded(id)))),
            (Self::Answers | Self::Computers, Some(id)) => Some(Ok(of_equipment(id))),
            (Self::Computers, None) => Some(Err(
                Refusal::new(RefusalCode::RequestMalformed).with("show computers: of which equipment? give its id")
            )),
            _ => None,
        }
    }

    /// Lists whose rows hold everything there is to say of one.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Suppliers => Some("supplier_id"),
            Self::Plans => Some("plan_id"),
            _ => None,
        }
    }
}

pub(crate) fn run(arguments: &ShowArguments, language: Language) -> anyhow::Result<ExitCode> {
    let ShowArguments { what, id, law, reading } = arguments;
    if *law && !matches!(what, What::Equipment) {
        return Err(Refusal::new(RefusalCode::RequestMalformed).with("--law: of one equipment only").into());
    }
    let part = if *law { "/law" } else { "" };
    block_on(async {
        let reader = reading.open(language).await?;
        reader.announce(true, language);
        if let Some(route) = what.whole(id.as_deref()) {
            print_json(&reader.get(&route?).await?)?;
            return Ok(ExitCode::SUCCESS);
        }
        match (id, what.key()) {
            (None, _) => print_json(&reader.all(what.path()).await?)?,
            (Some(id), None) => print_json(&reader.get(&format!("{}/{}{part}", what.path(), encoded(id))).await?)?,
            (Some(id), Some(key)) => {
                let rows = reader.all(what.path()).await?;
                let row = rows.iter().find(|row| row.get(key).and_then(serde_json::Value::as_str) == Some(id));
                print_json(row.ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(id))?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
