//! `daicho acd …`: which computers of an equipment would have to be notified under サイバー対処能力強化法, as a proposal from files;
//! the commands that ask a server stand in `computers.rs`.
//! It does not know the network between the hosts. Invariant: what it prints is a proposal to confirm and says so, and a host
//! without an inventory is never passed over.

use super::computers::{self, ComputersArguments, ConfirmArguments, RefuseArguments, SheetArguments};
use super::files::{self, EXIT_FOUND, Format, say_printable};
use super::{say, say_text};
use crate::intake::declarations::{check_plan_suppliers, parse_inventory, parse_plan, parse_suppliers};
use crate::model::duties::computers::proposal::{HostProposal, SeenHost, Unit, UnitSort, answer, propose};
use crate::model::duties::computers::rows;
use crate::model::regimes;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use daicho_schemas::fact::supplier::SuppliersFile;
use daicho_schemas::limits::{BATCH_BYTES_MAX, IMPORT_BYTES_MAX};
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::regime::computers::ComputersFile;
use daicho_schemas::text::{Language, Text};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do about 特定重要電子計算機.
#[derive(Debug, Subcommand)]
pub(crate) enum AcdCommand {
    /// Propose what would have to be notified (届出の対象の案)
    List(ListArguments),
    /// What the server proposes and what was decided of an equipment's computers (案と判断)
    Computers(ComputersArguments),
    /// Record that computers are in scope, with what is notified of them (対象として記録する)
    Confirm(ConfirmArguments),
    /// Record that computers are not in scope, and why (対象外として記録する)
    Refuse(RefuseArguments),
    /// Write form 1 or 2, filled in from the decisions, as a spreadsheet (様式第一・第二の作業用シート)
    Worksheet(SheetArguments),
}

/// From which files.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The plan file (計画ファイル)
    #[arg(long)]
    plan: PathBuf,
    /// The supplier file (供給者ファイル)
    #[arg(long)]
    suppliers: Option<PathBuf>,
    /// One inventory per host (インベントリ)
    #[arg(value_name = "INVENTORY")]
    inventories: Vec<PathBuf>,
    /// How to print (出力形式)
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(command: &AcdCommand, language: Language) -> anyhow::Result<ExitCode> {
    let arguments = match command {
        AcdCommand::List(arguments) => arguments,
        AcdCommand::Computers(arguments) => return computers::list(arguments, language).map(|()| ExitCode::SUCCESS),
        AcdCommand::Confirm(arguments) => return computers::confirm(arguments, language).map(|()| ExitCode::SUCCESS),
        AcdCommand::Refuse(arguments) => return computers::refuse(arguments, language).map(|()| ExitCode::SUCCESS),
        AcdCommand::Worksheet(arguments) => {
            return computers::worksheet(arguments, language).map(|()| ExitCode::SUCCESS);
        }
    };
    propose_from_files(arguments, language)
}

