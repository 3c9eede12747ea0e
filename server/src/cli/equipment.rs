//! `daicho equipment`: a first plan for a system that was never declared, from a template, with what is left to answer.
//! It does not touch a server and states nothing about suppliers or products.
//! Invariant: what it writes passes import, nothing that is there is overwritten, and what is not law yet says so.

use super::files;
use super::regimes::show_basis;
use super::{say, say_text};
use crate::intake::declarations::parse_plan;
use crate::model::regimes::templates;
use clap::{Args, Subcommand};
use daicho_schemas::fact::declaration::{PLAN_FORMAT, Plan};
use daicho_schemas::ids::{EquipmentId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::regime::Standing;
use daicho_schemas::regime::templates::{TemplateFile, TemplateQuestion};
use daicho_schemas::text::{Language, Text};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with equipment.
#[derive(Debug, Subcommand)]
pub(crate) enum EquipmentCommand {
    /// The systems that templates exist for (ひな形の一覧)
    Templates,
    /// Write a draft plan from a template (ひな形から計画の下書きを作る)
    New(Box<NewArguments>),
}

/// Which system.
#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The template, as `daicho equipment templates` names it (ひな形)
    #[arg(long)]
    template: String,
    /// Your own id for the equipment (設備の id)
    #[arg(long, value_parser = |text: &str| EquipmentId::new(text))]
    id: EquipmentId,
    /// Its name (名称)
    #[arg(long)]
    name: String,
    /// Its name in English, where it differs (英語の名称)
    #[arg(long)]
    name_en: Option<String>,
    /// Name of the operator (事業者の名称)
    #[arg(long, default_value = "（事業者の名称）")]
    operator: String,
    /// Name of the operator in English (事業者の英語の名称)
    #[arg(long)]
    operator_en: Option<String>,
    /// Where it is installed and used (設置及び使用する場所)
    #[arg(long, default_value = "")]
    place: String,
    /// A host it runs on; may be given several times (ホスト)
    #[arg(long = "host")]
    hosts: Vec<String>,
    /// A recorded supplier of its parts; without one the parts are left out and listed as questions (供給者の id)
    #[arg(long, value_parser = |text: &str| SupplierId::new(text))]
    supplier: Option<SupplierId>,
    /// The file to write; ID.plan.json where it is not given (書き出すファイル)
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(command: &EquipmentCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        EquipmentCommand::Templates => {
            for template in templates() {
                let (id, tag) = (&template.template_id, template.basis.confidence.as_str());
                say(&format!(
                    "{id:<26} {tag:<4} {}{}",
                    not_in_force(template).get(language),
                    template.name.get(language)
                ));
            }
        }
        EquipmentCommand::New(arguments) => new(arguments, language)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn not_in_force(template: &TemplateFile) -> Text {
    match template.basis.standing {
        Standing::InForce => Text::same(""),
        Standing::EnactedNotInForce => Text::new("【未施行】", "[NOT IN FORCE] "),
    }
}

fn new(arguments: &NewArguments, language: Language) -> anyhow::Result<()> {
    let Some(template) = templates().find(|template| template.template_id == arguments.template) else {
        let what = format!("no template has the id '{}': `daicho equipment templates` lists them", arguments.template);
        return Err(Refusal::new(RefusalCode::NotFound).with(what).into());
    };
    let plan = draft(template, arguments)?;
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.plan.json", arguments.id)));
    files::write_new(&path, &plan)?;
    let shown = path.display();
    say_text(
        language,
        &format!("{shown} に計画の下書きを書きました。答えを補ってから `daicho plan import {shown}` で取り込みます。"),
        &format!("Wrote a draft plan to {shown}. Complete it, then `daicho plan import {shown}`."),
    );
    say(&format!("{}{}", not_in_force(template).get(language), template.name.get(language)));
    show_basis(&template.basis, language, "  ");
    questions(template, arguments.supplier.is_none(), language);
    Ok(())
}

/// Stands where a person must write a product: as a name in `covers` it fits nothing, so that nothing is covered unseen.
const PRODUCT_TO_NAME: &str = "（製品名を記入）";

/// The draft, read again by the rules of import: what they refuse is not written.
fn draft(template: &TemplateFile, arguments: &NewArguments) -> Result<Plan, Refusal> {
    let part = |supplier: &SupplierId, part: &daicho_schemas::regime::templates::TemplatePart| {
        json!({
            "part_id": part.part_id, "category": part.category, "category_as_filed": part.category_as_filed,
            "name": PRODUCT_TO_NAME, "function": part.function, "supplier_id": supplier, "covers": [PRODUCT_TO_NAME],
        })
    };
    let parts: Vec<Value> = match &arguments.supplier {
        Some(supplier) => template.parts.iter().map(|one| part(supplier, one)).collect(),
        None => Vec::new(),
    };
    let name_en = arguments.name_en.as_ref().unwrap_or(&arguments.name);
    let operator_en = arguments.operator_en.as_ref().unwrap_or(&arguments.operator);
    let plan = json!({
        "format": PLAN_FORMAT,
        "plan_id": format!("plan-{}", arguments.id),
        "plan_kind": "installation",
        "regime": template.head.regime,
        "operator": {"name": {"ja": arguments.operator, "en": operator_en}, "business": template.business},
        "equipment": {
            "equipment_id": arguments.id, "equipment_type": template.equipment_type,
            "name": {"ja": arguments.name, "en": name_en}, "function": template.function,
            "place": arguments.place, "hosts": arguments.hosts,
        },
        "dates": {},
        "parts": parts,
    });
    parse_plan(plan.to_string().as_bytes())
}

fn questions(template: &TemplateFile, parts_left_out: bool, language: Language) {
    say_text(language, "まだ答えのないこと：", "Left to answer:");
    for part in template.parts.iter().filter(|_| parts_left_out) {
        say_text(
            language,
            &format!("  □ 構成設備「{}」：名称、機能、供給者、製造国", part.category_as_filed),
            &format!("  □ component '{}': name, function, supplier, country of manufacture", part.category_as_filed),
        );
    }
    for TemplateQuestion { text, basis, .. } in &template.questions {
        let source = basis.articles.iter().map(|article| article.get(language)).collect::<Vec<_>>().join("; ");
        say(&format!("  □ {} [{} {source}]", text.get(language), basis.confidence.as_str()));
    }
    if template.maintenance.is_empty() {
        return;
    }
    say_text(
        language,
        "  □ 維持管理・操作を委託しているなら、委託の計画書（様式第四（二））",
        "  □ where 維持管理 or 操作 is entrusted: an entrustment plan (form 4(2))",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(supplier: Option<&str>) -> NewArguments {
        NewArguments {
            template: "tos".into(),
            id: EquipmentId::new("tos-1").unwrap(),
            name: "TOS".into(),
            name_en: None,
            operator: "例示港運株式会社".into(),
            operator_en: None,
            place: String::new(),
            hosts: vec!["tos-db-1".into()],
            supplier: supplier.map(|id| SupplierId::new(id).unwrap()),
            out: None,
        }
    }

    #[test]
    fn every_template_gives_a_plan_that_import_takes() {
        for template in templates() {
            let with = draft(template, &arguments(Some("example"))).unwrap();
            assert_eq!(with.parts.len(), template.parts.len(), "{}", template.template_id);
            assert_eq!(with.equipment.equipment_type, template.equipment_type);
            // Without a recorded supplier nothing is invented: import would refuse a supplier that has no record.
            assert!(draft(template, &arguments(None)).unwrap().parts.is_empty());
        }
    }

    #[test]
    fn what_import_refuses_is_not_written() {
        let template = templates().next().unwrap();
        let twice = NewArguments { hosts: vec!["a".into(), "A".into()], ..arguments(None) };
        assert_eq!(draft(template, &twice).unwrap_err().code, RefusalCode::PlanMalformed);
        let nameless = NewArguments { name: " ".into(), ..arguments(None) };
        assert!(draft(template, &nameless).is_err());
    }

    #[test]
    fn medical_systems_are_not_in_force_and_the_others_are() {
        let pending: Vec<&str> = templates()
            .filter(|template| template.basis.standing == Standing::EnactedNotInForce)
            .map(|template| template.template_id.as_str())
            .collect();
        assert_eq!(pending.len(), 6, "{pending:?}");
        assert!(pending.contains(&"electronic-health-record") && !pending.contains(&"tos"));
    }
}
