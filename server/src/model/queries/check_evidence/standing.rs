//! Items on which the ledger bears without settling them: the ledger itself, papers of vendors, accounts, media, services, and
//! the four points of the waterworks standard. What is known is named, and what would have to be known.
//! It does not know which accounts, services or programs are needed; nobody but a person does.
//! Invariant: no collector, no answer: where agents read nothing of a question, the answer is `unknown` and says what would tell.

use super::super::super::rules::remote_tool_undeclared::{entry_of_tool, tool_on};
use super::said::cut;
use super::{Bearing, FromEvidence};
use crate::model::queries::networks::{NetworkQuery, Observed};
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::observation::RemoteTool;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// Hosts whose software is looked at for one item; more are counted.
const HOSTS_MAX: u64 = 2000;

/// The items of this file; a test holds them against the regime's.
#[cfg(test)]
pub(in super::super) const ITEMS: [&str; 11] = [
    "hospital-2-1",
    "hospital-2-3",
    "hospital-2-4",
    "hospital-2-5",
    "hospital-2-9",
    "hospital-2-12",
    "hospital-2-13",
    "water-authentication",
    "water-antivirus",
    "water-os-support",
    "water-locked",
];

fn open(because: Vec<Text>, missing: Vec<Text>) -> FromEvidence {
    FromEvidence { answer: CheckAnswer::Unknown, because: cut(because), missing: cut(missing) }
}

/// What no collector reads, and what would tell it.
fn unread(item_id: &str) -> Option<Text> {
    Some(match item_id {
        "water-locked" => Text::new(
            "設置場所の施錠と立入制限は、人だけが確かめられます",
            "whether the place is locked and access to it restricted can only be seen by a person",
        ),
        _ => return None,
    })
}