fn propose_from_files(arguments: &ListArguments, language: Language) -> anyhow::Result<ExitCode> {
    let law = regimes::computers().context("this release has no rows of jp-acd")?;
    let bytes = files::read(&arguments.plan, IMPORT_BYTES_MAX, RefusalCode::PlanMalformed)?;
    let plan = parse_plan(&bytes)?;
    let suppliers = match &arguments.suppliers {
        None => Vec::new(),
        Some(path) => {
            let file: SuppliersFile =
                parse_suppliers(&files::read(path, IMPORT_BYTES_MAX, RefusalCode::SuppliersMalformed)?)?;
            check_plan_suppliers(&plan, &bytes, |id| file.suppliers.iter().any(|record| record.supplier_id == *id))?;
            file.suppliers
        }
    };
    let mut inventories = Vec::new();
    for path in &arguments.inventories {
        let inventory = parse_inventory(&files::read(path, BATCH_BYTES_MAX, RefusalCode::InventoryMalformed)?)?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        inventories.push(SeenHost::of_inventory(&name, inventory));
    }
    let proposed = propose(&plan, &suppliers, &inventories);
    match arguments.format {
        Format::Json => files::print_json(&Value::Array(proposed.iter().map(|host| host_json(law, host)).collect()))?,
        Format::Table => show(law, &proposed, language),
    }
    Ok(if proposed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

fn host_json(law: &ComputersFile, host: &HostProposal) -> Value {
    let unit = |unit: &Unit| {
        let answer = answer(law, unit);
        json!({
            "unit": unit, "exempt_by": answer.exempt_by.map(|row| &row.exemption_id),
            "clock": answer.clock.map(|row| &row.clock_id), "due_on": answer.due_on,
            "missing": answer.missing, "substitutable": answer.substitutable,
        })
    };
    json!({
        "host": host.host, "declared": host.declared, "observed": host.observed, "signs": host.signs,
        "units": host.units.iter().map(unit).collect::<Vec<_>>(),
    })
}

fn show(law: &ComputersFile, proposed: &[HostProposal], language: Language) {
    say_text(
        language,
        "特定重要電子計算機の届出の案です。対象かどうかは、接続を見て人が確認してください。",
        "A proposal of what to notify as 特定重要電子計算機. Whether a computer is meant is for a person to confirm, from how it is connected.",
    );
    for host in proposed {
        let seen = match (host.declared, host.observed) {
            (true, true) => Text::new("設備のホスト", "host of the equipment"),
            (true, false) => Text::new(
                "設備のホスト。インベントリがなく、分かりません",
                "host of the equipment; no inventory, so not known",
            ),
            (false, _) => {
                Text::new("計画書にないホスト。接続を確認してください", "not in the plan: look at how it is connected")
            }
        };
        say_printable(&format!("{} — {}", host.host, seen.get(language)));
        for sign in &host.signs {
            let row = law.scope.iter().find(|row| row.scope_id == sign.scope_id);
            let (name, tag) = row.map_or(("", ""), |row| (row.name.get(language), row.basis.confidence.as_str()));
            say_printable(&format!("  ? {}: {} [{tag}]", name, sign.seen.get(language)));
        }
        host.units.iter().for_each(|unit| show_unit(law, unit, language));
    }
}

fn show_unit(law: &ComputersFile, unit: &Unit, language: Language) {
    let sort = match unit.sort {
        UnitSort::ApplianceHardware => Text::new("ハードウェア", "hardware"),
        UnitSort::OperatingSystem => Text::new("OS", "operating system"),
        UnitSort::Declared => Text::new("構成設備", "component"),
    };
    let unknown = Text::new("（不明）", "(not known)");
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| unknown.get(language).to_string());
    let (product, maker) = (word(&unit.facts.product), word(&unit.facts.maker));
    say_printable(&format!("  □ {}: {product} / {maker} — {}", sort.get(language), unit.from.get(language)));
    let answer = answer(law, unit);
    if let Some(exemption) = answer.exempt_by {
        let (name, tag) = (exemption.name.get(language), exemption.basis.confidence.as_str());
        return say_text(
            language,
            &format!("      届出の対象外：{name} [{tag}]（インシデント報告の義務は残ります）"),
            &format!("      exempt from notification: {name} [{tag}] (the duty to report incidents remains)"),
        );
    }
    match (answer.clock, answer.due_on) {
        (Some(clock), Some(due)) => {
            let (wording, tag) = (clock.wording.get(language), clock.basis.confidence.as_str());
            say_text(
                language,
                &format!("      {due} まで：{wording} [{tag}]"),
                &format!("      by {due}: {wording} [{tag}]"),
            );
        }
        _ => {
            say_text(
                language,
                "      導入した日が分からないため、期限を出せません。",
                "      no day of introduction is known, so there is no deadline yet.",
            );
            let in_place = law.deadlines.iter().find(|clock| clock.clock_id == rows::IN_PLACE);
            in_place.iter().for_each(|clock| say(&format!("      {}", clock.wording.get(language))));
        }
    }
    let names = answer.missing.iter().filter_map(|id| law.fields.iter().find(|field| field.field_id == *id));
    let names: Vec<&str> = names.map(|field| field.name.get(language)).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        say_text(language, &format!("      足りないもの：{names}"), &format!("      missing: {names}"));
    }
    if answer.substitutable {
        say_text(
            language,
            "      計画書に同じ名称と供給者があり、計画書の写しで代えられる見込みです。",
            "      the plan shows the same names: a copy of it may replace the form.",
        );
    }
}
