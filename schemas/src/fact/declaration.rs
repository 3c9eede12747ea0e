//! Declarations: plans (導入等計画書) as compliance staff file them, with equipment, parts and remote paths.
//! It does not know what was observed, nor what a difference means in law.
//! Invariant: a declaration is kept as it was filed; a new version is a new fact, never an edit.

use super::filing::FilingItems;
use crate::ids::{DeviceId, EquipmentId, PartId, PlanId, RemotePathId, SupplierId};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const PLAN_FORMAT: &str = "daicho.plan.v1";

/// The two kinds of plan that 経済安全保障推進法 article 52(1) knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// 導入: installation (form 4(1)).
    Installation,
    /// 重要維持管理等の委託: entrustment of maintenance or operation (form 4(2)).
    Entrustment,
}

/// A plan, as filed or drafted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`PLAN_FORMAT`].
    pub format: String,
    /// The operator's own id for the plan.
    pub plan_id: PlanId,
    /// Which of the two kinds.
    pub plan_kind: PlanKind,
    /// The regime pack that judges it: `jp-espa`.
    pub regime: String,
    /// 特定社会基盤事業者.
    pub operator: Operator,
    /// 特定重要設備.
    pub equipment: Equipment,
    /// The dates from which the phase follows.
    pub dates: PlanDates,
    /// 構成設備.
    #[serde(default)]
    pub parts: Vec<DeclaredPart>,
    /// Ways in from outside that the operator has declared.
    #[serde(default)]
    pub remote_paths: Vec<DeclaredRemotePath>,
    /// 委託の相手方 and 再委託の相手方, in an entrustment plan.
    #[serde(default)]
    pub contractors: Vec<SupplierId>,
    /// Who entrusts whom, down to the last tier, in an entrustment plan. Every one of them stands in `contractors` too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contractor_tiers: Vec<ContractorTier>,
    /// What else the filing says.
    #[serde(default, skip_serializing_if = "FilingItems::is_empty")]
    pub filing: Box<FilingItems>,
}

/// One link of the chain: 委託の相手方 (no parent) or 再委託の相手方.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractorTier {
    /// Who does the work.
    pub supplier_id: SupplierId,
    /// Who passed it on; absent where the operator entrusted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SupplierId>,
    /// What is done (委託の内容).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub work: String,
    /// The first day of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<CalendarDate>,
    /// The last day of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<CalendarDate>,
}

/// 特定社会基盤事業者: who files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Name, in both languages.
    pub name: Text,
    /// The business of 特定社会基盤事業, as the order names it: 一般港湾運送.
    pub business: String,
    /// 指定を受けた日, from which the six months of transition run (経済安全保障推進法 53), where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub designated_on: Option<CalendarDate>,
}

/// 特定重要設備: one critical system and the hosts it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equipment {
    /// The operator's own id for it.
    pub equipment_id: EquipmentId,
    /// 種類 as filed.
    pub equipment_type: String,
    /// 名称.
    pub name: Text,
    /// 機能.
    pub function: String,
    /// 設置及び使用する場所.
    pub place: String,
    /// The hosts that belong to it, by host name.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The dates of a plan. A date that is not known yet is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlanDates {
    /// 提出日.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_on: Option<CalendarDate>,
    /// 受理日: the day the 30 days are counted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_on: Option<CalendarDate>,
    /// 提出日 of the last filing of a change (変更の届出, act 54(1)(2)); the plan's own days above stay what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_submitted_on: Option<CalendarDate>,
    /// 受理日 of that filing: its 30 days are counted from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_accepted_on: Option<CalendarDate>,
    /// The last day on which changes of what was filed were reported (変更の報告, act 54(4)). Reporting starts no period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_on: Option<CalendarDate>,
    /// The last day of the prohibition period as the ministry shortened or extended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prohibited_through: Option<CalendarDate>,
    /// The day the equipment went into service (導入完了日).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduced_on: Option<CalendarDate>,
    /// The first day of the entrustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrusted_from: Option<CalendarDate>,
    /// The last day of the entrustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrusted_through: Option<CalendarDate>,
}

impl PlanDates {
    /// Whether the plan was filed at all: a draft binds nobody.
    pub fn filed(&self) -> bool {
        self.submitted_on.is_some() || self.accepted_on.is_some() || self.introduced_on.is_some()
    }

    /// The acceptance from which the last prohibition period runs: that of the change where one was filed, else that of the plan.
    pub fn last_accepted_on(&self) -> Option<CalendarDate> {
        match (self.change_submitted_on, self.change_accepted_on) {
            (None, None) => self.accepted_on,
            (_, accepted) => accepted,
        }
    }

    /// The last day on which something was filed with the ministry or reported to it.
    pub fn last_told_on(&self) -> Option<CalendarDate> {
        let filed = [self.submitted_on, self.accepted_on];
        let changed = [self.change_submitted_on, self.change_accepted_on, self.reported_on];
        filed.into_iter().chain(changed).flatten().max()
    }
}

/// What a component is, in the words that plans of all sectors share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// サーバー.
    ServerHardware,
    /// オペレーティングシステム.
    OperatingSystem,
    /// ミドルウェア.
    Middleware,
    /// 業務アプリケーション and other applications.
    Application,
    /// Network devices.
    NetworkDevice,
    /// Firmware.
    Firmware,
    /// Anything else that a plan names.
    Auxiliary,
}

/// 構成設備 as filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPart {
    /// The operator's own id for it, unique within the plan.
    pub part_id: PartId,
    /// What it is, in our words.
    pub category: Category,
    /// 区分 (or 種類) exactly as filed.
    pub category_as_filed: String,
    /// 名称 as filed.
    pub name: String,
    /// 機能 as filed.
    pub function: String,
    /// Its 供給者.
    pub supplier_id: SupplierId,
    /// The country or region of manufacture, as filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturing_country: Option<super::supplier::CountryCode>,
    /// Which products of this supplier and category it covers, by product name; `*` stands for any run of characters.
    /// Empty: all of this supplier's products of this category.
    #[serde(default)]
    pub covers: Vec<String>,
}

/// A way in that a device opens, by the key that its configuration gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredWayIn {
    /// The device.
    pub device_id: DeviceId,
    /// Its key within the device: `tunnel 1`.
    pub way_in: String,
}

/// A way in from outside that the operator has declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredRemotePath {
    /// The operator's own id for it, unique within the plan.
    pub remote_path_id: RemotePathId,
    /// The host it ends on; empty for a way in of a device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// The network interface it ends on; empty for a way in of a device and for software.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub interface: String,
    /// The way in of a device, for a path that ends on no host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeclaredWayIn>,
    /// The remote-control software of the host by which it enters, where it ends on no interface: `anydesk`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub software: String,
    /// What it is for.
    pub purpose: String,
    /// Who uses it to maintain or operate.
    pub supplier_id: SupplierId,
}

impl DeclaredRemotePath {
    /// What it ends on, in one line: `tos-1 wg0`.
    pub fn ends_on(&self) -> String {
        match &self.device {
            Some(way) => format!("{} {}", way.device_id, way.way_in),
            None if self.interface.is_empty() => format!("{} {}", self.host, self.software),
            None => format!("{} {}", self.host, self.interface),
        }
    }
}
