//! `daicho path …`: ways in from outside as they are seen, said and declared; records of them; what vendors answered.
//! It does not judge; the server does. Invariant: what an option leaves out stays as it was recorded, and a record names the one that it
//! was made from.

use super::client::{Client, ServerArguments};
use super::device::{every, is_not_found, parse_equipment, parse_holder, printed, text_of, today};
use super::reading::encoded;
use super::{block_on, say, say_text};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::ids::{DeviceId, EquipmentId, PlanId, RemotePathId, SupplierId};
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What to do with remote paths.
#[derive(Debug, Subcommand)]
pub(crate) enum PathCommand {
    /// List every way in from outside, as it is seen, said and declared (一覧)
    List {
        /// Only those that lead to this equipment
        #[arg(long, value_parser = parse_equipment)]
        equipment: Option<EquipmentId>,
        /// Only: findings, undeclared, without_contract, unrestricted, removed
        #[arg(long, value_parser = ["findings", "undeclared", "without_contract", "unrestricted", "removed"])]
        only: Option<String>,
        /// Only those in whose name, host or device all of these words are: where is this software?
        #[arg(long, value_name = "WORDS")]
        find: Option<String>,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Record a path, or more of one that is recorded (経路を記録する・改める)
    Record(Box<RecordArguments>),
    /// Enter what a vendor answered: does it use remote maintenance? (事業者の回答を記録する)
    Answer(AnswerArguments),
}

/// A record. What is left out stays as it was recorded.
#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Your id for the path
    #[arg(value_parser = |text: &str| RemotePathId::new(text))]
    path_id: RemotePathId,
    /// The device on which it enters, together with --way-in
    #[arg(long, value_parser = |text: &str| DeviceId::new(text), requires = "way_in", conflicts_with = "host")]
    device: Option<DeviceId>,
    /// The way in of the device, as `daicho device show` names it
    #[arg(long, requires = "device")]
    way_in: Option<String>,
    /// The host on which it enters, together with --interface or --software
    #[arg(long)]
    host: Option<String>,
    /// The network interface of the host
    #[arg(long, requires = "host", conflicts_with = "software")]
    interface: Option<String>,
    /// The remote-control software on the host
    #[arg(long, requires = "host")]
    software: Option<String>,
    /// The equipment that it leads to (特定重要設備)
    #[arg(long, value_parser = parse_equipment)]
    equipment: Option<EquipmentId>,
    /// The company that comes in by it (事業者)
    #[arg(long, value_parser = |text: &str| SupplierId::new(text))]
    supplier: Option<SupplierId>,
    /// The plan of the entrustment that it belongs to (契約)
    #[arg(long, value_parser = |text: &str| PlanId::new(text))]
    contract: Option<PlanId>,
    /// What it is for (目的)
    #[arg(long)]
    purpose: Option<String>,
    /// What is reached
    #[arg(long)]
    near_end: Option<String>,
    /// From where
    #[arg(long)]
    far_end: Option<String>,
    /// Who brings in the maker's corrections: operator, or the id of a supplier
    #[arg(long, value_parser = parse_holder)]
    patched_by: Option<HeldBy>,
    /// How many accounts come in by it
    #[arg(long)]
    accounts: Option<u32>,
    /// Whether several people share an account
    #[arg(long, value_parser = ["yes", "no", "unknown"])]
    shared_accounts: Option<String>,
    /// Whether a second factor is asked of everybody
    #[arg(long, value_parser = ["yes", "no", "unknown", "not_applicable"])]
    second_factor: Option<String>,
    /// The office or role that looks at its log, not a person's name
    #[arg(long)]
    log_reviewed_by: Option<String>,
    /// The day on which it last did
    #[arg(long, requires = "log_reviewed_by")]
    log_reviewed_on: Option<CalendarDate>,
    /// The public network that it leads to: online_eligibility, receipt_online, regional_medical, other
    #[arg(long, value_parser = ["online_eligibility", "receipt_online", "regional_medical", "other"])]
    national_network: Option<String>,
    /// The day until which what is missing is to be put right (目標日)
    #[arg(long)]
    target_on: Option<CalendarDate>,
    /// The day on which it was taken away
    #[arg(long)]
    removed_on: Option<CalendarDate>,
    /// The day that the record speaks of, in Japan; today when left out
    #[arg(long)]
    on: Option<CalendarDate>,
    /// What else is to be said; it stays in the ledger
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    server: ServerArguments,
}