impl Bearing<'_> {
    pub(super) fn of_standing(&self, item_id: &str) -> Option<FromEvidence> {
        match item_id {
            "hospital-2-1" => Some(self.ledger_kept()),
            "hospital-2-3" => Some(self.papers()),
            "hospital-2-5" => Some(self.accounts(item_id)),
            "hospital-2-4" | "hospital-2-9" | "water-authentication" | "water-antivirus" | "water-os-support" => {
                self.of_hosts(item_id)
            }
            "hospital-2-12" | "hospital-2-13" => Some(self.services()),
            _ => unread(item_id).map(|text| open(Vec::new(), vec![text])),
        }
    }

    /// The ledger: what stands in it, and what is known to be there and does not.
    fn ledger_kept(&self) -> FromEvidence {
        let state = &self.model.state;
        let mut because = Vec::new();
        let mut missing = Vec::new();
        if let Some(drift) = self.model.drift.equipment.get(self.equipment) {
            let (declared, heard) = (drift.declared.len(), drift.hosts_heard());
            because.push(Text::new(
                format!("計画書のホスト {declared} 台のうち {heard} 台をエージェントが報告しています"),
                format!("agents report {heard} of the {declared} hosts of the plan"),
            ));
            if heard < declared {
                let silent = declared - heard;
                missing.push(Text::new(
                    format!("計画書のホスト {silent} 台は、エージェントの報告がなく、記載のとおりかどうか分かりません"),
                    format!("{silent} hosts of the plan are not reported by an agent: whether they are as written is not known"),
                ));
            }
        }
        let outside = self.model.drift.hosts.iter().filter(|host| host.seen.live && host.equipment.is_empty()).count();
        if outside > 0 {
            missing.push(Text::new(
                format!("エージェントのある計算機 {outside} 台が、どの計画書にもありません"),
                format!("{outside} computers with an agent are in no plan"),
            ));
        }
        match self.devices.len() {
            0 => missing.push(super::no_device()),
            count => because.push(Text::new(
                format!("ネットワーク機器 {count} 台の設定を読んでいます"),
                format!("the configurations of {count} network devices were read"),
            )),
        }
        let unclaimed = state.devices.iter().filter(|device| device.recorded.is_none());
        missing.extend(unclaimed.map(|device| {
            let id = device.id;
            Text::new(
                format!("機器 {id} はエージェントの受け取りフォルダにだけあり、台帳に記録されていません"),
                format!("device {id} is only in an agent's drop folder; nobody recorded it"),
            )
        }));
        missing.extend(self.gaps_of_networks());
        open(because, missing)
    }

    /// What is not known of the network segments. Never nothing: an agent sees only who spoke to it lately.
    fn gaps_of_networks(&self) -> Vec<Text> {
        let query = NetworkQuery { equipment_id: Some(self.equipment.clone()), observed: None };
        let sheet = self.model.networks(&query);
        let mut gaps = Vec::new();
        for row in sheet.segments.iter().filter(|row| row.observed != Observed::ByAgents) {
            gaps.push(Text::new(
                format!("区画 {}：見ているエージェントがなく、何があるか分かりません", row.segment),
                format!("segment {}: no agent observes it; what stands there is not known", row.segment),
            ));
        }
        let neighbours = sheet.segments.iter().flat_map(|row| &row.neighbours).filter(|one| one.whose.is_none());
        for (mac, maker) in neighbours.filter_map(|one| Some((&one.mac, one.maker.as_ref()?))) {
            gaps.push(Text::new(
                format!("{maker} の MAC アドレス {mac} の機器が台帳にありません"),
                format!("a device with the {maker} hardware address {mac} is in no ledger"),
            ));
        }
        gaps.push(Text::new(
            "エージェントに見えるのは最近通信した相手だけです。スイッチ・ルーター・DHCP の表と突き合わせて回答してください",
            "agents see only who spoke to them lately: compare with tables of switches, routers and DHCP servers",
        ));
        gaps
    }

    /// MDS/SDS: whose are asked for.
    fn papers(&self) -> FromEvidence {
        let declared = &self.model.state.declarations;
        let of = |id| {
            let name = declared.supplier_name(id);
            Text::new(
                format!("{}：開示書（MDS/SDS）の入手を、版と日付とともに回答の確認書類に記してください", name.ja),
                format!(
                    "{}: state in the answer's evidence that its MDS/SDS was obtained, with edition and date",
                    name.en
                ),
            )
        };
        let mut missing: Vec<Text> = self.vendors.iter().map(of).collect();
        if missing.is_empty() {
            missing.push(super::no_vendor());
        }
        open(Vec::new(), missing)
    }

    /// Accounts: those of devices as a count, those of hosts one by one.
    fn accounts(&self, item_id: &str) -> FromEvidence {
        let hosts = self.of_hosts(item_id).unwrap_or_else(|| open(Vec::new(), Vec::new()));
        open(self.administrators().into_iter().chain(hosts.because).collect(), hosts.missing)
    }

    fn administrators(&self) -> Vec<Text> {
        let devices = self.devices.iter().filter_map(|row| {
            let device = self.model.state.devices.get(&row.device_id)?;
            Some((&row.device_id, device.configuration()?.reading.administrators?))
        });
        let say = |(id, count)| {
            Text::new(
                format!("{id}：設定を変更できるアカウントは {count} 個（要不要は分かりません）"),
                format!("{id}: {count} accounts may change it (whether each is needed is not known)"),
            )
        };
        devices.map(say).collect()
    }

    /// Services: remote-control software by name, whether a record says what it is for, and where nobody could look.
    fn services(&self) -> FromEvidence {
        let (mut because, mut missing) = (BTreeSet::new(), BTreeSet::new());
        let drift = self.model.drift.equipment.get(self.equipment);
        let members = drift.map(|drift| drift.members.clone()).unwrap_or_default();
        for host in members.iter().take(usize::try_from(HOSTS_MAX).unwrap_or_default()) {
            let Some(own) = self.model.drift.hosts.get(host) else { continue };
            let tools = own.ways.tools.iter().filter_map(|tool| tool_on(&self.model.state, host, tool));
            for tool in tools.filter(RemoteTool::is_awake) {
                let name = &own.key;
                let (_, recorded) = entry_of_tool(&self.model.state, &self.model.drift, name, &tool);
                let what = format!("{name} {}", tool.name);
                if recorded {
                    because.insert(Text::new(
                        format!("{what}：経路として記録または計画書に記載があります"),
                        format!("{what}: a record or a filed plan names it as a way in"),
                    ));
                } else {
                    missing.insert(Text::new(
                        format!("{what}：動いている遠隔操作ソフトウェアです。必要かどうかの記録がありません"),
                        format!("{what}: remote-access software that runs; no record says whether it is needed"),
                    ));
                }
            }
        }
        let mut because: Vec<Text> = because.into_iter().collect();
        let mut missing: Vec<Text> = missing.into_iter().collect();
        if let Some(hosts) = self.of_hosts("hospital-2-12") {
            because.extend(hosts.because);
            missing.extend(hosts.missing);
        }
        missing.push(Text::new(
            "待ち受けているソフトウェアが必要かどうか、どの計算機がサーバでどれが端末かは、人が確かめて回答してください",
            "whether what listens is needed, and which computer is a server or a client, is for a person to answer",
        ));
        open(because, missing)
    }
}
