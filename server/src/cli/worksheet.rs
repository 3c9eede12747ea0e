//! `daicho worksheet`: a form of a plan as a spreadsheet, from files, without a server.
//! It does not fill anything in itself; `worksheet` does.
//! Invariant: files are checked as at import; an existing file is never written over.

use super::files::{EXIT_FOUND, write_new_bytes};
use super::record::read;
use super::{say, say_text};
use crate::clock::{Clock as _, SystemClock};
use crate::intake::declarations::{check_plan_suppliers, parse_plan, parse_suppliers};
use crate::model::regimes::forms;
use crate::model::views::declarations::SupplierState;
use crate::worksheet::{Filing, Worksheet, fill, fits, state_word, xlsx};
use anyhow::bail;
use clap::Args;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::refusal::RefusalCode;
use daicho_schemas::text::Language;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which form, of which plan.
#[derive(Debug, Args)]
pub(crate) struct WorksheetArguments {
    /// The plan file (計画ファイル)
    #[arg(long, value_name = "PLAN")]
    plan: PathBuf,
    /// The supplier file (供給者ファイル)
    #[arg(long, value_name = "SUPPLIERS")]
    suppliers: PathBuf,
    /// The form: form-4-1, form-7-2 … (様式)
    #[arg(long, value_name = "FORM")]
    form: String,
    /// The day of filing, in Japan; today where it is not given (届出日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<CalendarDate>,
    /// What no plan can say: changed_item=…, changed_on=…, recommendation_answer=… (計画にない事項)
    #[arg(long = "given", value_name = "FIELD=VALUE", value_parser = given)]
    given: Vec<(String, String)>,
    /// Where to write the spreadsheet; without it only what is open is printed (書き出す XLSX ファイル)
    #[arg(long, value_name = "FILE.xlsx")]
    out: Option<PathBuf>,
}

fn given(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("write FIELD=VALUE, for example changed_on=2027-04-01")?;
    Ok((field.trim().to_string(), value.trim().to_string()))
}

pub(crate) fn run(arguments: &WorksheetArguments, language: Language) -> anyhow::Result<ExitCode> {
    let (plan_bytes, supplier_bytes) = (
        read(&arguments.plan, RefusalCode::PlanMalformed)?,
        read(&arguments.suppliers, RefusalCode::SuppliersMalformed)?,
    );
    let plan = parse_plan(&plan_bytes)?;
    let suppliers = parse_suppliers(&supplier_bytes)?.suppliers;
    check_plan_suppliers(&plan, &plan_bytes, |id| suppliers.iter().any(|record| record.supplier_id == *id))?;
    let suppliers: Vec<SupplierState> = suppliers.into_iter().map(SupplierState::of_file).collect();
    let supplier = |id: &_| suppliers.iter().find(|supplier| supplier.record.supplier_id == *id);
    let given: BTreeMap<String, String> = arguments.given.iter().cloned().collect();
    let filing_on = arguments.on.unwrap_or_else(|| SystemClock.now().date_in_japan());
    let Some(sheet) = fill(forms(), &arguments.form, &Filing { plan: &plan, supplier: &supplier, filing_on, given })
    else {
        bail!(no_such_form(&plan, language));
    };
    if let Some(out) = &arguments.out {
        write_new_bytes(out, &xlsx::write(&sheet, language)?)?;
        let out = out.display();
        say_text(language, &format!("{out} に書き出しました。"), &format!("Wrote {out}."));
    }
    say_open(&sheet, language);
    Ok(if sheet.open().next().is_some() { ExitCode::from(EXIT_FOUND) } else { ExitCode::SUCCESS })
}

fn no_such_form(plan: &Plan, language: Language) -> String {
    let all: Vec<&str> =
        forms().forms.iter().map(|form| form.form_id.as_str()).filter(|id| fits(id, plan.plan_kind)).collect();
    let all = all.join(" ");
    match language {
        Language::Ja => format!("この種類の計画にはその様式はありません。--form に使えるもの: {all}"),
        Language::En => format!("there is no such form for plans of this kind; --form takes: {all}"),
    }
}

fn say_open(sheet: &Worksheet, language: Language) {
    let (all, open) = (sheet.rows.len() + sheet.attachments.len(), sheet.open().count());
    let form = sheet.form.get(language);
    say_text(
        language,
        &format!("{form}: {all} 項目のうち、不足・要対応は {open} 件です（届出日 {}）。", sheet.filing_on),
        &format!("{form}: {open} of {all} items are still open (day of filing {}).", sheet.filing_on),
    );
    let mut before = "";
    for row in sheet.open() {
        let about = row.about.as_ref().map_or_else(|| row.block.get(language), |about| about.text.get(language));
        if about != before {
            say(about);
            before = about;
        }
        say(&format!("  ◆ {} – {}", row.name.get(language), state_word(row.state).get(language)));
    }
}