/// A vendor's answer.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    /// Who was asked
    #[arg(value_parser = |text: &str| SupplierId::new(text))]
    supplier_id: SupplierId,
    /// About which equipment (特定重要設備)
    #[arg(long, value_parser = parse_equipment)]
    equipment: EquipmentId,
    /// Whether it uses remote maintenance there
    #[arg(long, value_parser = ["yes", "no"])]
    uses: String,
    /// The office or role at the vendor that answered, not a person's name
    #[arg(long)]
    answered_by: String,
    /// How: form, letter, meeting, telephone
    #[arg(long, value_parser = ["form", "letter", "meeting", "telephone"])]
    how: String,
    /// The last day on which it counts
    #[arg(long)]
    valid_through: CalendarDate,
    /// The day of the answer, in Japan; today when left out
    #[arg(long)]
    on: Option<CalendarDate>,
    /// What else is to be said; it stays in the ledger
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) fn run(command: &PathCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        PathCommand::List { equipment, only, find, server } => {
            let equipment = equipment.iter().map(|id| format!("&equipment_id={id}"));
            let only = only.iter().map(|only| format!("&only={only}"));
            let find = find.iter().map(|words| format!("&q={}", encoded(words)));
            let wanted: String = equipment.chain(only).chain(find).collect();
            say(&table(&every(server, "/paths", &wanted)?, language));
        }
        PathCommand::Record(arguments) => record(arguments, language)?,
        PathCommand::Answer(arguments) => answer(arguments, language)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn enters(arguments: &RecordArguments) -> Option<Value> {
    let RecordArguments { device, way_in, host, interface, software, .. } = arguments;
    match (device, way_in, host, interface, software) {
        (Some(device), Some(way), ..) => Some(json!({ "device_way_in": { "device_id": device, "way_in": way } })),
        (_, _, Some(host), Some(interface), _) => {
            Some(json!({ "host_interface": { "host": host, "interface": interface } }))
        }
        (_, _, Some(host), _, Some(software)) => Some(json!({ "software": { "host": host, "software": software } })),
        _ => None,
    }
}

/// The fields that the options give.
fn said(arguments: &RecordArguments) -> Vec<(&'static str, Value)> {
    let own = arguments;
    let accounts = own.accounts.map(|count| ("count", json!(count)));
    let shared = own.shared_accounts.as_ref().map(|word| ("shared", json!(word)));
    let accounts: serde_json::Map<String, Value> =
        accounts.into_iter().chain(shared).map(|(name, value)| (name.to_string(), value)).collect();
    let review = own.log_reviewed_by.as_ref().map(|by| match own.log_reviewed_on {
        Some(on) => json!({ "by": by, "last_on": on }),
        None => json!({ "by": by }),
    });
    let fields = [
        ("enters", enters(own)),
        ("equipment_id", own.equipment.as_ref().map(|id| json!(id))),
        ("supplier_id", own.supplier.as_ref().map(|id| json!(id))),
        ("contract", own.contract.as_ref().map(|id| json!(id))),
        ("purpose", own.purpose.as_ref().map(|text| json!(text))),
        ("near_end", own.near_end.as_ref().map(|text| json!(text))),
        ("far_end", own.far_end.as_ref().map(|text| json!(text))),
        ("patched_by", own.patched_by.as_ref().map(|who| json!(who))),
        ("accounts", (!accounts.is_empty()).then_some(Value::Object(accounts))),
        ("second_factor", own.second_factor.as_ref().map(|word| json!(word))),
        ("log_review", review),
        ("national_network", own.national_network.as_ref().map(|word| json!(word))),
        ("target_on", own.target_on.map(|day| json!(day))),
        ("removed_on", own.removed_on.map(|day| json!(day))),
        ("note", own.note.as_ref().map(|text| json!(text))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn record(arguments: &RecordArguments, language: Language) -> anyhow::Result<()> {
    let id = &arguments.path_id;
    let answer = block_on(async {
        let client = Client::new(&arguments.server)?;
        let before = match client.get(&format!("/paths/{id}")).await {
            Ok(state) => Some(state),
            Err(error) if is_not_found(&error) => None,
            Err(error) => return Err(error),
        };
        let mut body = before.as_ref().and_then(|state| state.get("recorded")).cloned().unwrap_or_else(|| json!({}));
        let fields = body.as_object_mut().context("the server tells no record")?;
        fields.insert("remote_path_id".into(), json!(id));
        fields.insert("on".into(), json!(arguments.on.unwrap_or_else(today)));
        fields.remove("replaces");
        fields.extend(before.iter().filter_map(|state| Some(("replaces".to_string(), state.get("seq")?.clone()))));
        for (name, value) in said(arguments) {
            // Of accounts, one figure may be known and said without the other.
            match (fields.get_mut(name).and_then(Value::as_object_mut), value) {
                (Some(known), Value::Object(more)) if name == "accounts" => known.extend(more),
                (_, value) => drop(fields.insert(name.into(), value)),
            }
        }
        client.post("/paths", body.to_string().into_bytes()).await
    })?;
    entered(&answer, id.as_str(), language);
    Ok(())
}

fn answer(arguments: &AnswerArguments, language: Language) -> anyhow::Result<()> {
    let AnswerArguments { supplier_id, equipment, uses, answered_by, how, valid_through, on, note, server } = arguments;
    let answer = block_on(async {
        let client = Client::new(server)?;
        let known = client.get(&format!("/remote-answers?equipment_id={equipment}")).await?;
        let own =
            known.as_array().into_iter().flatten().find(|state| {
                state.pointer("/answered/supplier_id").and_then(Value::as_str) == Some(supplier_id.as_str())
            });
        let body = json!({
            "supplier_id": supplier_id, "equipment_id": equipment, "uses": uses == "yes",
            "on": on.unwrap_or_else(today), "valid_through": valid_through, "answered_by": answered_by, "how": how,
            "note": note, "replaces": own.and_then(|state| state.get("seq")),
        });
        client.post("/remote-answers", body.to_string().into_bytes()).await
    })?;
    entered(&answer, supplier_id.as_str(), language);
    Ok(())
}

fn entered(answer: &Value, id: &str, language: Language) {
    match answer.get("entry_seq").and_then(Value::as_u64) {
        Some(seq) => say_text(
            language,
            &format!("{id} について台帳に記録しました（記録番号 {seq}）。"),
            &format!("It stands in the ledger for {id} (entry {seq})."),
        ),
        None => say_text(language, "新しい内容はありません。", "That says nothing new."),
    }
}

fn table(rows: &[Value], language: Language) -> String {
    let mut table = printed::table(
        [
            Text::new("入口", "way in"),
            Text::new("事業者", "vendor"),
            Text::new("記録", "record"),
            Text::new("計画", "plans"),
            Text::new("契約", "contract"),
            Text::new("有効", "on"),
            Text::new("接続元制限", "restricted"),
            Text::new("確かさ", "evidence"),
            Text::new("検知", "findings"),
        ],
        language,
    );
    for row in rows {
        let count = |name: &str| row.get(name).and_then(Value::as_array).map_or(0, Vec::len).to_string();
        let word =
            |pointer: &str| printed::answer(row.pointer(pointer).and_then(Value::as_str).unwrap_or_default(), language);
        let record = row.pointer("/said/recorded/remote_path_id").and_then(Value::as_str).unwrap_or("–");
        table.add_row([
            text_of(row, "key"),
            text_of(row, "supplier_id"),
            printable(record),
            count("declared"),
            text_of(row, "contract"),
            word("/enabled/answer"),
            word("/restriction/restricted/answer"),
            text_of(row, "evidence"),
            count("findings"),
        ]);
    }
    table.to_string()
}
